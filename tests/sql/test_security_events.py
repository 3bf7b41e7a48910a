"""Events that processes tell later: once each, in the audit log."""

import json
from typing import Any

import pytest

from tests.sql.audited import entries
from tests.sql.firm import (
    OLGA,
    Connection,
    acting_as,
    one,
    user_id,
)

HIDDEN = "[hidden]"
EVENT = {
    "id": "0e5a38d4-53c2-4c5e-a3f3-1d7d5a3b0f01",
    "at": "2026-04-06T10:00:00+03:00",
    "kind": "refusal",
    "user_id": str(user_id(OLGA)),
    "address": "10.1.2.3",
    "request_id": "abcdef0123456789",
    "details": {"route": "/settings", "sqlstate": "42501", "token": "secret"},
}


def note(db: Connection, *events: dict[str, Any]) -> int:
    db.execute("set local role service_role")
    noted: int = one(db, "select api.note_security_events(%s)", json.dumps(events))
    db.execute("reset role")
    return noted


def test_an_event_is_recorded_once_however_often_it_is_told(db: Connection, seen: int) -> None:
    assert [note(db, EVENT, EVENT), note(db, EVENT)] == [1, 0]
    (entry,) = entries(db, seen)
    assert (entry["action"], entry["actor_id"], entry["actor_role"]) == ("refusal", user_id(OLGA), "accountant")
    assert (entry["entity"], entry["entity_id"]) == ("users", str(user_id(OLGA)))
    assert (entry["request_id"], entry["address"]) == ("abcdef0123456789", "10.1.2.3")
    assert entry["details"] == {"route": "/settings", "sqlstate": "42501", "token": HIDDEN, "at": EVENT["at"]}


def test_an_event_of_a_stranger_has_no_person(db: Connection, seen: int) -> None:
    assert note(db, {**EVENT, "kind": "sign_in_refused", "user_id": None}) == 1
    assert [(entry["actor_id"], entry["entity_id"]) for entry in entries(db, seen)] == [(None, "")]


@pytest.mark.parametrize(
    "spoilt", [{"id": None}, {"id": "x"}, {"kind": None}, {"kind": "Insert into"}, {"kind": "update"}]
)
def test_an_event_that_cannot_be_recorded_holds_up_no_other(db: Connection, seen: int, spoilt: dict[str, Any]) -> None:
    other = {**EVENT, "id": "0e5a38d4-53c2-4c5e-a3f3-1d7d5a3b0f02", "user_id": "nobody", "address": "?", "details": []}
    assert note(db, {**EVENT, **spoilt}, other) == 1
    assert [(entry["actor_id"], entry["address"]) for entry in entries(db, seen)] == [(None, None)]


def test_people_read_their_own_refusals(db: Connection, seen: int) -> None:
    refusals = "select count(*) from api.audit_log where action = 'refusal' and id > %s"
    note(db, EVENT)
    with acting_as(db, "accountant"):
        assert one(db, refusals, seen) == 1
    with acting_as(db, "accountant2"):
        assert one(db, refusals, seen) == 0
