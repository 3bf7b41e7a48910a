"""Hints from Redis to the open pages of this process: one subscription, however many pages."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from infra.redis import HINTS, end

log = structlog.get_logger()

# Said after Redis was away: whatever was published meanwhile is lost, so every page looks again.
EVERYTHING = "all"
LONGEST_PAUSE_SECONDS = 1.0
SILENCE_SECONDS = 20.0


class Waiting:
    """Topics that one page has not been told yet; a topic said ten times meanwhile is told once."""

    def __init__(self) -> None:
        self._topics: set[str] = set()
        self._said = asyncio.Event()

    def add(self, topic: str) -> None:
        """Remember a topic for the page."""
        self._topics.add(topic)
        self._said.set()

    async def take(self) -> set[str]:
        """Wait for topics and return them all."""
        await self._said.wait()
        self._said.clear()
        topics, self._topics = self._topics, set()
        return topics


class HintRelay:
    """Passes what is published on Redis to every page; comes back by itself when Redis does."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._pages: set[Waiting] = set()
        self._task: asyncio.Task[None] | None = None

    @contextmanager
    def page(self) -> Iterator[Waiting]:
        """Count a page among the listeners for as long as its socket is open."""
        waiting = Waiting()
        self._pages.add(waiting)
        try:
            yield waiting
        finally:
            self._pages.discard(waiting)

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._relay_for_ever())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task:
            await end(self._task)

    async def _relay_for_ever(self) -> None:
        failures = 0
        while True:
            try:
                await self._relay()
                failures = 0
            except (RedisError, OSError, TimeoutError) as error:
                failures += 1
                if failures == 1:
                    log.warning("hints_interrupted", reason=type(error).__name__)
            pause = min(0.1 * 2**failures, LONGEST_PAUSE_SECONDS)
            await asyncio.sleep(pause * (0.5 + random.random() / 2))  # noqa: S311 (spreads reconnects, hides nothing)

    async def _relay(self) -> None:
        async with self._redis.pubsub() as channel:
            await channel.subscribe(HINTS)
            silent_since = asyncio.get_running_loop().time()
            while asyncio.get_running_loop().time() - silent_since < SILENCE_SECONDS:
                message = await channel.get_message(timeout=SILENCE_SECONDS / 4)
                if message is None:
                    await channel.ping()  # a connection that died without a word answers nothing
                    continue
                silent_since = asyncio.get_running_loop().time()
                self._pass_on(message["type"], message["data"])

    def _pass_on(self, kind: str, content: bytes | int | str) -> None:
        # redis-py resubscribes silently after a broken connection; its confirmation is how we notice.
        if kind == "subscribe":
            log.info("hints_subscribed", pages=len(self._pages))
            self._tell(EVERYTHING)
        elif kind == "message" and isinstance(content, bytes):
            self._tell(content.decode(errors="replace"))

    def _tell(self, topic: str) -> None:
        for waiting in self._pages:
            waiting.add(topic)
