"""Silences the bot's own replies to whoever commands too often; what they wrote is recorded all the same (A12)."""

from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from aiogram import BaseMiddleware
from aiogram.types import Message, TelegramObject

from infra.throttling import Limiter, refused

log = structlog.get_logger()

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]


class Throttle(BaseMiddleware):
    """Lets `limit` commands of one person through per minute, in whichever chats; buttons are always answered."""

    def __init__(self, limiter: Limiter, limit: int) -> None:
        self._limiter, self._limit = limiter, limit

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """Handle the message, or say nothing: an answer to each would be the flood that is to be avoided."""
        # Only commands: what else is handled here may be something that a person has to tell us.
        if isinstance(event, Message) and event.from_user and (event.text or "").startswith("/"):
            verdict = await self._limiter.spend(f"commands:{event.from_user.id}", self._limit)
            if not verdict.passes:
                refused.labels("command").inc()
                log.info("command_throttled", telegram_id=event.from_user.id)
                return None
        return await handler(event, data)
