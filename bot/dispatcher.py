"""Who handles what: the list of routers, in order."""

from typing import Any

from aiogram import Dispatcher

from bot import errors
from bot.handlers import sla_escalation, start
from bot.identity import Identify
from bot.throttling import Throttle
from infra.supabase import Database


def build(throttle: Throttle, database: Database, **dependencies: Any) -> Dispatcher:
    """Return a dispatcher that hands its dependencies to handlers by name."""
    dispatcher = Dispatcher(database=database, **dependencies)
    dispatcher.message.outer_middleware(throttle)
    for observer in (dispatcher.message, dispatcher.callback_query):
        observer.outer_middleware(Identify(database))
    dispatcher.include_routers(start.router, sla_escalation.router)
    errors.register(dispatcher)
    return dispatcher
