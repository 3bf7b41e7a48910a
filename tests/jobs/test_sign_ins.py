"""Sign-ins on their way from the admin to the log: at least once, kept once, and nothing holds up the rest."""

import json
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from admin.sign_ins import SignIns
from admin.visitors import Visitor
from infra import redis
from infra.redis import ENDED, SEEN, SESSION, SESSIONS_OF, SIGN_INS
from infra.supabase import Unavailable
from jobs import sessions, sign_ins
from jobs.connections import Connections
from jobs.draining import BATCH
from tests.stack import Stack

OLGA = UUID("00000000-0000-4000-8000-000000001003")
HOME = Visitor("203.0.113.7", "Firefox, Windows")
Context = dict[str, Any]


def logged(stack: Stack, device: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(stack.env["DATABASE_URL"]) as connection:
        return connection.execute(
            "select outcome, reason, user_id, host(address), email_hash is not null from public.sign_in_log"
            " where device = %s order by happened_at",
            [device],
        ).fetchall()


async def test_what_the_admin_saw_comes_into_the_log(context: Context, queue: Redis, stack: Stack) -> None:
    seen, home = SignIns(queue, "s" * 40), HOME._replace(device=f"Firefox {uuid4()}")
    await seen.note("signed_in", home, person_id=OLGA)
    await seen.note("refused", home, email="accountant@buhbot.test", reason="credentials")
    await seen.note("refused", home, email="nobody@example.org", reason="credentials")
    await sign_ins.note(context)
    assert logged(stack, home.device) == [
        ("signed_in", None, OLGA, "203.0.113.7", False),
        ("refused", "credentials", OLGA, "203.0.113.7", False),
        ("refused", "credentials", None, "203.0.113.7", True),
    ]
    assert await queue.xlen(SIGN_INS) == 0


async def test_told_twice_it_is_kept_once(context: Context, queue: Redis, stack: Stack) -> None:
    home = HOME._replace(device=f"Firefox {uuid4()}")
    await SignIns(queue, "s" * 40).note("signed_in", home, person_id=OLGA)
    [(_, fields)] = await queue.xrange(SIGN_INS)
    await sign_ins.note(context)
    await queue.xadd(SIGN_INS, fields)
    await sign_ins.note(context)
    assert len(logged(stack, home.device)) == 1


async def test_more_than_a_batch_is_carried_in_one_run(context: Context, queue: Redis, stack: Stack) -> None:
    home, seen = HOME._replace(device=f"Firefox {uuid4()}"), SignIns(queue, "s" * 40)
    for _ in range(BATCH + 1):
        await seen.note("signed_out", home, person_id=OLGA)
    await sign_ins.note(context)
    assert len(logged(stack, home.device)) == BATCH + 1


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"not json",
        b"[]",
        json.dumps({"id": str(uuid4()), "outcome": "guessed", "happened_at": "2026-11-21T10:00:00Z"}).encode(),
        json.dumps({"id": str(uuid4()), "outcome": "signed_in", "happened_at": "yesterday"}).encode(),
    ],
)
async def test_a_broken_entry_holds_up_no_other(context: Context, queue: Redis, stack: Stack, broken: bytes) -> None:
    home = HOME._replace(device=f"Firefox {uuid4()}")
    await queue.xadd(SIGN_INS, {"entry": broken})
    await SignIns(queue, "s" * 40).note("signed_in", home, person_id=OLGA)
    with capture_logs() as lines:
        await sign_ins.note(context)
    assert "entry_unreadable" in {line["event"] for line in lines}
    assert (len(logged(stack, home.device)), await queue.xlen(SIGN_INS)) == (1, 0)


async def test_while_the_database_is_away_nothing_is_lost(connections: Connections, queue: Redis) -> None:
    await SignIns(queue, "s" * 40).note("signed_in", HOME, person_id=OLGA)
    with pytest.raises(Unavailable):
        await sign_ins.note({"redis": queue, "connections": connections})
    assert await queue.xlen(SIGN_INS) == 1


async def test_what_cannot_be_noted_is_in_nobodys_way() -> None:
    nowhere = redis.connect("redis://127.0.0.1:1/0")
    with capture_logs() as lines:
        await SignIns(nowhere, "s" * 40).note("signed_in", HOME, person_id=OLGA)
    assert [line["event"] for line in lines] == ["entry_not_left"]
    await nowhere.aclose()


async def listed(queue: Redis, person_id: UUID, *handles: str) -> None:
    for handle in handles:
        await queue.set(SESSION + handle, b"sealed")
        await queue.set(SEEN + handle, 1)
        await queue.zadd(f"{SESSIONS_OF}{person_id}", {handle: 1})


async def test_dead_sessions_leave_the_list(context: Context, queue: Redis) -> None:
    await listed(queue, OLGA, "alive", "dead")
    await queue.delete(SESSION + "dead")
    await sessions.clear(context)
    assert await queue.zrange(f"{SESSIONS_OF}{OLGA}", 0, -1) == [b"alive"]
    assert not await queue.exists(SEEN + "dead")
    assert await queue.exists(SESSION + "alive", SEEN + "alive") == 2


def dismissed(stack: Stack) -> UUID:
    """Somebody who was invited, came in and was sent away."""
    gone, email = uuid4(), f"{uuid4()}@buhbot.test"
    with psycopg.connect(stack.env["DATABASE_URL"]) as connection:
        connection.execute(
            "with invited as ("
            "  insert into public.staff_invitations (email, role, full_name) values (%(email)s, 'observer', 'Ушла')"
            "  returning private.link_token('invitation', id) as token"
            ") select set_config('test.token', token, true) from invited",
            {"email": email},
        )
        connection.execute(
            "insert into auth.users (id, email, raw_user_meta_data)"
            " values (%s, %s, jsonb_build_object('invitation', current_setting('test.token')))",
            [gone, email],
        )
        connection.execute("update public.users set active = false where id = %s", [gone])
    return gone


async def test_sessions_of_whoever_was_dismissed_are_ended(context: Context, queue: Redis, stack: Stack) -> None:
    gone = dismissed(stack)
    await listed(queue, gone, "open")
    await listed(queue, OLGA, "alive")
    await sessions.clear(context)
    assert not await queue.exists(SESSION + "open", SEEN + "open", f"{SESSIONS_OF}{gone}")
    assert await queue.get(ENDED + "open") == b"deactivated"
    assert await queue.exists(SESSION + "alive")
