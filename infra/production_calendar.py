"""Russia's production calendar: reviewed data beside this module, a file a year, for whoever brings it in.

Whoever changes a year says in its file what it was compared with.
"""

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

CALENDARS = Path(__file__).parent / "calendars" / "russia"


class Day(BaseModel):
    """A date unlike its weekday, for a week of five days: closed, shorter, or worked as another weekday."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    on_date: Annotated[date, Field(alias="date")]
    kind: Literal["closed", "shortened", "moved"]
    name: Annotated[str, Field(min_length=1)]
    works_as: Annotated[int | None, Field(ge=1, le=7)] = None
    shortened_minutes: Annotated[int | None, Field(ge=1, le=1439)] = None

    @model_validator(mode="after")
    def _says_what_its_kind_needs(self) -> Self:
        if (self.works_as is not None) != (self.kind == "moved"):
            raise ValueError("a moved day, and no other, has works_as")
        if self.kind != "moved" and (self.shortened_minutes is not None) != (self.kind == "shortened"):
            raise ValueError("a shortened day has shortened_minutes, a closed one has not")
        return self


class Calendar(BaseModel):
    """One year, each date once and in order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    year: int
    days: tuple[Day, ...]

    @model_validator(mode="after")
    def _dates_are_of_the_year_and_in_order(self) -> Self:
        dates = [day.on_date for day in self.days]
        if dates != sorted(set(dates)):
            raise ValueError("dates repeat or are out of order")
        if any(on_date.year != self.year for on_date in dates):
            raise ValueError("dates of another year")
        return self


def years() -> list[int]:
    """Return the years there is a calendar of."""
    return sorted(int(path.stem) for path in CALENDARS.glob("*.toml"))


def read(year: int) -> Calendar:
    """Return the calendar of a year; raise ValueError when the file is wrong."""
    return Calendar.model_validate(tomllib.loads((CALENDARS / f"{year}.toml").read_text(encoding="utf-8")))


def stated(calendar: Calendar) -> list[dict[str, Any]]:
    """Return the days as the functions of `api` that import a calendar take them."""
    return [day.model_dump(mode="json", exclude={"kind"}) for day in calendar.days]
