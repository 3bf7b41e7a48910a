"""Who is dissatisfied, for those who run the firm."""

from datetime import UTC, datetime

from aiogram.types import InlineKeyboardMarkup

from bot.messages import feedback_case
from bot.messages.feedback_case import CaseFacts
from tests.bot import told
from tests.bot.snapshot import Messages

NOW = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
CASE = CaseFacts(
    case=told.ROW,
    chat_name="Romashka",
    chat_url=told.CHAT_URL,
    client_name="Romashka & <Co>",
    accountant_name="Olga",
    voter_name="Anna",
    rating=2,
    comment=None,
    is_comment_news=False,
    voted_at=datetime(2026, 10, 1, 8, 30, tzinfo=UTC),
    timezone="Europe/Moscow",
)
NOBODY = {"chat_url": None, "client_name": None, "accountant_name": None, "voter_name": None}


def alert(**changes: object) -> tuple[str, InlineKeyboardMarkup]:
    case = CASE.model_copy(update=changes)
    return feedback_case.alert(case, NOW), feedback_case.keyboard(case, told.BUTTONS)


MESSAGES: Messages = {
    "a low rating": alert,
    "its comment": lambda: alert(comment="Where is <the act>?\nIt is late.", is_comment_news=True),
    "a low rating of which little is known": lambda: alert(**NOBODY),
    "a low rating that was taken back": lambda: alert(rating=None),
    "who has taken it": feedback_case.taken,
}
