"""Forms that are under way: kept a day, one update at a time in whichever copy, never in the way when Redis is down."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.base import StorageKey
from redis.asyncio import Redis

from bot.conversation import LIFE, Conversations
from bot.turns import KEYS, Turns
from infra.outage import Outage
from infra.redis import Together, connect
from tests.redis_server import RedisServer, running_redis

_people = itertools.count(1)


class Order(StatesGroup):
    kind = State()
    period = State()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running_redis(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture
async def redis(server: RedisServer) -> AsyncIterator[Redis]:
    async with connect(server.url) as client:
        yield client


@pytest.fixture
def conversations(redis: Redis) -> Conversations:
    outage = Outage()
    return Conversations(redis, outage, Turns(redis, outage))


@pytest.fixture
def key() -> StorageKey:
    person = next(_people)
    return StorageKey(bot_id=1, chat_id=person, user_id=person)


@pytest.fixture
def form(conversations: Conversations, key: StorageKey) -> FSMContext:
    return FSMContext(conversations, key)


async def lives(redis: Redis, key: StorageKey) -> dict[str, int]:
    """Seconds that each part of the form is kept."""
    return {part: await redis.ttl(f"conversation:{key.chat_id}:{key.user_id}:{part}") for part in ("state", "data")}


async def test_a_form_keeps_its_place_and_its_answers(form: FSMContext) -> None:
    await form.set_state(Order.kind)
    await form.update_data(kind="акт")
    await form.set_state(Order.period)
    await form.update_data(period="март")
    assert (await form.get_state(), await form.get_data()) == ("Order:period", {"kind": "акт", "period": "март"})
    await form.clear()
    assert (await form.get_state(), await form.get_data()) == (None, {})


async def test_every_step_keeps_the_whole_form_for_another_day(form: FSMContext, redis: Redis, key: StorageKey) -> None:
    """Neither a place without its answers nor answers without a place is left after a day."""
    await form.set_state(Order.kind)
    await form.update_data(kind="акт")
    day = int(LIFE.total_seconds())
    for step in (form.set_state(Order.period), form.update_data(period="март")):
        for part in ("state", "data"):
            await redis.expire(f"conversation:{key.chat_id}:{key.user_id}:{part}", 60)
        await step
        assert all(day - 5 <= left <= day for left in (await lives(redis, key)).values())


async def test_two_people_of_one_chat_fill_in_forms_of_their_own(conversations: Conversations) -> None:
    keys = [StorageKey(bot_id=1, chat_id=-100, user_id=person) for person in (1, 2)]
    await conversations.set_state(keys[0], Order.kind)
    assert [await conversations.get_state(key) for key in keys] == ["Order:kind", None]


async def test_a_form_that_is_over_its_day_is_told_from_one_that_never_was(
    conversations: Conversations, form: FSMContext, redis: Redis, key: StorageKey
) -> None:
    assert not await conversations.is_lost(key)
    await form.set_state(Order.kind)
    await redis.delete(f"conversation:{key.chat_id}:{key.user_id}:state")
    assert await conversations.is_lost(key)
    assert not await conversations.is_lost(key), "it is said once"


async def test_a_form_that_ended_is_not_lost(conversations: Conversations, form: FSMContext, key: StorageKey) -> None:
    await form.set_state(Order.kind)
    await form.clear()
    assert not await conversations.is_lost(key)


async def test_a12_without_redis_there_is_no_form_and_no_error(
    server: RedisServer, conversations: Conversations, form: FSMContext, key: StorageKey
) -> None:
    await form.set_state(Order.kind)
    with server.away():
        await form.set_state(Order.period)
        await form.update_data(kind="акт")
        assert (await form.get_state(), await form.get_data()) == (None, {})
        assert await conversations.is_lost(key)


async def test_of_many_who_ask_a_redis_that_holds_still_few_wait(server: RedisServer, form: FSMContext) -> None:
    with server.still():
        await form.get_state()
        async with asyncio.timeout(0.5):
            assert await asyncio.gather(*(form.get_state() for _ in range(50))) == [None] * 50


@pytest.fixture
async def copies(server: RedisServer) -> AsyncIterator[list[Turns]]:
    """Of the bot, each with its own connections."""
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(connect(server.url)) for _ in range(3)]
        yield [Turns(client, Outage()) for client in clients]


async def pass_through(copy: Turns, key: StorageKey) -> None:
    async with copy.lock(key):
        pass


async def test_updates_of_one_conversation_keep_their_order_across_copies(
    copies: list[Turns], form: FSMContext, key: StorageKey, redis: Redis
) -> None:
    arrived: list[int] = []
    together = Together(redis)

    async def handle(nth: int) -> None:
        async with copies[nth % len(copies)].lock(key):
            arrived.append(nth)
            # Read, then write: whoever comes between loses an answer.
            known = await form.get_data()
            await form.set_data({"said": [*known.get("said", []), nth]})

    # While the first turn lasts all of them come, one after another.
    async with asyncio.TaskGroup() as group, copies[0].lock(key), asyncio.timeout(8):
        for nth in range(20):
            group.create_task(handle(nth))
            while await together.run("LLEN", KEYS.build(key)) < nth + 2:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
    assert (await form.get_data())["said"] == arrived == [*range(20)]


async def test_a_copy_that_dies_in_its_turn_holds_nobody_for_longer_than_its_lease(
    copies: list[Turns], key: StorageKey, redis: Redis
) -> None:
    dead = Turns(redis, Outage(), lease_seconds=0.5).lock(key)
    await dead.__aenter__()
    async with asyncio.timeout(3):
        await pass_through(copies[1], key)


async def test_conversations_do_not_wait_for_each_other(copies: list[Turns], key: StorageKey) -> None:
    other = StorageKey(bot_id=1, chat_id=key.chat_id, user_id=key.user_id + 10**6)
    async with copies[0].lock(key), asyncio.timeout(0.3):
        await pass_through(copies[1], other)


async def test_a12_without_redis_turns_are_not_waited_for(server: RedisServer, copies: list[Turns]) -> None:
    key = StorageKey(bot_id=1, chat_id=7, user_id=7)
    with server.away():
        async with copies[0].lock(key), asyncio.timeout(0.5):
            await pass_through(copies[0], key)
