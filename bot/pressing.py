"""Pressed buttons: what they say reaches a handler only as we signed it, and the message they are under is renewed."""

from typing import Any

from aiogram.exceptions import TelegramBadRequest
from aiogram.filters import Filter
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, Message

from bot.messages.buttons import Buttons
from bot.toasts import toast

# Text and keyboard.
Screen = tuple[str, InlineKeyboardMarkup | None]


class Pressing(Filter):
    """Lets a press of one of these verbs through and hands `pressed` on; what we did not sign is nobody's."""

    def __init__(self, *verbs: str) -> None:
        self._verbs = verbs

    async def __call__(self, query: CallbackQuery, buttons: Buttons) -> bool | dict[str, Any]:
        """Say whether it is such a press."""
        pressed = buttons.unpack(query.data)
        return {"pressed": pressed} if pressed and pressed.verb in self._verbs else False


async def show(query: CallbackQuery, screen: Screen, said: str = "") -> None:
    """Answer the press, and renew the message under which the button is; what says so already stays as it is."""
    # First, because an edit may have to wait until Telegram takes one.
    await toast(query, said)
    text, keyboard = screen
    if not isinstance(query.message, Message):
        # Too old to be renewed.
        await query.bot.send_message(query.from_user.id, text, reply_markup=keyboard)  # type: ignore[union-attr]
        return
    try:
        await query.message.edit_text(text, reply_markup=keyboard)
    except TelegramBadRequest as refusal:
        if "message is not modified" not in refusal.message:
            raise
