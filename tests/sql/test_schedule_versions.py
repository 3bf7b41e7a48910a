"""What each version of a schedule said is kept (S8): a closed window is explained by what it was measured with."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from tests.sql.firm import Connection, all_rows, moscow, one
from tests.sql.oracle import Exceptional, Schedule
from tests.sql.schedules import OFFICE, WORKDAYS, add, store


def versions(db: Connection, schedule: UUID) -> list[dict[str, Any]]:
    return all_rows(db, "select * from public.schedule_versions where schedule_id = %s order by version", schedule)


def version(db: Connection, schedule: UUID) -> int:
    number: int = one(db, "select version from public.working_schedules where id = %s", schedule)
    return number


def says_what_the_clock_says(db: Connection, schedule: UUID) -> bool:
    same: bool = one(
        db,
        "select v.periods = (select range_agg(p.period) from public.working_periods as p where p.schedule_id = s.id)"
        " from public.working_schedules as s join public.schedule_versions as v"
        " on v.schedule_id = s.id and v.version = s.version where s.id = %s",
        schedule,
    )
    return same


def test_s8_an_edit_of_the_calendar_is_a_new_version_with_new_periods(db: Connection) -> None:
    office = store(db, OFFICE)
    before = version(db, office)
    db.execute(
        "insert into public.calendar_exceptions (schedule_id, on_date, name) values (%s, '2026-04-07', 'Праздник')",
        [office],
    )
    assert version(db, office) == before + 1
    assert add(db, office, moscow("2026-04-06 17:30"), 60) == moscow("2026-04-08 09:30")
    db.execute("delete from public.calendar_exceptions where schedule_id = %s", [office])
    assert add(db, office, moscow("2026-04-06 17:30"), 60) == moscow("2026-04-07 09:30")
    assert version(db, office) == before + 2


def test_s8_the_version_of_yesterday_still_says_what_it_said(db: Connection) -> None:
    office = store(db, OFFICE)
    before = versions(db, office)[-1]
    db.execute(
        "insert into public.calendar_exceptions (schedule_id, on_date, name) values (%s, '2026-04-07', 'Праздник')",
        [office],
    )
    *old, new = versions(db, office)
    assert old[-1] == before
    assert (before["named_dates"], new["named_dates"]) == ({}, {"2026-04-07": "Праздник"})
    tuesday = moscow("2026-04-07 10:00")
    assert one(db, "select %s::tstzmultirange @> %s", before["periods"], tuesday)
    assert not one(db, "select %s::tstzmultirange @> %s", new["periods"], tuesday)
    assert says_what_the_clock_says(db, office)


def test_s8_a_version_names_the_dates_that_rule(db: Connection) -> None:
    day = date(2026, 4, 7)
    db.execute(
        "insert into public.calendar_exceptions (on_date, name, works_as) values"
        " (%s, 'Рабочий день', 1), (%s, 'Короткий день', 5)",
        [day, day + timedelta(days=1)],
    )
    office = store(db, Schedule("Europe/Moscow", WORKDAYS, (Exceptional(day, own=True),)))
    assert versions(db, office)[-1]["named_dates"] == {"2026-04-07": "x", "2026-04-08": "Короткий день"}


def test_s8_one_statement_on_the_firms_calendar_is_one_version_of_all_that_follow_it(db: Connection) -> None:
    office, stubborn = store(db, OFFICE), store(db, Schedule("Europe/Moscow", WORKDAYS, follows_firm=False))
    always = store(db, Schedule("Europe/Moscow"), around_the_clock=True)
    before = [version(db, schedule) for schedule in (office, stubborn, always)]
    db.execute(
        "insert into public.calendar_exceptions (on_date, name) values ('2026-04-07', 'x'), ('2026-04-08', 'y')",
    )
    assert [version(db, schedule) for schedule in (office, stubborn, always)] == [before[0] + 1, *before[1:]]


def test_around_the_clock_a_version_needs_no_periods(db: Connection) -> None:
    office = store(db, OFFICE)
    db.execute("update public.working_schedules set around_the_clock = true where id = %s", [office])
    kept = versions(db, office)[-1]
    assert (kept["around_the_clock"], list(kept["periods"]), kept["named_dates"]) == (True, [], {})
    assert list(versions(db, office)[-2]["periods"])


def test_a_schedule_saved_as_it_was_keeps_its_version(db: Connection) -> None:
    office = store(db, OFFICE)
    before = versions(db, office)
    db.execute(
        "update public.working_schedules set name = 'Офис', timezone = timezone, follows_firm_calendar = true"
        " where id = %s",
        [office],
    )
    assert versions(db, office) == before


def test_another_zone_is_another_version(db: Connection) -> None:
    office = store(db, OFFICE)
    db.execute("update public.working_schedules set timezone = 'Asia/Yekaterinburg' where id = %s", [office])
    assert [row["timezone"] for row in versions(db, office)[-2:]] == ["Europe/Moscow", "Asia/Yekaterinburg"]
    assert add(db, office, moscow("2026-04-06 15:30"), 60) == moscow("2026-04-07 07:30")


def test_the_daily_extension_widens_the_version_and_forgets_nothing(db: Connection) -> None:
    office = store(db, OFFICE)
    before = versions(db, office)
    db.execute("select api.extend_horizon(now() + interval '60 days')")
    after = versions(db, office)
    assert [row["version"] for row in after] == [row["version"] for row in before]
    was, now = before[-1]["periods"], after[-1]["periods"]
    assert one(db, "select %s::tstzmultirange @> %s::tstzmultirange", now, was)
    assert one(db, "select upper(%s::tstzmultirange) - upper(%s::tstzmultirange) > interval '50 days'", now, was)
    assert one(db, "select lower(%s::tstzmultirange) = lower(%s::tstzmultirange)", now, was)


def test_versions_go_with_their_schedule(db: Connection) -> None:
    office = store(db, OFFICE)
    db.execute("delete from public.working_schedules where id = %s", [office])
    assert versions(db, office) == []
