"""What keeps the firm from being watched shows at once, with the fix."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.sql.firm import (
    ADMIN,
    ANNA,
    IVAN,
    OLGA,
    Connection,
    Row,
    acting_as,
    all_rows,
    claim,
    ingest,
    monday,
    moscow,
    said,
    settle,
    sweep,
)


@pytest.fixture
def db(db: Connection) -> Connection:
    """As before the bot ever started."""
    db.execute("delete from public.intake_coverage")
    db.execute("update public.settings set bot_username = null, bot_reads_all = null, bot_seen_at = null")
    return db


def firm(db: Connection, at: datetime | None = None) -> list[Row]:
    with db.transaction():
        db.execute("""select set_config('request.jwt.claims', '{"role": "service_role"}', true)""")
        return all_rows(db, "select * from api.firm_health(%s)", at or monday("12:00"))


def of_firm(db: Connection, check: str, at: datetime | None = None) -> list[tuple[object, ...]]:
    """(state, fix, subject, amount) of a check."""
    rows = [row for row in firm(db, at) if row["check"] == check]
    return [(row["state"], row["fix"], row["subject"], row["amount"]) for row in rows]


def test_the_firms_health_is_for_those_who_run_it(db: Connection) -> None:
    for role, sees in (("admin", True), ("manager", True), ("accountant", False), ("observer", False)):
        with acting_as(db, role):
            assert bool(all_rows(db, "select * from api.firm_health()")) is sees


def test_a_firm_without_bot_intake_and_holidays_says_so(db: Connection) -> None:
    assert of_firm(db, "bot_started") == [("red", "start_bot", None, None)]
    assert of_firm(db, "intake_up") == [("red", "start_bot", None, None)]
    assert of_firm(db, "admin_reachable") == [("green", None, None, 1)]
    assert of_firm(db, "person_reachable") == [("green", None, None, None)]
    assert of_firm(db, "default_schedule_has_time") == [("green", None, "Основной", None)]


def test_e19_people_who_cannot_be_reached_are_named_with_the_reason(db: Connection) -> None:
    sweep_of_a_late_window(db)
    (told, *_) = [message for message in claim(db, monday("11:01")) if message["recipient_chat_id"] == OLGA]
    settle(db, monday("11:01"), told, "blocked", error="Forbidden: bot was blocked by the user")
    db.execute("update public.users set telegram_id = null where telegram_id = %s", [IVAN])
    assert of_firm(db, "person_reachable") == [
        ("amber", "link_telegram", "Иван Кузнецов", None),
        ("red", "unblock_bot", "Ольга Петрова", None),
    ]
    assert of_firm(db, "messages_delivered") == [("red", "resend_messages", None, 1)]
    db.execute("update public.users set telegram_id = null where telegram_id = %s", [ADMIN])
    assert of_firm(db, "admin_reachable") == [("red", "link_an_admin", None, 0)]


def sweep_of_a_late_window(db: Connection) -> None:
    ingest(db, said(ANNA, monday("10:00")))
    sweep(db, monday("11:01"))


def test_alerts_that_nobody_raises_are_counted_and_nights_are_not(db: Connection) -> None:
    ingest(db, said(ANNA, monday("17:00")))
    assert of_firm(db, "alerts_raised", monday("17:49")) == [("green", None, None, 0)]
    assert of_firm(db, "alerts_raised", monday("17:51")) == [("red", "start_jobs", None, 1)]
    sweep(db, monday("17:51"))
    assert of_firm(db, "alerts_raised", monday("20:00")) == [("green", None, None, 0)]
    assert of_firm(db, "alerts_raised", moscow("2026-04-07 09:01")) == [("green", None, None, 0)]
    assert of_firm(db, "alerts_raised", moscow("2026-04-07 09:03")) == [("red", "start_jobs", None, 1)]


def test_messages_that_nobody_sends_are_counted(db: Connection) -> None:
    sweep_of_a_late_window(db)
    assert of_firm(db, "messages_sent", monday("11:05")) == [("green", None, None, 0)]
    assert of_firm(db, "messages_sent", monday("11:07")) == [("red", "start_jobs", None, 2)]


def test_an_audit_log_that_nobody_seals_is_red(db: Connection) -> None:
    db.execute("select api.seal_audit()")
    now = datetime.now(UTC)
    assert of_firm(db, "audit_sealed", now + timedelta(days=1)) == [("green", None, None, 0)]
    db.execute("update public.settings set bot_username = 'unsealed_bot'")
    assert of_firm(db, "audit_sealed", now) == [("green", None, None, 0)]
    assert of_firm(db, "audit_sealed", now + timedelta(minutes=2)) == [("red", "start_jobs", None, 1)]


def test_updates_that_were_set_aside_are_counted_for_a_day(db: Connection) -> None:
    ingest(db, {"update_id": 1})
    now = datetime.now(UTC)
    assert of_firm(db, "updates_stored", now) == [("amber", "read_rejects", None, 1)]
    assert of_firm(db, "updates_stored", now + timedelta(days=2)) == [("green", None, None, 0)]


def test_partitions_and_calendars_that_run_out_are_red_before_they_do(db: Connection) -> None:
    now = datetime.now(UTC)
    assert of_firm(db, "partitions_ahead", now) == [
        ("green", None, "audit_log", None),
        ("green", None, "chat_messages", None),
    ]
    assert of_firm(db, "calendar_ahead", now) == [("green", None, None, 0)]
    later = now + timedelta(days=400)
    assert {row[0] for row in of_firm(db, "partitions_ahead", later)} == {"red"}
    assert of_firm(db, "calendar_ahead", later) == [("red", "extend_horizon", "Основной", 1)]


def test_next_years_holidays_are_asked_for_in_december(db: Connection) -> None:
    db.execute("delete from public.calendar_exceptions where source is not null")
    db.execute(
        "insert into public.calendar_exceptions (on_date, name, source)"
        " values ('2026-05-01', 'Праздник', 'production_calendar')"
    )
    assert of_firm(db, "holidays_known", moscow("2026-11-30 23:59")) == [("green", None, "2026", None)]
    assert of_firm(db, "holidays_known", moscow("2026-12-01 00:00")) == [
        ("green", None, "2026", None),
        ("amber", "import_calendar", "2027", None),
    ]


def test_the_health_of_the_intake_shows_its_pauses(db: Connection) -> None:
    for at in ("09:00:00", "09:01:00", "09:31:00", "09:32:00"):
        db.execute("select api.note_intake(%s)", [monday(at)])
    assert of_firm(db, "intake_up", monday("09:33:30")) == [("green", None, None, None)]
    assert of_firm(db, "intake_without_pause", monday("09:33:30")) == [("amber", "read_coverage", None, 30)]
    assert of_firm(db, "intake_up", monday("09:33:31")) == [("red", "start_bot", None, None)]
