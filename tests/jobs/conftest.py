"""Connections that lead nowhere, for jobs that need not get through."""

from collections.abc import AsyncIterator

import pytest

from bot.messages.buttons import Buttons
from infra import redis, telegram
from infra.supabase import Database, open_http
from jobs.connections import Connections

NOWHERE = "http://127.0.0.1:1"


@pytest.fixture
async def connections() -> AsyncIterator[Connections]:
    bot, queue = telegram.connect("123456:token", NOWHERE), redis.connect("redis://127.0.0.1:1/0")
    async with open_http() as http:
        yield Connections(Database(http, NOWHERE, "key"), bot, Buttons("123456:token"), redis.Hints(queue))
    await queue.aclose()
    await bot.session.close()
