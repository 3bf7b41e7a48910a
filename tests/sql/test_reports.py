"""Figures: each window counts once, for one person and one period, and every figure is that of its rows."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from tests.sql.firm import (
    ANNA,
    IVAN,
    LEBEDEVA,
    NIGHT,
    OLGA,
    PETR,
    ROMASHKA,
    VERA,
    Connection,
    Row,
    acting_as,
    all_rows,
    ingest,
    monday,
    moscow,
    one,
    press,
    said,
    sweep,
    user_id,
    window,
)
from tests.sql.oracle import Schedule
from tests.sql.schedules import store

Period = tuple[datetime, datetime]
APRIL = (moscow("2026-04-01 00:00"), moscow("2026-05-01 00:00"))
ALL_TIME = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def report(db: Connection, by: str = "firm", period: Period = APRIL) -> list[Row]:
    return all_rows(db, "select * from api.sla_report(%s, %s, %s)", *period, by)


def firm(db: Connection, period: Period = APRIL) -> Row:
    (row,) = report(db, "firm", period)
    return row


def counts(row: Row) -> tuple[int, ...]:
    """(met, met_late, overdue, excused, voided, waiting)."""
    return tuple(row[name] for name in ("met", "met_late", "overdue", "excused", "voided", "waiting"))


def by_name(db: Connection, by: str) -> dict[str, tuple[int, ...]]:
    return {row["name"]: counts(row) for row in report(db, by)}


def asked(
    db: Connection, at: datetime, answered: datetime | None = None, who: int = OLGA, chat: int = ROMASHKA
) -> UUID:
    """A question, maybe answered; returns its window."""
    ingest(db, said(ANNA, at, chat=chat))
    if answered:
        ingest(db, said(who, answered, "Готово", chat))
    found: UUID = one(
        db, "select id from public.client_requests where chat_id = %s order by opened_at desc, created_at desc", chat
    )
    return found


def absent(db: Connection, who: int, substitute: int | None) -> None:
    db.execute(
        "insert into public.absences (user_id, substitute_id, during) values (%s, %s, tstzrange(%s, %s))",
        [user_id(who), substitute and user_id(substitute), monday("00:00"), monday("23:59")],
    )


def test_i12_the_percentage_is_that_of_decided_windows_with_the_rest_beside_it(db: Connection) -> None:
    asked(db, monday("10:00"), monday("10:30"))
    asked(db, monday("11:00"), monday("12:30"))
    asked(db, monday("13:00"))
    asked(db, datetime.now(UTC) - timedelta(minutes=10), chat=NIGHT)
    db.execute(
        "select private.excuse(%s, %s, %s)",
        [[asked(db, monday("14:00"), chat=LEBEDEVA)], user_id(IVAN), monday("14:05")],
    )
    asked(db, moscow("2026-04-08 10:00"), chat=LEBEDEVA)
    db.execute("update public.chats set monitoring_enabled = false where chat_id = %s", [LEBEDEVA])
    whole = firm(db, ALL_TIME)
    assert counts(whole) == (1, 1, 1, 1, 1, 1)
    assert whole["n"] == 3
    assert float(whole["met_percent"]) == 33.3


def test_p19_excused_voided_decided_and_open_are_all(db: Connection) -> None:
    asked(db, monday("10:00"), monday("10:30"))
    asked(db, datetime.now(UTC), chat=NIGHT)
    whole = firm(db, ALL_TIME)
    assert whole["n"] + whole["excused"] + whole["voided"] + whole["waiting"] == one(
        db, "select count(*) from public.client_requests"
    )


def test_an_empty_period_says_nothing_was_decided(db: Connection) -> None:
    assert (counts(firm(db)), firm(db)["n"], firm(db)["met_percent"]) == ((0,) * 6, 0, None)
    assert report(db, "person") == []


def test_s15_a_window_counts_when_it_was_decided(db: Connection) -> None:
    asked(db, moscow("2026-03-31 17:30"), moscow("2026-04-01 09:10"))
    asked(db, moscow("2026-03-31 16:00"), moscow("2026-04-01 12:00"), IVAN, LEBEDEVA)
    march = (moscow("2026-03-01 00:00"), APRIL[0])
    assert counts(firm(db)) == (1, 0, 0, 0, 0, 0)
    # Its deadline passed on 31 March at 18:00, and that it was missed was clear then.
    assert counts(firm(db, march)) == (0, 1, 0, 0, 0, 0)


def test_s15_an_overdue_window_stays_in_the_period_of_its_deadline_when_it_is_answered(db: Connection) -> None:
    asked(db, moscow("2026-04-30 10:00"))
    assert counts(firm(db)) == (0, 0, 1, 0, 0, 0)
    ingest(db, said(OLGA, moscow("2026-05-04 10:00"), "Готово"))
    assert counts(firm(db)) == (0, 1, 0, 0, 0, 0)


def test_a_period_has_its_beginning_and_not_its_end(db: Connection) -> None:
    asked(db, monday("10:00"), monday("10:30"))
    instant = monday("10:30")
    assert firm(db, (instant, instant + timedelta(seconds=1)))["n"] == 1
    assert firm(db, (instant - timedelta(hours=1), instant))["n"] == 0


def test_i6_days_weeks_and_months_are_the_firms(db: Connection) -> None:
    asked(db, moscow("2026-04-05 23:40"), moscow("2026-04-06 00:10"), chat=NIGHT)
    asked(db, moscow("2026-04-30 23:40"), moscow("2026-04-30 23:50"), chat=NIGHT)
    (row, _) = report(db, "day")
    assert (row["key"], row["n"]) == ("2026-04-06", 1)
    assert [row["key"] for row in report(db, "week")] == ["2026-04-06", "2026-04-27"]
    assert [(row["key"], row["n"]) for row in report(db, "month")] == [("2026-04-01", 2)]


def test_b3_an_answer_in_time_counts_for_who_gave_it(db: Connection) -> None:
    asked(db, monday("10:00"), monday("10:30"), PETR)
    assert by_name(db, "person") == {"Пётр Волков": (1, 0, 0, 0, 0, 0)}


def test_a_late_answer_counts_for_who_was_on_duty_when_it_fell_due(db: Connection) -> None:
    asked(db, monday("10:00"), monday("12:00"), PETR)
    assert by_name(db, "person") == {"Ольга Петрова": (0, 1, 0, 0, 0, 0)}


@pytest.mark.parametrize("swept", [True, False])
def test_an_overdue_window_counts_for_the_substitute(db: Connection, *, swept: bool) -> None:
    absent(db, OLGA, IVAN)
    asked(db, monday("10:00"))
    if swept:
        sweep(db, monday("11:01"))
    assert by_name(db, "person") == {"Иван Кузнецов": (0, 0, 1, 0, 0, 0)}


def test_while_the_owner_is_away_without_a_substitute_a_missed_window_counts_for_nobody(db: Connection) -> None:
    absent(db, OLGA, None)
    asked(db, monday("10:00"))
    sweep(db, monday("11:01"))
    assert [(row["key"], row["name"], row["overdue"]) for row in report(db, "person")] == [(None, None, 1)]


def test_b6_a_chat_handed_over_later_leaves_the_missed_window_with_its_owner(db: Connection) -> None:
    asked(db, monday("10:00"))
    sweep(db, monday("11:01"))
    db.execute("update public.chats set assigned_accountant_id = %s where chat_id = %s", [user_id(IVAN), ROMASHKA])
    assert by_name(db, "person") == {"Ольга Петрова": (0, 0, 1, 0, 0, 0)}


def test_c13_who_said_that_no_answer_is_needed_is_counted(db: Connection) -> None:
    asked(db, monday("10:00"))
    sweep(db, monday("11:01"))
    press(db, PETR, "no_answer_needed", monday("11:05"))
    assert by_name(db, "person") == {"Пётр Волков": (0, 0, 0, 1, 0, 0)}


def test_windows_are_counted_by_chat_client_and_policy(db: Connection) -> None:
    asked(db, monday("10:00"), monday("10:30"))
    ingest(db, said(VERA, monday("10:00"), chat=LEBEDEVA, chat_name="ИП Лебедева"))
    for by, names in {
        "chat": ("ООО Ромашка", "ИП Лебедева"),
        "client": ("ООО Ромашка", "ИП Лебедева"),
        "policy": ("Стандарт", "Базовый"),
    }.items():
        assert by_name(db, by) == {names[0]: (1, 0, 0, 0, 0, 0), names[1]: (0, 0, 1, 0, 0, 0)}


def test_waits_are_told_in_minutes_of_work_and_of_the_calendar(db: Connection) -> None:
    asked(db, moscow("2026-04-03 17:50"), monday("09:10"))
    asked(db, monday("10:00"), monday("10:40"))
    asked(db, monday("11:00"), monday("14:00"))
    whole = firm(db)
    assert [float(whole[name]) for name in ("p50_minutes", "p90_minutes")] == [40, 152]
    assert float(whole["p50_calendar_minutes"]) == 180


def test_the_five_longest_waits_are_named_those_without_an_answer_included(db: Connection) -> None:
    answered = [
        asked(db, monday(f"{hour}:00"), monday(f"{hour}:{minutes}"))
        for hour, minutes in zip(range(10, 16), range(11, 17), strict=True)
    ]
    unanswered = asked(db, monday("17:00"))
    assert firm(db)["worst"] == [unanswered, *answered[:1:-1]]


def test_i12_the_rows_behind_a_number_can_be_opened(db: Connection) -> None:
    late = asked(db, monday("10:00"), monday("12:00"))
    asked(db, monday("13:00"), monday("13:10"))
    behind = all_rows(
        db,
        "select * from api.request_outcomes where counts_at >= %s and counts_at < %s and outcome = 'met_late'"
        " and person_id = %s",
        *APRIL,
        user_id(OLGA),
    )
    assert [(row["id"], row["working_seconds"], row["calendar_seconds"]) for row in behind] == [(late, 7200, 7200)]


def test_i12_counts_of_what_waits_match_the_list(db: Connection) -> None:
    asked(db, monday("10:00"))
    asked(db, datetime.now(UTC) - timedelta(minutes=55), chat=NIGHT)
    states = [row["state"] for row in one(db, "select api.find_requests() -> 'rows'")]
    whole = firm(db, ALL_TIME)
    assert states == ["overdue", "at_risk"]
    assert (whole["overdue"], whole["waiting"]) == (1, 1)


def test_i1_everybody_reads_the_figures_of_the_rows_they_may_read(db: Connection) -> None:
    asked(db, monday("10:00"), monday("10:30"))
    asked(db, monday("10:00"), monday("10:30"), IVAN, LEBEDEVA)
    for role, n in (("admin", 2), ("manager", 2), ("observer", 2), ("accountant", 1), ("accountant2", 1)):
        with acting_as(db, role):
            assert firm(db)["n"] == n
    with acting_as(db, "accountant"):
        assert [row["name"] for row in report(db, "client")] == ["ООО Ромашка"]


@pytest.mark.parametrize("by", ["phase_of_the_moon", None])
def test_a_grouping_that_does_not_exist_is_refused(db: Connection, by: str | None) -> None:
    with pytest.raises(psycopg.Error, match="unknown_grouping"):
        all_rows(db, "select * from api.sla_report(now(), now(), by => %s)", by)


def test_s8_a_calendar_edited_later_moves_no_figure_of_a_closed_window(db: Connection) -> None:
    asked(db, monday("17:30"), moscow("2026-04-08 09:10"))
    before = firm(db)
    db.execute("insert into public.calendar_exceptions (on_date, name) values ('2026-04-07', 'Выдумка')")
    assert firm(db) == before
    assert window(db)["outcome"] == "met_late"


def test_d14_a_window_without_a_deadline_waits_and_is_never_decided(db: Connection) -> None:
    empty = store(db, Schedule("Europe/Moscow"))
    db.execute("update public.chats set schedule_id = %s where chat_id = %s", [empty, ROMASHKA])
    asked(db, monday("10:00"))
    assert counts(firm(db)) == (0, 0, 0, 0, 0, 1)
