"""Runs jobs again and again in this process: no Redis is on the way of a deadline, and no timer is lost with it."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

import structlog
from prometheus_client import Counter

from infra.supabase import Unavailable
from jobs.connections import Connections

# A job that is seldom done asks this soon again for a database that is away: at a start, we may be up before it.
AWAY_SECONDS = 5

failed = Counter("buhbot_ticks_failed_total", "Runs that failed; the next one comes as if nothing had been.", ["tick"])

log = structlog.get_logger()


class Tick(NamedTuple):
    """A job, and how many seconds lie between the starts of two runs."""

    name: str
    seconds: float
    job: Callable[[Connections], Awaitable[None]]


@asynccontextmanager
async def ticking(ticks: Sequence[Tick], connections: Connections, completion_seconds: float) -> AsyncGenerator[None]:
    """Run the jobs while the block lasts; at its end, let what is under way finish, for so many seconds.

    Several processes may tick at once: the database gives each piece of work to one of them.
    """
    for tick in ticks:
        # From the start on: a rate of what has never been is no zero.
        failed.labels(tick.name)
    stopped = asyncio.Event()
    tasks = [asyncio.create_task(_repeat(tick, connections, stopped), name=tick.name) for tick in ticks]
    try:
        yield
    finally:
        stopped.set()
        _, unfinished = await asyncio.wait(tasks, timeout=completion_seconds)
        for task in unfinished:
            log.warning("job_cut_off", job=task.get_name())
            task.cancel()
        await asyncio.wait(tasks)


async def _repeat(tick: Tick, connections: Connections, stopped: asyncio.Event) -> None:
    """Run until stopped. A run that takes longer than the pause is followed by the next at once, never overlapped."""
    while not stopped.is_set():
        began_at = time.monotonic()
        found_the_database = await _run(tick, connections)
        next_at = began_at + (tick.seconds if found_the_database else min(tick.seconds, AWAY_SECONDS))
        try:
            async with asyncio.timeout(max(0.0, next_at - time.monotonic())):
                await stopped.wait()
        except TimeoutError:
            continue


async def _run(tick: Tick, connections: Connections) -> bool:
    """Return whether there was a database to ask."""
    try:
        await tick.job(connections)
    except Unavailable as error:
        failed.labels(tick.name).inc()
        log.warning("job_delayed", job=tick.name, reason=str(error))
        return False
    except Exception as error:
        failed.labels(tick.name).inc()
        log.error("job_failed", job=tick.name, exc_info=error)
    return True
