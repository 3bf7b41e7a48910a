"""Filters run where they are asked.

aiogram calls what is no coroutine in a thread, in case it takes long. Our filters compare two values: the way to a
thread and back takes a hundred times as long, and in a burst whoever waits for it waits behind everybody else.
"""

from collections.abc import Awaitable, Callable, Iterator
from functools import wraps
from typing import Any

from aiogram import Dispatcher
from aiogram.dispatcher.event.handler import FilterObject


def keep_in_the_loop(dispatcher: Dispatcher) -> None:
    """Have all filters of all routers called directly; for a dispatcher that is complete."""
    for one in filters_of(dispatcher):
        if not one.awaitable:
            one.callback, one.awaitable = _awaitable(one.callback), True


def filters_of(dispatcher: Dispatcher) -> Iterator[FilterObject]:
    """Yield every filter, of routers and of handlers."""
    for router in dispatcher.chain_tail:
        for observer in router.observers.values():
            # aiogram has no name for what `observer.filter()` was given.
            for handler in (observer._handler, *observer.handlers):  # noqa: SLF001
                yield from handler.filters or ()


def _awaitable(callback: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    @wraps(callback)
    async def called(*args: Any, **kwargs: Any) -> Any:
        return callback(*args, **kwargs)

    return called
