"""Commands to Redis that travel together: each gets its own answer, in the order of asking."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from infra.redis import Script, Together, connect
from tests.redis_server import RedisServer, running_redis


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running_redis(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture
async def redis(server: RedisServer) -> AsyncIterator[Redis]:
    async with connect(server.url) as client:
        await client.flushdb()
        yield client


async def test_a_burst_is_answered_in_order_and_takes_few_round_trips(redis: Redis) -> None:
    together = Together(redis)
    before = (await redis.info("stats"))["total_reads_processed"]
    assert await asyncio.gather(*(together.run("INCR", "n") for _ in range(250))) == [*range(1, 251)]
    assert (await redis.info("stats"))["total_reads_processed"] - before < 25


async def test_what_one_command_does_wrong_is_not_the_others_fault(redis: Redis) -> None:
    together = Together(redis)
    asked = together.run("SET", "a", "1"), together.run("LPUSH", "a", "1"), together.run("GET", "a")
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(one) for one in found] == [bool, ResponseError, bytes]


async def test_while_redis_holds_still_nobody_waits_behind_the_others(server: RedisServer, redis: Redis) -> None:
    together = Together(redis)
    await together.run("PING")
    with server.still():
        async with asyncio.timeout(6):
            failed = await asyncio.gather(*(together.run("PING") for _ in range(350)), return_exceptions=True)
    assert all(isinstance(one, RedisError) for one in failed)
    assert await together.run("PING")


async def test_whoever_is_cancelled_takes_nobody_along(redis: Redis) -> None:
    together = Together(redis)
    first, second = (asyncio.create_task(together.run("INCR", "n")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == 2


async def test_a_script_runs_by_its_hash_and_again_when_the_server_has_forgotten_it(redis: Redis) -> None:
    doubled = Script(Together(redis), "return redis.call('INCRBY', KEYS[1], ARGV[1]) * 2")
    assert await doubled.run(["n"], 1) == 2
    assert await doubled.run(["n"], 1) == 4
    await redis.script_flush()
    assert await asyncio.gather(*(doubled.run(["n"], 1) for _ in range(3))) == [6, 8, 10]
    assert (await redis.info("commandstats"))["cmdstat_evalsha"]["calls"] >= 3
