"""The two Redis servers: what each does with its memory, and that arq works on the first."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from arq import Worker, create_pool, func
from arq.connections import ArqRedis, RedisSettings
from redis.asyncio import Redis

from tests.stack import Stack


@pytest.fixture
async def queue(stack: Stack) -> AsyncIterator[ArqRedis]:
    # Database 9: the stack's own worker looks at database 0.
    pool = await create_pool(RedisSettings(host="127.0.0.1", port=stack.caller.port("redis-queue"), database=9))
    yield pool
    await pool.flushdb()
    await pool.aclose()


async def double(ctx: dict[Any, Any], *args: Any, **kwargs: Any) -> int:
    return 2 * int(args[0])


async def test_arq_runs_jobs_and_deferred_jobs(queue: ArqRedis) -> None:
    now = await queue.enqueue_job("double", 21)
    later = await queue.enqueue_job("double", 4, _defer_by=0.2)
    worker = Worker([func(double, keep_result=60)], redis_pool=queue, burst=True, poll_delay=0.05, handle_signals=False)
    await asyncio.wait_for(worker.async_run(), 10)
    assert now
    assert later
    assert (await now.result(timeout=2), await later.result(timeout=2)) == (42, 8)


@pytest.mark.parametrize(
    ("part", "policy", "log"), [("redis-queue", "noeviction", "yes"), ("redis-cache", "allkeys-lru", "no")]
)
async def test_the_queue_forgets_nothing_and_the_cache_is_only_a_cache(
    stack: Stack, part: str, policy: str, log: str
) -> None:
    async with Redis(port=stack.caller.port(part)) as redis:
        found = {**await redis.config_get("maxmemory-policy"), **await redis.config_get("appendonly")}
    assert found == {"maxmemory-policy": policy, "appendonly": log}


async def test_the_queue_survives_a_kill(stack: Stack) -> None:
    port = stack.caller.port("redis-queue")
    async with Redis(port=port, db=9) as redis:
        await redis.set("kept", "1")
    stack.kill("redis-queue")
    stack.wait_healthy("redis-queue")
    async with Redis(port=port, db=9) as redis:
        assert await redis.get("kept") == b"1"
        await redis.delete("kept")
