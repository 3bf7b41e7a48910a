"""Who handles what: the list of routers, in order."""

from typing import Any

from aiogram import Dispatcher

from bot import errors
from bot.handlers import sla_escalation, start
from bot.throttling import Throttle


def build(throttle: Throttle, **dependencies: Any) -> Dispatcher:
    """Return a dispatcher that hands its dependencies to handlers by name."""
    dispatcher = Dispatcher(**dependencies)
    dispatcher.message.outer_middleware(throttle)
    dispatcher.include_routers(start.router, sla_escalation.router)
    errors.register(dispatcher)
    return dispatcher
