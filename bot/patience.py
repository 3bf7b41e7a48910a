"""Waits when Telegram asks for it: a person who presses fast gets every answer, a moment later."""

import asyncio
from typing import Any

import structlog
from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.exceptions import TelegramRetryAfter
from aiogram.methods import Response, TelegramMethod

# What somebody who looks at the chat would wait for; more than that is told as a failure.
SECONDS = 5

log = structlog.get_logger()


class Patience(BaseRequestMiddleware):
    """Tries again after what Telegram names, as long as that is short; sending is never faster than it allows."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds

    async def __call__(
        self, make_request: NextRequestMiddlewareType[Any], bot: Bot, method: TelegramMethod[Any]
    ) -> Response[Any]:
        """Make the request, however often it takes, within the time."""
        left = self._seconds
        while True:
            try:
                return await make_request(bot, method)
            except TelegramRetryAfter as wait:
                left -= wait.retry_after
                if left < 0:
                    raise
                log.info("told_to_wait", seconds=wait.retry_after)
                await asyncio.sleep(wait.retry_after)
