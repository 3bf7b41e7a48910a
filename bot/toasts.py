"""The answer to a press: a line over the chat that goes by itself, or a box."""

from aiogram.exceptions import TelegramBadRequest
from aiogram.types import CallbackQuery


async def toast(query: CallbackQuery, text: str | None = None, *, show_alert: bool = False) -> None:
    """Answer the press, in words if there are any.

    One that came too late, after an outage, gets no toast any more, but what it did is done.
    """
    try:
        await query.answer(text, show_alert=show_alert)
    except TelegramBadRequest as refusal:
        if "query is too old" not in refusal.message:
            raise
