"""What the log calls an error, on its way to `/errors`: by kind, bounded, told once."""

import asyncio
import secrets
from typing import Any

import psycopg
import pytest
from redis.asyncio import Redis

from infra.errors import MOST_KINDS, MOST_REFERENCES, Errors, errors, telling
from infra.masking import trace
from infra.redis import ERRORS, leave
from infra.supabase import Unavailable
from jobs import errors as carrying
from jobs.connections import Connections
from tests.stack import Stack


def failed(value: str) -> str:
    try:
        int(value)
    except ValueError as error:
        return trace(error)
    raise AssertionError


def test_errors_of_one_place_are_one_kind_whatever_they_choked_on() -> None:
    found = Errors()
    for value in ("Анна", "Борис"):
        found.note("bot", "handler_failed", failed(value), {"reference": value, "update_id": 7, "text": "secret"})
    (entry,) = found.take()
    assert entry["amount"] == 2
    assert entry["place"] == "ValueError, tests/jobs/test_errors.py in failed"
    assert "Анна" not in entry["trace"]
    assert entry["references"][0]["detail"] == {"update_id": 7}
    assert found.take() == []


@pytest.mark.parametrize(("kinds", "times"), [(MOST_KINDS + 50, 1), (1, 1000)])
def test_an_outage_takes_bounded_room(kinds: int, times: int) -> None:
    found = Errors()
    for number in range(kinds):
        for time in range(times):
            found.note("jobs", f"job_{number}_failed", "", {"reference": f"{time:06X}"})
    taken = found.take()
    assert len(taken) == min(kinds, MOST_KINDS)
    assert all(len(entry["references"]) <= MOST_REFERENCES and entry["amount"] == times for entry in taken)


def kept(stack: Stack, fingerprint: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(stack.env["DATABASE_URL"]) as connection:
        return connection.execute(
            "select g.event, g.amount, l.reference from public.error_groups as g"
            " join public.error_log as l on l.fingerprint = g.fingerprint where g.fingerprint = %s",
            [fingerprint],
        ).fetchall()


async def test_the_number_that_somebody_was_told_is_found(context: dict[str, Any], queue: Redis, stack: Stack) -> None:
    errors.take()
    errors.note("admin", "request_failed", failed("x"), {"reference": "c0ffee12", "route": "/team"})
    async with telling(queue, seconds=60):
        pass
    [(_, fields)] = await queue.xrange(ERRORS)
    await carrying.note(context)
    await queue.xadd(ERRORS, fields)
    await carrying.note(context)
    fingerprint = carrying.Entry.model_validate_json(fields[b"entry"]).fingerprint
    assert await asyncio.to_thread(kept, stack, fingerprint) == [("request_failed", 1, "c0ffee12")]


async def test_an_outage_of_the_database_waits_and_becomes_one_row(
    context: dict[str, Any], connections: Connections, queue: Redis, stack: Stack
) -> None:
    errors.take()
    outage = secrets.token_hex(4)
    for _ in range(20):
        for _ in range(500):
            errors.note("jobs", f"outage_{outage}", failed("x"), {})
        async with telling(queue, seconds=60):
            pass
        with pytest.raises(Unavailable):
            await carrying.note({"redis": queue, "connections": connections})
    assert await queue.xlen(ERRORS) == 20
    await carrying.note(context)
    with psycopg.connect(stack.env["DATABASE_URL"]) as db:
        told = "select amount from public.error_groups where event = %s"
        assert db.execute(told, [f"outage_{outage}"]).fetchall() == [(10_000,)]
    assert await queue.xlen(ERRORS) == 0


async def test_while_the_jobs_are_away_the_oldest_give_way(queue: Redis) -> None:
    for _ in range(10):
        await asyncio.gather(*(leave(queue, ERRORS, {"amount": 1}, most=200) for _ in range(100)))
    assert await queue.xlen(ERRORS) <= 300
