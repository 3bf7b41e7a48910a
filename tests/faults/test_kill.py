"""Processes die while clients write; afterwards recorded equals sent, and every late window was told once."""

import asyncio
import secrets
import signal
import time
from collections.abc import Awaitable, Callable

import httpx
import pytest

from infra.local.telegram.client import SimulatorClient
from infra.local.waiting import until
from tests.stack import Stack
from tests.world import ClientChat

PARTS = ["bot", "jobs", "postgrest", "postgres", "gateway", "redis-queue", "redis-cache", "admin", "auth"]


async def write_until(stop: asyncio.Event, chats: list[ClientChat]) -> list[int]:
    """Let clients write one after another, ten a second; return the numbers of what they wrote."""
    numbers: list[int] = []
    while not stop.is_set():
        for chat in chats:
            message = await chat.ask(f"Вопрос {len(numbers)}", minutes_ago=61)
            numbers.append(message.message_id)
            await asyncio.sleep(0.1)
    return numbers


async def recorded_once(chats: list[ClientChat], sim: SimulatorClient) -> None:
    """Assert that the database holds each message that was sent, once."""
    await sim.until_delivered(seconds=60)
    for chat in chats:
        sent = [message.message_id for message in await sim.messages(chat.id)]
        assert [row["message_id"] for row in chat.messages] == sorted(sent)


@pytest.mark.parametrize("part", PARTS)
async def test_a9_i15_a_killed_part_comes_back_and_nothing_is_lost_or_double(
    stack: Stack, sim: SimulatorClient, part: str
) -> None:
    chats = [ClientChat(stack, sim) for _ in range(3)]
    for chat in chats:
        await chat.connect()
    stop = asyncio.Event()
    writing = asyncio.create_task(write_until(stop, chats))
    try:
        for _ in range(2):
            await asyncio.to_thread(stack.kill, part)
            await asyncio.to_thread(stack.wait_healthy, part, 30)
    finally:
        stop.set()
    assert await writing
    await asyncio.to_thread(stack.wait_healthy, "bot", 30)
    await recorded_once(chats, sim)
    for chat in chats:
        (window,) = chat.windows
        assert window["message_count"] == len(chat.messages)
        assert await told(chat)
        assert [(alert["kind"], alert["level"]) for alert in chat.alerts] == [("breach", 0)]


async def told(chat: ClientChat) -> bool:
    """Whether owner and manager got the alert: a claim that died with its sender lapses after a minute."""
    return await asyncio.to_thread(
        until, lambda: [message["status"] for message in chat.outbox] == ["sent", "sent"], 150
    )


async def test_a8_without_the_database_the_answer_is_503_and_the_repetition_is_stored_once(
    stack: Stack, sim: SimulatorClient, chat: ClientChat
) -> None:
    update = {
        "update_id": secrets.randbelow(10**12),
        "message": {
            "message_id": 1,
            "date": int(time.time()),
            "chat": {"id": chat.id, "type": "supergroup", "title": chat.title},
            "from": {"id": chat.client, "is_bot": False, "first_name": "Анна"},
            "text": "Где акт?",
        },
    }
    headers = {"X-Telegram-Bot-Api-Secret-Token": stack.env["TELEGRAM_WEBHOOK_SECRET"]}

    async def deliver() -> int:
        async with httpx.AsyncClient(timeout=30) as client:
            return (await client.post(f"{stack.urls['bot']}/webhook", json=update, headers=headers)).status_code

    with stack.paused("postgrest"):
        assert await deliver() == 503
    assert await again_until_taken(deliver) == 200
    assert await deliver() == 200
    assert len(chat.messages) == 1
    assert len(chat.windows) == 1


async def again_until_taken(deliver: Callable[[], Awaitable[int]]) -> int:
    """Deliver as Telegram does."""
    for _ in range(20):
        if (status := await deliver()) == 200:
            return status
    return 503


@pytest.mark.parametrize("part", ["bot", "jobs", "admin"])
async def test_i19_sigterm_ends_a_process_in_time_and_in_order(
    stack: Stack, sim: SimulatorClient, chat: ClientChat, part: str
) -> None:
    ends = stack.log(part).count(f"{part}_stopped")
    for _ in range(20):
        await chat.ask()
    began = time.monotonic()
    await asyncio.to_thread(stack.kill, part, signal.SIGTERM)
    assert time.monotonic() - began < 10
    assert stack.log(part).count(f"{part}_stopped") == ends + 1
    await asyncio.to_thread(stack.wait_healthy, part, 30)
    await recorded_once([chat], sim)
