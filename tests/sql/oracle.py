"""Working time the slow way, written apart from the SQL: step through minutes and look at the clock on the wall.

A minute is worked when the schedule's wall clock shows working time. On a date with exceptions only their own
intervals count (the schedule's before the firm's); on any other date the weekly hours that start there, and what ran
over from the day before.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
DAY = 24 * 60


@dataclass(frozen=True)
class Interval:
    """Minutes of the day; `closes` up to 1440, and not after `opens` when it ends on the next day."""

    opens: int
    closes: int

    @property
    def over_midnight(self) -> bool:
        return self.closes <= self.opens


@dataclass(frozen=True)
class Exceptional:
    """A date's own working time; no interval means closed."""

    on_date: date
    own: bool
    interval: Interval | None


@dataclass(frozen=True)
class Schedule:
    """Weekday is 1 … 7, Monday = 1."""

    zone: str
    weekly: tuple[tuple[int, Interval], ...] = ()
    exceptions: tuple[Exceptional, ...] = ()
    follows_firm: bool = True
    _of_date: dict[date, tuple[bool, tuple[Interval, ...]]] = field(default_factory=dict, compare=False, repr=False)

    def of(self, day: date) -> tuple[bool, tuple[Interval, ...]]:
        """Return whether the date is exceptional, and the intervals that start on it."""
        if day not in self._of_date:
            self._of_date[day] = self._look_up(day)
        return self._of_date[day]

    def _look_up(self, day: date) -> tuple[bool, tuple[Interval, ...]]:
        found = [e for e in self.exceptions if e.on_date == day and (e.own or self.follows_firm)]
        ruling = [e for e in found if e.own] or found
        if ruling:
            return True, tuple(e.interval for e in ruling if e.interval)
        return False, tuple(interval for weekday, interval in self.weekly if weekday == day.isoweekday())

    def is_worked(self, at: datetime) -> bool:
        """Say whether the minute that starts at `at` is worked."""
        wall = at.astimezone(ZoneInfo(self.zone))
        minute = wall.hour * 60 + wall.minute
        exceptional, today = self.of(wall.date())
        if any(i.opens <= minute < (DAY if i.over_midnight else i.closes) for i in today):
            return True
        if exceptional:
            return False
        _, yesterday = self.of(wall.date() - timedelta(days=1))
        return any(i.over_midnight and minute < i.closes for i in yesterday)


def minutes_of(since: datetime, until: datetime) -> Iterable[datetime]:
    """Return the minutes of [since, until) in UTC."""
    at = since.astimezone(UTC)
    while at < until:
        yield at
        at += MINUTE


def worked(schedule: Schedule, since: datetime, until: datetime) -> int:
    """Return the working minutes in [since, until)."""
    return sum(schedule.is_worked(at) for at in minutes_of(since, until))


def used_up(schedule: Schedule, since: datetime, amount: int, until: datetime) -> datetime | None:
    """Return the instant at which `amount` minutes are worked off; None when that is not before `until`."""
    for at in minutes_of(since, until):
        amount -= schedule.is_worked(at)
        if amount == 0:
            return at + MINUTE
    return None
