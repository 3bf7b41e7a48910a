"""Two levels of what is asked again and again: asked once, true again within a second of a change."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator, Sequence

import pytest
from prometheus_client import REGISTRY
from pydantic import BaseModel
from redis.asyncio import Redis

from infra.caching import Cache, Shelf, announcing, listening
from infra.outage import Outage
from infra.redis import Hints, connect
from tests.redis_server import RedisServer, running_redis

_names = itertools.count(1)


class Fact(BaseModel):
    key: str
    version: int


class Truth:
    """Answers in place of the database; `change` is a commit."""

    def __init__(self) -> None:
        self.version, self.fails = 1, False
        self.asked: list[list[str]] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def load(self, keys: Sequence[str]) -> list[Fact]:
        self.asked.append([*keys])
        if self.fails:
            raise ConnectionError
        found = [Fact(key=key, version=self.version) for key in keys]
        await self.may_answer.wait()
        return found


Make = Callable[..., Cache[Fact]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running_redis(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture
async def redis(server: RedisServer) -> AsyncIterator[Redis]:
    async with connect(server.url) as client:
        yield client


@pytest.fixture
async def truth() -> Truth:
    return Truth()


@pytest.fixture
def topic() -> str:
    return f"facts_{next(_names)}"


@pytest.fixture
async def make(redis: Redis, truth: Truth, topic: str) -> Make:
    """Makes the cache of one more copy of the process."""
    # The first look at a new shelf begins its epoch.
    await Shelf(redis, Outage(), topic).begin_epoch()

    def another(size: int = 100, near: float = 20, far: int = 40) -> Cache[Fact]:
        return Cache(Fact, truth.load, Shelf(redis, Outage(), topic, seconds=far), size=size, seconds=near)

    return another


def counted(topic: str, level: str, outcome: str) -> float | None:
    return REGISTRY.get_sample_value(
        "buhbot_cache_requests_total", {"cache": topic, "level": level, "outcome": outcome}
    )


async def test_f9_a_hundred_at_once_on_a_cold_cache_ask_once(make: Make, truth: Truth, topic: str) -> None:
    cache = make()
    found = await asyncio.gather(*(cache.get("settings") for _ in range(100)))
    assert {fact.version for fact in found} == {1}
    assert truth.asked == [["settings"]]
    assert (counted(topic, "l1", "miss"), counted(topic, "l1", "shared")) == (1, 99)


async def test_a_hundred_people_at_once_travel_together(make: Make, truth: Truth) -> None:
    cache = make()
    found = await asyncio.gather(*(cache.get(str(n)) for n in range(100)))
    assert [fact.key for fact in found] == [str(n) for n in range(100)]
    assert len(truth.asked) <= 2


async def test_what_one_copy_has_asked_another_need_not_ask(make: Make, truth: Truth, topic: str) -> None:
    assert (await make().get("a")).version == (await make().get("a")).version == 1
    assert truth.asked == [["a"]]
    assert (counted(topic, "l2", "hit"), counted(topic, "l2", "miss")) == (1, 1)


async def test_what_is_known_costs_no_question(make: Make, truth: Truth, topic: str) -> None:
    cache = make()
    for _ in range(100):
        await cache.get("a")
    assert (len(truth.asked), counted(topic, "l1", "hit")) == (1, 99)


async def until_new(cache: Cache[Fact], version: int, seconds: float = 1) -> None:
    async with asyncio.timeout(seconds):
        while (await cache.get("a")).version != version:  # noqa: ASYNC110 (it is the asking that is looked at)
            await asyncio.sleep(0.01)


async def until_asked(truth: Truth) -> None:
    async with asyncio.timeout(5):
        while not truth.asked:  # noqa: ASYNC110 (the loop's own turns are waited for)
            await asyncio.sleep(0)


async def test_a_change_is_seen_by_every_copy_within_a_second(
    make: Make, truth: Truth, topic: str, redis: Redis
) -> None:
    one, other = make(), make()
    async with listening(redis, one), listening(redis, other), Hints(redis) as hints:
        await asyncio.gather(until_new(one, 1), until_new(other, 1))
        truth.version = 2
        hints.say(topic)
        await asyncio.gather(until_new(one, 2), until_new(other, 2))


async def test_what_was_read_before_a_change_and_arrives_after_it_is_not_kept(make: Make, truth: Truth) -> None:
    cache, copy = make(), make()
    truth.may_answer.clear()
    early = asyncio.create_task(cache.get("a"))
    await until_asked(truth)
    truth.version = 2
    await cache.hear("all")
    late = asyncio.create_task(cache.get("a"))
    truth.may_answer.set()
    assert ((await early).version, (await late).version) == (1, 2)
    assert ((await cache.get("a")).version, (await copy.get("a")).version) == (2, 2)


async def test_without_redis_a_change_is_seen_when_its_time_is_over(
    make: Make, truth: Truth, server: RedisServer
) -> None:
    cache = make(near=0.2)
    with server.away():
        assert (await cache.get("a")).version == 1
        truth.version = 2
        assert (await cache.get("a")).version == 1
        await until_new(cache, 2)


async def test_a_copy_that_heard_nothing_for_a_while_forgets_everything(
    make: Make, truth: Truth, server: RedisServer, redis: Redis
) -> None:
    cache = make()
    async with listening(redis, cache):
        await until_new(cache, 1)
        with server.away():
            truth.version = 2
        await until_new(cache, 2, seconds=5)


async def test_a_failure_is_everybodys_who_asked_and_nobodys_afterwards(make: Make, truth: Truth) -> None:
    cache, truth.fails = make(), True
    failures = await asyncio.gather(*(cache.get("a") for _ in range(5)), return_exceptions=True)
    assert {type(one) for one in failures} == {ConnectionError}
    truth.fails = False
    assert (await cache.get("a")).version == 1


async def test_a_cache_is_bounded(make: Make) -> None:
    cache = make(size=10)
    for n in range(50):
        await cache.get(str(n))
    assert len(cache._known) == 10  # noqa: SLF001 (what is kept is seen from outside by its absence alone)


async def test_whoever_hangs_up_does_not_end_the_question_of_the_others(make: Make, truth: Truth) -> None:
    cache = make()
    truth.may_answer.clear()
    first, second = (asyncio.create_task(cache.get("a")) for _ in range(2))
    await until_asked(truth)
    first.cancel()
    truth.may_answer.set()
    assert (await second).version == 1


async def test_what_came_along_is_known_and_asked_for_by_nobody(make: Make, truth: Truth, topic: str) -> None:
    cache = make()
    assert cache.unknown(["a", "b", "a"]) == ["a", "b"]
    cache.learn({"a": Fact(key="a", version=7)}, cache.times_forgotten)
    assert cache.unknown(["a", "b"]) == ["b"]
    assert ((await cache.get("a")).version, truth.asked) == (7, [])
    assert counted(topic, "l1", "brought") == 1


async def test_what_was_asked_for_before_a_change_and_came_along_after_it_is_not_kept(make: Make) -> None:
    cache = make()
    asked_at = cache.times_forgotten
    await cache.hear("all")
    cache.learn({"a": Fact(key="a", version=7)}, asked_at)
    assert (await cache.get("a")).version == 1


class Heard(Hints):
    def __init__(self, redis: Redis) -> None:
        super().__init__(redis)
        self.topics: list[str] = []

    def say(self, topic: str) -> None:
        self.topics.append(topic)


async def test_functions_that_change_people_say_so_and_others_do_not() -> None:
    hints = Heard(connect("redis://127.0.0.1:1/0"))
    for function in ("set_role", "ingest", "update_profile"):
        announcing(hints)(function)
    assert hints.topics == ["identity", "identity"]


async def test_a_function_that_changes_two_things_says_both() -> None:
    hints = Heard(connect("redis://127.0.0.1:1/0"))
    announcing(hints)("change_chat")
    assert sorted(hints.topics) == ["identity", "requests"]
