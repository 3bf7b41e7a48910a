"""What the forms of schedules send, as it is typed: the database decides what may stand."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from admin.models import NONE, Chosen, Frozen, Tried, Typed, TypedList
from admin.pages.schedules.rows import Hours

WEEKDAYS = range(1, 8)
# Hours before and after a break.
_USUAL = 2


class Stretch(NamedTuple):
    """Two fields for hours."""

    opens: str
    closes: str


class NewSchedule(Frozen):
    """A name, and which schedule it is a copy of."""

    name: Typed = ""
    copy_of: Chosen = None


class ScheduleForm(Tried):
    """Name, zone and week; the three lists are side by side, a pair of fields a place."""

    name: Typed = ""
    timezone: Typed = ""
    follows: Typed = ""
    weekday: TypedList = NONE
    opens: TypedList = NONE
    closes: TypedList = NONE

    @property
    def hours(self) -> list[dict[str, str]]:
        """The week as `api.save_schedule` takes it."""
        rows = zip(self.weekday, self.opens, self.closes, strict=False)
        return [{"weekday": day, "opens": opens, "closes": closes} for day, opens, closes in rows if opens or closes]

    @property
    def week(self) -> dict[int, list[Stretch]]:
        """The fields to show next: as typed, with what the pressed button asked for."""
        typed = {
            day: [Stretch(row["opens"], row["closes"]) for row in self.hours if row["weekday"] == str(day)]
            for day in WEEKDAYS
        }
        if self.do == "copy":
            typed |= dict.fromkeys(range(2, 6), typed[1])
        asked = self.do.removeprefix("more:")
        return {day: _padded(rows, one_more=asked == str(day)) for day, rows in typed.items()}


class DatesForm(Tried):
    """Days in a row, and what they are instead."""

    first_on: Typed = ""
    last_on: Typed = ""
    says: Typed = "closed"
    name: Typed = ""
    opens: TypedList = NONE
    closes: TypedList = NONE

    @property
    def hours(self) -> list[dict[str, str]]:
        """The hours as `api.set_dates` takes them."""
        rows = zip(self.opens, self.closes, strict=False)
        return [{"weekday": "1", "opens": opens, "closes": closes} for opens, closes in rows if opens or closes]

    @property
    def stretches(self) -> list[Stretch]:
        """The fields to show."""
        return _padded([Stretch(row["opens"], row["closes"]) for row in self.hours])


class Importing(Tried):
    """A year of the production calendar."""

    year: Typed = ""


def week_of(hours: Sequence[Hours]) -> dict[int, list[Stretch]]:
    """Return the fields of a week as it stands."""
    return {day: _padded(list(_stretches(hours, day))) for day in WEEKDAYS}


def _stretches(hours: Sequence[Hours], day: int) -> Iterator[Stretch]:
    # A field for time of day has no 24:00: there midnight ends a day as well.
    yield from (Stretch(hour.opens, hour.closes.replace("24:00", "00:00")) for hour in hours if hour.weekday == day)


def _padded(rows: list[Stretch], *, one_more: bool = False) -> list[Stretch]:
    return [*rows, *[Stretch("", "")] * max(_USUAL - len(rows), int(one_more))]
