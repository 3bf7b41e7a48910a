"""Deliveries: again until accepted, in order per chat, many chats at once, and out of order when told to be."""

import asyncio
import time
from itertools import pairwise

from aiogram import Bot
from aiogram.types import Update

from infra.local.telegram.client import SimulatorClient
from tests.telegram.receiver import SECRET, Receiver, until

GROUP, OTHER = -1001000000001, -1001000000002


async def test_a_refused_update_comes_again_until_it_is_accepted(sim: SimulatorClient, receiver: Receiver) -> None:
    refusals = [503, 503, 500]

    async def answer(_update: Update) -> int:
        return refusals.pop(0) if refusals else 200

    receiver.answer = answer
    said = await sim.say(2001, GROUP, "Где акт?")
    await sim.until_delivered()
    attempts = await sim.deliveries(update_id=said.update_id)
    assert [one.status for one in attempts] == [503, 503, 500, 200]
    assert [one.number for one in attempts] == [1, 2, 3, 4]
    pauses = [later.at - earlier.at for earlier, later in pairwise(attempts)]
    assert all(pause >= least for pause, least in zip(pauses, (0.05, 0.1, 0.2), strict=True))
    assert receiver.texts == ["Где акт?"]


async def test_a_bot_that_is_away_gets_everything_later_and_once(sim: SimulatorClient, receiver: Receiver) -> None:
    await receiver.stop()
    for number in range(5):
        await sim.say(2001, GROUP, str(number))
        await sim.say(2003, OTHER, str(number))
    await asyncio.sleep(0)
    assert await sim.pending() == 10
    await receiver.start()
    await sim.until_delivered()
    assert sorted(str(text) for text in receiver.texts) == sorted([str(number) for number in range(5)] * 2)


async def test_chats_go_side_by_side_and_each_in_order(sim: SimulatorClient, receiver: Receiver) -> None:
    now, peak, full = set[int](), 0, asyncio.Event()

    async def slow(update: Update) -> int:
        nonlocal peak
        assert update.message
        chat_id = update.message.chat.id
        assert chat_id not in now, "two updates of one chat at once"
        now.add(chat_id)
        peak = max(peak, len(now))
        if peak == 40:  # setWebhook's default for max_connections
            full.set()
        async with asyncio.timeout(5):
            await full.wait()
        now.discard(chat_id)
        return 200

    receiver.answer = slow
    chats = [-1002000000000 - number for number in range(60)]
    await sim.switches(paused=True)
    for number in range(4):
        for chat_id in chats:
            await sim.say(2001, chat_id, str(number))
    await sim.switches(paused=False)
    await sim.until_delivered()
    assert peak == 40
    for chat_id in chats:
        texts = [one.message.text for one in receiver.updates if one.message and one.message.chat.id == chat_id]
        assert texts == ["0", "1", "2", "3"]


async def test_one_failing_chat_does_not_block_the_others(sim: SimulatorClient, receiver: Receiver) -> None:
    async def answer(update: Update) -> int:
        return 503 if update.message and update.message.chat.id == GROUP else 200

    receiver.answer = answer
    await sim.say(2001, GROUP, "первая")
    await sim.say(2001, GROUP, "вторая")
    await sim.say(2003, OTHER, "дальше")
    await until(lambda: receiver.texts == ["дальше"])
    receiver.answer = None
    await sim.until_delivered()
    assert receiver.texts == ["дальше", "первая", "вторая"]


async def test_a_wrong_secret_is_visible_in_webhook_info(bot: Bot, sim: SimulatorClient, receiver: Receiver) -> None:
    await bot.set_webhook(receiver.url, secret_token="another")
    await sim.say(2001, GROUP, "Где акт?")

    async def complaint() -> str | None:
        return (await bot.get_webhook_info()).last_error_message

    end = time.monotonic() + 5
    while not (found := await complaint()):
        assert time.monotonic() < end
    assert found == "Wrong response from the webhook: 403 Forbidden"
    assert (await bot.get_webhook_info()).pending_update_count == 1
    await bot.set_webhook(receiver.url, secret_token=SECRET)
    await sim.until_delivered()
    assert receiver.texts == ["Где акт?"]


async def test_duplicates_on_order(sim: SimulatorClient, receiver: Receiver) -> None:
    await sim.switches(duplicates=1)
    for number in range(5):
        await sim.say(2001, GROUP, str(number))
    await until(lambda: len(receiver.updates) == 10)
    ids = [update.update_id for update in receiver.updates]
    assert all(ids.count(one) == 2 for one in ids)


async def test_disorder_on_order(sim: SimulatorClient, receiver: Receiver) -> None:
    await sim.switches(disorder=True)
    for number in range(20):
        await sim.say(2001, GROUP, str(number))
    await sim.until_delivered()
    numbers = [int(str(text)) for text in receiver.texts]
    assert sorted(numbers) == list(range(20))
    assert numbers != list(range(20))


async def test_delay_on_order(sim: SimulatorClient, receiver: Receiver) -> None:
    await sim.switches(delay_seconds=0.3)
    started = time.monotonic()
    await sim.say(2001, GROUP, "позже")
    await sim.until_delivered()
    assert time.monotonic() - started >= 0.3


async def test_kinds_that_were_not_asked_for_do_not_come(bot: Bot, sim: SimulatorClient, receiver: Receiver) -> None:
    await bot.set_webhook(receiver.url, secret_token=SECRET, allowed_updates=["message"])
    said = await sim.say(2001, GROUP, "Где акт?")
    assert said.update_id
    assert await sim.react(2001, said.message, "👍") is None
    # The list is remembered until it is replaced; an empty one means the usual kinds.
    await bot.set_webhook(receiver.url, secret_token=SECRET)
    assert (await sim.edit(2001, said.message, "Где?")).update_id is None
    await bot.set_webhook(receiver.url, secret_token=SECRET, allowed_updates=[])
    assert (await sim.edit(2001, said.message, "Где же?")).update_id
    assert await sim.react(2001, said.message, "🔥") is None


async def test_pending_updates_are_dropped_on_request(bot: Bot, sim: SimulatorClient, receiver: Receiver) -> None:
    await sim.switches(paused=True)
    await sim.say(2001, GROUP, "забытое")
    await bot.delete_webhook(drop_pending_updates=True)
    await sim.switches(paused=False)
    assert await sim.pending() == 0
    await bot.set_webhook(receiver.url, secret_token=SECRET)
    await sim.say(2001, GROUP, "новое")
    await sim.until_delivered()
    assert receiver.texts == ["новое"]
