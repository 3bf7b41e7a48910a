"""Delivery through a Bot API that fails as the real one does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from infra.local.telegram.client import Call, SimulatorClient
from infra.local.waiting import until
from tests.world import ACCOUNTANT, ADMIN, MANAGER, ClientChat


def to_manager(chat: ClientChat) -> dict[str, Any]:
    """The next call that tells the manager of this chat; what others have to say to him goes through."""
    return {"method": "sendMessage", "chat_id": MANAGER, "words": chat.title}


async def calls_to(sim: SimulatorClient, chat: ClientChat, person: int, method: str = "sendMessage") -> list[Call]:
    """What the bot asked Telegram to bring to somebody about this chat."""
    return [
        call
        for call in await sim.calls(method)
        if str(call.parameters["chat_id"]) == str(person) and chat.title in str(call.parameters.get("text"))
    ]


async def in_a_minute(chat: ClientChat) -> None:
    """Let the manager have what he did not get at first: the minute until then is the database's to keep."""
    chat.rows("update public.outbox set next_attempt_at = now() where id = %s returning id", chat.owed()["id"])
    await chat.alert()


async def test_e3_a_late_window_reaches_owner_and_manager_with_buttons(chat: ClientChat) -> None:
    await chat.ask(minutes_ago=70)
    for person in (ACCOUNTANT, MANAGER):
        alert = await chat.alert(person)
        assert "клиент ждёт ответа 1 ч 10 мин" in alert.words
        assert alert.buttons == [
            *("Взял в работу", "Ответ не нужен", "Через 30 мин", "Через 1 ч", "При открытии"),
            *("Это благодарность", "Это спам", "Открыть чат"),
        ]
        assert until(lambda: chat.owed(person)["status"] == "sent", 15)  # noqa: B023 (asked at once)
        assert chat.owed(person)["telegram_message_id"] == alert.message_id
    assert len(chat.outbox) == 2


async def test_e15_open_chat_leads_to_the_message_that_waits(chat: ClientChat) -> None:
    question = await chat.ask_long_ago()
    *_, last_row = (await chat.alert()).reply_markup.inline_keyboard
    assert [button.url for button in last_row] == [f"https://t.me/c/{-chat.id - 10**12}/{question.message_id}"]


async def test_e18_a_server_error_costs_an_attempt_and_no_message(sim: SimulatorClient, chat: ClientChat) -> None:
    await sim.faults({**to_manager(chat), "code": 502, "description": "Bad Gateway"})
    await chat.ask_long_ago()
    assert until(lambda: "Bad Gateway" in [message["last_error"] for message in chat.outbox], 15)
    assert chat.owed()["status"] == "pending"
    await chat.alert(ACCOUNTANT)
    await in_a_minute(chat)


async def test_a_proxys_error_page_costs_one_message_its_attempt_and_no_other(
    sim: SimulatorClient, chat: ClientChat
) -> None:
    await sim.faults({**to_manager(chat), "code": 502, "description": "Bad Gateway", "page": True})
    await chat.ask_long_ago()
    await chat.alert(ACCOUNTANT)
    assert until(lambda: chat.owed()["last_error"] is not None, 15)
    assert chat.owed()["status"] == "pending"
    await in_a_minute(chat)


async def test_e18_telegrams_wish_to_wait_is_obeyed_and_costs_no_attempt(
    sim: SimulatorClient, chat: ClientChat
) -> None:
    flood = {"code": 429, "description": "Too Many Requests: retry after 3", "parameters": {"retry_after": 3}}
    await sim.faults({**to_manager(chat), **flood})
    await chat.ask_long_ago()
    await chat.alert()
    refused, taken = await calls_to(sim, chat, MANAGER)
    assert (refused.error_code, taken.error_code) == (429, None)
    assert taken.at - refused.at >= 3
    assert until(lambda: [message["status"] for message in chat.outbox] == ["sent", "sent"], 15)


UNREACHABLE: dict[str, dict[str, Any]] = {
    "blocked": {"code": 403, "description": "Forbidden: bot was blocked by the user"},
    "deleted": {"code": 403, "description": "Forbidden: user is deactivated"},
    "not_started": {"code": 403, "description": "Forbidden: bot can't initiate conversation with a user"},
}


@asynccontextmanager
async def lost_for_a_while(chat: ClientChat) -> AsyncIterator[None]:
    """The manager can be reached again when the test is over."""
    try:
        yield
    finally:
        chat.rows(
            "update public.users set unreachable_since = null, unreachable_because = null"
            " where telegram_id in (%s, %s) returning id",
            MANAGER,
            ADMIN,
        )


@pytest.mark.parametrize("because", UNREACHABLE)
async def test_e19_the_next_in_line_gets_what_the_manager_could_not(
    sim: SimulatorClient, chat: ClientChat, because: str
) -> None:
    async with lost_for_a_while(chat):
        await sim.faults({**to_manager(chat), **UNREACHABLE[because]})
        await chat.ask_long_ago()
        alert = await chat.alert(ADMIN)
        assert "Взял в работу" in alert.buttons
        assert chat.owed()["status"] == "failed"
        assert chat.owed()["last_error"] == UNREACHABLE[because]["description"]
        (manager,) = chat.rows("select unreachable_because from public.users where telegram_id = %s", MANAGER)
        assert manager == {"unreachable_because": because}


async def test_e19_who_starts_the_bot_again_can_be_reached_again(sim: SimulatorClient, chat: ClientChat) -> None:
    def is_unreachable() -> bool:
        (manager,) = chat.rows("select unreachable_since from public.users where telegram_id = %s", MANAGER)
        return manager["unreachable_since"] is not None

    async with lost_for_a_while(chat):
        await sim.post("block", user_id=MANAGER)
        assert until(is_unreachable, 10)
        await sim.start(MANAGER)
        assert until(lambda: not is_unreachable(), 10)
        await chat.ask_long_ago()
        await chat.alert()


async def test_what_telegram_will_never_take_is_given_up_and_shown(sim: SimulatorClient, chat: ClientChat) -> None:
    await sim.faults({**to_manager(chat), "code": 400, "description": "Bad Request: message is too long"})
    await chat.ask_long_ago()
    assert until(lambda: "failed" in [message["status"] for message in chat.outbox], 15)
    dead = chat.rows("select * from api.undelivered_messages()")
    assert chat.owed()["last_error"] == "Bad Request: message is too long"
    assert dead == [] or dead[0]["id"] == chat.owed()["id"]
    await chat.alert(ACCOUNTANT)


CROWD = range(9_000_001, 9_000_091)


@pytest.fixture
async def crowd(sim: SimulatorClient, chat: ClientChat) -> AsyncIterator[range]:
    """Ninety more people of the firm who started the bot."""
    for person in CROWD:
        await sim.post("person", user_id=person, first_name=f"Сотрудник {person}", started=True)
    chat.rows(
        "insert into public.users (id, email, role, full_name, telegram_id)"
        " select gen_random_uuid(), n || '@buhbot.test', 'observer', n::text, n"
        " from generate_series(%s::bigint, %s) as n returning id",
        CROWD[0],
        CROWD[-1],
    )
    yield CROWD
    chat.rows("delete from public.outbox where recipient_chat_id between %s and %s returning id", CROWD[0], CROWD[-1])
    chat.rows(
        "delete from public.users where telegram_id between %s and %s returning id",
        CROWD[0],
        CROWD[-1],
    )


# Of any second the most messages that were handed out in it.
BUSIEST = """
select max(together) as most
from (
  select count(*) over (order by claimed_at range between current row and interval '999 ms' following) as together
  from public.outbox_sends
) as of_each
"""


async def test_a_crowd_is_told_once_and_at_telegrams_pace(sim: SimulatorClient, chat: ClientChat, crowd: range) -> None:
    chat.rows(
        "insert into public.outbox (kind, recipient_chat_id, subject_id, payload)"
        " select 'chat_notice', u.telegram_id, c.id, '{\"event\": \"bot_removed\"}'"
        " from public.users as u, public.chats as c where u.telegram_id between %s and %s and c.chat_id = %s"
        " returning id",
        crowd[0],
        crowd[-1],
        chat.id,
    )
    assert until(lambda: {message["status"] for message in chat.outbox} == {"sent"}, 30)
    assert chat.rows(BUSIEST)[0]["most"] <= 30
    # Two handfuls of a busy machine may meet on their way: Telegram refuses what is too much, and takes it later.
    calls = [call for call in await sim.calls("sendMessage") if call.error_code is None]
    told = [int(call.parameters["chat_id"]) for call in calls if int(call.parameters["chat_id"]) in crowd]
    assert sorted(told) == list(crowd)
