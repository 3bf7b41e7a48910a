"""Minutes of mixed group traffic at a steady pace: nothing lost, nothing slow, nothing growing."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

from infra.local.telegram.client import SimulatorClient
from tests.bench.load import CONNECTIONS, post, send_one
from tests.bench.memory import megabytes
from tests.bench.progress import Progress
from tests.bench.results import Measure, Target
from tests.bench.rig import Connection, one
from tests.bench.start import at
from tests.bench.traffic import Traffic, Update, title
from tests.stack import Stack

PER_SECOND = 200
# After this share of the time the process has seen everything once: from here on it must not grow.
SETTLED = 0.2


@dataclass
class Course:
    """What was seen on the way."""

    seconds: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    cached: Counter[str] = field(default_factory=Counter)
    """Questions to the cache by their outcome, as counted when the process had settled."""

    @property
    def growth(self) -> float:
        """The process at the end, by what it was when it had settled."""
        settled = self.memory[int(SETTLED * len(self.memory))]
        return max(self.memory[-3:]) / settled


def mixed(traffic: Traffic) -> Iterator[Update]:
    """Yield messages, and of twenty updates an edit, a reaction and two commands."""
    while True:
        batch = traffic.take(16)
        yield from batch
        number, message = batch[0]["update_id"], batch[0]["message"]
        # Ids of their own: those of the traffic are counted through.
        yield {"update_id": number + 5 * 10**11, "edited_message": {**message, "edit_date": message["date"] + 5}}
        yield {"update_id": number + 6 * 10**11, "message_reaction": _thumb(message)}
        for update in batch[1:3]:
            yield {"update_id": update["update_id"] + 7 * 10**11, "message": _command(update["message"])}


def _command(message: dict[str, Any]) -> dict[str, Any]:
    kept = {key: message[key] for key in ("date", "chat", "from")}
    return {**kept, "message_id": message["message_id"] + 10**6, "text": "/help"}


def _thumb(message: dict[str, Any]) -> dict[str, Any]:
    return {
        **{key: message[key] for key in ("chat", "message_id")},
        "user": message["from"],
        "date": message["date"] + 5,
        "old_reaction": [],
        "new_reaction": [{"type": "emoji", "emoji": "👍"}],
    }


def measures(
    stack: Stack, db: Connection, traffic: Traffic, webhook: str, seconds: int, progress: Progress
) -> list[Measure]:
    """Deliver for so long, and return the measures."""
    updates = mixed(traffic)
    sent = [next(updates) for _ in range(PER_SECOND * seconds)]
    asyncio.run(_make_known(stack, traffic))
    before, errors = _recorded(db, traffic), _errors(stack)
    course = asyncio.run(_deliver(stack, webhook, sent, progress))
    expected = sum("message" in update or "edited_message" in update for update in sent)
    lost = expected - (_recorded(db, traffic) - before)
    found = _cached(stack) - course.cached
    # Whoever commands was named by the commit of the command: the first look at somebody finds them, too, and only what
    # is asked without a commit (a press on a button) can miss.
    hits = 100 * (1 - found["l2 miss"] / (found["l1 hit"] + found["l1 miss"] + found["l1 shared"]))
    return [
        Measure(f"steady {PER_SECOND}/s, lost", lost, "messages", Target("value", "<=", 0)),
        Measure("steady, errors of bot", _errors(stack) - errors, "errors", Target("value", "<=", 0)),
        Measure("steady, webhook p50", 1000 * at(0.5, course.seconds), "ms", Target("value", "<=", 300)),
        Measure("steady, webhook p99", 1000 * at(0.99, course.seconds), "ms", Target("value", "<=", 300)),
        Measure("steady, memory of bot, end by settled", course.growth, "", Target("value", "<=", 1.05)),
        Measure("steady, people found in a cache", hits, "%", Target("value", ">=", 95)),
    ]


def _recorded(db: Connection, traffic: Traffic) -> int:
    query = "select count(*) from public.chat_messages where chat_id between %s and %s and not is_bot"
    return int(one(db, query, 1 - traffic.chats.stop, -traffic.chats.start))


def _cached(stack: Stack) -> Counter[str]:
    page = httpx.get(f"{stack.urls['bot']}/metrics").text
    found = re.findall(
        r'^buhbot_cache_requests_total\{cache="identity",level="(\w+)",outcome="(\w+)"\} (\S+)$', page, 8
    )
    return Counter({f"{level} {outcome}": int(float(count)) for level, outcome, count in found})


def _errors(stack: Stack) -> int:
    """How many lines of the bot's log are errors."""
    (found,) = re.findall(r"^buhbot_errors_total (\S+)$", httpx.get(f"{stack.urls['bot']}/metrics").text, re.MULTILINE)
    return int(float(found))


async def _make_known(stack: Stack, traffic: Traffic) -> None:
    """Let Telegram know the chats: whoever commands there is answered."""
    async with SimulatorClient(stack.urls["simulator"]) as sim:
        for number in traffic.chats:
            await sim.post("chat", chat_id=-number, title=title(number))


async def _until(instant: float) -> None:
    """Return when the loop's clock shows it; at once, when it has passed."""
    loop = asyncio.get_running_loop()
    reached = loop.create_future()
    loop.call_at(instant, reached.set_result, None)
    await reached


async def _deliver(stack: Stack, webhook: str, updates: list[Update], progress: Progress) -> Course:
    """Send each at its time, and count its seconds from then: who waits for a free connection waits too."""
    target, pid = urlsplit(webhook), stack.pid_of("bot")
    headers = {"x-telegram-bot-api-secret-token": stack.env["TELEGRAM_WEBHOOK_SECRET"]}
    opened = [await asyncio.open_connection(target.hostname, target.port) for _ in range(CONNECTIONS)]
    loop = asyncio.get_running_loop()
    course, began, waiting = Course(), loop.time(), iter(enumerate(updates))

    async def walk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for nth, update in waiting:
            due = began + nth / PER_SECOND
            await _until(due)
            body = json.dumps(update, ensure_ascii=False).encode()
            await send_one(reader, writer, post(webhook, body, headers))
            course.seconds.append(loop.time() - due)
            if nth == int(SETTLED * len(updates)):
                course.cached = await asyncio.to_thread(_cached, stack)
            if nth % (5 * PER_SECOND) == 0:
                course.memory.append(megabytes(pid, "VmRSS"))
            if nth % (60 * PER_SECOND) == 0:
                progress.say(f"steady traffic since {nth // PER_SECOND} s: the bot takes {course.memory[-1]:.0f} MB")

    try:
        async with asyncio.TaskGroup() as group:
            for connection in opened:
                group.create_task(walk(*connection))
    finally:
        for _, writer in opened:
            writer.close()
    course.memory.append(megabytes(pid, "VmRSS"))
    return course
