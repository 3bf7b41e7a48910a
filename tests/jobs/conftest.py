"""Connections that lead nowhere, for jobs that need not get through, and what jobs get that empty a queue."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.messages.buttons import Buttons
from infra import redis, telegram
from infra.supabase import Database, open_http
from jobs.connections import Connections
from tests.stack import Stack

NOWHERE = "http://127.0.0.1:1"


@pytest.fixture
async def connections() -> AsyncIterator[Connections]:
    bot, queue = telegram.connect("123456:token", NOWHERE), redis.connect("redis://127.0.0.1:1/0")
    async with open_http() as http:
        yield Connections(Database(http, NOWHERE, "key"), bot, Buttons("123456:token"), redis.Hints(queue))
    await queue.aclose()
    await bot.session.close()


@pytest.fixture
async def queue(stack: Stack) -> AsyncIterator[Redis]:
    """A database of its own in the same Redis: the stack's jobs empty the other."""
    client = redis.connect(stack.env["REDIS_URL"].removesuffix("/0") + "/9")
    await client.flushdb()
    yield client
    await client.flushdb()
    await client.aclose()


@pytest.fixture
async def context(stack: Stack, queue: Redis) -> AsyncIterator[dict[str, Any]]:
    bot = telegram.connect("123456:token", "http://127.0.0.1:1")
    async with open_http() as http:
        service = Database(http, stack.env["SUPABASE_URL"], stack.env["SUPABASE_SERVICE_ROLE_KEY"])
        yield {
            "redis": queue,
            "connections": Connections(service, bot, Buttons("123456:token"), redis.Hints(queue)),
        }
    await bot.session.close()
