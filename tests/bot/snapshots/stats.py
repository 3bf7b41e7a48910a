"""Figures."""

from typing import Any

from bot.messages import stats
from bot.messages.stats import Figures, Period
from tests.bot.snapshot import Messages


def figures(**changes: Any) -> Figures:
    known = {
        "n": 20,
        "met": 17,
        "met_late": 2,
        "overdue": 1,
        "excused": 3,
        "waiting": 4,
        "met_percent": 85.0,
        "p50_minutes": 12.4,
        "p90_minutes": 71.0,
    }
    return Figures.model_validate({**known, **changes})


NONE = figures(
    n=0, met=0, met_late=0, overdue=0, excused=0, waiting=0, met_percent=None, p50_minutes=None, p90_minutes=None
)
WAITING = NONE.model_copy(update={"waiting": 1})
ONE = figures(n=1, met=1, met_late=0, overdue=0, excused=0, waiting=0, met_percent=100.0, p50_minutes=5, p90_minutes=5)
MANY = figures(n=12480, met=10670, met_late=1200, overdue=610, excused=1044, waiting=38, met_percent=85.5)

MESSAGES: Messages = {
    "an accountant's": lambda: stats.stats(
        [
            Period(period="day", own=None, firm=None),
            Period(period="week", own=ONE, firm=None),
            Period(period="month", own=figures(), firm=None),
        ]
    ),
    "a manager's": lambda: stats.stats(
        [Period(period="day", own=WAITING, firm=figures()), Period(period="month", own=None, firm=NONE)]
    ),
    "a large firm's": lambda: stats.stats([Period(period="month", own=None, firm=MANY)]),
}
