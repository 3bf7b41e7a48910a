"""From a client's message through the model to the window: the real bot and database, and a model that does as told."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.messages.buttons import Buttons
from infra import redis, supabase, telegram
from infra.local.telegram.client import SimulatorClient
from infra.local.waiting import until
from jobs import classification
from jobs.connections import Connections
from jobs.model import Endpoint, Model
from tests.jobs.scripted_model import ScriptedModel, running_model
from tests.stack import Stack
from tests.world import ADMIN, ClientChat

UNSURE = "Вы просто космос"
SURE = {"classification": "gratitude", "confidence": 0.95}
AGREES = {"classification": "request", "confidence": 0.95}


@pytest.fixture(scope="module")
def scripted() -> Iterator[ScriptedModel]:
    with running_model() as model:
        yield model


@pytest.fixture
async def asking(stack: Stack, queue: Redis, scripted: ScriptedModel, chat: ClientChat) -> AsyncIterator[Connections]:
    """What the jobs have when a model is chosen; nobody else's windows are left to ask about."""
    chat.rows("select api.claim_unclassified(100000)")
    bot = telegram.connect("123456:token", "http://127.0.0.1:1")
    async with supabase.open_http() as http:
        service = supabase.Database(http, stack.env["SUPABASE_URL"], stack.env["SUPABASE_SERVICE_ROLE_KEY"])
        model = Model(http, Endpoint(scripted.url, "key", ("first",), seconds=2), queue, queue)
        yield Connections(service, bot, Buttons("123456:token"), redis.Hints(queue), model=model)
    await bot.session.close()


async def ask(sim: SimulatorClient, chat: ClientChat, text: str = UNSURE) -> dict[str, Any]:
    """Write as the client; return the window."""
    await chat.ask(text)
    await sim.until_delivered()
    (window,) = chat.windows
    return window


async def called(scripted: ScriptedModel) -> bool:
    """Return whether the model is being asked; in a thread, or nobody would get as far as asking it."""
    return await asyncio.to_thread(until, lambda: len(scripted.calls) > 0, 5)


async def test_a_message_that_the_model_calls_thanks_waits_for_nobody(
    asking: Connections, sim: SimulatorClient, chat: ClientChat, scripted: ScriptedModel
) -> None:
    scripted.script(SURE)
    assert (await ask(sim, chat))["outcome"] == "waiting"
    await classification.ask(asking)
    (window,) = chat.windows
    assert (window["outcome"], window["classified_by"]) == ("excused", "model")
    assert len(scripted.calls) == 1


async def test_what_the_rules_are_certain_of_costs_no_call(
    asking: Connections, sim: SimulatorClient, chat: ClientChat, scripted: ScriptedModel
) -> None:
    scripted.script(SURE)
    await ask(sim, chat, "Где акт?")
    await classification.ask(asking)
    assert scripted.calls == []
    assert [(window["outcome"], window["classified_by"]) for window in chat.windows] == [("waiting", "rule")]


async def test_a3_copies_that_ask_at_once_put_one_question(
    asking: Connections, sim: SimulatorClient, chat: ClientChat, scripted: ScriptedModel
) -> None:
    scripted.script(AGREES)
    await ask(sim, chat)
    await asyncio.gather(*(classification.ask(asking) for _ in range(3)))
    assert len(scripted.calls) == 1
    assert [window["classified_by"] for window in chat.windows] == ["model"]


async def test_c7_who_answers_while_the_model_thinks_has_answered(
    asking: Connections, sim: SimulatorClient, chat: ClientChat, scripted: ScriptedModel
) -> None:
    scripted.script({**SURE, "seconds": 1.5})
    await ask(sim, chat)
    thinking = asyncio.create_task(classification.ask(asking))
    assert await called(scripted)
    await chat.answer("И вам спасибо")
    await sim.until_delivered()
    (answered,) = chat.windows
    assert (answered["outcome"], thinking.done()) == ("met", False)
    await thinking
    assert chat.windows == [answered]


async def test_f5_a_model_that_hangs_holds_up_no_message(
    asking: Connections, sim: SimulatorClient, chat: ClientChat, scripted: ScriptedModel
) -> None:
    scripted.script({**SURE, "seconds": 1.5})
    await ask(sim, chat)
    thinking = asyncio.create_task(classification.ask(asking))
    assert await called(scripted)
    began = time.monotonic()
    for number in range(20):
        await chat.ask(f"Вопрос {number}?")
    await sim.until_delivered()
    assert (chat.windows[0]["message_count"], thinking.done()) == (21, False)
    assert time.monotonic() - began < 1.5
    await thinking


@pytest.mark.parametrize("fault", [{"status": 500}, {"content": "?"}, {"seconds": 3}], ids=str)
async def test_f1_a_model_that_fails_leaves_everybody_waiting_and_admins_hear_of_it_once(
    asking: Connections, sim: SimulatorClient, chat: ClientChat, scripted: ScriptedModel, fault: dict[str, Any]
) -> None:
    told = "select id from public.outbox where payload ->> 'event' = 'model_unavailable' and recipient_chat_id = %s"
    chat.rows("delete from public.outbox where payload ->> 'event' = 'model_unavailable' returning id")
    scripted.script(*[fault] * 4)
    await ask(sim, chat)
    await classification.ask(asking)
    assert [(window["outcome"], window["classified_by"]) for window in chat.windows] == [("waiting", "rule")]
    assert len(chat.rows(told, ADMIN)) == 1
    notice = await sim.until_message(ADMIN, lambda message: message.by_bot and "Модель" in message.words)
    assert "решают только правила" in notice.words


async def test_f1_with_no_model_chosen_nothing_is_asked_and_everybody_waits(
    sim: SimulatorClient, chat: ClientChat, stack: Stack
) -> None:
    """The stack's own jobs have no key."""
    await ask(sim, chat)
    assert [(window["outcome"], window["classified_by"]) for window in chat.windows] == [("waiting", "rule")]
    (window,) = chat.rows("select asked_message_id from public.client_requests where chat_id = %s", chat.id)
    assert window["asked_message_id"] is None
