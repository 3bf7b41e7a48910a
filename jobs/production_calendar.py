"""`make calendar YEAR=2026`: Russia's production calendar of a year, shown against the firm's, applied when told to.

The calendars lie beside this module, a file a year; whoever changes one says in it what it was compared with.
"""

import argparse
import asyncio
import sys
import tomllib
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from infra.settings import ServiceSettings, load
from infra.supabase import Database, Refused, Unavailable, open_http

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


class Change(BaseModel):
    """A line of the diff, as `api.import_calendar` returns it."""

    model_config = ConfigDict(frozen=True)

    on_date: date
    change: Literal["added", "changed", "removed", "kept"]
    was: str | None
    becomes: str | None


def years() -> list[int]:
    """Return the years there is a calendar of."""
    return sorted(int(path.stem) for path in CALENDARS.glob("*.toml"))


def read(year: int) -> Calendar:
    """Return the calendar of a year; raise ValueError when the file is wrong."""
    return Calendar.model_validate(tomllib.loads((CALENDARS / f"{year}.toml").read_text(encoding="utf-8")))


async def bring_in(database: Database, calendar: Calendar, *, apply: bool) -> list[Change]:
    """Return what differs from the firm's calendar; afterwards nothing does, when it is applied."""
    days = [day.model_dump(mode="json", exclude={"kind"}) for day in calendar.days]
    answer = await database.call("import_calendar", year=calendar.year, days=days, dry_run=not apply)
    return TypeAdapter(list[Change]).validate_python(answer)


def report(year: int, changes: Sequence[Change], *, applied: bool) -> Iterator[str]:
    """Yield the diff, one line a date, and what is left to do."""
    for line in changes:
        if line.change == "kept":
            yield f"{line.on_date}  kept     {line.was}, entered by a person; the calendar says {line.becomes}"
        elif line.change == "changed":
            yield f"{line.on_date}  changed  {line.was} to {line.becomes}"
        else:
            yield f"{line.on_date}  {line.change:<7}  {line.becomes or line.was}"
    number = sum(line.change != "kept" for line in changes)
    if not number:
        yield f"{year}: nothing to do"
    elif applied:
        yield f"{year}: {number} dates written, open deadlines follow"
    else:
        yield f"{year}: {number} dates differ, nothing is written; `make calendar YEAR={year} APPLY=1` writes them"


async def _run(year: int, *, apply: bool) -> list[Change]:
    settings = load(ServiceSettings)
    async with open_http() as http:
        key = settings.supabase_service_role_key.get_secret_value()
        return await bring_in(Database(http, str(settings.supabase_url), key), read(year), apply=apply)


def main(arguments: Sequence[str]) -> None:
    """Print the diff of a year; end with one line on standard error when it cannot be made."""
    parser = argparse.ArgumentParser(prog="make calendar", description="Russia's production calendar of a year.")
    parser.add_argument("year", type=int, choices=years(), metavar="YEAR", help=", ".join(map(str, years())))
    parser.add_argument("--apply", action="store_true", help="write what differs")
    asked = parser.parse_args(arguments)
    try:
        changes = asyncio.run(_run(asked.year, apply=asked.apply))
    except Refused as error:
        sys.exit(f"the database refused the calendar: {error.key}")
    except Unavailable as error:
        sys.exit(f"the database cannot be reached: {error}")
    sys.stdout.writelines(f"{line}\n" for line in report(asked.year, changes, applied=asked.apply))


if __name__ == "__main__":
    main(sys.argv[1:])
