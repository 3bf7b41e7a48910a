"""Silences the bot's own replies to whoever commands too often; what they wrote is recorded all the same (A12)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from aiogram import BaseMiddleware
from aiogram.types import TelegramObject, User

from bot.intake import Record
from infra.throttling import Limiter, Verdict, refused

log = structlog.get_logger()

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]


class Throttle(BaseMiddleware):
    """Lets `limit` commands of one person through per minute, in whichever chats; buttons are always answered."""

    def __init__(self, limiter: Limiter, limit: int) -> None:
        self._limiter, self._limit = limiter, limit

    def ask(self, record: Record) -> asyncio.Task[Verdict] | None:
        """Ask about whoever commands; what Redis says is there by the time when the command would be handled.

        Only of commands: what else is handled may be something that a person has to tell us.
        """
        if record["type"] != "message" or record["kind"] != "command" or not record["user_id"]:
            return None
        return asyncio.create_task(self._limiter.spend(f"commands:{record['user_id']}", self._limit))

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """Handle the message, or say nothing: an answer to each would be the flood that is to be avoided."""
        asked: asyncio.Task[Verdict] | None = data.get("verdict")
        if asked and not (await asked).passes:
            refused.labels("command").inc()
            user: User | None = data.get("event_from_user")
            log.info("command_throttled", telegram_id=user.id if user else None)
            return None
        return await handler(event, data)
