"""`/start` beside its floor: a thousand people in bursts of a hundred, from Telegram's push to the answer it holds.

The way is the same for both: simulator, nginx, bot, simulator. Bursts take turns, so that a bad moment is everybody's.
"""

import asyncio
import itertools
import math
import secrets
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

import httpx

from bot.webhook_watch import AT_ONCE, WANTED
from infra import redis
from infra.local.telegram.client import SimulatorClient
from tests.bench.progress import Progress
from tests.bench.results import Measure, Target
from tests.stack import Stack

BURSTS = 10
PEOPLE = 100
WARM_UP = 20
# An answer that takes longer counts as none.
PATIENCE_SECONDS = 20

_people = itertools.count(3_000_000_000 + secrets.randbelow(10**8))


@dataclass(frozen=True)
class Side:
    """Where Telegram brings updates, and how long each answer took, burst by burst."""

    name: str
    webhook: str
    bursts: list[list[float]]

    @property
    def seconds(self) -> list[float]:
        return [one for burst in self.bursts for one in burst]


def measures(stack: Stack, webhooks: tuple[str, str], progress: Progress) -> list[Measure]:
    """Return the measures; `webhooks` are the proxy's addresses of bot and floor."""
    bot, floor = (Side(name, url, []) for name, url in zip(("bot", "echo"), webhooks, strict=True))
    asyncio.run(_take_turns(stack, (bot, floor), progress))
    answered = len(bot.seconds) / (BURSTS * PEOPLE)
    ratio = statistics.median(at(0.95, b) / at(0.95, f) for b, f in zip(bot.bursts, floor.bursts, strict=True))
    return [
        Measure("/start answered", 100 * answered, "%", Target("value", ">=", 100)),
        _measure("/start p50", 0.5, bot, floor, Target("value", "<=", 250)),
        _measure("/start p95", 0.95, bot, floor, Target("ratio", "<=", 1.5), ratio),
        # Half of what the seed allows.
        _measure("/start p95 for people", 0.95, bot, floor, Target("value", "<=", 250)),
        _measure("/start p99", 0.99, bot, floor, Target("value", "<=", 500)),
    ]


def at(share: float, values: Sequence[float]) -> float:
    """Return the value that so large a share does not exceed."""
    return sorted(values)[math.ceil(share * len(values)) - 1]


def _measure(name: str, share: float, bot: Side, floor: Side, target: Target, ratio: float | None = None) -> Measure:
    value, low = 1000 * at(share, bot.seconds), 1000 * at(share, floor.seconds)
    return Measure(name, value, "ms", target, floor=low, ratio=value / low if ratio is None else ratio)


async def _take_turns(stack: Stack, sides: tuple[Side, Side], progress: Progress) -> None:
    async with SimulatorClient(stack.urls["simulator"]) as sim, _unwatched(stack):
        # A hundred answers in one instant are more than Telegram takes; here it is the bot that is measured.
        await sim.limits(on=False)
        before = (await sim.get("status"))["webhook"]["url"]
        for side in sides:
            await _aim(stack, side.webhook)
            await _burst(sim, WARM_UP)
        for nth in range(BURSTS):
            for side in sides if nth % 2 else reversed(sides):
                await _aim(stack, side.webhook)
                side.bursts.append(await _burst(sim, PEOPLE))
            told = ", ".join(f"{side.name} {1000 * at(0.95, side.bursts[-1]):4.0f} ms" for side in sides)
            progress.say(f"/start, p95 of a burst: {told}")
        await _aim(stack, before)
        await sim.limits(on=True)


@asynccontextmanager
async def _unwatched(stack: Stack) -> AsyncIterator[None]:
    """Let the bot think that a newer copy of it said where Telegram delivers; else it sets its own way again."""
    async with aclosing(redis.connect(stack.env["REDIS_URL"])) as queue:
        way = await queue.set(WANTED, "the bench's", get=True)
        yield
        await queue.set(WANTED, way)


async def _aim(stack: Stack, webhook: str) -> None:
    """Have Telegram bring updates there, as many at once as our bot asks for: the floor gets as many."""
    url = f"{stack.urls['simulator']}/bot{stack.env['TELEGRAM_BOT_TOKEN']}/setWebhook"
    async with httpx.AsyncClient() as client:
        secret = stack.env["TELEGRAM_WEBHOOK_SECRET"]
        asked = {"url": webhook, "secret_token": secret, "max_connections": AT_ONCE}
        (await client.post(url, json=asked)).raise_for_status()


async def _burst(sim: SimulatorClient, people: int) -> list[float]:
    """Let so many people start at once, and return the seconds until Telegram held each answer."""
    waiting = {str(next(_people)) for _ in range(people)}
    await sim.switches(paused=True)
    await asyncio.gather(*(sim.start(int(person)) for person in waiting))
    last = max((call.id for call in await sim.calls()), default=0)
    began, seconds = time.time(), list[float]()
    await sim.switches(paused=False)
    while waiting and time.time() - began < PATIENCE_SECONDS:
        await asyncio.sleep(0.1)
        for call in await sim.calls("sendMessage", since=last):
            last = max(last, call.id)
            if call.error_code is None and (person := str(call.parameters["chat_id"])) in waiting:
                waiting.remove(person)
                seconds.append(call.at - began)
    return seconds
