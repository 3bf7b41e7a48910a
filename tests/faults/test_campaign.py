"""A campaign whose sender dies again and again, before a Telegram that refuses, hangs and loses its answers."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from infra.local.telegram.client import SimulatorClient
from infra.local.waiting import until
from tests.campaign import Campaign
from tests.stack import Stack
from tests.world import ClientChat

CHATS, KICKED, LOSSES, KILLS = 200, 10, 5, 2

KICK = {"code": 403, "description": "Forbidden: bot was kicked from the supergroup chat"}
FLOOD = {"code": 429, "description": "Too Many Requests: retry after 1", "parameters": {"retry_after": 1}}
# Telegram has it, and the bot does not hear of it, or late.
LOST = {"code": 502, "description": "Bad Gateway", "done": True}
LATE = {"hang_seconds": 1, "done": True}


@pytest.fixture
async def crowd(stack: Stack, sim: SimulatorClient) -> AsyncIterator[list[ClientChat]]:
    """Some hundred chats."""
    chats = [ClientChat(stack, sim) for _ in range(CHATS)]
    for chat in chats:
        await sim.post("chat", chat_id=chat.id, title=chat.title, members={str(chat.client): "member"})
    ids = [chat.id for chat in chats]
    chats[0].rows(
        "insert into public.chats (chat_id, type, chat_name, connected_at)"
        " select n, 'supergroup', 'Опрошенные', now() from unnest(%s::bigint[]) as n returning id",
        ids,
    )
    yield chats
    chats[0].rows("update public.chats set deleted_at = now() where chat_id = any (%s) returning id", ids)


async def test_every_chat_has_one_survey_whatever_dies_while_it_is_sent(
    stack: Stack, sim: SimulatorClient, crowd: list[ClientChat]
) -> None:
    kicked, others = crowd[:KICKED], crowd[KICKED:]
    fates: list[tuple[dict[str, Any], ClientChat]] = [(KICK, chat) for chat in kicked]
    fates += [(LOST, chat) for chat in others[:LOSSES]]
    faults = [{"method": "sendMessage", "chat_id": chat.id, **fate} for fate, chat in fates]
    campaign = Campaign(stack, *crowd)
    campaign.begin()
    for _ in range(KILLS):
        await sim.faults(
            *faults, {"method": "sendMessage", "times": 3, **FLOOD}, {"method": "sendMessage", "times": 60, **LATE}
        )
        assert await asyncio.to_thread(until, lambda: "sending" in states(campaign), 60)
        await asyncio.to_thread(stack.kill, "jobs")
        await asyncio.to_thread(stack.wait_healthy, "jobs", 60)
    await sim.faults(*faults)
    assert await asyncio.to_thread(until, lambda: is_over(campaign), 120), states(campaign)

    assert await copies(sim, kicked) == {0: KICKED}
    async with asyncio.timeout(60):
        # What a dead sender left goes when the next copy has come.
        while await copies(sim, others) != {1: CHATS - KICKED}:  # noqa: ASYNC110 (over HTTP there are no events)
            await asyncio.sleep(0.5)
    assert states(campaign) == {"sent": CHATS - KICKED, "cancelled": KICKED}
    rows = campaign.rows("select status, reason from public.survey_deliveries where survey_id = %s", campaign.id)
    assert Counter((row["status"], row["reason"]) for row in rows) == {
        ("sent", None): CHATS - KICKED,
        ("failed", "no_bot"): KICKED,
    }


async def copies(sim: SimulatorClient, chats: list[ClientChat]) -> Counter[int]:
    """How many chats have how many messages of the bot."""
    return Counter([sum(message.by_bot for message in await sim.messages(chat.id)) for chat in chats])


def states(campaign: Campaign) -> Counter[str]:
    """Messages of the campaign by state."""
    rows = campaign.rows(
        "select o.status from public.outbox as o join public.survey_deliveries as d on d.id = o.subject_id"
        " where o.kind = 'survey' and d.survey_id = %s",
        campaign.id,
    )
    return Counter(row["status"] for row in rows)


def is_over(campaign: Campaign) -> bool:
    """Whether all is sent or given up.

    The minutes until a claim lapses or a failure is tried again are the database's to keep; here they are over. Who is
    alive settles what it claimed within ten seconds.
    """
    campaign.rows(
        "update public.outbox as o set next_attempt_at = now() from public.survey_deliveries as d"
        " where d.id = o.subject_id and o.kind = 'survey' and d.survey_id = %s and o.next_attempt_at > now()"
        " and (o.status = 'pending' or (o.status = 'sending' and o.next_attempt_at < now() + interval '50 seconds'))"
        " returning o.id",
        campaign.id,
    )
    return campaign.status == "active"
