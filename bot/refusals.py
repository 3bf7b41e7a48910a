"""What SQL refuses is said where it was asked for, in the language of whoever asked."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware, Router
from aiogram.types import CallbackQuery, Message, TelegramObject

from bot.errors import REFUSALS, words
from bot.toasts import toast
from infra.supabase import Refused

# Characters that Telegram shows over a chat.
_TOAST = 200

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]


class SayRefusals(BaseMiddleware):
    """A line in the chat for a message, a box over it for a button; a refusal without words is a surprise."""

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """Handle the event, and say what was refused."""
        try:
            return await handler(event, data)
        except Refused as refusal:
            if refusal.key not in REFUSALS:
                raise
            if isinstance(event, CallbackQuery):
                await toast(event, words(refusal.key, refusal.detail)[:_TOAST], show_alert=True)
            elif isinstance(event, Message):
                await event.answer(words(refusal.key, refusal.detail))


def say_refusals(router: Router) -> None:
    """Have a router's handlers leave refusals to be said here."""
    router.message.middleware(SayRefusals())
    router.callback_query.middleware(SayRefusals())
