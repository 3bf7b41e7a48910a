"""Who handles what: the list of routers, in order."""

from typing import Any

from aiogram import Dispatcher

from bot import errors
from bot.conversation import Conversations, LeaveOnCommand
from bot.handlers import client_menu, conversation, document_order, faq_answer, sla_escalation, start
from bot.identity import Identify
from bot.throttling import Throttle
from bot.turns import Turns
from infra.supabase import Database


def build(
    throttle: Throttle, database: Database, conversations: Conversations, turns: Turns, **dependencies: Any
) -> Dispatcher:
    """Return a dispatcher that hands its dependencies to handlers by name."""
    known = {"database": database, "conversations": conversations, **dependencies}
    dispatcher = Dispatcher(storage=conversations, events_isolation=turns, **known)
    dispatcher.message.outer_middleware(throttle)
    for observer in (dispatcher.message, dispatcher.callback_query):
        observer.outer_middleware(Identify(database))
    dispatcher.message.outer_middleware(LeaveOnCommand())
    dispatcher.include_routers(start.router, sla_escalation.router)
    dispatcher.include_routers(client_menu.router, document_order.router, faq_answer.router)
    # Stays last: it takes what is left.
    dispatcher.include_router(conversation.router)
    errors.register(dispatcher)
    return dispatcher
