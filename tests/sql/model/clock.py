"""Working time for the model: days of the minute-stepping oracle, kept as spans so that a deadline costs no walk."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tests.sql.oracle import Schedule, minutes_of

Span = tuple[datetime, datetime]
Key = tuple[str, date, bool, frozenset[int], frozenset[int]]
HORIZON = 60
_days: dict[Key, tuple[Span, ...]] = {}


def _of_day(schedule: Schedule, day: date) -> tuple[Span, ...]:
    """Return what the oracle says of a local date, once for all schedules that agree on it and on the eve."""
    eve = day - timedelta(days=1)
    key = schedule.zone, day, schedule.of(day)[0], schedule.minutes(day), schedule.minutes(eve)
    if key not in _days:
        _days[key] = tuple(_walk(schedule, day))
    return _days[key]


def _walk(schedule: Schedule, day: date) -> Iterator[Span]:
    zone = ZoneInfo(schedule.zone)
    midnight, next_midnight = (
        datetime.combine(on, time(), zone).astimezone(UTC) for on in (day, day + timedelta(days=1))
    )
    opened: datetime | None = None
    for minute in minutes_of(midnight, next_midnight):
        if schedule.is_worked(minute):
            opened = opened or minute
        elif opened:
            yield opened, minute
            opened = None
    if opened:
        yield opened, next_midnight


def spans(schedule: Schedule, since: datetime) -> Iterator[Span]:
    """Return the stretches of working time from the local date of `since` on."""
    first = since.astimezone(ZoneInfo(schedule.zone)).date()
    for day in (first + timedelta(days=n) for n in range(HORIZON)):
        yield from _of_day(schedule, day)


def add(schedule: Schedule | None, since: datetime, amount: timedelta) -> datetime | None:
    """Return when `amount` of working time is used up; None as schedule is around the clock (S7)."""
    if schedule is None:
        return since + amount
    for opens, closes in spans(schedule, since):
        here = closes - max(opens, since)
        if here >= amount:
            return max(opens, since) + amount
        amount -= max(here, timedelta(0))
    return None


def between(schedule: Schedule | None, since: datetime, until: datetime) -> timedelta:
    """Return the working time in [since, until)."""
    if schedule is None:
        return until - since
    total = timedelta(0)
    for opens, closes in spans(schedule, since):
        if opens >= until:
            break
        total += max(timedelta(0), min(closes, until) - max(opens, since))
    return total


def is_working(schedule: Schedule | None, at: datetime) -> bool:
    return schedule is None or schedule.is_worked(at)
