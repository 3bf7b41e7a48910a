"""What clients are asked of a survey, and told of their votes."""

from datetime import UTC, date, datetime

from aiogram.types import InlineKeyboardMarkup

from bot.messages import feedback
from bot.messages.feedback import Survey, Vote
from tests.bot import told
from tests.bot.snapshot import Messages

NOW = datetime(2026, 10, 1, 7, 0, tzinfo=UTC)
SURVEY = Survey(
    kind="campaign",
    delivery=told.ROW,
    starts_on=date(2026, 7, 1),
    ends_on=date(2026, 9, 30),
    closes_at=datetime(2026, 10, 15, 7, 0, tzinfo=UTC),
    timezone="Europe/Moscow",
    firm_name="Lebedeva & <Co>",
    chat_name="Lebedeva & <Co>, VAT",
    is_reminder=False,
    number=None,
)
VOTE = Vote(outcome="voted", rating=4, may_comment=True)


def asked(**changes: object) -> tuple[str, InlineKeyboardMarkup]:
    survey = SURVEY.model_copy(update=changes)
    return feedback.survey(survey, NOW, is_private=survey.is_reminder), feedback.keyboard(survey, told.BUTTONS)


def pressed(outcome: str, *, is_private: bool = False, may_comment: bool = False) -> str:
    vote = VOTE.model_copy(update={"outcome": outcome, "may_comment": may_comment})
    return feedback.voted(vote, is_private=is_private)


MESSAGES: Messages = {
    "a quarter": asked,
    "a quarter, of a firm without a name": lambda: asked(firm_name=None),
    "a reminder": lambda: asked(is_reminder=True),
    "an answer with a number": lambda: asked(kind="after_answer", number=127),
    "an answer without a number": lambda: asked(kind="after_answer"),
    "a vote in a group": lambda: pressed("voted", may_comment=True),
    "a vote in private": lambda: pressed("voted", is_private=True, may_comment=True),
    "a vote without more": lambda: pressed("voted"),
    "another vote": lambda: pressed("changed"),
    "the same vote": lambda: pressed("same"),
    "a vote taken back": lambda: pressed("withdrawn"),
    "nothing to take back": lambda: pressed("nothing"),
    "a comment": feedback.commented,
}
