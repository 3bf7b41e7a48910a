"""Who handles what: the list of routers, in order."""

from typing import Any

from aiogram import Dispatcher

from bot import errors
from bot.conversation import Conversations, LeaveOnCommand
from bot.filters import keep_in_the_loop
from bot.handlers import (
    absence,
    chat_checklist,
    chat_invitation,
    client_menu,
    commands,
    conversation,
    document_order,
    faq,
    faq_answer,
    feedback,
    info,
    language,
    notifications,
    queue,
    sla_escalation,
    start,
    stats,
    template,
)
from bot.identity import Identify, Person
from bot.throttling import Throttle
from bot.turns import Turns
from infra.caching import Cache


def build(
    throttle: Throttle, people: Cache[Person], conversations: Conversations, turns: Turns, **dependencies: Any
) -> Dispatcher:
    """Return a dispatcher that hands its dependencies to handlers by name."""
    dispatcher = Dispatcher(storage=conversations, events_isolation=turns, conversations=conversations, **dependencies)
    dispatcher.message.outer_middleware(throttle)
    for observer in (dispatcher.message, dispatcher.callback_query, dispatcher.my_chat_member):
        observer.outer_middleware(Identify(people))
    dispatcher.message.outer_middleware(LeaveOnCommand())
    dispatcher.include_routers(
        start.router,
        language.router,
        chat_invitation.router,
        chat_checklist.router,
        sla_escalation.router,
        client_menu.router,
        document_order.router,
        faq_answer.router,
        queue.router,
        stats.router,
        template.router,
        faq.router,
        absence.router,
        notifications.router,
        info.router,
        commands.router,
        # After all forms and commands: it takes any words of whoever has just voted.
        feedback.router,
    )
    # Stays last: it takes what is left.
    dispatcher.include_router(conversation.router)
    errors.register(dispatcher)
    keep_in_the_loop(dispatcher)
    return dispatcher
