"""Dates unlike their weekday (S6): closed, with intervals of their own, as another weekday, shortened."""

from datetime import date, timedelta

import psycopg
import pytest

from tests.sql.firm import Connection, moscow, one
from tests.sql.oracle import Exceptional, Interval, Schedule
from tests.sql.schedules import WORKDAYS, add, between, store

HOUR = timedelta(hours=1)
FRIDAY, SATURDAY, SUNDAY = date(2026, 4, 10), date(2026, 4, 11), date(2026, 4, 12)
LUNCH = tuple((day, half) for day in range(1, 6) for half in (Interval(600, 780), Interval(840, 1140)))
NIGHTS = tuple((day, Interval(22 * 60, 6 * 60)) for day in range(1, 6))


def worked_on(db: Connection, weekly: tuple[tuple[int, Interval], ...], *special: Exceptional) -> str:
    """The wall clock's working time from Friday noon to Sunday noon, as Postgres writes it."""
    number = store(db, Schedule("Europe/Moscow", weekly, special))
    local: str = one(
        db,
        "select (private.local_working_time(%s, '[2026-04-01,2026-04-20)')"
        " * tsmultirange(tsrange('2026-04-10 12:00', '2026-04-12 12:00')))::text",
        number,
    )
    return local.replace('"', "").replace("2026-04-", "").replace(":00,", ",").replace(":00)", ")")


def test_d8_a_moved_and_shortened_saturday_fits_every_schedule(db: Connection) -> None:
    moved = Exceptional(SATURDAY, own=False, works_as=5, shortened=60)
    assert worked_on(db, WORKDAYS, moved) == "{[10 12:00,10 18:00),[11 09:00,11 17:00)}"
    db.execute("delete from public.calendar_exceptions")
    assert (
        worked_on(db, LUNCH, moved)
        == "{[10 12:00,10 13:00),[10 14:00,10 19:00),[11 10:00,11 13:00),[11 14:00,11 18:00)}"
    )


def test_a_shortened_day_loses_its_last_working_minutes_whatever_breaks_it_had(db: Connection) -> None:
    short = Exceptional(FRIDAY, own=False, shortened=6 * 60 - 30)
    assert worked_on(db, LUNCH, short) == "{[10 12:00,10 12:30)}"


def test_more_than_a_day_has_cannot_be_lost(db: Connection) -> None:
    assert worked_on(db, WORKDAYS, Exceptional(FRIDAY, own=True, shortened=1439)) == "{}"


def test_a_date_that_works_as_a_weekday_without_hours_is_free(db: Connection) -> None:
    assert worked_on(db, WORKDAYS, Exceptional(FRIDAY, own=False, works_as=7)) == "{}"


def test_a_night_shift_ends_sooner_and_the_one_before_ends_as_ever(db: Connection) -> None:
    short = Exceptional(FRIDAY, own=False, shortened=60)
    number = store(db, Schedule("Europe/Moscow", NIGHTS, (short,)))
    assert between(db, number, moscow("2026-04-10 00:00"), moscow("2026-04-10 12:00")) == 6 * HOUR
    assert between(db, number, moscow("2026-04-10 12:00"), moscow("2026-04-11 12:00")) == 7 * HOUR


def test_a_closed_date_takes_its_part_of_the_night_shift_and_a_moved_one_gives_its_own(db: Connection) -> None:
    closed = Exceptional(SATURDAY, own=False)
    assert worked_on(db, NIGHTS, closed) == "{[10 22:00,11 00:00)}"
    db.execute("delete from public.calendar_exceptions")
    moved = Exceptional(SATURDAY, own=False, works_as=1)
    assert worked_on(db, NIGHTS, moved) == "{[10 22:00,11 06:00),[11 22:00,12 06:00)}"


def test_what_the_schedule_says_of_a_date_beats_what_the_firm_says(db: Connection) -> None:
    special = (
        Exceptional(FRIDAY, own=False),
        Exceptional(FRIDAY, own=True, shortened=60),
        Exceptional(SATURDAY, own=False, works_as=5),
        Exceptional(SATURDAY, own=True, interval=Interval(600, 660)),
    )
    assert worked_on(db, WORKDAYS, *special) == "{[10 12:00,10 17:00),[11 10:00,11 11:00)}"


def test_a_schedule_of_its_own_mind_does_not_move_its_saturday(db: Connection) -> None:
    moved = (Exceptional(SATURDAY, own=False, works_as=5),)
    number = store(db, Schedule("Europe/Moscow", WORKDAYS, moved, follows_firm=False))
    assert add(db, number, moscow("2026-04-10 17:30"), 60) == moscow("2026-04-13 09:30")


@pytest.mark.parametrize(
    "columns",
    [
        {"opens": "09:00"},
        {"opens": "09:00", "closes": "09:00"},
        {"opens": "09:00", "closes": "12:00", "works_as": 1},
        {"opens": "09:00", "closes": "12:00", "shortened_minutes": 60},
        {"works_as": 0},
        {"works_as": 8},
        {"shortened_minutes": 0},
        {"shortened_minutes": 1440},
        {"source": "hearsay"},
    ],
)
def test_a_date_cannot_be_told_nonsense(db: Connection, columns: dict[str, str | int]) -> None:
    names, marks = ", ".join(columns), ", ".join(["%s"] * len(columns))
    with pytest.raises(psycopg.errors.CheckViolation):
        db.execute(
            f"insert into public.calendar_exceptions (name, on_date, {names}) values ('x', %s, {marks})".encode(),
            [FRIDAY, *columns.values()],
        )


ONE_OF_EACH = (
    Exceptional(FRIDAY, own=True),
    Exceptional(FRIDAY, own=True, interval=Interval(540, 720)),
    Exceptional(FRIDAY, own=True, shortened=60),
    Exceptional(FRIDAY, own=True, works_as=1),
)


@pytest.mark.parametrize(("one_rule", "another"), [(a, b) for a in ONE_OF_EACH for b in ONE_OF_EACH if a is not b])
def test_a_date_has_intervals_or_one_rule(db: Connection, one_rule: Exceptional, another: Exceptional) -> None:
    with pytest.raises(psycopg.IntegrityError, match=r"a_date_has_intervals_or_one_rule|one_exception_per_opening"):
        store(db, Schedule("Europe/Moscow", WORKDAYS, (one_rule, another)))


def test_a_date_may_have_several_intervals(db: Connection) -> None:
    halves = (
        Exceptional(FRIDAY, own=True, interval=Interval(540, 600)),
        Exceptional(FRIDAY, own=True, interval=Interval(840, 900)),
    )
    number = store(db, Schedule("Europe/Moscow", WORKDAYS, halves))
    assert between(db, number, moscow("2026-04-10 00:00"), moscow("2026-04-11 00:00")) == 2 * HOUR
