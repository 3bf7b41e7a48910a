"""Rows to choose from, a button each."""

from collections.abc import Callable, Iterable
from uuid import UUID

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from pydantic import BaseModel, ConfigDict

# Telegram shows about so much of a button.
_LENGTH = 60


class Offered(BaseModel):
    """A row that may be chosen: a client, a person, a policy."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    id: UUID
    name: str


def choices(offered: Iterable[Offered], pack: Callable[[UUID], str]) -> InlineKeyboardMarkup:
    """Return a button for each row; `pack` makes what it carries."""
    return InlineKeyboardMarkup(
        inline_keyboard=[
            [InlineKeyboardButton(text=_shortened(row.name), callback_data=pack(row.id))] for row in offered
        ]
    )


def _shortened(name: str) -> str:
    return name if len(name) <= _LENGTH else f"{name[: _LENGTH - 1]}…"
