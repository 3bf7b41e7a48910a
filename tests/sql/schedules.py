"""Schedules in the database: the oracle's kind written down, and the clock asked about them."""

import re
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from tests.sql.firm import Connection, one
from tests.sql.oracle import Interval, Schedule

WORKDAYS = tuple((weekday, Interval(9 * 60, 18 * 60)) for weekday in range(1, 6))
# The instant that periods are written down around unless another is said, in the function's definition.
DEFAULT_INSTANT = r"(?<= DEFAULT ).+(?=\)\n)"
EVERY_DAY = tuple((weekday, Interval(0, 24 * 60)) for weekday in range(1, 8))
OFFICE = Schedule("Europe/Moscow", WORKDAYS)


def clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def store(db: Connection, schedule: Schedule, as_of: datetime | None = None, *, around_the_clock: bool = False) -> UUID:
    """Write a schedule down, and materialise it around an instant."""
    number = uuid4()
    db.execute(
        "insert into public.working_schedules (id, name, timezone, around_the_clock, follows_firm_calendar)"
        " values (%s, %s, %s, %s, %s)",
        [number, str(number), schedule.zone, around_the_clock, schedule.follows_firm],
    )
    with db.cursor() as cursor:
        cursor.executemany(
            "insert into public.working_intervals (schedule_id, weekday, opens, closes) values (%s, %s, %s, %s)",
            [(number, day, clock(i.opens), clock(i.closes)) for day, i in schedule.weekly],
        )
        cursor.executemany(
            "insert into public.calendar_exceptions"
            " (schedule_id, on_date, name, opens, closes, works_as, shortened_minutes)"
            " values (%s, %s, 'x', %s, %s, %s, %s)",
            [
                (number if e.own else None, e.on_date, *hours(e.interval), e.works_as, e.shortened)
                for e in schedule.exceptions
            ],
        )
    if as_of:
        rebuild(db, number, as_of)
    return number


def hours(interval: Interval | None) -> tuple[str | None, str | None]:
    return (clock(interval.opens), clock(interval.closes)) if interval else (None, None)


def rebuild(db: Connection, schedule: UUID, as_of: datetime) -> None:
    db.execute("select private.rebuild_working_periods(%s, %s)", [schedule, as_of])


def shorten_horizon(db: Connection, around: datetime) -> None:
    """Have working time written down for weeks around an instant, not for years around today.

    A schedule costs a tenth then, and laws ask for thousands of them.
    """
    written = one(db, "select pg_get_functiondef('private.rebuild_working_periods'::regproc)")
    for years, weeks in ((9600, 960), (19200, 2880)):
        assert f"'{years} hours'" in written
        written = written.replace(f"'{years} hours'", f"'{weeks} hours'")
    db.execute(re.sub(DEFAULT_INSTANT, f"'{around}'::timestamptz", written, count=1))


def pause_triggers(db: Connection) -> None:
    """One rebuild an example is enough; that edits rebuild by themselves is shown in test_clock."""
    for table in ("working_schedules", "working_intervals", "calendar_exceptions"):
        db.execute(f"alter table public.{table} disable trigger user".encode())


def add(db: Connection, schedule: UUID, since: datetime, minutes: float) -> datetime | None:
    found: datetime | None = one(db, "select api.add_working(%s, %s, %s)", schedule, since, timedelta(minutes=minutes))
    return found


def between(db: Connection, schedule: UUID, since: datetime, until: datetime) -> timedelta | None:
    found: timedelta | None = one(db, "select api.working_between(%s, %s, %s)", schedule, since, until)
    return found
