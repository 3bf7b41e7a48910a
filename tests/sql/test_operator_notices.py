"""What the installation stands on: on the health page at once, and told to the admins once for each degree."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.sql.firm import ADMIN, ROMASHKA, Connection, acting_as, all_rows, one

NOW = datetime(2026, 4, 6, 9, tzinfo=UTC)
WELL = {"is_ours": True}


def say(db: Connection, component: str = "jobs", at: datetime = NOW, instance: str = "0" * 8, **facts: Any) -> None:
    db.execute("select api.note_process(%s, %s, '1', %s, %s, %s)", [component, instance, at, json.dumps(facts), at])


def expiring(days: float, at: datetime = NOW) -> dict[str, Any]:
    return {"certificates": {"bot.example.com": {"expires_at": (at + timedelta(days=days)).isoformat(), "fault": None}}}


def found(db: Connection, at: datetime = NOW) -> dict[str, tuple[Any, ...]]:
    """(state, fix, subject, amount) by check."""
    rows = all_rows(db, "select * from private.installation_findings(%s)", at)
    return {row["check"]: (row["state"], row["fix"], row["subject"], row["amount"]) for row in rows}


def tell(db: Connection, at: datetime = NOW) -> list[Any]:
    """Have the admins told; return what the admin is owed by it."""
    before = one(db, "select coalesce(max(position), 0) from public.outbox")
    db.execute("select api.tell_operators(%s)", [at])
    owed = "select o.id, private.message_facts(o, %s) as facts from public.outbox as o"
    rows = all_rows(db, f"{owed} where o.position > %s and o.recipient_chat_id = %s", at, before, ADMIN)
    for row in rows:
        db.execute(
            "update public.outbox set status = 'sent', sent_at = %s, finished_at = %s where id = %s",
            [at, at, row["id"]],
        )
    return [(row["facts"]["event"], row["facts"]["about"], row["facts"]["amount"]) for row in rows]


def test_what_nobody_has_said_is_left_out(db: Connection) -> None:
    assert found(db) == {}
    say(db, at=NOW - timedelta(seconds=96), disk={"free_percent": 1})
    assert found(db) == {}
    assert tell(db) == []


def test_a_certificate_is_told_of_at_14_7_3_1_and_0_days_and_when_it_is_refused(db: Connection) -> None:
    told: list[tuple[int, list[Any]]] = []
    for days in (15, 14, 10, 7, 5, 3, 2, 1, 0):
        at = NOW + timedelta(days=15 - days)
        db.execute("delete from public.process_reports")
        say(db, at=at, **expiring(days + 0.5, at))
        told += [(days, notices) for notices in [tell(db, at), tell(db, at)] if notices]
        assert found(db, at)["certificate_valid"][0] == ("green" if days > 14 else "amber" if days > 3 else "red")
    assert [days for days, _ in told] == [14, 7, 3, 1, 0]
    assert told[0][1] == [("certificate_valid", "bot.example.com", 14)]
    say(db, at=NOW, certificates={"bot.example.com": {"expires_at": None, "fault": "certificate has expired"}})
    assert found(db)["certificate_valid"] == ("red", "renew_certificate", "bot.example.com", None)
    assert tell(db) == [("certificate_valid", "bot.example.com", None)]


def test_the_fullest_disk_counts_and_is_told_of_once_a_day(db: Connection) -> None:
    say(db, disk={"free_percent": 80})
    say(db, instance="1" * 8, disk={"free_percent": 14})
    assert found(db)["disk_has_room"] == ("amber", "make_room", None, 14)
    assert tell(db) == [("disk_has_room", "", 14)]
    assert tell(db) == []
    say(db, instance="1" * 8, disk={"free_percent": 4})
    assert found(db)["disk_has_room"][0] == "red"
    assert tell(db) == [("disk_has_room", "", 4)]
    later = NOW + timedelta(hours=25)
    say(db, at=later, disk={"free_percent": 3})
    assert tell(db, later) == [("disk_has_room", "", 3)]


def test_a_webhook_that_was_taken_is_told_of_each_time_and_one_that_is_lost_is_red(db: Connection) -> None:
    say(db, "bot", webhook=WELL)
    assert found(db)["webhook_ours"][0] == "green"
    for minutes in (10, 5):
        restored_at = (NOW - timedelta(minutes=minutes)).isoformat()
        say(db, "bot", webhook=WELL | {"restored_at": restored_at, "restored_because": "removed"})
        assert found(db)["webhook_ours"][:2] == ("amber", "find_who_took_webhook")
        assert tell(db) == [("webhook_ours", "", None)]
        assert tell(db) == []
    say(db, "bot", webhook={"is_ours": False})
    assert found(db)["webhook_ours"][:2] == ("red", "check_webhook_url")
    assert tell(db) == []


def test_e12_each_morning_the_admins_hear_how_many_chats_are_red(db: Connection) -> None:
    red = "select count(distinct chat_id) from private.chat_findings(%s) where state = 'red'"
    morning, evening = NOW.replace(hour=6), NOW.replace(hour=16)
    before = one(db, red, morning)
    db.execute("update public.chats set bot_status = 'left' where chat_id = %s", [ROMASHKA])
    assert one(db, red, morning) == before + 1
    assert tell(db, NOW.replace(hour=5)) == []
    assert tell(db, morning) == [("chats_well", "", before + 1)]
    assert tell(db, morning + timedelta(hours=1)) == tell(db, evening) == []
    assert tell(db, morning + timedelta(days=1)) == [("chats_well", "", one(db, red, morning + timedelta(days=1)))]


@pytest.mark.parametrize("role", ["admin", "manager", "accountant", "observer"])
def test_people_have_no_notices_sent(db: Connection, role: str) -> None:
    with acting_as(db, role), pytest.raises(Exception, match="permission denied"):
        db.execute("select api.tell_operators()")


def test_those_who_run_the_firm_see_it_with_everything_else(db: Connection) -> None:
    say(db, disk={"free_percent": 14})
    with acting_as(db, "manager"):
        rows = all_rows(db, "select * from api.firm_health(%s)", NOW)
    assert [row["amount"] for row in rows if row["check"] == "disk_has_room"] == [14]
