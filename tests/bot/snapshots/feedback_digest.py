"""How a survey ended, for the head."""

from datetime import UTC, date, datetime

from bot.messages import feedback_digest
from bot.messages.feedback_digest import DigestFacts, OfAccountant, Ratings
from tests.bot.snapshot import Messages

NOW = datetime(2026, 10, 15, 7, 0, tzinfo=UTC)
FIRM = Ratings(asked=120, votes=34, rate=28.3, average=4.35, csat=85.3, nps=47.1, distribution=[1, 1, 3, 9, 20])
UNHAPPY = FIRM.model_copy(update={"average": 2.5, "nps": -47.1})
NOTHING = Ratings(asked=120, votes=0, rate=0, average=None, csat=None, nps=None, distribution=[0, 0, 0, 0, 0])
OLGA = OfAccountant.model_validate({**FIRM.model_dump(), "name": "Olga", "asked": 30, "votes": 12})
DIGEST = DigestFacts(
    name="Third <quarter>",
    starts_on=date(2026, 7, 1),
    ends_on=date(2026, 9, 30),
    status="expired",
    firm=FIRM,
    accountants=[OLGA, OLGA.model_copy(update={"name": None, "average": 5}), OLGA.model_copy(update={"votes": 0})],
    comments=8,
    open_cases=2,
)


def digest(**changes: object) -> str:
    return feedback_digest.digest(DIGEST.model_copy(update=changes), NOW)


MESSAGES: Messages = {
    "a survey that has expired": digest,
    "a survey that a person closed": lambda: digest(status="closed", accountants=[], comments=0, open_cases=0),
    "a survey of clients who are not content": lambda: digest(firm=UNHAPPY, accountants=[]),
    "a survey in which nobody voted": lambda: digest(firm=NOTHING, accountants=[], comments=0, open_cases=0),
}
