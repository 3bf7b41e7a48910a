"""What the bot says is on record (A2), and saying it never waits for the record."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web
from prometheus_client import REGISTRY

from infra import telegram
from infra.local.telegram.client import SimulatorClient
from infra.local.waiting import until
from infra.outgoing import GATHERING_SECONDS, LONGEST_GATHERING_SECONDS, Outgoing
from infra.supabase import Database, open_http
from tests.stack import Stack
from tests.world import ACCOUNTANT, MANAGER, ClientChat, Row

Answer = Callable[[list[Any]], web.StreamResponse]


def own(chat: ClientChat, where: int | None = None) -> list[Row]:
    query = "select * from api.chat_messages where chat_id = %s and is_bot order by message_id"
    return chat.rows(query, where or chat.id)


async def test_a2_what_the_bot_says_in_a_group_is_stored_as_outgoing(
    stack: Stack, sim: SimulatorClient, chat: ClientChat
) -> None:
    question = await chat.ask()
    await sim.until_delivered()
    async with open_http() as http:
        database = Database(http, stack.env["SUPABASE_URL"], stack.env["SUPABASE_SERVICE_ROLE_KEY"])
        async with Outgoing(database) as outgoing:
            token, url = stack.env["TELEGRAM_BOT_TOKEN"], stack.env["TELEGRAM_API_URL"]
            async with telegram.connect(token, url, outgoing) as bot:
                said = await bot.send_message(chat.id, "Ответим <b>завтра</b>", reply_to_message_id=question.message_id)
                await bot.edit_message_text("Ответим сегодня", chat_id=chat.id, message_id=said.message_id)
    (row,) = own(chat)
    assert (row["message_text"], row["reply_to_message_id"], row["kind"]) == (
        "Ответим завтра",
        question.message_id,
        "text",
    )
    assert (row["author_name"], chat.windows[0]["responded_at"]) == ("БухБот", None)


async def test_a2_a_clients_private_talk_with_the_bot_is_stored_both_ways(
    sim: SimulatorClient, chat: ClientChat
) -> None:
    await sim.start(chat.client)
    greeting = await sim.until_message(chat.client, lambda message: message.by_bot)
    assert await asyncio.to_thread(until, lambda: len(own(chat, chat.client)) == 1, 10)
    assert own(chat, chat.client)[0]["message_text"] == greeting.text


async def test_a14_a2_an_album_has_one_receipt_which_is_on_record_beside_it(
    sim: SimulatorClient, chat: ClientChat
) -> None:
    chat.rows("update public.chats set receipts = 'text' where chat_id = %s returning id", chat.id)
    for _ in range(5):
        await sim.send(chat.client, chat.id, "photo", media_group_id="131")
    await sim.send(ACCOUNTANT, chat.id, "document")
    receipt = await sim.until_message(chat.id, lambda message: message.by_bot)
    assert await asyncio.to_thread(until, lambda: len(own(chat)) > 0, 10)
    await sim.until_delivered()
    assert [row["message_text"] for row in own(chat)] == [receipt.text]
    # The bot's own words neither join the window nor end it.
    assert [(window["message_count"], window["responded_at"]) for window in chat.windows] == [(5, None)]


async def test_what_the_firms_people_are_told_in_private_is_not_kept(sim: SimulatorClient, chat: ClientChat) -> None:
    await chat.ask_long_ago()
    await chat.alert()
    assert await asyncio.to_thread(until, lambda: chat.owed()["status"] == "sent", 10)
    # What came after the alert is on record already, so the alert's turn is over.
    await sim.start(chat.client)
    assert await asyncio.to_thread(until, lambda: len(own(chat, chat.client)) == 1, 10)
    assert own(chat, MANAGER) == []


class Front:
    """Answers in place of PostgREST, each call with the next answer and then with the last one for ever."""

    def __init__(self) -> None:
        self.answers: list[Answer] = [taken]
        self.told: list[list[str]] = []
        self.has_some = asyncio.Event()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        messages = (await request.json())["messages"]
        answer = (self.answers[0] if len(self.answers) == 1 else self.answers.pop(0))(messages)
        if answer.status == 200:
            self.told.append([message["text"] for message in messages])
            self.has_some.set()
        return answer


def taken(messages: list[Any]) -> web.Response:
    return web.json_response(len(messages))


def away(_: list[Any]) -> web.Response:
    return web.Response(text="<html>", content_type="text/html", status=502)


def refuses_the_odd_one(messages: list[Any]) -> web.Response:
    is_odd = any(message["text"] == "odd" for message in messages)
    return web.json_response({"code": "23514", "message": "no"}, status=400) if is_odd else taken(messages)


@pytest.fixture
async def front() -> AsyncIterator[tuple[Front, str]]:
    front, app = Front(), web.Application()
    app.router.add_post("/rest/v1/rpc/note_sent", front.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield front, site.name
    await runner.cleanup()


async def say(stack: Stack, url: str, chat: int, *texts: str, stay: asyncio.Event | None = None) -> None:
    """Say it all, with a record kept at this address, and stop, at once or when there is a reason to."""
    async with open_http() as http, Outgoing(Database(http, url, "key")) as outgoing:
        token, api_url = stack.env["TELEGRAM_BOT_TOKEN"], stack.env["TELEGRAM_API_URL"]
        async with telegram.connect(token, api_url, outgoing) as bot:
            await asyncio.gather(*(bot.send_message(chat, text) for text in texts))
        if stay:
            await stay.wait()


def lost() -> float:
    return REGISTRY.get_sample_value("buhbot_outgoing_unrecorded_total") or 0.0


async def test_what_was_said_while_the_database_was_away_is_recorded_when_it_is_back(
    stack: Stack, sim: SimulatorClient, chat: ClientChat, front: tuple[Front, str]
) -> None:
    front[0].answers = [away, away, taken]
    before = lost()
    async with asyncio.timeout(10):
        await say(stack, front[1], chat.id, "раз", "два", "три", stay=front[0].has_some)
    # Perhaps told again: the process was to stop before it heard that they are recorded.
    assert set(front[0].told[0]) == {"раз", "два", "три"}
    assert (lost(), len(await sim.messages(chat.id))) == (before, 3)


async def test_what_is_said_without_a_pause_is_recorded_in_one_call(
    stack: Stack, sim: SimulatorClient, chat: ClientChat, front: tuple[Front, str]
) -> None:
    await sim.limits(on=False)
    began = asyncio.get_running_loop().time()
    async with open_http() as http, Outgoing(Database(http, front[1], "key")) as outgoing:
        token, api_url = stack.env["TELEGRAM_BOT_TOKEN"], stack.env["TELEGRAM_API_URL"]
        async with telegram.connect(token, api_url, outgoing) as bot:
            while not front[0].told:
                await bot.send_message(chat.id, "ещё")
        took = asyncio.get_running_loop().time() - began
    await sim.limits(on=True)
    # Who never pauses is recorded all the same.
    assert GATHERING_SECONDS < LONGEST_GATHERING_SECONDS <= took
    assert len(front[0].told[0]) > 1


async def test_a_message_that_cannot_be_recorded_takes_no_other_along(
    stack: Stack, chat: ClientChat, front: tuple[Front, str]
) -> None:
    front[0].answers = [away, refuses_the_odd_one]
    before = lost()
    await say(stack, front[1], chat.id, "раз", "odd", "три")
    assert sorted(text for call in front[0].told for text in call) == ["раз", "три"]
    assert lost() == before + 1


async def test_a_database_that_stays_away_costs_the_record_and_not_the_message(
    stack: Stack, sim: SimulatorClient, chat: ClientChat, front: tuple[Front, str]
) -> None:
    front[0].answers = [away]
    before = lost()
    async with asyncio.timeout(10):
        await say(stack, front[1], chat.id, "раз")
    assert (lost(), [message.text for message in await sim.messages(chat.id)]) == (before + 1, ["раз"])


async def test_edits_and_answers_that_are_no_messages_leave_no_record(
    stack: Stack, sim: SimulatorClient, chat: ClientChat, front: tuple[Front, str]
) -> None:
    async with open_http() as http, Outgoing(Database(http, front[1], "key")) as outgoing:
        token, api_url = stack.env["TELEGRAM_BOT_TOKEN"], stack.env["TELEGRAM_API_URL"]
        async with telegram.connect(token, api_url, outgoing) as bot:
            said = await bot.send_message(chat.id, "раз")
            await bot.edit_message_text("другое", chat_id=chat.id, message_id=said.message_id)
            await bot.get_me()
            await bot.delete_message(chat.id, said.message_id)
    assert re.findall(r"\w+", str(front[0].told)) == ["раз"]
