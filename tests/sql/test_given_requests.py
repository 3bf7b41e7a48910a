"""What people do with several windows at once, and giving one to somebody: who may, who hears of it, who sees it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

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
    Connection,
    all_rows,
    ingest,
    one,
    outbox,
    said,
    sweep,
    told,
    user_id,
)
from tests.sql.people import speaking

NOW = datetime.now(UTC)
ALWAYS = (
    "update public.chats set schedule_id = (select id from public.working_schedules where around_the_clock limit 1)"
)


@pytest.fixture
def waiting(db: Connection) -> list[UUID]:
    """Anna waits for Olga, Boris for Ivan; ids in this order."""
    db.execute(ALWAYS.encode())
    db.execute("update public.chats set assigned_accountant_id = %s where chat_id = %s", [user_id(OLGA), ROMASHKA])
    db.execute("update public.chats set assigned_accountant_id = %s where chat_id = %s", [user_id(IVAN), LEBEDEVA])
    ingest(db, said(ANNA, NOW - timedelta(minutes=20)), said(BORIS, NOW - timedelta(minutes=10), chat=LEBEDEVA))
    return [row["id"] for row in all_rows(db, "select id from public.client_requests order by opened_at")]


def act(db: Connection, who: int, what: str | None, ids: Sequence[UUID], to: int | None = None) -> list[str]:
    assignee = user_id(to) if to else None
    with speaking(db, user_id(who)), db.transaction():
        answer = one(db, "select api.act_on_requests(%s, %s, %s)", list(ids), what, assignee)
    assert [row["id"] for row in answer] == [str(wanted) for wanted in ids]
    return [row["outcome"] for row in answer]


def refused(db: Connection, key: str, who: int, what: str | None, ids: Sequence[UUID], to: int | None = None) -> None:
    with pytest.raises(psycopg.Error, match=key), db.transaction():
        act(db, who, what, ids, to)


def readable(db: Connection, who: int) -> set[UUID]:
    with speaking(db, user_id(who)):
        return {row["id"] for row in all_rows(db, "select id from api.client_requests")}


def test_many_are_taken_at_once_and_each_says_what_became_of_it(db: Connection, waiting: list[UUID]) -> None:
    assert act(db, PETR, "excuse", waiting[:1]) == ["done"]
    stranger = uuid4()
    assert act(db, PETR, "take", [*waiting, stranger]) == ["closed", "done", "unknown"]
    assert act(db, PETR, "take", waiting) == ["closed", "already"]
    taken = one(db, "select acknowledged_by from public.client_requests where id = %s", waiting[1])
    assert taken == user_id(PETR)


def test_an_accountant_acts_on_her_own_only_and_an_observer_on_none(db: Connection, waiting: list[UUID]) -> None:
    """I1"""
    assert act(db, OLGA, "take", waiting) == ["done", "unknown"]
    assert act(db, OLGA, "excuse", waiting) == ["done", "unknown"]
    refused(db, "not_allowed", OLGA, "assign", waiting, IVAN)
    for what in ("take", "excuse", "assign"):
        refused(db, "not_allowed", MARIA, what, waiting)
    refused(db, "assignee_is_unknown", PETR, "assign", waiting, MARIA)
    refused(db, "unknown_button", PETR, "delete", waiting)
    refused(db, "unknown_button", OLGA, None, waiting, IVAN)
    refused(db, "too_many_requests", PETR, "take", [uuid4() for _ in range(501)])
    assert one(db, "select count(*) from public.client_requests where closed_as is null") == 1


def test_whoever_is_given_a_request_sees_its_chat_and_is_told(db: Connection, waiting: list[UUID]) -> None:
    assert readable(db, IVAN) == {waiting[1]}
    assert act(db, PETR, "assign", waiting, IVAN) == ["done", "done"]
    assert readable(db, IVAN) == set(waiting)
    assert act(db, PETR, "assign", waiting, IVAN) == ["already", "already"]
    (digest,) = [row for row in outbox(db) if row["recipient_chat_id"] == IVAN]
    assert digest["kind"] == "sla_digest"
    assert not [row for row in outbox(db) if row["recipient_chat_id"] == OLGA]
    (event,) = all_rows(
        db,
        "select actor_id, detail from public.request_events where kind = 'handed_over' and request_id = %s",
        waiting[0],
    )
    assert (event["actor_id"], event["detail"]) == (
        user_id(PETR),
        {"from": str(user_id(OLGA)), "to": str(user_id(IVAN))},
    )
    # He may act there, and Olga still may.
    assert act(db, IVAN, "take", waiting[:1]) == ["done"]
    assert act(db, OLGA, "excuse", waiting[:1]) == ["done"]
    assert readable(db, IVAN) == set(waiting)
    db.execute("update public.client_requests set closed_at = now() - interval '25 hours' where id = %s", [waiting[0]])
    assert readable(db, IVAN) == {waiting[1]}


def test_alerts_of_a_given_request_go_to_whom_it_was_given(db: Connection, waiting: list[UUID]) -> None:
    act(db, ADMIN, "assign", waiting[:1], IVAN)
    sweep(db, NOW + timedelta(minutes=30))
    assert ("warning", 0, IVAN) in told(db)
    assert ("warning", 0, OLGA) not in told(db)


def test_alerts_of_a_request_whose_holder_is_dismissed_go_to_the_owner_of_the_chat(
    db: Connection, waiting: list[UUID]
) -> None:
    act(db, ADMIN, "assign", waiting[:1], IVAN)
    db.execute("update public.users set active = false where id = %s", [user_id(IVAN)])
    sweep(db, NOW + timedelta(minutes=30))
    assert ("warning", 0, OLGA) in told(db)


def test_what_was_given_to_somebody_who_is_removed_goes_back_and_its_owner_is_told(
    db: Connection, waiting: list[UUID]
) -> None:
    act(db, ADMIN, "assign", waiting[:1], IVAN)
    db.execute("update public.chats set assigned_accountant_id = null where chat_id = %s", [LEBEDEVA])
    with speaking(db, None):
        assert (
            all_rows(db, "select * from api.remove_person((select email from api.users where telegram_id = %s))", IVAN)
            == []
        )
    (row,) = all_rows(
        db, "select assignee_id, assigned_accountant_id from public.client_requests where id = %s", waiting[0]
    )
    assert (row["assignee_id"], row["assigned_accountant_id"]) == (None, user_id(OLGA))
    assert [row["kind"] for row in outbox(db) if row["recipient_chat_id"] == OLGA] == ["sla_digest"]


def test_a_chat_that_is_handed_over_leaves_what_was_given_where_it_is(db: Connection, waiting: list[UUID]) -> None:
    """B6"""
    act(db, PETR, "assign", waiting[:1], IVAN)
    db.execute("update public.chats set assigned_accountant_id = %s where chat_id = %s", [user_id(PETR), ROMASHKA])
    owner = "select assigned_accountant_id from public.client_requests where id = %s"
    assert one(db, owner, waiting[0]) == user_id(IVAN)
    assert act(db, PETR, "assign", waiting[:1]) == ["done"]
    assert one(db, owner, waiting[0]) == user_id(PETR)
    assert readable(db, IVAN) == {waiting[1]}


def test_what_is_late_stays_late_for_whoever_was_late(db: Connection, waiting: list[UUID]) -> None:
    sweep(db, NOW + timedelta(hours=2))
    act(db, PETR, "assign", waiting[:1], IVAN)
    found = one(db, "select on_duty_id from public.client_requests where id = %s", waiting[0])
    assert found == user_id(OLGA)
    assert one(db, "select assigned_accountant_id from public.client_requests where id = %s", waiting[0]) == user_id(
        OLGA
    )


def test_given_requests_are_in_the_queue_of_the_bot(db: Connection, waiting: list[UUID]) -> None:
    ingest(db, said(ANNA, NOW - timedelta(minutes=5), chat=NIGHT))
    act(db, PETR, "assign", waiting[:1], IVAN)
    queue = one(db, "select api.staff_queue(%s)", IVAN)
    assert str(waiting[0]) in {window["request_id"] for window in queue["windows"]}
