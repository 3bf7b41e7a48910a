"""`make demo`: the day of `day.py`, played to the running stack in forty seconds."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from infra.local.demo.day import DAY_MINUTES, GROUPS, PEOPLE, exchanges
from infra.local.telegram.client import SimulatorClient

SECONDS = 40
# Until the office closes.
LEFT = timedelta(minutes=5)
_FIRM = Path(__file__).with_name("firm.sql")
_STAFF = (1001, 1002, 1003, 1004, 1005, 1006)


def play(variables: Mapping[str, str], seconds: float = SECONDS) -> int:
    """Make the firm, play the day so that it ends now, and return how many messages were written."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    with psycopg.connect(variables["DATABASE_URL"]) as db:
        opens, _ = open_office(db, now)
    return asyncio.run(_play(variables["TELEGRAM_API_URL"], opens, seconds))


def open_office(db: psycopg.Connection[Any], now: datetime) -> tuple[datetime, datetime]:
    """Make the firm, whose working day is all but over at `now`; return when it opened and when it closes."""
    opens, closes = now - timedelta(minutes=DAY_MINUTES), now + LEFT
    psycopg.ClientCursor(db).execute(_FIRM.read_text(), {"opens": opens, "closes": closes})
    return opens, closes


async def _play(url: str, opens: datetime, seconds: float) -> int:
    told = exchanges()
    async with SimulatorClient(url) as telegram:
        await _gather(telegram)
        for exchange in told:
            # At once: dated in the past, a question would be overdue before its answer is written.
            for line in exchange:
                date = int(opens.timestamp()) + line.minute * 60
                await telegram.say(line.user_id, line.chat_id, line.text, date=date)
            await asyncio.sleep(seconds / len(told))
        await telegram.until_delivered(30)
    return sum(map(len, told))


async def _gather(telegram: SimulatorClient) -> None:
    for person in PEOPLE:
        await telegram.post(
            "person",
            user_id=person.id,
            first_name=person.first_name,
            last_name=person.last_name,
            role=person.role,
            started=person.role != "клиент",
        )
    for group in GROUPS:
        members = dict.fromkeys((*_STAFF, group.client), "member")
        await telegram.post("chat", chat_id=group.id, title=group.title, members=members)
