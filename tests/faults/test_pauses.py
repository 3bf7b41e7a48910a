"""Parts that hold still for a while; deadlines and messages do not wait for them longer than they must."""

import asyncio
from contextlib import suppress

import httpx

from infra.local.telegram.client import SimulatorClient
from infra.local.waiting import until
from tests.stack import Stack
from tests.world import ACCOUNTANT, MANAGER, ClientChat


async def test_a10_a_deadline_that_passes_while_redis_is_away_is_told(
    stack: Stack, sim: SimulatorClient, chat: ClientChat
) -> None:
    with stack.paused("redis-queue"):
        # Fifteen seconds before the deadline: it is Redis that is away when it passes.
        await chat.ask(minutes_ago=59.75)
        assert await asyncio.to_thread(until, lambda: len(chat.windows) == 1, 10)
        assert "breach" not in [alert["kind"] for alert in chat.alerts]
        for person in (ACCOUNTANT, MANAGER):
            await sim.until_message(person, lambda m: chat.title in m.words and "🔴" in m.words, seconds=45)
        # Nobody has to restart a process that does its work.
        async with httpx.AsyncClient(timeout=10) as client:
            health = await client.get(f"{stack.urls['jobs']}/health")
        assert health.status_code == 200
        assert health.json()["checks"]["redis"] != "ok"
    await asyncio.to_thread(stack.wait_healthy, "jobs", 60)


async def test_a11_after_redis_was_away_for_15_seconds_nothing_is_missing(
    stack: Stack, sim: SimulatorClient, chat: ClientChat
) -> None:
    newcomer = chat.client + 1
    with stack.paused("redis-queue", "redis-cache"):
        await sim.start(newcomer)
        with suppress(TimeoutError):
            async with asyncio.timeout(15):
                while True:
                    await chat.ask(minutes_ago=70)
                    await chat.ask()
                    await asyncio.sleep(0.05)
    # Nobody is started again: whoever was lost comes back by itself.
    for part in ("bot", "jobs", "admin"):
        await asyncio.to_thread(stack.wait_healthy, part, 30)
    await sim.until_delivered(seconds=30)
    sent = sorted(message.message_id for message in await sim.messages(chat.id))
    assert [row["message_id"] for row in chat.messages] == sent
    await chat.alert(seconds=60)
    assert [(alert["kind"], alert["level"]) for alert in chat.alerts] == [("breach", 0)]
    await sim.until_message(newcomer, "Здравствуйте", seconds=30)


async def test_e18_what_was_sent_while_the_database_blinked_is_recorded_and_not_sent_again(
    stack: Stack, sim: SimulatorClient, chat: ClientChat
) -> None:
    await sim.faults({"method": "sendMessage", "chat_id": MANAGER, "words": chat.title, "hang_seconds": 2})
    await chat.ask(minutes_ago=70)
    assert await asyncio.to_thread(until, lambda: [one["status"] for one in chat.outbox] == ["sending", "sending"], 15)
    with stack.paused("postgrest"):
        alert = await chat.alert()
    # Well before the claims lapse.
    assert await asyncio.to_thread(until, lambda: [one["status"] for one in chat.outbox] == ["sent", "sent"], 30)
    assert chat.owed()["telegram_message_id"] == alert.message_id
    assert [one.message_id for one in await chat.told()] == [alert.message_id]


async def test_a_ring_that_died_with_its_sender_rings_again(
    stack: Stack, sim: SimulatorClient, chat: ClientChat
) -> None:
    await chat.ask_long_ago(minutes=90)
    old = await chat.alert()
    assert await asyncio.to_thread(until, lambda: chat.owed()["status"] == "sent", 10)
    await sim.faults(
        {"method": "sendMessage", "chat_id": MANAGER, "words": chat.title, "hang_seconds": 60, "code": 500}
    )
    chat.rows("update public.client_requests set next_alert_at = now() where chat_id = %s returning id", chat.id)
    chat.sweep()
    assert await asyncio.to_thread(until, lambda: chat.owed()["status"] == "sending", 10)
    await asyncio.to_thread(stack.kill, "jobs")
    # It may have died before its call left; then the fault would still wait, for the next sender.
    await sim.faults()
    # The minute after which a claim lapses is the database's to keep; here it is over.
    chat.rows("update public.outbox set next_attempt_at = now() where id = %s returning id", chat.owed()["id"])
    new = await sim.until_message(MANAGER, lambda m: chat.title in m.words and "Уровень 1" in m.words, seconds=30)
    assert new.message_id > old.message_id
    await chat.until_alone(new)
