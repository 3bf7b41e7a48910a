"""The ledger of a window adds up to its figure, whatever the calendar and its edits (I14)."""

from datetime import date, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tests.sql import oracle
from tests.sql.firm import ANNA, OLGA, ROMASHKA, Connection, Row, all_rows, ingest, one, said
from tests.sql.oracle import Exceptional, Schedule
from tests.sql.schedules import rebuild, store
from tests.sql.test_clock_laws import SPAN, worlds
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
@law()
def test_i14_the_pieces_always_add_up_whatever_the_calendar_and_its_edits(
    still: Connection,
    world: tuple[Schedule, datetime],
    instants: list[int],
    target: int,
    holidays: list[tuple[int, bool]],
) -> None:
    schedule, start = world
    opened, answered = (start + timedelta(minutes=m) for m in sorted(instants))
    with still.transaction(force_rollback=True):
        number = store(still, schedule, as_of=start)
        measured_by(still, number, target)
        ingest(still, said(ANNA, opened))
        request = one(still, "select id from public.client_requests")
        for day, _ in (h for h in holidays if h[1]):
            edit_calendar(still, number, start, start.date() + timedelta(days=day))
        waiting = explain(still, request, answered)
        ingest(still, said(OLGA, answered, "Готово"))
        shown = explain(still, request)
        assert shown["segments"] == waiting["segments"]
        if late := [day for day, early in holidays if not early]:
            for day in late:
                edit_calendar(still, number, start, start.date() + timedelta(days=day))
            assert explain(still, request) == shown
        check(still, shown, schedule, start, [day for day, early in holidays if early], target)


def check(db: Connection, ledger: Row, schedule: Schedule, start: datetime, closed: list[int], target: int) -> None:
    (found,) = all_rows(db, "select opened_at, responded_at, due_at from public.client_requests")
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
