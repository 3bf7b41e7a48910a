"""Times in words."""

from datetime import UTC, date, datetime, timedelta

from bot.messages import times
from tests.bot.snapshot import Messages

MONDAY = datetime(2026, 12, 28, 12, 0, tzinfo=UTC)
FRIDAY = MONDAY + timedelta(days=4)


def around(now: datetime, days: range) -> str:
    return "\n".join(times.moment(now + timedelta(days=distance), now, "Europe/Moscow") for distance in days)


MESSAGES: Messages = {
    "durations": lambda: "\n".join(map(times.duration, (0, 59, 60, 125, 600))),
    "days around a Monday": lambda: around(MONDAY, range(-2, 9)),
    "days after a Friday": lambda: around(FRIDAY, range(2, 8)),
    "a holiday": lambda: times.calendar_days(date(2027, 1, 1), date(2027, 1, 8), MONDAY.date()),
    "half a year away": lambda: around(MONDAY, range(200, 201)),
}
