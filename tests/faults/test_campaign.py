"""A campaign whose sender dies again and again, before a Telegram that refuses, hangs and loses its answers."""

import asyncio
from collections import Counter

from infra.local.telegram.client import SimulatorClient
from infra.local.waiting import until
from tests.campaign import Campaign
from tests.stack import Stack
from tests.world import ClientChat

CHATS, KICKED, LOSSES, KILLS = 200, 10, 5, 3

KICK = {"code": 403, "description": "Forbidden: bot was kicked from the supergroup chat"}
FLOOD = {"code": 429, "description": "Too Many Requests: retry after 1", "parameters": {"retry_after": 1}}
# Telegram has it, and the bot does not hear of it in time.
SILENCE = {"hang_seconds": 1, "done": True}
LOST = {"code": 502, "description": "Bad Gateway", "done": True}


async def test_every_chat_has_one_survey_whatever_dies_while_it_is_sent(stack: Stack, sim: SimulatorClient) -> None:
    chats = [ClientChat(stack, sim) for _ in range(CHATS)]
    for chat in chats:
        await chat.connect()
    fates = [(KICK, chat) for chat in chats[:KICKED]] + [(LOST, chat) for chat in chats[KICKED : KICKED + LOSSES]]
    faults = [{"method": "sendMessage", "chat_id": chat.id, **fate} for fate, chat in fates]
    campaign = Campaign(stack, *chats)
    campaign.begin()
    for _ in range(KILLS):
        rest = [{"method": "sendMessage", "times": 3, **FLOOD}, {"method": "sendMessage", "times": 60, **SILENCE}]
        await sim.faults(*faults, *rest)
        assert await asyncio.to_thread(until, lambda: "sending" in states(campaign), 30)
        await asyncio.to_thread(stack.kill, "jobs")
        await asyncio.to_thread(stack.wait_healthy, "jobs", 30)
    await sim.faults(*faults)
    assert await asyncio.to_thread(until, lambda: is_over(campaign), 120), states(campaign)
    assert [await copies(sim, chat) for chat in chats[:KICKED]] == [0] * KICKED
    async with asyncio.timeout(30):
        # The copy that a dead sender left goes when the next one has come.
        while [await copies(sim, chat) for chat in chats[KICKED:]] != [1] * (CHATS - KICKED):  # noqa: ASYNC110
            await asyncio.sleep(0.5)
    assert states(campaign) == {"sent": CHATS - KICKED, "cancelled": KICKED}
    (deliveries,) = campaign.rows(
        "select count(*) filter (where status = 'sent') as sent, count(*) filter (where reason = 'no_bot') as kicked,"
        " count(distinct telegram_message_id + chat_id) filter (where status = 'sent') as messages"
        " from public.survey_deliveries where survey_id = %s",
        campaign.id,
    )
    assert deliveries == {"sent": CHATS - KICKED, "kicked": KICKED, "messages": CHATS - KICKED}


async def copies(sim: SimulatorClient, chat: ClientChat) -> int:
    """How many messages the chat has of the bot."""
    return sum(message.by_bot for message in await sim.messages(chat.id))


def states(campaign: Campaign) -> Counter[str]:
    """Messages of the campaign by state."""
    rows = campaign.rows(
        "select o.status from public.outbox as o join public.survey_deliveries as d on d.id = o.subject_id"
        " where o.kind = 'survey' and d.survey_id = %s",
        campaign.id,
    )
    return Counter(row["status"] for row in rows)


def is_over(campaign: Campaign) -> bool:
    """Whether all is sent or given up; the minute after which a claim lapses, or an attempt is made again, is over."""
    campaign.rows(
        "update public.outbox as o set next_attempt_at = now() from public.survey_deliveries as d"
        " where d.id = o.subject_id and o.kind = 'survey' and d.survey_id = %s and o.next_attempt_at > now()"
        " and (o.status = 'pending' or (o.status = 'sending' and o.next_attempt_at < now() + interval '50 seconds'))"
        " returning o.id",
        campaign.id,
    )
    return campaign.status == "active"
