"""Whoever runs the firm changes a chat or a client, and hears before what that does to those who wait (S8)."""

import json
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.sql.audited import entries
from tests.sql.firm import (
    ADMIN,
    IVAN,
    MARIA,
    OLGA,
    PETR,
    ROMASHKA,
    Connection,
    Row,
    all_rows,
    ingest,
    monday,
    one,
    said,
    user_id,
    window,
)
from tests.sql.people import speaking

CLIENT = "00000000-0000-4000-8000-000000000001"
AROUND_THE_CLOCK = "00000000-0000-4000-8000-000000000024"


def key_of(db: Connection, chat: int = ROMASHKA) -> UUID:
    found: UUID = one(db, "select id from public.chats where chat_id = %s", chat)
    return found


def change(db: Connection, who: int = PETR, chat: int = ROMASHKA, *, dry_run: bool = False, **changes: Any) -> Row:
    """Change settings of a chat as a signed-in person; return what it counts."""
    text = json.dumps(changes, default=str)
    with speaking(db, user_id(who)):
        effect: Row = one(db, "select api.change_chat(%s, %s, %s)", key_of(db, chat), text, dry_run)
    return {name: count for name, count in effect.items() if count and name != "windows"}


def chat(db: Connection) -> Row:
    (row,) = all_rows(db, "select * from public.chats where chat_id = %s", ROMASHKA)
    return row


def refused(db: Connection, key: str, who: int = PETR, **changes: Any) -> None:
    before = chat(db)
    with pytest.raises(psycopg.Error, match=key), db.transaction():
        change(db, who, **changes)
    assert chat(db) == before


def test_a_trial_says_what_happens_and_changes_nothing(late: Connection) -> None:
    before, last = (chat(late), window(late)), one(late, "select max(id) from public.audit_log")
    foretold = change(late, dry_run=True, sla_threshold_minutes=5, policy_id=AROUND_THE_CLOCK)
    assert (chat(late), window(late), one(late, "select max(id) from public.audit_log")) == (*before, last)
    assert foretold == change(late, sla_threshold_minutes=5, policy_id=AROUND_THE_CLOCK)
    assert foretold == {"moved": 1, "sooner": 1}
    after = window(late)
    assert (after["target_minutes"], after["due_at"]) == (5, monday("10:05"))
    assert one(late, "select policy_id::text from public.client_requests") == AROUND_THE_CLOCK


def test_s8_a_closed_window_keeps_its_terms(late: Connection) -> None:
    ingest(late, said(OLGA, monday("10:30"), "Отправила"))
    before = window(late)
    assert change(late, sla_threshold_minutes=5) == {}
    assert window(late) == before


def test_s8_what_waits_keeps_its_version_of_the_policy_until_the_terms_of_its_chat_change(late: Connection) -> None:
    change(late, policy_id=AROUND_THE_CLOCK)
    late.execute("update public.sla_policies set target_minutes = 15")
    before = window(late)
    assert change(late, locale="en") == {}
    assert rename(late, name="ООО Ромашка и сын") == {}
    assert change(late, client_id="00000000-0000-4000-8000-000000000002") == {}
    after = window(late)
    assert str(after.pop("client_id")) == "00000000-0000-4000-8000-000000000002"
    assert after == {name: value for name, value in before.items() if name != "client_id"}
    assert change(late, sla_threshold_minutes=5) == {"moved": 1, "sooner": 1}
    newest = (
        "select policy_version = p.version from public.client_requests join public.sla_policies p on p.id = policy_id"
    )
    assert one(late, newest)


def test_who_is_given_the_chat_is_given_what_waits(late: Connection) -> None:
    assert change(late, assigned_accountant_id=user_id(IVAN)) == {"handed_over": 1}
    assert window(late)["assigned_accountant_id"] == user_id(IVAN)


def test_switching_off_voids_what_waits_and_says_so_before(late: Connection) -> None:
    assert change(late, dry_run=True, monitoring_enabled=False) == {"voided": 1}
    assert window(late)["outcome"] != "voided"
    change(late, monitoring_enabled=False)
    assert window(late)["outcome"] == "voided"


def test_g3_a_deleted_chat_is_silent_and_restored_with_its_measuring(late: Connection) -> None:
    assert change(late, dry_run=True, is_deleted=True) == {"voided": 1}
    change(late, is_deleted=True)
    assert (chat(late)["monitoring_enabled"], chat(late)["paused_because"]) == (False, "chat_deleted")
    change(late, is_deleted=False)
    assert (chat(late)["monitoring_enabled"], chat(late)["deleted_at"]) == (True, None)


def test_the_audit_names_who_changed_it(db: Connection, seen: int) -> None:
    change(db, receipts="text", locale="en", off_hours_reply=True)
    (entry,) = entries(db, seen, "chats")
    assert (entry["actor_id"], entry["changed"]) == (user_id(PETR), ["locale", "off_hours_reply", "receipts"])


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        ("unknown_setting", {"chat_name": "Взлом"}),
        ("unknown_setting", {"internal": True}),
        ("unknown_policy", {"policy_id": "00000000-0000-4000-8000-999999999999"}),
        ("unknown_schedule", {"schedule_id": "00000000-0000-4000-8000-999999999999"}),
        ("client_not_found", {"client_id": "00000000-0000-4000-8000-999999999999"}),
        ("owner_is_not_in_team", {"assigned_accountant_id": user_id(MARIA)}),
    ],
)
def test_what_is_not_there_or_not_ones_to_give_is_refused(db: Connection, key: str, changes: Row) -> None:
    refused(db, key, **changes)


def test_e12_nothing_is_measured_that_nobody_would_hear_of(db: Connection) -> None:
    change(db, monitoring_enabled=False)
    db.execute("update public.users set unreachable_since = now(), unreachable_because = 'blocked'")
    refused(db, "nobody_would_be_told", monitoring_enabled=True)


def test_a_group_that_nobody_connected_is_not_measured(db: Connection) -> None:
    change(db, monitoring_enabled=False)
    db.execute("update public.chats set connected_at = null where chat_id = %s", [ROMASHKA])
    refused(db, "chat_is_not_connected", monitoring_enabled=True)


@pytest.mark.parametrize("who", [OLGA, IVAN, MARIA])
def test_accountants_and_observers_change_no_chat_and_no_client(db: Connection, who: int) -> None:
    refused(db, "not_allowed", who=who, receipts="text")
    for call in (
        "change_client(%s, 'Другое', 'vip')",
        "adopt_chat(%s, null)",
        "chat_offers()",
        "chat_offers(%s::text, '{}')",
        "chat_links(%s)",
    ):
        with pytest.raises(psycopg.Error, match="not_allowed"), speaking(db, user_id(who)):
            db.execute(f"select api.{call}".encode(), [CLIENT] * call.count("%s"))


def test_a_group_where_the_bot_is_already_is_connected_by_a_signed_in_manager(db: Connection) -> None:
    db.execute(
        "update public.chats set connected_at = null, monitoring_enabled = false, client_id = null where chat_id = %s",
        [ROMASHKA],
    )
    with speaking(db, user_id(PETR)):
        found = one(db, "select api.adopt_chat(%s, %s)", key_of(db), CLIENT)
    assert (found["is_connected"], found["is_measured"], found["client"]) == (True, True, "ООО Ромашка")


# Clients.


def rename(db: Connection, who: int = PETR, *, dry_run: bool = False, **fields: Any) -> Row:
    values = {"name": "ООО Ромашка", "tier": "standard", "segments": None, **fields}
    with speaking(db, user_id(who)):
        effect: Row = one(
            db,
            "select api.change_client(%s, %s, %s, %s, %s)",
            CLIENT,
            values["name"],
            values["tier"],
            values["segments"],
            dry_run,
        )
    return {name: count for name, count in effect.items() if count and name != "windows"}


def test_another_tier_moves_what_waits_and_says_so_before(late: Connection) -> None:
    late.execute("update public.sla_policies set target_minutes = 15 where tier = 'vip'")
    assert rename(late, tier="vip", dry_run=True) == {"moved": 1, "sooner": 1}
    assert window(late)["due_at"] == monday("11:00")
    assert rename(late, tier="vip") == {"moved": 1, "sooner": 1}
    assert (window(late)["due_at"], window(late)["target_minutes"]) == (monday("10:15"), 15)


def segments(db: Connection) -> list[str]:
    names: list[str] = one(
        db,
        "select coalesce(array_agg(s.name order by s.name), '{}') from public.chat_segment_chats x"
        " join public.chat_segments s on s.id = x.segment_id where x.chat_id = %s",
        ROMASHKA,
    )
    return names


def test_segments_are_the_names_that_were_given(db: Connection) -> None:
    rename(db, segments=["Розница", " Розница ", "УСН"])
    assert segments(db) == ["Розница", "УСН"]
    rename(db, segments=["УСН"], dry_run=True)
    assert segments(db) == ["Розница", "УСН"]
    rename(db, segments=["УСН"])
    assert segments(db) == ["УСН"]
    rename(db)
    assert segments(db) == ["УСН"]


def test_a_segment_out_of_sight_is_neither_taken_nor_emptied(db: Connection) -> None:
    rename(db, who=ADMIN, segments=["Директора"])
    with pytest.raises(psycopg.Error, match="segment_is_of_others"), db.transaction():
        rename(db, segments=["Директора"])
    rename(db, segments=[])
    assert segments(db) == ["Директора"]


@pytest.mark.parametrize(
    ("key", "fields"),
    [
        ("client_name_is_wrong", {"name": "  "}),
        ("client_name_is_wrong", {"name": None}),
        ("client_name_is_taken", {"name": "ип лебедева"}),
        ("tier_is_unknown", {"tier": "gold"}),
        ("tier_is_unknown", {"tier": None}),
        ("segment_name_is_wrong", {"segments": ["а" * 201]}),
    ],
)
def test_a_client_that_cannot_be_is_refused(db: Connection, key: str, fields: Row) -> None:
    with pytest.raises(psycopg.Error, match=key), db.transaction():
        rename(db, **fields)


def test_only_admins_make_clients(db: Connection) -> None:
    with pytest.raises(psycopg.Error, match="not_allowed"), speaking(db, user_id(PETR)):
        db.execute("select api.add_client('Новый')")
    with speaking(db, user_id(ADMIN)):
        assert one(db, "select api.add_client('Новый')")
    with pytest.raises(psycopg.Error, match="client_name_is_wrong"), speaking(db, user_id(ADMIN)):
        db.execute("select api.add_client(null)")
