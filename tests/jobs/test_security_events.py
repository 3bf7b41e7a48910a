"""Refusals on their way from the admin into the audit log: at least once, kept once."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import psycopg
import structlog
from redis.asyncio import Redis
from structlog.testing import capture_logs

from admin.security_events import SecurityEvents
from infra.redis import SECURITY_EVENTS
from jobs import security_events
from jobs.worker import TIMETABLE
from tests.stack import Stack

OLGA = UUID("00000000-0000-4000-8000-000000001003")


def audited(stack: Stack, request_id: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(stack.env["DATABASE_URL"]) as connection:
        return connection.execute(
            "select action, actor_id, actor_role, address, details - 'at' from public.audit_log where request_id = %s",
            [request_id],
        ).fetchall()


async def refused(queue: Redis) -> str:
    """Note one; return the id of its request."""
    with structlog.contextvars.bound_contextvars(request_id=uuid4().hex):
        await SecurityEvents(queue).note(
            "refusal", OLGA, "10.1.2.3", route="/team", sqlstate="PT403", key="not_allowed"
        )
        return str(structlog.contextvars.get_contextvars()["request_id"])


async def test_a_refusal_comes_into_the_audit_log_once(context: dict[str, Any], queue: Redis, stack: Stack) -> None:
    request_id = await refused(queue)
    [(_, fields)] = await queue.xrange(SECURITY_EVENTS)
    await security_events.note(context)
    await queue.xadd(SECURITY_EVENTS, fields)
    await security_events.note(context)
    details = {"route": "/team", "sqlstate": "PT403", "key": "not_allowed"}
    found = await asyncio.to_thread(audited, stack, request_id)
    assert found == [("refusal", OLGA, "accountant", "10.1.2.3", details)]
    assert await queue.xlen(SECURITY_EVENTS) == 0


def test_no_two_jobs_of_the_timetable_share_a_name() -> None:
    """arq would run one of them in the place of both."""
    names = [job.name for job in TIMETABLE]
    assert len(set(names)) == len(names)


async def test_an_entry_that_could_never_be_stored_holds_up_no_other(
    context: dict[str, Any], queue: Redis, stack: Stack
) -> None:
    await queue.xadd(SECURITY_EVENTS, {"entry": b'{"id": "x"}'})
    request_id = await refused(queue)
    with capture_logs() as lines:
        await security_events.note(context)
    assert "entry_unreadable" in {line["event"] for line in lines}
    assert len(await asyncio.to_thread(audited, stack, request_id)) == 1
