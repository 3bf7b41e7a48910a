"""What the forms of schedules send, as it is typed: the database decides what may stand."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from admin.models import Chosen
from admin.pages.schedules.rows import Hours

WEEKDAYS = range(1, 8)
# Hours before and after a break.
_USUAL = 2


def _listed(value: Any) -> Any:
    """Return the values of a field that a form may send once, often or never."""
    return [value] if isinstance(value, str) else value


Typed = Annotated[str, Field(max_length=200)]
TypedList = Annotated[list[Typed], BeforeValidator(_listed), Field(max_length=100)]
_NONE: list[str] = []


class Stretch(NamedTuple):
    """Two fields for hours."""

    opens: str
    closes: str


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    # Which button was pressed.
    do: Typed = "preview"

    @property
    def is_preview(self) -> bool:
        return self.do != "save"


class NewSchedule(BaseModel):
    """A name, and which schedule it is a copy of."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    name: Typed = ""
    copy_of: Chosen = None


class ScheduleForm(_Form):
    """Name, zone and week; the three lists are side by side, a pair of fields a place."""

    name: Typed = ""
    timezone: Typed = ""
    follows: Typed = ""
    weekday: TypedList = _NONE
    opens: TypedList = _NONE
    closes: TypedList = _NONE

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


class DatesForm(_Form):
    """Days in a row, and what they are instead."""

    first_on: Typed = ""
    last_on: Typed = ""
    says: Typed = "closed"
    name: Typed = ""
    opens: TypedList = _NONE
    closes: TypedList = _NONE

    @property
    def hours(self) -> list[dict[str, str]]:
        """The hours as `api.set_dates` takes them."""
        rows = zip(self.opens, self.closes, strict=False)
        return [{"weekday": "1", "opens": opens, "closes": closes} for opens, closes in rows if opens or closes]

    @property
    def stretches(self) -> list[Stretch]:
        """The fields to show."""
        return _padded([Stretch(row["opens"], row["closes"]) for row in self.hours])


class Archiving(BaseModel):
    """Away, or back."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    archived: Typed = ""


class Importing(_Form):
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
