"""The ledger of a window adds up to its figure, whatever the calendar and its edits (I14)."""

from datetime import date, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tests.sql import oracle
from tests.sql.firm import ANNA, OLGA, ROMASHKA, Connection, ingest, said, window
from tests.sql.oracle import Exceptional, Schedule
from tests.sql.schedules import rebuild, store
from tests.sql.test_clock_laws import SPAN, pause_triggers, worlds
from tests.sql.test_explain import adds_up, explain


def measured_by(db: Connection, schedule: UUID, target: int) -> None:
    db.execute(
        "update public.chats set schedule_id = %s, sla_threshold_minutes = %s where chat_id = %s",
        [schedule, target, ROMASHKA],
    )


def edit_calendar(db: Connection, schedule: UUID, start: datetime, holiday: date) -> None:
    """A holiday more, and what the calendar's triggers would do, as of the days under test."""
    db.execute(
        "insert into public.calendar_exceptions (schedule_id, on_date, name) values (%s, %s, 'Новый')"
        " on conflict do nothing",
        [schedule, holiday],
    )
    db.execute("update public.working_schedules set version = version + 1 where id = %s", [schedule])
    rebuild(db, schedule, start)
    db.execute("select private.calendar_changed(%s)", [schedule])


minutes = st.integers(0, int(SPAN.total_seconds()) // 60)


@given(
    world=worlds(),
    instants=st.lists(minutes, min_size=2, max_size=2),
    target=st.integers(1, 2000),
    holidays=st.lists(st.tuples(st.integers(0, SPAN.days), st.booleans()), max_size=3),
)
@law(100)
def test_i14_the_pieces_always_add_up_whatever_the_calendar_and_its_edits(
    db: Connection,
    world: tuple[Schedule, datetime],
    instants: list[int],
    target: int,
    holidays: list[tuple[int, bool]],
) -> None:
    schedule, start = world
    opened, answered = (start + timedelta(minutes=m) for m in sorted(instants))
    with db.transaction(force_rollback=True):
        pause_triggers(db)
        number = store(db, schedule, as_of=start)
        measured_by(db, number, target)
        ingest(db, said(ANNA, opened))
        for day, _ in (h for h in holidays if h[1]):
            edit_calendar(db, number, start, start.date() + timedelta(days=day))
        waiting = explain(db, window(db)["id"], answered)
        ingest(db, said(OLGA, answered, "Готово"))
        shown = explain(db, window(db)["id"])
        assert shown["segments"] == waiting["segments"]
        for day, _ in (h for h in holidays if not h[1]):
            edit_calendar(db, number, start, start.date() + timedelta(days=day))
        assert explain(db, window(db)["id"]) == shown
        check(db, schedule, start, [day for day, early in holidays if early], target)


def check(db: Connection, schedule: Schedule, start: datetime, closed: list[int], target: int) -> None:
    ledger, found = explain(db, window(db)["id"]), window(db)
    assert adds_up(ledger)
    if ledger["working_seconds"] is None:
        assert found["due_at"] is None
        return
    assert ledger["counted_seconds"] == ledger["working_seconds"]
    days = {start.date() + timedelta(days=day) for day in closed}
    ruled = {e.on_date for e in schedule.exceptions if e.own}
    extra = tuple(Exceptional(day, own=True) for day in days - ruled)
    edited_schedule = Schedule(schedule.zone, schedule.weekly, schedule.exceptions + extra, schedule.follows_firm)
    worked = oracle.worked(edited_schedule, found["opened_at"], found["responded_at"])
    assert ledger["counted_seconds"] == worked * 60
    if found["due_at"]:
        assert ledger["deadline"]["counted_seconds"] == target * 60
