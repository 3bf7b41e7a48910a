"""The sign-in log: told at least once, kept once, read by whom it concerns (I1)."""

import json
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.sql.firm import OLGA, PETR, STAFF, Connection, Row, acting_as, all_rows, one, user_id

HASH = "ab" * 32


def entry(outcome: str = "signed_in", **more: Any) -> Row:
    known = {"id": str(uuid4()), "happened_at": "2026-11-21T10:00:00Z", "outcome": outcome, "address": "203.0.113.7"}
    return {**known, "device": "Chrome, Windows", **more}


def note(db: Connection, *entries: Row) -> int:
    with db.transaction():
        db.execute("set local role service_role")
        told: int = one(db, "select api.note_sign_ins(%s::jsonb)", json.dumps(entries))
        db.execute("reset role")
    return told


def noted(db: Connection, *entries: Row) -> list[Row]:
    ids = [UUID(item["id"]) for item in entries]
    return all_rows(db, "select * from public.sign_in_log where id = any(%s) order by happened_at, id", ids)


def test_an_entry_told_again_is_kept_once(db: Connection) -> None:
    one_of_two, other = entry(user_id=str(user_id(OLGA))), entry(user_id=str(user_id(PETR)))
    assert note(db, one_of_two) == 1
    assert note(db, one_of_two, other, other) == 1
    assert len(noted(db, one_of_two, other)) == 2


def test_a_refusal_belongs_to_whom_the_address_belongs(db: Connection) -> None:
    refused = entry("refused", reason="credentials", email="Accountant@BuhBot.test", email_hash=HASH)
    note(db, refused)
    [row] = noted(db, refused)
    assert (row["user_id"], row["email_hash"]) == (user_id(OLGA), None)


def test_of_a_stranger_only_a_hash_is_kept(db: Connection) -> None:
    refused = entry("refused", reason="credentials", email="nobody@example.org", email_hash=HASH)
    note(db, refused)
    [row] = noted(db, refused)
    assert (row["user_id"], row["email_hash"]) == (None, HASH)
    assert "nobody" not in str(row)


@pytest.mark.parametrize("role", STAFF)
def test_i1_one_reads_the_own_entries_and_an_admin_all(db: Connection, role: str) -> None:
    entries = [entry(user_id=str(user_id(person))) for person in STAFF.values()]
    stranger = entry("refused", reason="credentials", email="nobody@example.org", email_hash=HASH)
    note(db, *entries, stranger)
    ids = [UUID(item["id"]) for item in (*entries, stranger)]
    with acting_as(db, role):
        seen = all_rows(db, "select user_id from api.sign_in_log where id = any(%s)", ids)
    assert len(seen) == (6 if role == "admin" else 1)
    assert user_id(STAFF[role]) in {row["user_id"] for row in seen}


def test_whoever_is_dismissed_reads_nothing(db: Connection) -> None:
    note(db, entry(user_id=str(user_id(OLGA))))
    db.execute("update public.users set active = false where id = %s", [user_id(OLGA)])
    with acting_as(db, "accountant"):
        assert one(db, "select count(*) from api.sign_in_log") == 0


@pytest.mark.parametrize("role", [*STAFF, "service_role", "anon"])
@pytest.mark.parametrize("verb", ["update public.sign_in_log set device = ''", "delete from public.sign_in_log"])
def test_nobody_bends_the_log(db: Connection, role: str, verb: str) -> None:
    note(db, entry())
    with acting_as(db, role), pytest.raises(psycopg.errors.InsufficientPrivilege):
        db.execute(verb.encode())


@pytest.mark.parametrize("role", [*STAFF, "anon"])
def test_only_the_service_tells(db: Connection, role: str) -> None:
    with acting_as(db, role), pytest.raises(psycopg.errors.InsufficientPrivilege):
        one(db, "select api.note_sign_ins(%s::jsonb)", json.dumps([entry()]))


@pytest.mark.parametrize(
    "wrong",
    [
        {"outcome": "guessed"},
        {"outcome": "refused"},
        {"reason": "credentials"},
        {"email_hash": "nobody@example.org"},
    ],
)
def test_what_makes_no_sense_is_refused(db: Connection, wrong: Row) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        note(db, entry(**wrong))
