"""The clients' menu."""

from datetime import UTC, datetime

from aiogram.types import InlineKeyboardMarkup

from bot.messages import client_menu
from bot.messages.client_menu import Call, Menu, Request, Requests
from tests.bot import told
from tests.bot.snapshot import Messages

NOW = datetime(2026, 4, 6, 9, 0, tzinfo=UTC)
MENU = Menu(chat=told.ROW, chat_name="Romashka")
CALL = Call(outcome="called", chat_name="Romashka", called_at=NOW, opens_at=None, timezone="Europe/Moscow")
REQUEST = Request(
    chat_name="Romashka",
    number=127,
    opened_at=datetime(2026, 4, 6, 8, 30, tzinfo=UTC),
    due_at=datetime(2026, 4, 6, 9, 30, tzinfo=UTC),
    state="waiting",
    answered_at=None,
    words="Where is <it>?",
)
ALL = [
    REQUEST,
    REQUEST.model_copy(update={"state": "in_hand", "due_at": datetime(2026, 4, 7, 7, 0, tzinfo=UTC), "words": None}),
    REQUEST.model_copy(update={"state": "late", "due_at": datetime(2026, 4, 6, 8, 0, tzinfo=UTC), "number": None}),
    REQUEST.model_copy(update={"state": "answered", "answered_at": NOW}),
    REQUEST.model_copy(update={"due_at": None}),
]


def _menu(*, is_private: bool) -> tuple[str, InlineKeyboardMarkup]:
    return client_menu.menu(MENU, is_private=is_private), client_menu.keyboard(MENU.chat, told.BUTTONS)


def _requests(*requests: Request, is_private: bool) -> str:
    return client_menu.requests(Requests(timezone="Europe/Moscow", requests=[*requests]), NOW, is_private=is_private)


MESSAGES: Messages = {
    "in a group": lambda: _menu(is_private=False),
    "in private": lambda: _menu(is_private=True),
    "called": lambda: client_menu.called(CALL, NOW),
    "called off hours": lambda: client_menu.called(
        CALL.model_copy(update={"opens_at": datetime(2026, 4, 7, 6, 0, tzinfo=UTC)}), NOW
    ),
    "called a moment ago": lambda: client_menu.called(CALL.model_copy(update={"outcome": "called_before"}), NOW),
    "nobody can be called": lambda: client_menu.called(CALL.model_copy(update={"outcome": "nobody"}), NOW),
    "requests in a group": lambda: _requests(*ALL, is_private=False),
    "requests in private": lambda: _requests(*ALL, is_private=True),
    "no requests": lambda: _requests(is_private=True),
}
