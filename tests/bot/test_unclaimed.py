"""What belongs to nothing under way is answered in one sentence; the bot on the real stack."""

import itertools
import secrets
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from infra.local.telegram.client import SimulatorClient
from infra.redis import connect
from tests.stack import Stack

_people = itertools.count(600_000_000 + secrets.randbelow(10**8))


@pytest.fixture
async def redis(stack: Stack) -> AsyncIterator[Redis]:
    async with connect(stack.env["REDIS_URL"]) as client:
        yield client


@pytest.fixture
async def person(sim: SimulatorClient) -> int:
    """Somebody who has begun to talk with the bot."""
    own = next(_people)
    await sim.start(own)
    await sim.until_message(own, lambda message: message.by_bot)
    return own


async def answer_to(sim: SimulatorClient, person: int, text: str) -> str:
    said = (await sim.say(person, person, text)).message.message_id
    return (await sim.until_message(person, lambda m: m.by_bot and m.message_id > said)).words


@pytest.mark.parametrize("text", ["чепуха", "/hologram"])
async def test_what_the_bot_does_not_understand_gets_one_helpful_line(
    sim: SimulatorClient, person: int, text: str
) -> None:
    assert "/help" in (answer := await answer_to(sim, person, text))
    assert answer.startswith("Не понял")


async def test_an_answer_to_a_form_that_is_lost_says_so_and_how_to_begin_again(
    sim: SimulatorClient, redis: Redis, person: int
) -> None:
    await redis.set(f"conversation:{person}:{person}:thread", "1")
    assert (await answer_to(sim, person, "за март")).startswith("Я потерял нить")
    assert (await answer_to(sim, person, "за март")).startswith("Не понял")


async def test_a_command_ends_the_form_that_was_under_way(sim: SimulatorClient, redis: Redis, person: int) -> None:
    state = f"conversation:{person}:{person}:state"
    await redis.set(state, "Order:period")
    assert (await answer_to(sim, person, "за март")).startswith("Такой ответ сюда не подходит")
    assert (await answer_to(sim, person, "/start")).startswith("Здравствуйте")
    assert not await redis.exists(state)


async def test_whoever_says_much_that_is_not_understood_is_told_a_few_times(sim: SimulatorClient, person: int) -> None:
    await sim.limits(on=False)
    for _ in range(8):
        await sim.say(person, person, "чепуха")
    # The same lane: when this is answered, all before it was handled.
    last = (await sim.say(person, person, "/start")).message.message_id
    await sim.until_message(person, "Здравствуйте", since=last)
    await sim.limits(on=True)
    helped = [one for one in await sim.messages(person) if one.by_bot and one.words.startswith("Не понял")]
    assert len(helped) == 5


async def test_a_group_is_not_told_that_it_was_not_understood(sim: SimulatorClient, stack: Stack, person: int) -> None:
    await sim.post("chat", chat_id=-1_002_900_000_001, title="Чужие", members={str(person): "member"})
    await sim.say(person, -1_002_900_000_001, "/hologram")
    await sim.until_delivered()
    assert (await answer_to(sim, person, "/start")).startswith("Здравствуйте")
    assert [one for one in await sim.messages(-1_002_900_000_001) if one.by_bot] == []
