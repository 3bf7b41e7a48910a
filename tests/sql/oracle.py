"""Working time the slow way, written apart from the SQL: step through minutes and look at the clock on the wall.

A minute is worked when the schedule's wall clock shows working time. On a date that is closed or has intervals of its
own only these count (the schedule's before the firm's); on any other date the weekly hours of its weekday, or of the
weekday it works as, without the last minutes when it is shortened, and what ran over from the day before.
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
    """A date unlike its weekday: an interval of its own, or some weekday's hours, maybe fewer; else it is closed."""

    on_date: date
    own: bool
    interval: Interval | None = None
    works_as: int | None = None
    shortened: int | None = None

    @property
    def stands_alone(self) -> bool:
        return self.works_as is None and self.shortened is None


@dataclass(frozen=True)
class Schedule:
    """Weekday is 1 … 7, Monday = 1."""

    zone: str
    weekly: tuple[tuple[int, Interval], ...] = ()
    exceptions: tuple[Exceptional, ...] = ()
    follows_firm: bool = True
    _of_date: dict[date, frozenset[int]] = field(default_factory=dict, init=False, compare=False, repr=False)
    _on_date: dict[date, frozenset[int]] = field(default_factory=dict, init=False, compare=False, repr=False)

    def rules(self, day: date) -> list[Exceptional]:
        """Return what is special about a date."""
        found = [e for e in self.exceptions if e.on_date == day and (e.own or self.follows_firm)]
        return [e for e in found if e.own] or found

    def of(self, day: date) -> tuple[bool, tuple[Interval, ...]]:
        """Return whether the date stands alone, and the intervals that start on it before it is shortened."""
        rules = self.rules(day)
        if rules and rules[0].stands_alone:
            return True, tuple(e.interval for e in rules if e.interval)
        weekday = (rules and rules[0].works_as) or day.isoweekday()
        return False, tuple(interval for on, interval in self.weekly if on == weekday)

    def minutes(self, day: date) -> frozenset[int]:
        """Return the minutes worked by what starts on the date, from its midnight; 1440 and more are the next day's."""
        if day not in self._of_date:
            intervals = self.of(day)[1]
            every = {m for i in intervals for m in range(i.opens, i.closes + DAY if i.over_midnight else i.closes)}
            lost = next((e.shortened for e in self.rules(day) if e.shortened), 0)
            self._of_date[day] = frozenset(sorted(every)[: max(len(every) - lost, 0)])
        return self._of_date[day]

    def worked_on(self, today: date) -> frozenset[int]:
        """Return the minutes worked on a date, what ran over from the day before among them unless it stands alone."""
        if today not in self._on_date:
            alone, _ = self.of(today)
            before = frozenset() if alone else self.minutes(today - timedelta(days=1))
            self._on_date[today] = self.minutes(today) | {minute - DAY for minute in before if minute >= DAY}
        return self._on_date[today]

    def is_worked(self, at: datetime) -> bool:
        """Say whether the minute that starts at `at` is worked."""
        wall = at.astimezone(ZoneInfo(self.zone))
        return wall.hour * 60 + wall.minute in self.worked_on(wall.date())


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
