"""Records on their way: a front of the database that breaks in every way costs no message and hangs nobody."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest
from aiohttp import web

from bot.batching import BATCH, Batcher
from bot.identity import Person, author_of, identities
from infra.caching import IDENTITY, Cache, Shelf
from infra.outage import Outage
from infra.redis import Hints, connect
from infra.supabase import Database, Unavailable, open_http

Answer = Callable[[list[Any]], web.StreamResponse]


class Front:
    """Answers in place of PostgREST, each call with the next answer and then with the last one for ever."""

    def __init__(self) -> None:
        self.answers: list[Answer] = [good]
        self.chats: list[list[int]] = []
        self.called, self.open = asyncio.Event(), asyncio.Event()
        self.open.set()

    @property
    def sizes(self) -> list[int]:
        return [len(call) for call in self.chats]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.text())
        updates = body["updates"] if isinstance(body, dict) else body
        self.chats.append([update.get("chat_id", 0) for update in updates])
        self.called.set()
        await self.open.wait()
        answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        return answer(updates)


def good(updates: list[Any]) -> web.Response:
    return web.json_response([{"update_id": u["update_id"], "outcome": "recorded"} for u in updates])


def known(updates: list[Any]) -> web.Response:
    return web.json_response([{"update_id": u["update_id"], "outcome": "duplicate"} for u in updates])


def refusal(code: str, status: int = 400) -> Answer:
    return lambda _: web.json_response({"code": code, "message": "no"}, status=status)


def refuses_the_bad_one(code: str) -> Answer:
    """As one record makes the whole call fail, until it goes alone without its content."""

    def answer(updates: list[Any]) -> web.Response:
        return (
            web.json_response({"code": code, "message": "no"}, status=400)
            if {"text": "bad"} in [{"text": u.get("text")} for u in updates]
            else good(updates)
        )

    return answer


def nobody_behind(_: list[Any]) -> web.Response:
    """As the gateway says it: JSON, but not PostgREST's."""
    return web.json_response({"message": "the service behind the gateway does not answer"}, status=503)


def page(status: int) -> Answer:
    return lambda _: web.Response(text="<html>", content_type="text/html", status=status)


@pytest.fixture
def front() -> Front:
    return Front()


def met(updates: list[Any]) -> web.Response:
    """As the database answers when it was also asked who wrote."""
    people = [{"telegram_id": 7, "locale": "en", "answer_locale": "en", "timezone": "Europe/Moscow"}]
    answers = [{"update_id": u["update_id"], "outcome": "recorded"} for u in updates]
    return web.json_response({"answers": answers, "people": people})


@pytest.fixture
async def people() -> AsyncIterator[Cache[Person]]:
    async with open_http() as http, connect("redis://127.0.0.1:9/0") as nowhere:
        yield identities(Database(http, "http://127.0.0.1:9", "key"), Shelf(nowhere, Outage(), IDENTITY))


@pytest.fixture
async def batcher(front: Front, people: Cache[Person]) -> AsyncIterator[Batcher]:
    app = web.Application()
    app.router.add_post("/rest/v1/rpc/ingest", front.handle)
    app.router.add_post("/rest/v1/rpc/ingest_and_identify", front.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    # Nobody listens there: hints are dropped, as with Redis down.
    nowhere = connect("redis://127.0.0.1:9/0")
    async with open_http() as http, Hints(nowhere) as hints:
        own = Batcher(Database(http, f"http://{host}:{port}", "key"), hints, people)
        yield own
        await own.close()
    await nowhere.aclose()
    await runner.cleanup()


async def store(batcher: Batcher, *texts: str, chats: Sequence[int] = (0,)) -> list[str | BaseException]:
    records = [
        {"update_id": number, "chat_id": chat, "text": text}
        for number, (text, chat) in enumerate(zip(texts, itertools.cycle(chats), strict=False))
    ]
    async with asyncio.timeout(10):
        return await asyncio.gather(*(batcher.store(record) for record in records), return_exceptions=True)


async def test_what_waits_together_travels_together(front: Front, batcher: Batcher) -> None:
    assert await store(batcher, *["x"] * 250) == ["recorded"] * 250
    assert max(front.sizes) == BATCH
    assert len(front.sizes) < 10


async def test_who_comes_as_the_last_one_leaves_is_not_left_behind(front: Front, batcher: Batcher) -> None:
    async with asyncio.timeout(10):
        for number in range(5):
            assert await batcher.store({"update_id": number, "chat_id": 0}) == "recorded"
    assert front.sizes == [1] * 5


@pytest.mark.parametrize(("waiting", "sizes"), [(30, [1, 30]), (130, [1, 100, 30])])
async def test_while_a_call_is_under_way_the_next_one_fills(
    front: Front, batcher: Batcher, waiting: int, sizes: list[int]
) -> None:
    front.open.clear()
    first = asyncio.create_task(store(batcher, "x"))
    await front.called.wait()
    rest = asyncio.create_task(store(batcher, *["x"] * waiting))
    await asyncio.sleep(0)
    front.open.set()
    assert [*await first, *await rest] == ["recorded"] * (1 + waiting)
    assert front.sizes == sizes


async def test_a_second_call_goes_beside_one_that_is_at_most_twice_as_large_and_takes_no_chat_of_it(
    front: Front, batcher: Batcher
) -> None:
    front.open.clear()
    calls = [asyncio.create_task(store(batcher, *"xxxx", chats=(1, 2, 3, 4)))]
    async with asyncio.timeout(10):
        await front.called.wait()
        front.called.clear()
        # Of chats that the first has, as many as there may be; of others one, which is too few, and then enough.
        for chats in ([1, 2, 1, 2, 1], [9], [8]):
            calls.append(asyncio.create_task(store(batcher, *"x" * len(chats), chats=chats)))
            for _ in range(3):
                await asyncio.sleep(0)
        await front.called.wait()
    front.open.set()
    assert [len(one) for one in await asyncio.gather(*calls)] == [4, 5, 1, 1]
    assert front.chats == [[1, 2, 3, 4], [9, 8], [1, 2, 1, 2, 1]]


@pytest.mark.parametrize(
    "broken", [nobody_behind, page(502), page(503), refusal("40P01"), refusal("57P01", 503), refusal("PGRST001", 503)]
)
async def test_a_call_that_was_cut_off_is_made_again(front: Front, batcher: Batcher, broken: Answer) -> None:
    front.answers = [broken, good]
    assert await store(batcher, "x") == ["recorded"]


async def test_what_the_cut_off_call_had_committed_is_answered_like_new(front: Front, batcher: Batcher) -> None:
    front.answers = [page(502), known]
    assert await store(batcher, "/start") == ["recorded"]


ODD: list[Answer] = [
    page(200),
    page(502),
    lambda _: web.json_response(None),
    lambda _: web.json_response([{"outcome": "?"}]),
    lambda _: web.json_response([]),
]


@pytest.mark.parametrize("broken", ODD)
async def test_nobody_waits_for_ever_whatever_comes_back(front: Front, batcher: Batcher, broken: Answer) -> None:
    front.answers = [broken]
    outcomes = await store(batcher, "x", "y")
    assert [type(outcome) for outcome in outcomes] == [Unavailable] * 2
    front.answers = [good]
    assert await store(batcher, "x") == ["recorded"]


async def test_a18_bad_data_is_set_aside_and_keeps_nobody_out(front: Front, batcher: Batcher) -> None:
    front.answers = [refuses_the_bad_one("22P05")]
    assert await store(batcher, "fine", "bad", "fine") == ["recorded"] * 3


@pytest.mark.parametrize("code", ["21000", "23505"])
async def test_a_mistake_of_ours_costs_no_message_and_keeps_nobody_out(
    front: Front, batcher: Batcher, code: str
) -> None:
    front.answers = [refuses_the_bad_one(code)]
    outcomes = await store(batcher, "fine", "bad", "fine")
    assert outcomes[0] == outcomes[2] == "recorded"
    assert isinstance(outcomes[1], Unavailable)


async def test_a_missing_grant_refuses_everybody_in_one_call_a_batch(front: Front, batcher: Batcher) -> None:
    front.answers = [refusal("42501", 403)]
    outcomes = await store(batcher, *["x"] * 50)
    assert {type(outcome) for outcome in outcomes} == {Unavailable}
    assert len(front.sizes) < 5


async def test_whoever_writes_for_the_first_time_is_known_with_the_commit(
    front: Front, batcher: Batcher, people: Cache[Person]
) -> None:
    front.answers = [met, good]
    assert await batcher.store({"update_id": 1, "chat_id": 0}, "7:en:") == "recorded"
    assert (await people.get("7:en:")).answer_locale == "en"
    # And not asked for again: the second answer names nobody.
    assert await batcher.store({"update_id": 2, "chat_id": 0}, "7:en:") == "recorded"


async def test_whatever_is_wrong_with_a_question_costs_no_message(
    front: Front, batcher: Batcher, people: Cache[Person]
) -> None:
    front.answers = [refusal("22003"), good]
    assert await batcher.store({"update_id": 1, "chat_id": 0}, "99999999999999999999::") == "recorded"
    assert people.unknown(["99999999999999999999::"])


@pytest.mark.parametrize(
    ("message", "author"),
    [
        ({"from": {"id": 7, "language_code": "e:n"}, "chat": {"id": 7, "type": "private"}}, "7:en:"),
        ({"from": {"id": 7}, "chat": {"id": -1, "type": "group"}}, "7::-1"),
        ({"from": {"id": 7, "language_code": []}, "chat": {"id": -1, "type": "group"}}, "7::-1"),
        ({"from": {"id": "7"}, "chat": {"id": -1, "type": "group"}}, None),
        ({"from": {"id": 7}, "chat": {"id": "a:b", "type": "group"}}, None),
        ({"chat": {"id": -1, "type": "group"}}, None),
    ],
)
async def test_who_is_asked_for_is_whom_a_handler_will_ask_for(message: dict[str, Any], author: str | None) -> None:
    assert author_of({"message": message}) == author
