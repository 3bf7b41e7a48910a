"""Two imports of the production calendar at once: the second waits for the first, and goes on from what that left."""

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import psycopg
import pytest

from infra.local.waiting import until
from tests.sql.firm import Connection, Row, all_rows, one
from tests.stack import Stack

# A year that no window and no stored working time knows yet, so that other tests see nothing of it.
YEAR = 2041
NEW_YEAR: Row = {"on_date": f"{YEAR}-01-01", "name": "Новый год"}
EVE: Row = {"on_date": f"{YEAR}-04-30", "name": "Канун праздника", "shortened_minutes": 60}
SATURDAY: Row = {"on_date": f"{YEAR}-05-18", "name": "Рабочая суббота", "works_as": 1}
OF_THE_YEAR = "schedule_id is null and extract(year from on_date) = %s"


@pytest.fixture
def database(stack: Stack) -> Iterator[str]:
    """Connection string; what the test commits for its year goes afterwards."""
    yield stack.env["DATABASE_URL"]
    with psycopg.connect(stack.env["DATABASE_URL"]) as db:
        db.execute(f"delete from public.calendar_exceptions where {OF_THE_YEAR}".encode(), [YEAR])


def bring_in(db: Connection, *days: Row) -> list[tuple[str, str]]:
    rows = all_rows(db, "select * from api.import_calendar(%s, %s, false)", YEAR, json.dumps(days))
    return [(str(row["on_date"]), row["change"]) for row in rows]


def side_by_side(database: str, first: list[Row], second: list[Row]) -> list[list[tuple[str, str]]]:
    """Start an import while another has not ended. Returns what each changed."""

    def run() -> list[tuple[str, str]]:
        with psycopg.connect(database, application_name="second") as own:
            return bring_in(own, *second)

    with ThreadPoolExecutor(1) as pool, psycopg.connect(database) as other, psycopg.connect(database) as watch:
        watch.autocommit = True
        done = bring_in(other, *first)
        running: Future[list[tuple[str, str]]] = pool.submit(run)
        waits = "select count(*) from pg_stat_activity where application_name = 'second' and wait_event = 'advisory'"
        assert until(lambda: one(watch, waits) == 1, 20)
        other.commit()
        return [done, running.result(timeout=20)]


def dates(database: str) -> list[Row]:
    with psycopg.connect(database) as db:
        return all_rows(
            db,
            "select to_char(on_date, 'YYYY-MM-DD') as on_date, name, works_as, shortened_minutes, source"
            f" from public.calendar_exceptions where {OF_THE_YEAR} order by 1",
            YEAR,
        )


def written(*days: Row) -> list[Row]:
    silent = {"works_as": None, "shortened_minutes": None, "source": "production_calendar"}
    return [silent | day for day in days]


def test_the_same_year_imported_twice_at_once_is_written_once(database: str) -> None:
    days = [NEW_YEAR, EVE, SATURDAY]
    first, second = side_by_side(database, days, days)
    assert (first, second) == ([(day["on_date"], "added") for day in days], [])
    assert dates(database) == written(*days)


def test_of_two_revisions_at_once_the_later_is_the_calendar(database: str) -> None:
    renamed = {**NEW_YEAR, "name": "Новогодние каникулы"}
    first, second = side_by_side(database, [NEW_YEAR, EVE], [renamed, SATURDAY])
    assert first == [(NEW_YEAR["on_date"], "added"), (EVE["on_date"], "added")]
    assert second == [(renamed["on_date"], "changed"), (EVE["on_date"], "removed"), (SATURDAY["on_date"], "added")]
    assert dates(database) == written(renamed, SATURDAY)
