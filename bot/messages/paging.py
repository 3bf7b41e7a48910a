"""Long lists: one page at a time, and the buttons to the next ones."""

from aiogram.types import InlineKeyboardButton
from pydantic import BaseModel, ConfigDict

from bot.messages.buttons import Buttons, numbered
from infra.words import _


class Page(BaseModel):
    """A page of a list, as SQL gives it; pages are counted from 0."""

    # Hidden: an error goes to the log, and what it would quote is somebody's words.
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    page: int = 0
    pages: int = 1


def turning(page: Page, verb: str, buttons: Buttons) -> list[InlineKeyboardButton]:
    """Return the buttons to the pages beside this one."""
    beside = [(page.page - 1, _("‹ Назад")), (page.page + 1, _("Дальше ›"))]
    return [
        InlineKeyboardButton(text=text, callback_data=buttons.pack(verb, numbered(number)))
        for number, text in beside
        if 0 <= number < page.pages
    ]
