"""Commands, as often as a person may; the bot on the real stack."""

import asyncio
import itertools
import re
import secrets
from collections.abc import AsyncIterator

import httpx
import pytest

from infra.local.telegram.client import SimulatorClient
from infra.local.waiting import until
from tests.stack import Stack

LIMIT = 30

_people = itertools.count(500_000_000 + secrets.randbelow(10**8))


@pytest.fixture
async def unlimited(sim: SimulatorClient) -> AsyncIterator[SimulatorClient]:
    """A Telegram that takes thirty answers to one person at once; the real one spreads them over half a minute."""
    await sim.limits(on=False)
    yield sim
    await sim.limits(on=True)


def silenced(stack: Stack) -> float:
    metrics = httpx.get(f"{stack.urls['bot']}/metrics").text
    found = re.search(r'^buhbot_throttled_total\{kind="command"\} (\S+)$', metrics, re.MULTILINE)
    return float(found[1]) if found else 0.0


async def answers(sim: SimulatorClient, person: int) -> int:
    return sum(message.by_bot for message in await sim.messages(person))


async def test_a12_of_forty_commands_at_once_exactly_thirty_are_answered(
    stack: Stack, unlimited: SimulatorClient
) -> None:
    hurried, patient = next(_people), next(_people)
    before = silenced(stack)
    await asyncio.gather(*(unlimited.start(hurried) for _ in range(40)))
    assert await asyncio.to_thread(until, lambda: silenced(stack) == before + 40 - LIMIT, 20)
    # One lane a person: what follows is handled when all before it was.
    await unlimited.start(patient)
    await unlimited.until_message(patient, lambda message: message.by_bot)
    await unlimited.until_message(hurried, lambda message: message.by_bot)
    async with asyncio.timeout(20):
        while await answers(unlimited, hurried) < LIMIT:  # noqa: ASYNC110 (over HTTP there are no events)
            await asyncio.sleep(0.05)
    assert (await answers(unlimited, hurried), silenced(stack)) == (LIMIT, before + 40 - LIMIT)


async def test_a12_with_redis_down_commands_still_work(stack: Stack, unlimited: SimulatorClient) -> None:
    person = next(_people)
    with stack.paused("redis-queue"):
        await asyncio.gather(*(unlimited.start(person) for _ in range(5)))
        await unlimited.until_message(person, lambda message: message.by_bot, seconds=25)
        async with asyncio.timeout(20):
            while await answers(unlimited, person) < 5:  # noqa: ASYNC110
                await asyncio.sleep(0.05)


async def test_a_silenced_command_is_recorded_all_the_same(stack: Stack, unlimited: SimulatorClient) -> None:
    """Whoever is told nothing is still heard: a question after forty commands is answered by a person."""
    person = next(_people)
    said = [await unlimited.start(person) for _ in range(LIMIT + 3)]
    await unlimited.until_delivered()
    deliveries = [await unlimited.deliveries(one.update_id) for one in said]
    assert all(one[-1].status == 200 for one in deliveries)
