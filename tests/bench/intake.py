"""Intake beside its floor: committed messages per second with a hundred deliveries under way."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass

from tests.bench.load import deliver, post
from tests.bench.progress import Progress
from tests.bench.results import Measure, Target, beside
from tests.bench.rig import Connection
from tests.bench.seed import HISTORY, Firm
from tests.bench.traffic import Traffic, bodies
from tests.stack import Stack

PAIRS = 5
MESSAGES = 5000
WARM_UP = 1000
# An hour or two back, so that nobody writes from the future.
BEGAN_AGO = 3 * 3600


@dataclass
class Door:
    """Where messages are delivered, and what is written there."""

    url: str
    headers: dict[str, str]
    traffic: Traffic

    async def rate(self, count: int) -> float:
        """Deliver so many messages and return how many a second were committed."""
        requests = [post(self.url, body, self.headers) for body in bodies(self.traffic.take(count))]
        return count / await deliver(self.url, requests)


def doors(stack: Stack, firm: Firm, floor_url: str) -> tuple[Door, Door]:
    """Return the bot's and the floor's."""
    began = int(time.time()) - BEGAN_AGO
    secret = {"x-telegram-bot-api-secret-token": stack.env["TELEGRAM_WEBHOOK_SECRET"]}
    bot = Door(f"{stack.urls['bot']}/webhook", secret, Traffic(firm.busy, began))
    return bot, Door(floor_url, {}, Traffic(firm.floor, began))


def measure(db: Connection, bot: Door, floor: Door, progress: Progress) -> Measure:
    """Return the measure; both take turns, and afterwards the same rows are in the database."""
    pairs = [*_pairs(bot, floor, progress)]
    expected = WARM_UP + PAIRS * MESSAGES
    recorded = [_recorded(db, door.traffic.chats) for door in (bot, floor)]
    assert recorded[0] == recorded[1], recorded
    assert recorded[0][0] == expected, f"{recorded[0][0]} of {expected} messages are in the database"
    return beside("intake", "messages/s", Target("ratio", ">=", 0.6), pairs)


def _recorded(db: Connection, chats: range) -> tuple[int, ...]:
    """Count the rows of the load, and how much is in them."""
    found = db.execute(
        "select count(*), count(message_text), count(caption), count(media_file_id), count(reply_to_message_id),"
        " count(*) filter (where is_staff), count(classification), sum(length(author_name)),"
        " count(distinct telegram_date) from public.chat_messages where chat_id between %s and %s and message_id > %s",
        [1 - chats.stop, -chats.start, HISTORY],
    ).fetchone()
    assert found
    return found


def _pairs(bot: Door, floor: Door, progress: Progress) -> Iterator[tuple[float, float]]:
    for door in (bot, floor):
        asyncio.run(door.rate(WARM_UP))
    for nth in range(PAIRS):
        # Neither always comes second.
        order = (bot, floor) if nth % 2 else (floor, bot)
        rates = {door.url: asyncio.run(door.rate(MESSAGES)) for door in order}
        progress.say(f"intake {rates[bot.url]:6,.0f} messages/s, floor {rates[floor.url]:6,.0f}")
        yield rates[bot.url], rates[floor.url]
