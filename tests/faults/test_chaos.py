"""Parts die at random while people talk; afterwards the windows are those of an undisturbed replay (S9, A9, A11)."""

import asyncio
import random
from contextlib import suppress

from infra.local.telegram.client import Message, SimulatorClient
from infra.local.waiting import until
from tests.stack import Stack
from tests.world import ACCOUNTANT, ClientChat, Row

PARTS = ["bot", "jobs", "postgrest", "postgres", "redis-queue", "redis-cache"]
KILLS = 8

# All that a window says of the conversation; when it was written down is another matter.
FIGURES = (
    "select topic_id, opened_at, first_message_id, last_message_id, message_count, warn_at, due_at, responded_at,"
    " responded_by, response_message_id, working_seconds, closed_as, acknowledged_at, acknowledged_by"
    " from public.client_requests where chat_id = %s order by topic_id, opened_at, first_message_id"
)
REPLAY = (
    "select private.settle_windows(array_agg((t.chat_id, t.topic_id, ('-infinity', 0)::private.place, false)"
    "::private.touched_topic)) from public.chat_topics as t where t.chat_id = %s"
)


async def talk(chat: ClientChat, sim: SimulatorClient, chance: random.Random, stop: asyncio.Event) -> int:
    """Ask, ask again, correct, react and answer, in the order and at the dates that chance has it; return how often."""
    asked: list[Message] = []
    count = 0
    while not stop.is_set():
        count += 1
        what = chance.choice(["ask", "ask", "ask", "edit", "react", "answer", "reply"])
        if what == "ask" or not asked:
            asked.append(await chat.ask(f"Вопрос {count}", minutes_ago=chance.choice([0, 0, 61, 62, 200])))
        elif what == "edit":
            await sim.edit(chat.client, chance.choice(asked), chance.choice(["Спасибо", f"Вопрос {count}, уточняю"]))
        elif what == "react":
            await sim.react(ACCOUNTANT, chance.choice(asked), "👍")
        else:
            to = chance.choice(asked).message_id if what == "reply" else None
            await chat.answer(f"Ответ {count}", reply_to=to, minutes_ago=chance.choice([0, 0, 30]))
        await asyncio.sleep(0.05)
    return count


async def test_after_random_kills_windows_are_those_of_an_undisturbed_replay(
    stack: Stack, sim: SimulatorClient
) -> None:
    chance = random.Random(20261121)
    chats = [ClientChat(stack, sim) for _ in range(4)]
    for chat in chats:
        await chat.connect()
    stop = asyncio.Event()
    talks = [asyncio.create_task(talk(chat, sim, random.Random(n), stop)) for n, chat in enumerate(chats)]
    try:
        for _ in range(KILLS):
            await asyncio.to_thread(stack.kill, chance.choice(PARTS))
            # The next one dies while this one is still coming back.
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), chance.uniform(0.2, 2))
    finally:
        stop.set()
    said = await asyncio.gather(*talks)
    assert min(said) > KILLS
    for part in PARTS:
        await asyncio.to_thread(stack.wait_healthy, part, 60)
    await sim.until_delivered(seconds=60)
    for chat in chats:
        sent = {message.message_id for message in await sim.messages(chat.id)}
        assert {row["message_id"] for row in chat.messages} == sent
        before = chat.rows(FIGURES, chat.id)
        chat.rows(REPLAY, chat.id)
        assert chat.rows(FIGURES, chat.id) == before
    assert await asyncio.to_thread(until, lambda: not [chat for chat in chats if untold(chat)], 90)


def untold(chat: ClientChat) -> list[Row]:
    """Open windows whose deadline has passed and of which somebody has not been told, or more than once."""
    return chat.rows(
        "select w.id from public.client_requests as w where w.chat_id = %s and w.closed_as is null and w.due_at < now()"
        " and not exists (select from public.sla_alerts as a join public.notices as n on n.alert_id = a.id"
        "   join public.outbox as o on o.id = n.message_id and o.sent_at is not null"
        "   where a.request_id = w.id and a.kind = 'breach' group by a.id having count(*) = count(distinct n.user_id))",
        chat.id,
    )
