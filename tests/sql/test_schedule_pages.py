"""What the page of a schedule shows: its week as typed, its year day by day, its history."""

from datetime import date, timedelta
from uuid import UUID

from tests.sql.calendar import DAY, bring_in, save, set_dates, week
from tests.sql.firm import PETR, Connection, all_rows, one, user_id
from tests.sql.people import speaking


def test_a_night_shift_and_a_whole_day_are_kept_as_they_are_typed(db: Connection, office: UUID) -> None:
    typed = [
        {"weekday": 1, "opens": "22:00", "closes": "06:00"},
        {"weekday": 3, "opens": "00:00", "closes": "00:00"},
        {"weekday": 4, "opens": "16:00", "closes": "00:00"},
    ]
    save(db, office, typed)
    kept = one(db, "select private.hours_of(%s)", office)
    assert [(hour["opens"], hour["closes"]) for hour in kept] == [
        ("22:00", "06:00"),
        ("00:00", "24:00"),
        ("16:00", "00:00"),
    ]
    minutes = {day["on_date"]: day["minutes"] for day in one(db, "select private.year_of(%s, 2026)", office)}
    days = (date(2026, 4, 6) + timedelta(days=n) for n in range(5))
    assert [minutes[str(day)] for day in days] == [120, 360, 1440, 480, 0]


def test_a_year_tells_working_off_short_holiday_and_exceptional_days_apart(db: Connection, office: UUID) -> None:
    bring_in(db, 2026)
    set_dates(db, office, "2026-06-15", "closed", name="День фирмы")
    set_dates(db, office, "2026-06-20", "hours", hours=[{"weekday": 1, "opens": "10:00", "closes": "14:00"}])
    days = {day["on_date"]: day for day in one(db, "select private.year_of(%s, 2026)", office)}
    told = {on: (days[on]["kind"], days[on]["minutes"], days[on]["name"]) for on in days}
    assert told["2026-06-10"] == ("working", 540, None)
    assert told["2026-06-13"] == ("off", 0, None)
    assert told["2026-06-11"] == ("short", 480, "Канун праздника")
    assert told["2026-06-12"] == ("holiday", 0, "День России")
    assert told["2026-06-15"] == ("exception", 0, "День фирмы")
    assert told["2026-06-20"] == ("exception", 240, "День фирмы")


def test_history_says_who_changed_the_week_and_from_what(db: Connection, office: UUID) -> None:
    """Versions of one moment are one change: the earlier one is put back, for a test has one moment."""
    db.execute(
        "update public.schedule_versions set made_at = now() - interval '1 day' where schedule_id = %s", [office]
    )
    save(db, office, week(*DAY))
    changed, *_ = one(db, "select private.schedule_history(%s)", office)
    assert changed["made_by"] == "Пётр Волков"
    assert ({h["closes"] for h in changed["hours_before"]}, {h["closes"] for h in changed["hours"]}) == (
        {"18:00"},
        {"13:00", "18:00"},
    )


def test_a_schedule_that_never_opens_is_told_in_the_list(db: Connection, office: UUID) -> None:
    with speaking(db, user_id(PETR)):
        made = one(db, "select api.add_schedule('Пустой')")
    red = {row["id"]: row["never_opens"] for row in all_rows(db, "select id, never_opens from api.schedule_list")}
    assert (red[made], red[office]) == (True, False)
