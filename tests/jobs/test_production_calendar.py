"""Russia's production calendar: the files against the published norms, and the command that brings them in."""

import calendar
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from pydantic import ValidationError

from infra.production_calendar import CALENDARS, Calendar, Day, read, years
from jobs import production_calendar
from jobs.production_calendar import Change
from tests.stack import ROOT, Stack, outside

# Working days and hours of a 40-hour week, by month, as published. Of 2027 only the sums were found (247 and 1972); its
# months follow from them by the ministry's order 588н.
NORMS = {
    2025: (
        [17, 20, 21, 22, 18, 19, 23, 21, 22, 23, 19, 22],
        [136, 160, 167, 175, 144, 151, 184, 168, 176, 184, 151, 176],
    ),
    2026: (
        [15, 19, 21, 22, 19, 21, 23, 21, 22, 22, 20, 22],
        [120, 152, 168, 175, 151, 167, 184, 168, 176, 176, 159, 176],
    ),
    2027: (
        [15, 19, 22, 22, 19, 21, 22, 22, 22, 21, 20, 22],
        [120, 151, 176, 175, 152, 167, 176, 176, 176, 168, 159, 176],
    ),
}
# Labour Code, article 112.
HOLIDAYS = [*((1, day) for day in range(1, 9)), (2, 23), (3, 8), (5, 1), (5, 9), (6, 12), (11, 4)]


def minutes_of(year: int) -> dict[date, int]:
    """The working minutes of every date of a five-day week of eight hours."""
    special = {day.on_date: day for day in read(year).days}
    first, found = date(year, 1, 1), dict[date, int]()
    for on_date in (first + timedelta(days=n) for n in range(365 + calendar.isleap(year))):
        day = special.get(on_date)
        works = (day and day.works_as) or on_date.isoweekday()
        closed = works > 5 or (day is not None and day.kind == "closed")
        found[on_date] = 0 if closed else 480 - ((day and day.shortened_minutes) or 0)
    return found


def test_there_is_a_norm_for_every_calendar() -> None:
    assert years() == sorted(NORMS)


@pytest.mark.parametrize("year", NORMS)
def test_days_and_hours_of_every_month_are_as_published(year: int) -> None:
    minutes = minutes_of(year)
    months = [[m for on_date, m in minutes.items() if on_date.month == month] for month in range(1, 13)]
    assert [sum(m > 0 for m in month) for month in months] == NORMS[year][0]
    assert [sum(month) / 60 for month in months] == NORMS[year][1]
    assert (sum(NORMS[year][0]), sum(NORMS[year][1])) == (247, 1972)


@pytest.mark.parametrize("year", NORMS)
def test_every_holiday_of_the_law_is_closed_and_has_a_name(year: int) -> None:
    closed = {day.on_date for day in read(year).days if day.kind == "closed"}
    assert {date(year, month, day) for month, day in HOLIDAYS} <= closed


@pytest.mark.parametrize("year", NORMS)
def test_every_file_says_where_it_comes_from_and_what_it_was_compared_with(year: int) -> None:
    text = (CALENDARS / f"{year}.toml").read_text(encoding="utf-8")
    head = text.partition("\nyear = ")[0]
    assert all(line.startswith("#") for line in head.splitlines() if line)
    assert "# Источник: " in head
    assert "# Сверено: " in head
    assert f"в {year} году" in head.replace("\n# ", " ")


DAY = {"date": "2026-01-01", "kind": "closed", "name": "Новый год"}


@pytest.mark.parametrize(
    "days",
    [
        [{**DAY, "kind": "holiday"}],
        [{**DAY, "name": ""}],
        [{**DAY, "hours": 8}],
        [{**DAY, "works_as": 1}],
        [{**DAY, "shortened_minutes": 60}],
        [{**DAY, "kind": "shortened"}],
        [{**DAY, "kind": "moved"}],
        [{**DAY, "kind": "moved", "works_as": 8}],
        [DAY, DAY],
        [{**DAY, "date": "2026-01-02"}, DAY],
        [{**DAY, "date": "2027-01-01"}],
    ],
)
def test_a_file_with_a_slip_is_refused(days: list[dict[str, Any]]) -> None:
    with pytest.raises(ValidationError):
        Calendar.model_validate({"year": 2026, "days": days})


def test_the_diff_has_a_line_for_each_date_and_says_what_is_left_to_do() -> None:
    new_year = date(2026, 1, 1)
    changes = [
        Change(on_date=new_year, change="added", was=None, becomes="closed «Новый год»"),
        Change(on_date=new_year, change="changed", was="closed «x»", becomes="closed «y»"),
        Change(on_date=new_year, change="removed", was="closed «x»", becomes=None),
        Change(on_date=new_year, change="kept", was="10:00–12:00 «Дежурство»", becomes="closed «Новый год»"),
    ]
    *lines, end = production_calendar.report(2026, changes, applied=False)
    assert lines == [
        "2026-01-01  added    closed «Новый год»",
        "2026-01-01  changed  closed «x» to closed «y»",
        "2026-01-01  removed  closed «x»",
        "2026-01-01  kept     10:00–12:00 «Дежурство», entered by a person; the calendar says closed «Новый год»",
    ]
    assert end == "2026: 3 dates differ, nothing is written; `make calendar YEAR=2026 APPLY=1` writes them"
    assert [*production_calendar.report(2026, changes[3:], applied=True)][-1] == "2026: nothing to do"
    assert Day.model_validate(DAY).on_date == new_year


# --- The command, on the running system ----------------------------------------------------------------------------


def make(stack: Stack, *words: str, **variables: str) -> list[str]:
    """What `make calendar` prints to a person who has no variable of ours but the stack's number."""
    done = subprocess.run(
        ["make", "--silent", "calendar", *words],
        cwd=ROOT,
        env=outside(PORT_OFFSET=str(stack.caller.offset), **variables),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.fixture
def firm(stack: Stack) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """The committed database; what was imported is gone afterwards."""
    with psycopg.connect(stack.env["DATABASE_URL"], autocommit=True) as connection:
        yield connection
        connection.execute("delete from public.calendar_exceptions where source = 'production_calendar'")


def imported(firm: psycopg.Connection[tuple[Any, ...]]) -> int:
    counted = firm.execute("select count(*) from public.calendar_exceptions where source = 'production_calendar'")
    return int(counted.fetchall()[0][0])


def test_make_calendar_shows_then_writes_then_has_nothing_to_do(
    stack: Stack, firm: psycopg.Connection[tuple[Any, ...]]
) -> None:
    dates = len(read(2025).days)
    *lines, end = make(stack, "YEAR=2025")
    assert "2025-11-01  added    Monday's hours, 60 min shorter «Рабочая суббота вместо 3 ноября»" in lines
    assert len(lines) == dates
    assert end == f"2025: {dates} dates differ, nothing is written; `make calendar YEAR=2025 APPLY=1` writes them"
    assert imported(firm) == 0
    assert make(stack, "YEAR=2025", "APPLY=1")[-1] == f"2025: {dates} dates written, open deadlines follow"
    assert imported(firm) == dates
    assert make(stack, "YEAR=2025", "APPLY=1") == make(stack, "YEAR=2025") == ["2025: nothing to do"]


@pytest.mark.parametrize(
    ("year", "variables", "said"),
    [
        ("2026", {}, "cannot start, settings are wrong: SUPABASE_URL: not set"),
        ("2024", {}, "invalid choice: 2024 (choose from 2025, 2026, 2027)"),
        (
            "2026",
            {
                "SUPABASE_URL": "http://127.0.0.1:9",
                "REDIS_URL": "redis://127.0.0.1:9/0",
                "SUPABASE_SERVICE_ROLE_KEY": "x",
            },
            "the database cannot be reached",
        ),
    ],
)
def test_what_stands_in_the_way_is_said_in_one_line(year: str, variables: dict[str, str], said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "jobs.production_calendar", year],
        cwd=ROOT,
        env=outside(**variables),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert said in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
