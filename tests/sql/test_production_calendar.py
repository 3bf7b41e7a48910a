"""The state's calendar comes into the firm's: shown first, written once, never over what a person entered (S6)."""

import json
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from infra.production_calendar import read, stated, years
from tests.sql.firm import MOSCOW, Connection, Row, acting_as, all_rows, one
from tests.sql.oracle import Interval, Schedule
from tests.sql.schedules import OFFICE, between, rebuild, store

NEW_YEAR = {"on_date": "2026-01-01", "name": "Новый год"}
SHORT_DAY = {"on_date": "2026-04-30", "name": "Канун праздника", "shortened_minutes": 60}
SATURDAY = {"on_date": "2026-05-16", "name": "Рабочая суббота", "works_as": 1}
LUNCH = tuple((day, half) for day in range(1, 6) for half in (Interval(540, 780), Interval(840, 1080)))


def bring_in(db: Connection, *days: dict[str, Any], dry_run: bool = False, year: int = 2026) -> list[Row]:
    return all_rows(db, "select * from api.import_calendar(%s, %s, %s)", year, json.dumps(days), dry_run)


def lines(changes: list[Row]) -> list[tuple[Any, ...]]:
    return [(str(row["on_date"]), row["change"], row["was"], row["becomes"]) for row in changes]


def firms_dates(db: Connection) -> list[Row]:
    return all_rows(
        db,
        "select on_date, name, opens, works_as, shortened_minutes, source from public.calendar_exceptions"
        " where schedule_id is null order by on_date",
    )


def test_a_dry_run_shows_every_date_and_writes_none(db: Connection) -> None:
    assert lines(bring_in(db, NEW_YEAR, SHORT_DAY, SATURDAY, dry_run=True)) == [
        ("2026-01-01", "added", None, "closed «Новый год»"),
        ("2026-04-30", "added", None, "60 min shorter «Канун праздника»"),
        ("2026-05-16", "added", None, "Monday's hours «Рабочая суббота»"),
    ]
    assert firms_dates(db) == []


def test_what_is_written_once_is_no_news_the_second_time(db: Connection) -> None:
    assert [row["change"] for row in bring_in(db, NEW_YEAR, SHORT_DAY, SATURDAY)] == ["added"] * 3
    written = firms_dates(db)
    assert {row["source"] for row in written} == {"production_calendar"}
    assert bring_in(db, NEW_YEAR, SHORT_DAY, SATURDAY) == []
    assert firms_dates(db) == written


def test_a_revision_changes_removes_and_adds(db: Connection) -> None:
    bring_in(db, NEW_YEAR, SHORT_DAY)
    assert lines(bring_in(db, {**NEW_YEAR, "works_as": 5}, SATURDAY)) == [
        ("2026-01-01", "changed", "closed «Новый год»", "Friday's hours «Новый год»"),
        ("2026-04-30", "removed", "60 min shorter «Канун праздника»", None),
        ("2026-05-16", "added", None, "Monday's hours «Рабочая суббота»"),
    ]
    assert [(str(row["on_date"]), row["works_as"]) for row in firms_dates(db)] == [("2026-01-01", 5), ("2026-05-16", 1)]


def test_what_a_person_entered_stays_and_is_shown(db: Connection) -> None:
    db.execute(
        "insert into public.calendar_exceptions (on_date, name, opens, closes)"
        " values ('2026-01-01', 'Дежурство', '10:00', '12:00'), ('2026-01-01', 'Дежурство', '13:00', '15:00'),"
        " ('2026-03-02', 'День фирмы', null, null)"
    )
    kept = ("2026-01-01", "kept", "10:00–12:00 «Дежурство»; 13:00–15:00 «Дежурство»", "closed «Новый год»")
    assert lines(bring_in(db, NEW_YEAR, SHORT_DAY))[0] == kept
    assert [row["source"] for row in firms_dates(db)] == [None, None, None, "production_calendar"]
    assert lines(bring_in(db, NEW_YEAR)) == [kept, ("2026-04-30", "removed", "60 min shorter «Канун праздника»", None)]
    assert [row["source"] for row in firms_dates(db)] == [None, None, None]


def test_other_years_and_dates_of_one_schedule_are_left_alone(db: Connection) -> None:
    office = store(db, OFFICE)
    db.execute(
        "insert into public.calendar_exceptions (schedule_id, on_date, name) values (%s, '2026-01-01', 'x')", [office]
    )
    bring_in(db, {**NEW_YEAR, "on_date": "2027-01-01"}, year=2027)
    bring_in(db, SHORT_DAY)
    assert bring_in(db) != []
    assert [str(row["on_date"]) for row in firms_dates(db)] == ["2027-01-01"]
    assert one(db, "select count(*) from public.calendar_exceptions where schedule_id = %s", office) == 1


def test_an_import_is_one_new_version_of_each_schedule(db: Connection) -> None:
    office = store(db, OFFICE)
    version = "select version from public.working_schedules where id = %s"
    before = one(db, version, office)
    bring_in(db, NEW_YEAR, SHORT_DAY, SATURDAY)
    assert one(db, version, office) == before + 1
    bring_in(db, NEW_YEAR, SHORT_DAY, SATURDAY)
    assert one(db, version, office) == before + 1


@pytest.mark.parametrize("on_date", ["2025-12-31", "2027-01-01", None])
def test_a_calendar_of_another_year_is_refused(db: Connection, on_date: str | None) -> None:
    with pytest.raises(psycopg.Error, match="calendar_is_of_another_year") as refused:
        bring_in(db, {"on_date": on_date, "name": "x"})
    assert refused.value.sqlstate == "PT422"


@pytest.mark.parametrize("role", ["admin", "manager", "accountant", "observer", "anon"])
def test_only_the_service_imports(db: Connection, role: str) -> None:
    with acting_as(db, "service_role"):
        assert bring_in(db, NEW_YEAR)
    with pytest.raises(psycopg.errors.InsufficientPrivilege), acting_as(db, role):
        bring_in(db, NEW_YEAR)


def test_the_audit_log_tells_every_date_that_was_written(db: Connection) -> None:
    bring_in(db, NEW_YEAR, SHORT_DAY)
    written = "select count(*) from public.audit_log where happened_at = now() and entity = 'calendar_exceptions'"
    assert one(db, written + " and action = 'insert' and after ->> 'source' = 'production_calendar'") == 2


@pytest.mark.parametrize("year", years())
def test_an_office_with_a_lunch_works_the_norm_of_every_year(db: Connection, year: int) -> None:
    office = store(db, Schedule("Europe/Moscow", LUNCH))
    bring_in(db, *stated(read(year)), year=year)
    rebuild(db, office, datetime(year, 6, 1, tzinfo=MOSCOW))
    new_years = [datetime.combine(date(each, 1, 1), datetime.min.time(), MOSCOW) for each in (year, year + 1)]
    assert between(db, office, *new_years) == timedelta(hours=1972)
