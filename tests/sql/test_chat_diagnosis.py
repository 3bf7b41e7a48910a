"""Who brings the bot into a group learns what is amiss there, and mends from Telegram what SQL can mend (G1, A7)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.sql.firm import (
    ANNA,
    IVAN,
    LEBEDEVA,
    MARIA,
    OLGA,
    PETR,
    ROMASHKA,
    Connection,
    Row,
    all_rows,
    deliver,
    ingest,
    membership,
    monday,
    moscow,
    one,
    outbox,
    said,
    user_id,
    windows,
)
from tests.sql.people import speaking

CLIENT = "00000000-0000-4000-8000-000000000001"
GROUP = -1001000000071
LATER = moscow("2100-01-01 00:00")


def service(db: Connection, call: str, *values: Any) -> Any:
    with speaking(db, None):
        return one(db, f"select api.{call}", *values)


def joins(db: Connection, status: str = "member", who: int = PETR, at: str = "09:00", chat: int = GROUP) -> None:
    ingest(db, {**membership(status, monday(at), chat), "user_id": who})


def key(db: Connection, chat: int = GROUP) -> Any:
    return one(db, "select id from public.chats where chat_id = %s", chat)


def told(db: Connection) -> dict[int, Row]:
    """What each person is told, sent now."""
    return {message["recipient_chat_id"]: message["facts"] for message in deliver(db, LATER)}


def states(diagnosis: Row) -> dict[str, str]:
    return {finding["check"]: finding["state"] for finding in diagnosis["findings"]}


@pytest.fixture
def deaf(db: Connection) -> Connection:
    """Privacy mode is on."""
    db.execute("select api.note_bot(999, 'buh_bot', false)")
    return db


@pytest.mark.parametrize(("who", "may_change"), [(PETR, True), (OLGA, False)])
def test_g1_who_brings_a_deaf_bot_learns_so(deaf: Connection, who: int, *, may_change: bool) -> None:
    joins(deaf, who=who)
    diagnosis = told(deaf)[who]["diagnosis"]
    assert diagnosis["findings"][0] == {"check": "may_read", "state": "red", "fix": "let_bot_read"}
    assert (diagnosis["is_connected"], diagnosis["may_change"]) == (False, may_change)


def test_g1_red_until_it_is_mended(deaf: Connection) -> None:
    joins(deaf)
    assert states(service(deaf, "diagnose_chat(%s, chat_id => %s)", PETR, GROUP))["may_read"] == "red"
    joins(deaf, "administrator", at="09:05")
    assert states(service(deaf, "diagnose_chat(%s, chat_id => %s)", PETR, GROUP))["may_read"] == "green"
    joins(deaf, "member", at="09:10")
    assert states(service(deaf, "diagnose_chat(%s, chat_id => %s)", PETR, GROUP))["may_read"] == "red"


def test_a_change_of_rights_is_no_arrival(deaf: Connection) -> None:
    joins(deaf)
    assert len(deliver(deaf, LATER)) == 1
    joins(deaf, "administrator", at="09:05")
    assert deliver(deaf, LATER) == []


@pytest.mark.parametrize("who", [ANNA, MARIA])
def test_e13_nobody_outside_is_written_to_and_observers_neither(deaf: Connection, who: int) -> None:
    joins(deaf, who=who)
    assert outbox(deaf) == []


def test_who_cannot_be_reached_is_not_written_to(deaf: Connection) -> None:
    deaf.execute("update public.users set unreachable_since = now(), unreachable_because = 'blocked'")
    joins(deaf)
    assert outbox(deaf) == []


def test_g3_the_bot_back_in_a_connected_chat_says_how_it_stands(db: Connection) -> None:
    joins(db, "left", at="09:00", chat=ROMASHKA)
    joins(db, "administrator", at="09:10", chat=ROMASHKA)
    assert told(db)[PETR]["diagnosis"]["is_measured"]


def test_a_checklist_that_is_not_told_yet_gives_way_to_a_removal(db: Connection) -> None:
    joins(db, "left", who=OLGA, at="09:00", chat=ROMASHKA)
    joins(db, "member", who=OLGA, at="09:01", chat=ROMASHKA)
    joins(db, "kicked", who=ANNA, at="09:02", chat=ROMASHKA)
    assert {to: facts["event"] for to, facts in told(db).items()} == {OLGA: "bot_removed"}


def test_a_checklist_that_nobody_reads_alarms_nobody_else(db: Connection) -> None:
    joins(db)
    (message,) = one(db, "select api.claim_outbox(%s)", LATER)
    result = f'[{{"id": "{message["id"]}", "revision": 1, "rings": true, "outcome": "blocked"}}]'
    db.execute("select api.settle_outbox(%s, %s)", [result, LATER])
    assert [row["payload"]["event"] for row in outbox(db)] == ["checklist"]


# A7: a group nobody connected is stored, visible, and not measured, until somebody connects it.


def test_a7_a_group_nobody_connected_is_stored_and_not_measured(db: Connection) -> None:
    joins(db, "administrator")
    assert ingest(db, said(ANNA, monday("10:00"), chat=GROUP)) == ["recorded"]
    assert windows(db, GROUP) == []
    found = service(db, "diagnose_chat(%s, chat_id => %s)", PETR, GROUP)
    assert (found["is_connected"], states(found)["connected"]) == (False, "amber")


def test_a7_connected_by_hand_it_is_measured(db: Connection) -> None:
    joins(db, "administrator")
    found = service(db, "adopt_chat(%s, %s, %s)", key(db), CLIENT, PETR)
    assert (found["client"], found["is_connected"], found["is_measured"]) == ("ООО Ромашка", True, True)
    ingest(db, said(ANNA, monday("10:00"), chat=GROUP))
    assert len(windows(db, GROUP)) == 1
    with pytest.raises(psycopg.Error, match="chat_already_connected"):
        service(db, "adopt_chat(%s, null, %s)", key(db), PETR)


def test_e12_connected_by_hand_it_is_not_measured_while_nobody_would_hear(db: Connection) -> None:
    joins(db, "administrator")
    db.execute("update public.users set unreachable_since = now(), unreachable_because = 'blocked'")
    found = service(db, "adopt_chat(%s, null, %s)", key(db), PETR)
    assert (found["is_connected"], found["is_measured"]) == (True, False)
    with pytest.raises(psycopg.Error, match="nobody_would_be_told"):
        service(db, "watch_chat(%s, %s)", key(db), PETR)


def test_an_owner_of_the_team_is_given_to_a_chat(db: Connection) -> None:
    found = service(db, "assign_chat(%s, %s, %s)", key(db, LEBEDEVA), user_id(OLGA), PETR)
    assert (found["accountant"], states(found)["owner_linked"]) == ("Ольга Петрова", "green")
    with pytest.raises(psycopg.Error, match="owner_is_not_in_team"):
        service(db, "assign_chat(%s, %s, %s)", key(db, LEBEDEVA), user_id(MARIA), PETR)


def test_b4_who_speaks_as_the_group_speaks_for_the_firm_once_a_manager_says_so(db: Connection) -> None:
    now = datetime.now(UTC) - timedelta(minutes=1)
    ingest(db, said(1087968824, now, on_behalf=True))
    assert states(service(db, "diagnose_chat(%s, chat_id => %s)", PETR, ROMASHKA))["anonymous_staff"] == "amber"
    found = service(db, "trust_group_voices(%s, %s)", key(db, ROMASHKA), PETR)
    assert states(found)["anonymous_staff"] == "green"
    ingest(db, said(1087968824, now, "Готово", on_behalf=True))
    assert [window["closed_because"] for window in windows(db)] == ["answered"]


def test_the_clients_most_like_the_title_come_first(db: Connection) -> None:
    joins(db)
    db.execute("update public.chats set chat_name = 'Ромашка и мы' where chat_id = %s", [GROUP])
    with speaking(db, None):
        offered = all_rows(db, "select * from api.offer_clients(%s, %s)", key(db), PETR)
    assert offered[0]["name"] == "ООО Ромашка"


def test_policies_of_a_tier_are_not_offered(db: Connection) -> None:
    with speaking(db, None):
        offered = {row["name"] for row in all_rows(db, "select * from api.offer_policies(%s)", PETR)}
    tiers = {row["name"] for row in all_rows(db, "select name from public.sla_policies where tier is not null")}
    assert "Круглосуточно" in offered
    assert not offered & tiers


@pytest.mark.parametrize("who", [OLGA, IVAN, MARIA, ANNA])
@pytest.mark.parametrize(
    "call",
    [
        "diagnose_chat(%s, id => %s)",
        "watch_chat(telegram_id => %s, id => %s)",
        "trust_group_voices(telegram_id => %s, id => %s)",
        "adopt_chat(telegram_id => %s, id => %s, client_id => null)",
        "assign_chat(telegram_id => %s, id => %s, accountant_id => null)",
    ],
)
def test_nobody_else_looks_or_mends(db: Connection, call: str, who: int) -> None:
    with pytest.raises(psycopg.Error, match="not_allowed"):
        service(db, call, who, key(db, ROMASHKA))


def test_only_groups_are_diagnosed(db: Connection) -> None:
    ingest(db, said(ANNA, monday("10:00"), chat=ANNA, chat_type="private"))
    with pytest.raises(psycopg.Error, match="unknown_chat"):
        service(db, "diagnose_chat(%s, chat_id => %s)", PETR, ANNA)


def test_the_bot_learns_at_its_start_how_many_groups_it_cannot_hear(db: Connection) -> None:
    db.execute("update public.chats set bot_status = 'member'")
    assert one(db, "select api.note_bot(999, 'buh_bot', true)") == 0
    assert one(db, "select api.note_bot(999, 'buh_bot', false)") == 3
