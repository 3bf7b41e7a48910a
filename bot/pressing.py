"""Which handler a button goes to, and the message under which it was pressed."""

from typing import Any

from aiogram.exceptions import TelegramBadRequest
from aiogram.filters import Filter
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, Message

from bot.messages import chat_checklist
from bot.messages.buttons import Buttons
from bot.toasts import toast


class Says(Filter):
    """Lets through the buttons of ours that say one of these verbs, and hands over what they say as `pressed`."""

    def __init__(self, *verbs: str) -> None:
        self._verbs = verbs

    async def __call__(self, query: CallbackQuery, buttons: Buttons) -> bool | dict[str, Any]:
        """Read the button; one that we did not sign goes to nobody."""
        pressed = buttons.unpack(query.data)
        return {"pressed": pressed} if pressed and pressed.verb in self._verbs else False


async def show(query: CallbackQuery, text: str, keyboard: InlineKeyboardMarkup | None, said: str | None = None) -> None:
    """Put this into the message under which the button was pressed, and `said` into the toast.

    Without it the toast tells when the message says so already.
    """
    try:
        if isinstance(query.message, Message):
            await query.message.edit_text(text, reply_markup=keyboard)
    except TelegramBadRequest as refusal:
        if "message is not modified" not in refusal.message:
            raise
        said = said or chat_checklist.unchanged()
    await toast(query, said)
