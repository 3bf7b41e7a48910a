"""Hints from Redis to the open pages of this process: one subscription, however many pages."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from redis.asyncio import Redis

from infra.redis import end, heard


class Waiting:
    """Topics that one page has not been told yet; a topic said ten times meanwhile is told once."""

    def __init__(self) -> None:
        self._topics: set[str] = set()
        self._said = asyncio.Event()

    def add(self, topic: str) -> None:
        """Remember a topic for the page."""
        self._topics.add(topic)
        self._said.set()

    async def something(self) -> None:
        """Return when there is something to take."""
        await self._said.wait()

    def take(self) -> set[str]:
        """Return all topics, which then are told."""
        self._said.clear()
        topics, self._topics = self._topics, set()
        return topics


class HintRelay:
    """Passes what is published on Redis to every page, and `hear` it; comes back by itself when Redis does."""

    def __init__(self, redis: Redis, hear: Callable[[str], None] = lambda _: None) -> None:
        self._redis, self._hear = redis, hear
        self._pages: set[Waiting] = set()
        self._task: asyncio.Task[None] | None = None

    @property
    def pages(self) -> int:
        """How many listen right now."""
        return len(self._pages)

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
        self._task = asyncio.create_task(self._relay())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task:
            await end(self._task)

    async def _relay(self) -> None:
        async for topic in heard(self._redis):
            self._tell(topic)

    def _tell(self, topic: str) -> None:
        self._hear(topic)
        for waiting in self._pages:
            waiting.add(topic)
