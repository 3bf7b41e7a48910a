"""`make calendar YEAR=2026`: Russia's production calendar of a year, shown against the firm's, applied when told to."""

import argparse
import asyncio
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

from infra.production_calendar import Calendar, read, stated, years
from infra.settings import ServiceSettings, load
from infra.supabase import Database, Refused, Unavailable, open_http


class Change(BaseModel):
    """A line of the diff, as `api.import_calendar` returns it."""

    model_config = ConfigDict(frozen=True)

    on_date: date
    change: Literal["added", "changed", "removed", "kept"]
    was: str | None
    becomes: str | None


async def bring_in(database: Database, calendar: Calendar, *, apply: bool) -> list[Change]:
    """Return what differs from the firm's calendar; afterwards nothing does, when it is applied."""
    answer = await database.call("import_calendar", year=calendar.year, days=stated(calendar), dry_run=not apply)
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
