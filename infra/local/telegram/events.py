"""Tells listeners (the playground, the state file) that something changed; what it is they look up themselves."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

QUEUE_LIMIT = 1000
Hint = dict[str, Any]


@dataclass
class Events:
    """A listener that does not keep up loses hints, not facts: it reads the whole state with the next one."""

    _queues: set[asyncio.Queue[Hint | None]] = field(default_factory=set)
    _callbacks: list[Callable[[], None]] = field(default_factory=list)

    def on_change(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)

    def publish(self, topic: str, chat_id: int | None = None) -> None:
        for queue in self._queues:
            if not queue.full():
                queue.put_nowait({"topic": topic, "chat_id": chat_id})
        for callback in self._callbacks:
            callback()

    def end(self) -> None:
        """Let every listener go: None is the last word."""
        for queue in self._queues:
            while queue.full():
                queue.get_nowait()
            queue.put_nowait(None)

    @contextmanager
    def listen(self) -> Iterator[asyncio.Queue[Hint | None]]:
        queue: asyncio.Queue[Hint | None] = asyncio.Queue(QUEUE_LIMIT)
        self._queues.add(queue)
        try:
            yield queue
        finally:
            self._queues.discard(queue)
