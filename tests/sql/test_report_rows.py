"""Every figure opens its rows: as many, and the same, whatever is looked at."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.sql.firm import (
    IVAN,
    LEBEDEVA,
    NIGHT,
    OLGA,
    PETR,
    ROMASHKA,
    Connection,
    Row,
    acting_as,
    all_rows,
    monday,
    moscow,
    one,
    user_id,
)
from tests.sql.test_reports import ALL_TIME, absent, asked, report

NOBODY = "00000000-0000-0000-0000-000000000000"
FIGURES = (
    "n",
    "met",
    "met_late",
    "overdue",
    "excused",
    "voided",
    "waiting",
    "met_percent",
    "p50_minutes",
    "p90_minutes",
)
# What each count counts.
COUNTED = {
    "n": ["met", "met_late", "overdue"],
    **{outcome: [outcome] for outcome in ("met", "met_late", "overdue", "excused", "voided")},
    "waiting": ["waiting", "at_risk"],
}


@pytest.fixture
def busy(db: Connection) -> Connection:
    """A week in which everything happens: met, late, overdue, excused, voided; by a substitute and by nobody."""
    asked(db, monday("10:00"), monday("10:30"))
    asked(db, monday("11:00"), monday("12:30"), PETR)
    asked(db, monday("13:00"), monday("13:20"), IVAN, LEBEDEVA)
    asked(db, monday("14:00"), monday("14:01"), PETR, NIGHT)
    thanks = asked(db, monday("17:00"), chat=LEBEDEVA)
    db.execute("select private.excuse(%s, %s, %s)", [[thanks], user_id(IVAN), monday("17:05")])
    asked(db, monday("17:30"), chat=NIGHT)
    db.execute("update public.chats set monitoring_enabled = false where chat_id = %s", [NIGHT])
    db.execute("update public.chats set monitoring_enabled = true where chat_id = %s", [NIGHT])
    absent(db, OLGA, None)
    asked(db, monday("15:00"))
    asked(db, datetime.now().astimezone(), chat=NIGHT)
    return db


def rows(db: Connection, **asked_for: Any) -> list[Row]:
    words = ", ".join(f"{name} => %s" for name in asked_for)
    return all_rows(db, f"select * from api.find_outcomes(%s, %s, {words})", *ALL_TIME, *asked_for.values())


@pytest.mark.parametrize("by", ["person", "chat", "client", "policy"])
def test_i12_what_is_asked_for_alone_has_the_figures_it_has_among_the_others(busy: Connection, by: str) -> None:
    """Also what belongs to nobody."""
    lines = report(busy, by, ALL_TIME)
    assert lines
    for line in lines:
        key = line["key"] or NOBODY
        (alone,) = all_rows(busy, f"select * from api.sla_report(%s, %s, {by} => %s)", *ALL_TIME, key)
        assert [alone[name] for name in FIGURES] == [line[name] for name in FIGURES]
        for figure, outcomes in COUNTED.items():
            assert len(rows(busy, **{by: key, "outcomes": outcomes})) == line[figure]


@pytest.mark.parametrize("by", ["person", "chat", "client", "policy", "day", "hour"])
def test_i12_the_whole_beside_its_parts_is_the_whole_alone(busy: Connection, by: str) -> None:
    asked_for = "select * from api.sla_report(%s, %s, %s, whole => true)"
    whole, *lines = all_rows(busy, asked_for, *ALL_TIME, by)
    (alone,) = report(busy, "firm", ALL_TIME)
    assert whole == {**alone, "worst": None}
    assert lines == report(busy, by, ALL_TIME)


@pytest.mark.parametrize("zone", ["Europe/Moscow", "Asia/Kathmandu", "America/New_York"])
@pytest.mark.parametrize("step", ["day", "week", "month"])
def test_i12_pictures_of_time_show_the_figures_of_the_report(busy: Connection, zone: str, step: str) -> None:
    """In zones of odd minutes and of summer time too."""
    default = one(busy, "select default_schedule_id from public.settings")
    busy.execute("update public.working_schedules set timezone = %s where id = %s", [zone, default])
    found = all_rows(busy, "select * from api.sla_times(%s, %s, %s)", *ALL_TIME, step)
    for by in (step, "hour"):
        drawn = [
            (row["key"], row["asked"], row["n"], row["breaches"], row["met_percent"])
            for row in found
            if row["by"] == by
        ]
        assert drawn == [
            (
                row["key"],
                sum(row[name] for name in ("n", "excused", "voided", "waiting")),
                row["n"],
                row["met_late"] + row["overdue"],
                row["met_percent"],
            )
            for row in report(busy, by, ALL_TIME)
        ]


def test_i12_the_longest_waits_of_a_part_are_named(busy: Connection) -> None:
    whole, of_chat = (
        [
            row["id"]
            for row in all_rows(busy, "select id from api.find_longest_waits(%s, %s, chat => %s)", *ALL_TIME, chat)
        ]
        for chat in (None, ROMASHKA)
    )
    (firm,) = report(busy, "firm", ALL_TIME)
    assert whole == firm["worst"]
    assert of_chat == [row["id"] for row in sorted(rows(busy, chat=ROMASHKA, outcomes=COUNTED["n"]), key=_waited)][:5]


def _waited(row: Row) -> tuple[Any, ...]:
    return -row["working_seconds"], row["opened_at"], row["id"]


def test_i12_each_tier_opens_its_rows(busy: Connection) -> None:
    tiers = [row["tier"] for row in all_rows(busy, "select distinct tier from public.clients")]
    (whole,) = report(busy, "firm", ALL_TIME)
    of_tiers = [
        all_rows(busy, "select * from api.sla_report(%s, %s, tier => %s)", *ALL_TIME, tier)[0] for tier in tiers
    ]
    unknown = one(busy, "select count(*) from public.client_requests where client_id is null")
    assert sum(line["n"] + line["excused"] + line["voided"] + line["waiting"] for line in of_tiers) + unknown == sum(
        whole[name] for name in ("n", "excused", "voided", "waiting")
    )
    assert [len(rows(busy, tier=tier, outcomes=COUNTED["n"])) for tier in tiers] == [line["n"] for line in of_tiers]


def test_i12_each_hour_of_the_heat_map_opens_its_rows(busy: Connection) -> None:
    hours = report(busy, "hour", ALL_TIME)
    assert {"1-10", "1-13"} <= {line["key"] for line in hours}
    for line in hours:
        found = rows(busy, hour=line["key"])
        assert len(found) == line["n"] + line["excused"] + line["voided"] + line["waiting"]


def test_rows_come_latest_first_and_page_by_page_without_gap_or_repetition(busy: Connection) -> None:
    whole = rows(busy, batch=100)
    assert [row["counts_at"] for row in whole] == sorted((row["counts_at"] for row in whole), reverse=True)
    paged: list[Row] = []
    while page := rows(
        busy, batch=2, before=paged[-1]["counts_at"] if paged else None, before_id=paged[-1]["id"] if paged else None
    ):
        paged += page
    assert paged == whole


def test_rows_say_who_was_to_answer_and_who_did(db: Connection) -> None:
    asked(db, monday("11:00"), monday("12:30"), PETR)
    (row,) = rows(db, chat=ROMASHKA)
    assert (row["person_name"], row["responded_by_name"]) == ("Ольга Петрова", "Пётр Волков")
    assert (row["chat_name"], row["client_name"], row["policy_name"]) == ("ООО Ромашка", "ООО Ромашка", "Стандарт")
    assert (row["working_seconds"], row["due_at"]) == (5400, monday("12:00"))


def test_i1_rows_are_those_of_the_own_scope(db: Connection) -> None:
    asked(db, monday("10:00"), monday("10:30"))
    asked(db, monday("10:00"), monday("10:30"), IVAN, LEBEDEVA)
    for role, n in (("admin", 2), ("observer", 2), ("accountant", 1)):
        with acting_as(db, role):
            assert len(rows(db, batch=10)) == n
    with acting_as(db, "accountant"):
        assert rows(db, person=user_id(IVAN)) == []


def test_no_more_than_five_thousand_rows_are_given_at_once(db: Connection) -> None:
    asked(db, moscow("2026-04-06 10:00"))
    assert len(rows(db, batch=10**6)) == len(rows(db, batch=-1)) == 1


def test_p15_a_page_of_figures_is_the_reports_it_is_made_of(busy: Connection) -> None:
    parts = {
        "lines": "api.sla_report(%s, %s, 'chat', person => %s, whole => true)",
        "steps": "api.sla_times(%s, %s, 'week', person => %s)",
        "worst": "api.find_longest_waits(%s, %s, person => %s)",
    }
    for role, person in (("admin", None), ("admin", user_id(OLGA)), ("accountant", None), ("observer", NOBODY)):
        with acting_as(busy, role):
            page = one(busy, "select api.report_page(%s, %s, 'chat', 'week', person => %s)", *ALL_TIME, person)
            assert page.pop("choices") == one(busy, "select api.report_choices()")
            assert page == {
                name: one(busy, f"select coalesce(jsonb_agg(to_jsonb(r)), '[]') from {part} as r", *ALL_TIME, person)
                for name, part in parts.items()
            }


def test_p15_one_look_gives_the_page_what_the_reports_give(busy: Connection) -> None:
    """The page of days: its whole and parts, its pictures and its longest waits, of all and of a part."""
    april = {"first_on": "2026-04-01", "last_on": "2026-04-30"}
    for role, by, person in (
        ("admin", "person", None),
        ("admin", "chat", user_id(OLGA)),
        ("accountant", "client", None),
        ("observer", "policy", NOBODY),
    ):
        with acting_as(busy, role):
            page = one(
                busy,
                "select api.report_page('custom', %s, %s::date, %s::date, 'week', person => %s)",
                *(by, *april.values(), person),
            )
            days = page["choices"]["days"]
            period = (days["since"], days["until"])
            assert period == ("2026-03-31T21:00:00+00:00", "2026-04-30T21:00:00+00:00")
            lines, steps, worst = (
                one(busy, f"select coalesce(jsonb_agg(to_jsonb(r)), '[]') from {part} as r", *period, *more, person)
                for part, more in (
                    ("api.sla_report(%s, %s, %s, person => %s, whole => true)", [by]),
                    ("api.sla_times(%s, %s, 'week', person => %s)", []),
                    ("api.find_longest_waits(%s, %s, person => %s)", []),
                )
            )
            whole, *parts = lines
            assert page["whole"] == {name: whole[name] for name in whole.keys() - {"worst"}}
            calendar = {"worst", "p50_calendar_minutes", "p90_calendar_minutes"}
            assert page["parts"] == [{name: line[name] for name in line.keys() - calendar} for line in parts]
            assert (page["steps"], page["worst"]) == (steps, worst)


@pytest.mark.parametrize("zone", ["Europe/Moscow", "Asia/Kathmandu", "America/New_York"])
def test_a_period_is_whole_days_of_the_firm_and_ends_today_at_the_latest(db: Connection, zone: str) -> None:
    default = one(db, "select default_schedule_id from public.settings")
    db.execute("update public.working_schedules set timezone = %s where id = %s", [zone, default])
    today = one(db, "select now()").astimezone(ZoneInfo(zone)).date()
    week, month = today - timedelta(days=today.weekday()), today.replace(day=1)
    quarter = date(today.year, today.month - (today.month - 1) % 3, 1)
    day = timedelta(days=1)
    expected = {
        "last_30_days": (today - 29 * day, today),
        "this_week": (week, today),
        "last_week": (week - 7 * day, week - day),
        "this_month": (month, today),
        "last_month": ((month - day).replace(day=1), month - day),
        "this_quarter": (quarter, today),
        "last_quarter": ((quarter - 80 * day).replace(day=1), quarter - day),
        "custom": (today, today),
    }
    for period, (first, last) in expected.items():
        days = one(db, "select private.report_days(%s, null, null, null)", period)
        assert (days["period"], days["first_on"], days["last_on"]) == (period, str(first), str(last))
        instants = [datetime.combine(midnight, time(), ZoneInfo(zone)) for midnight in (first, last + day)]
        assert [datetime.fromisoformat(days[name]) for name in ("since", "until")] == instants


@pytest.mark.parametrize(
    ("first", "last", "step", "meant"),
    [
        ("2026-04-30", "2026-04-01", None, ("2026-04-01", "2026-04-30", "day")),
        ("2026-04-05", None, "day", None),
        (None, "2026-04-05", "week", ("2026-04-05", "2026-04-05", "week")),
        ("2026-01-01", "2026-03-31", None, ("2026-01-01", "2026-03-31", "week")),
        ("2001-01-01", "2026-03-31", "day", ("2013-01-01", "2026-03-31", "month")),
    ],
)
def test_days_that_are_named_come_in_order_and_with_a_step_that_can_be_drawn(
    db: Connection, first: str | None, last: str | None, step: str | None, meant: tuple[str, str, str] | None
) -> None:
    days = one(db, "select private.report_days('this_week', %s::date, %s::date, %s)", first, last, step)
    today = one(db, "select timezone(private.firm_zone(), now())::date")
    assert days["period"] == "custom"
    assert (days["first_on"], days["last_on"], days["step"]) == (meant or (first, str(today), "day"))
