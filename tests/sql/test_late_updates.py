"""A late update goes by the calendar its window was closed under; one that opens it again, by that of today (S8)."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tests.sql.firm import (
    ANNA,
    IVAN,
    OLGA,
    Connection,
    edited,
    ingest,
    monday,
    moscow,
    one,
    said,
    sweep,
    user_id,
    window,
)
from tests.sql.oracle import Schedule
from tests.sql.schedules import store
from tests.sql.test_clock_laws import SPAN, worlds
from tests.sql.test_explain import adds_up, explain, special
from tests.sql.test_explain_laws import edit_calendar, measured_by


def test_s9_a_late_answer_is_measured_by_the_calendar_its_window_was_closed_under(db: Connection) -> None:
    ingest(db, said(ANNA, monday("17:30")), said(OLGA, moscow("2026-04-08 09:40"), "Готово"))
    special(db, "2026-04-07", "Выдумка")
    ingest(db, said(OLGA, moscow("2026-04-08 09:10"), "Уже готово"))
    ledger = explain(db, window(db)["id"])
    assert ledger["counted_seconds"] == ledger["working_seconds"] == (30 + 540 + 10) * 60


def test_s9_a_late_question_moves_the_deadline_by_the_calendar_of_its_day(db: Connection) -> None:
    ingest(db, said(ANNA, monday("17:40")), said(OLGA, moscow("2026-04-08 09:40"), "Готово"))
    special(db, "2026-04-07", "Выдумка")
    ingest(db, said(ANNA, monday("17:30")))
    ledger = explain(db, window(db)["id"])
    assert ledger["deadline"]["due_at"] == "2026-04-07T06:30:00+00:00"
    assert ledger["counted_seconds"] == ledger["working_seconds"] == (30 + 540 + 40) * 60


def test_s9_a_late_question_moves_the_breach_to_whoever_was_on_duty_at_the_deadline_that_holds(
    late: Connection,
) -> None:
    """Ivan stood in for Olga from 10:50; with the question of 09:30 it fell due at 10:30, when she was there."""
    late.execute(
        "insert into public.absences (user_id, substitute_id, during) values (%s, %s, tstzrange(%s, %s))",
        [user_id(OLGA), user_id(IVAN), monday("10:50"), monday("18:00")],
    )
    sweep(late, monday("11:00:01"))
    on_duty = "select on_duty_id from public.client_requests"
    assert one(late, on_duty) == user_id(IVAN)
    ingest(late, said(ANNA, monday("09:30"), message_id=1))
    assert one(late, on_duty) == user_id(OLGA)


def test_a_window_that_opens_again_goes_by_the_calendar_of_today(db: Connection) -> None:
    question = said(ANNA, monday("17:30"))
    ingest(db, question)
    ingest(db, edited(question, monday("17:31"), "Спасибо", "gratitude"))
    special(db, "2026-04-07", "Выдумка")
    ingest(db, edited(question, monday("17:32"), "Нет, всё же где?", "request"))
    ledger = explain(db, window(db)["id"], moscow("2026-04-08 10:00"))
    assert ledger["outcome"] == "overdue"
    assert ledger["deadline"]["counted_seconds"] == 3600
    assert ledger["rules"]["schedule"]["version"] == one(db, "select max(version) from public.schedule_versions")


minutes = st.integers(0, int(SPAN.total_seconds()) // 60)


@given(
    world=worlds(),
    spoken=st.lists(st.tuples(minutes, st.booleans()), min_size=2, max_size=5),
    edits=st.lists(st.integers(0, SPAN.days), max_size=4),
    target=st.integers(1, 2000),
)
@law()
def test_i14_s9_every_ledger_adds_up_however_late_updates_and_calendar_edits_interleave(
    still: Connection, world: tuple[Schedule, datetime], spoken: list[tuple[int, bool]], edits: list[int], target: int
) -> None:
    schedule, start = world
    with still.transaction(force_rollback=True):
        number = store(still, schedule, as_of=start)
        measured_by(still, number, target)
        for index, (minute, asks) in enumerate(spoken):
            ingest(still, said(ANNA if asks else OLGA, start + timedelta(minutes=minute)))
            if index < len(edits):
                edit_calendar(still, number, start, start.date() + timedelta(days=edits[index]))
        for (request,) in still.execute(b"select id from public.client_requests").fetchall():
            ledger = explain(still, request, start + SPAN)
            assert adds_up(ledger)
            if ledger["deadline"]["due_at"] is not None:
                assert ledger["deadline"]["counted_seconds"] == target * 60
                assert ledger["working_seconds"] in (None, ledger["counted_seconds"])
