"""People edit schedules and dates: what the preview says is what then happens, and who may (S6, S8)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tests.sql.calendar import DAY, NOW, bring_in, save, set_dates, week
from tests.sql.firm import (
    ADMIN,
    ANNA,
    BORIS,
    IVAN,
    LEBEDEVA,
    MARIA,
    NIGHT,
    OLGA,
    PETR,
    ROMASHKA,
    VERA,
    Connection,
    Row,
    all_rows,
    ingest,
    monday,
    moscow,
    one,
    said,
    sweep,
    user_id,
    windows,
)
from tests.sql.people import speaking

COUNTS = ("moved", "sooner", "later", "newly_overdue", "no_longer_overdue", "without_deadline")


def deadlines(db: Connection) -> dict[str, datetime | None]:
    return {str(row["id"]): row["due_at"] for chat in (ROMASHKA, LEBEDEVA, NIGHT) for row in windows(db, chat)}


def all_that_is_kept(db: Connection) -> dict[str, str]:
    tables = ["working_schedules", "working_intervals", "calendar_exceptions", "working_periods", "schedule_versions"]
    tables += ("client_requests", "request_events", "sla_alerts", "outbox", "sla_policies", "ladder_steps")
    said = "select md5(string_agg(t::text, chr(10) order by t::text))"
    return {table: one(db, f"{said} from public.{table} as t") for table in tables}


def counted(before: dict[str, datetime | None], after: dict[str, datetime | None]) -> Row:
    """What a preview has to say, reckoned from what was and what became."""
    pairs = [(before[key], after[key]) for key in before if before[key] != after[key]]
    late = [(bool(was and was < NOW), bool(due and due < NOW), due) for was, due in pairs]
    return {
        "moved": len(pairs),
        "sooner": sum(bool(was and due and due < was) for was, due in pairs),
        "later": sum(bool(was and due and due > was) for was, due in pairs),
        "newly_overdue": sum(due and not was for was, due, _ in late),
        "no_longer_overdue": sum(was and not due and at is not None for was, due, at in late),
        "without_deadline": sum(at is None for *_, at in late),
    }


TIMES = st.lists(st.integers(0, 47), min_size=0, max_size=4, unique=True).map(sorted)


def stretches(ends: list[int]) -> list[tuple[str, str]]:
    clock = [f"{end // 2:02}:{end % 2 * 30:02}" for end in ends]
    return list(zip(clock[::2], clock[1::2], strict=False))


# Each edits a schedule twice, a tenth of a second: three hundred would take half a minute of every `make test`.
@law(16)
@given(
    ends=st.dictionaries(st.integers(1, 7), TIMES, max_size=7),
    asked=st.lists(st.integers(0, 5 * 24 * 60), min_size=1, max_size=4),
    zone=st.sampled_from(["Europe/Moscow", "Asia/Vladivostok"]),
)
def test_a_preview_changes_nothing_and_says_what_then_happens(
    weeks: Connection, office: UUID, ends: dict[int, list[int]], asked: list[int], zone: str
) -> None:
    with weeks.transaction(force_rollback=True):
        chats = (ROMASHKA, LEBEDEVA)
        for nth, minutes in enumerate(asked):
            at = moscow("2026-04-02 09:00") + timedelta(minutes=minutes)
            ingest(weeks, said((ANNA, BORIS)[nth % 2], at, chat=chats[nth % 2], topic_id=nth))
        sweep(weeks, NOW)
        hours = [
            {"weekday": day, "opens": opens, "closes": closes}
            for day, times in ends.items()
            for opens, closes in stretches(times)
        ]
        kept, before = all_that_is_kept(weeks), deadlines(weeks)
        foretold = save(weeks, office, hours, dry_run=True, timezone=zone)
        assert all_that_is_kept(weeks) == kept
        told = save(weeks, office, hours, timezone=zone)
        assert {**told, "windows": 0} == {**foretold, "windows": 0}
        assert {key: told[key] for key in COUNTS} == counted(before, deadlines(weeks))


def test_a_lunch_is_counted_and_the_windows_are_named_with_old_and_new_deadline(db: Connection, office: UUID) -> None:
    ingest(db, said(ANNA, monday("12:20")), said(BORIS, monday("08:00"), chat=LEBEDEVA))
    foretold = save(db, office, week(*DAY), dry_run=True)
    assert {key: foretold[key] for key in COUNTS} == {**dict.fromkeys(COUNTS, 0), "moved": 1, "later": 1}
    (moved,) = foretold["windows"]
    assert (moved["chat_name"], moved["client_name"], moved["effect"]) == ("ООО Ромашка", "ООО Ромашка", "later")
    assert [datetime.fromisoformat(moved[key]) for key in ("was", "becomes")] == [monday("13:20"), monday("14:20")]
    save(db, office, week(*DAY))
    assert deadlines(db)[moved["id"]] == monday("14:20")
    cause = "select detail ->> 'cause', actor_id from public.request_events where kind = 'rescheduled'"
    assert all_rows(db, cause) == [{"?column?": "calendar", "actor_id": user_id(PETR)}]


def test_a_change_of_zone_and_hours_at_once_is_seen_only_as_a_whole(db: Connection, office: UUID) -> None:
    """One hour to the west and all hours an hour earlier: the same instants, so nothing moves on the way either."""
    ingest(db, said(ANNA, monday("10:00")), said(BORIS, monday("17:30"), chat=LEBEDEVA))
    sweep(db, monday("11:05"))
    before = all_rows(db, "select * from public.sla_alerts")
    told = save(db, office, week(("08:00", "17:00")), timezone="Europe/Kaliningrad")
    assert told["moved"] == 0
    assert all_rows(db, "select * from public.sla_alerts") == before


def test_days_off_other_hours_and_ordinary_days_of_one_schedule_or_of_the_firm(db: Connection, office: UUID) -> None:
    ingest(db, said(ANNA, monday("17:30")), said(VERA, monday("17:30"), chat=NIGHT))
    closed = {"last": "2026-04-08", "dry_run": True}
    assert set_dates(db, office, "2026-04-07", "closed", **closed)["later"] == 1
    assert next(iter(deadlines(db).values())) == moscow("2026-04-07 09:30")
    set_dates(db, office, "2026-04-07", "closed", last="2026-04-08")
    assert [*deadlines(db).values()] == [moscow("2026-04-09 09:30"), monday("18:30")]
    short = [{"weekday": 1, "opens": "10:00", "closes": "11:00"}, {"weekday": 1, "opens": "12:00", "closes": "15:00"}]
    set_dates(db, None, "2026-04-08", "hours", hours=short)
    # Its own beats the firm's.
    assert next(iter(deadlines(db).values())) == moscow("2026-04-09 09:30")
    set_dates(db, office, "2026-04-08", "ordinary", name="")
    assert next(iter(deadlines(db).values())) == moscow("2026-04-08 10:30")
    set_dates(db, office, "2026-04-07", "ordinary", name="")
    assert next(iter(deadlines(db).values())) == moscow("2026-04-07 09:30")


@pytest.mark.parametrize("year", [2025, 2026, 2027])
def test_a_production_calendar_is_shown_with_its_effect_and_brought_in_twice(
    db: Connection, office: UUID, year: int
) -> None:
    ingest(db, said(ANNA, moscow("2026-04-30 16:30")))
    set_dates(db, None, f"{year}-01-01", "closed", name="Наш Новый год")
    foretold = bring_in(db, year, dry_run=True)
    changes = {change["on_date"]: change for change in foretold["changes"]}
    assert changes[f"{year}-01-01"]["change"] == "kept"
    assert changes[f"{year}-01-01"]["was"][0]["name"] == "Наш Новый год"
    assert {change["change"] for change in foretold["changes"]} == {"added", "kept"}
    # On the eve of the holiday the last hour is not worked.
    assert foretold["moved"]["later"] == (year == 2026)
    assert one(db, "select count(*) from public.calendar_exceptions") == 1
    assert bring_in(db, year)["moved"] == foretold["moved"]
    assert [change["change"] for change in bring_in(db, year)["changes"]] == ["kept"]


def test_a_calendar_that_is_none_takes_no_date_away(db: Connection) -> None:
    bring_in(db, 2026)
    for days in (None, "{}"):
        with pytest.raises(psycopg.Error, match="calendar_is_of"), db.transaction(), speaking(db, user_id(PETR)):
            one(db, "select api.bring_in_calendar(2026, %s, false)", days)


def test_a_schedule_is_copied_put_away_and_brought_back_but_not_from_under_a_chat(db: Connection, office: UUID) -> None:
    set_dates(db, office, "2026-04-07", "closed")
    with speaking(db, user_id(PETR)):
        made = one(db, "select api.add_schedule('Копия', %s)", office)
    assert one(db, "select private.hours_of(%s)", made) == one(db, "select private.hours_of(%s)", office)
    assert one(db, "select count(*) from public.calendar_exceptions where schedule_id = %s", made) == 1
    db.execute("update public.chats set schedule_id = %s where chat_id = %s", [made, LEBEDEVA])
    for taken in (made, office):
        with pytest.raises(psycopg.Error, match="schedule_is_in_use"), db.transaction(), speaking(db, user_id(PETR)):
            db.execute("select api.archive_schedule(%s, true)", [taken])
    db.execute("update public.chats set schedule_id = null")
    away = "select archived_at is not null from api.schedule_list where id = %s"
    for archived in (True, False):
        with speaking(db, user_id(PETR)):
            db.execute("select api.archive_schedule(%s, %s)", [made, archived])
        assert one(db, away, made) is archived


def _calling(db: Connection, who: int, function: str) -> object:
    with speaking(db, user_id(who)):
        return one(db, f"select {function}")


@pytest.mark.parametrize("who", [ADMIN, PETR, OLGA, IVAN, MARIA])
def test_admins_and_managers_edit_and_everybody_else_is_refused_and_reads(
    db: Connection, office: UUID, who: int
) -> None:
    may = who in (ADMIN, PETR)
    acts: tuple[Callable[[], object], ...] = (
        lambda: save(db, office, week(*DAY), dry_run=True, by=who),
        lambda: save(db, office, week(*DAY), by=who),
        lambda: set_dates(db, office, "2026-04-07", "closed", dry_run=True, by=who),
        lambda: set_dates(db, None, "2026-04-07", "closed", by=who),
        lambda: bring_in(db, 2026, dry_run=True, by=who),
        lambda: bring_in(db, 2026, by=who),
        lambda: _calling(db, who, "api.add_schedule('Ещё один')"),
        lambda: _calling(db, who, f"api.archive_schedule('{office}', false)"),
    )
    for act in acts:
        if may:
            act()
            continue
        with pytest.raises(psycopg.Error, match="not_allowed"), db.transaction():
            act()
    with speaking(db, user_id(who)):
        page = one(db, "select api.schedule_page(%s, 2026)", office)
        firms = one(db, "select api.calendar_page(2026)")
    assert (page["schedule"]["id"], len(page["days"])) == (str(office), 365)
    assert firms["schedules"] == 1 + may


@pytest.mark.parametrize(
    ("stated", "key"),
    [
        ({"hours": [{"weekday": 8, "opens": "09:00", "closes": "18:00"}]}, "hours_are_malformed"),
        ({"hours": [{"weekday": 1, "opens": "09:00", "closes": "09:00"}]}, "hours_are_malformed"),
        ({"hours": [{"weekday": 1, "opens": "09:00"}]}, "hours_are_malformed"),
        ({"hours": [{"weekday": 1, "opens": "9 часов", "closes": "18:00"}]}, "hours_are_malformed"),
        ({"hours": week(("09:00", "18:00"), ("13:00", "14:00"))}, "hours_overlap"),
        ({"hours": week(("18:00", "06:00"), ("05:00", "09:00"))}, "hours_overlap"),
        ({"timezone": "Europe/Nowhere"}, "timezone_is_unknown"),
        ({"name": "  "}, "schedule_has_no_name"),
        ({"name": "Круглосуточно"}, "schedule_name_taken"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(db: Connection, office: UUID, stated: Row, key: str) -> None:
    with pytest.raises(psycopg.Error, match=key) as refused, db.transaction():
        save(db, office, stated.pop("hours", week(*DAY)), **stated)
    assert (refused.value.sqlstate or "").startswith("PT4")


@pytest.mark.parametrize(
    ("first", "stated", "key"),
    [
        ("2026-04-08", {"last": "2026-04-07"}, "dates_are_backwards"),
        ("2026-04-08", {"last": "2027-06-01"}, "too_many_dates"),
        ("2026-04-08", {"name": " "}, "date_has_no_reason"),
        ("2026-04-08", {"says": "hours"}, "hours_are_malformed"),
        ("2026-04-08", {"says": "maybe"}, "hours_are_malformed"),
        ("2026-04-08", {"says": None}, "hours_are_malformed"),
        ("2026-04-08", {"says": "hours", "hours": None}, "hours_are_malformed"),
    ],
)
def test_dates_that_make_no_sense_are_refused_by_name(
    db: Connection, office: UUID, first: str, stated: Row, key: str
) -> None:
    with pytest.raises(psycopg.Error, match=key), db.transaction():
        set_dates(db, office, first, stated.pop("says", "closed"), **stated)


def test_a_week_that_is_not_said_is_not_taken_for_an_empty_one(db: Connection, office: UUID) -> None:
    before = one(db, "select private.hours_of(%s)", office)
    for hours in (None, "null", "{}"):
        with pytest.raises(psycopg.Error, match="hours_are_malformed"), db.transaction(), speaking(db, user_id(PETR)):
            db.execute("select api.save_schedule(%s, 'Основной', 'UTC', true, %s, false)", [office, hours])
    assert one(db, "select private.hours_of(%s)", office) == before
