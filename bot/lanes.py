"""Order per chat: what concerns one chat is handled one after another, chats go side by side."""

import asyncio
from collections.abc import Awaitable, Callable

Work = Callable[[], Awaitable[None]]


class Lanes:
    """Runs work in order within a chat. Every task has its owner here, who waits for it at shutdown."""

    def __init__(self) -> None:
        self._last: dict[int, asyncio.Task[None]] = {}

    def start(self, chat_id: int, work: Work) -> None:
        """Do `work` after whatever runs for this chat, without anybody waiting for it."""
        task = asyncio.create_task(self._after(self._last.get(chat_id), work))
        self._last[chat_id] = task
        task.add_done_callback(lambda done: self._forget(chat_id, done))

    async def run(self, chat_id: int, work: Work) -> None:
        """Do `work` after whatever runs for this chat, and return when it is done or raise what it raised."""
        self.start(chat_id, work)
        await self._last[chat_id]

    async def drain(self, seconds: float) -> None:
        """Wait for what is under way, at most so long."""
        if self._last:
            await asyncio.wait(self._last.values(), timeout=seconds)

    async def _after(self, previous: asyncio.Task[None] | None, work: Work) -> None:
        if previous:
            await asyncio.wait([previous])
        await work()

    def _forget(self, chat_id: int, done: asyncio.Task[None]) -> None:
        if self._last.get(chat_id) is done:
            del self._last[chat_id]
