"""A campaign whose sender dies again and again, before a Telegram that refuses, hangs and loses its answers.

Ten thousand take a quarter of an hour, so that is by hand: `--recipients=10000 -o faulthandler_timeout=3600`.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest

from infra.local.telegram.client import SimulatorClient
from infra.local.waiting import until
from tests.campaign import Campaign
from tests.stack import Stack
from tests.world import ClientChat

# One chat in so many has thrown the bot out; of one in so many the answer is lost.
KICKED, LOST_OF = 20, 40
KILLS = 2

KICK = {"code": 403, "description": "Forbidden: bot was kicked from the supergroup chat"}
FLOOD = {"code": 429, "description": "Too Many Requests: retry after 1", "parameters": {"retry_after": 1}}
# Telegram has it, and the bot does not hear of it, or late.
LOST = {"code": 502, "description": "Bad Gateway", "done": True}
LATE = {"hang_seconds": 1, "done": True}


@pytest.fixture
async def crowd(stack: Stack, sim: SimulatorClient, pytestconfig: pytest.Config) -> AsyncIterator[list[ClientChat]]:
    """Chats enough for a campaign that takes its time."""
    chats = [ClientChat(stack, sim) for _ in range(pytestconfig.getoption("recipients"))]
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
    kicked = crowd[::KICKED]
    others = [chat for chat in crowd if chat not in kicked]
    fates: list[tuple[dict[str, Any], ClientChat]] = [(KICK, chat) for chat in kicked]
    fates += [(LOST, chat) for chat in others[::LOST_OF]]
    faults = [{"method": "sendMessage", "chat_id": chat.id, **fate} for fate, chat in fates]
    campaign = Campaign(stack, *crowd)
    campaign.begin()
    for kill in range(KILLS):
        await sim.faults(
            *faults, {"method": "sendMessage", "times": 3, **FLOOD}, {"method": "sendMessage", "times": 60, **LATE}
        )
        part = partial(is_at_work, campaign, len(crowd) * kill // (KILLS + 1))
        assert await asyncio.to_thread(until, part, 60 + len(crowd) / 10), states(campaign)
        await asyncio.to_thread(stack.kill, "jobs")
        await asyncio.to_thread(stack.wait_healthy, "jobs", 60)
    await sim.faults(*faults)
    assert await asyncio.to_thread(until, lambda: is_over(campaign), 120 + len(crowd) / 10), states(campaign)

    assert await copies(sim, kicked) == {0: len(kicked)}
    async with asyncio.timeout(60 + len(crowd) / 10):
        # What a dead sender left goes when the next copy has come.
        while await copies(sim, others) != {1: len(others)}:  # noqa: ASYNC110 (over HTTP there are no events)
            await asyncio.sleep(0.5)
    assert states(campaign) == {"sent": len(others), "cancelled": len(kicked)}
    rows = campaign.rows("select status, reason from public.survey_deliveries where survey_id = %s", campaign.id)
    assert Counter((row["status"], row["reason"]) for row in rows) == {
        ("sent", None): len(others),
        ("failed", "no_bot"): len(kicked),
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


def is_at_work(campaign: Campaign, sent: int) -> bool:
    """Whether so many are out, and some are just being sent."""
    now = states(campaign)
    return now["sent"] >= sent and now["sending"] > 0


def is_over(campaign: Campaign) -> bool:
    """Whether all is sent or given up.

    The minutes until a claim lapses or a failure is tried again are the database's to keep; here they are over. Who is
    alive settles what it claimed within ten seconds.
    """
    campaign.rows(
        "update public.outbox as o set next_attempt_at = now() from public.survey_deliveries as d"
        " where d.id = o.subject_id and o.kind = 'survey' and d.survey_id = %s and o.next_attempt_at > now()"
        " and (o.status = 'pending' and o.attempts > 0"
        " or o.status = 'sending' and o.next_attempt_at < now() + interval '50 seconds')"
        " returning o.id",
        campaign.id,
    )
    return campaign.status == "active"
