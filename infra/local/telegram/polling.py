"""getUpdates: the other way in which a bot fetches its updates, never beside a webhook."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from infra.local.telegram.errors import ApiError
from infra.local.telegram.inbox import Inbox


@dataclass
class Poller:
    """One long poll at a time: a second one ends the first with 409."""

    inbox: Inbox
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _turn: int = 0
    _ended: bool = False

    def notice(self) -> None:
        """Something arrived, or somebody else polls: let the waiting poll look again."""
        self._news.set()
        self._news = asyncio.Event()

    def end(self) -> None:
        """Let the waiting poll go, with nothing: the simulator stops."""
        self._ended = True
        self.notice()

    def _confirm(self, offset: int) -> None:
        """Forget what came before `offset`; a negative one keeps that many of the newest."""
        numbers = sorted(self.inbox.pending)
        done = numbers[:offset] if offset < 0 else [number for number in numbers if number < offset]
        for number in done:
            self.inbox.accepted(number)

    async def updates(self, offset: int, limit: int, timeout_seconds: int) -> list[dict[str, Any]]:
        """Return at most `limit` updates, waiting up to `timeout_seconds` for the first."""
        self._turn += 1
        turn = self._turn
        self.notice()
        if offset:
            self._confirm(offset)
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout_seconds
        while not self.inbox.pending and not self._ended and loop.time() < end:
            try:
                async with asyncio.timeout_at(end):
                    await self._news.wait()
            except TimeoutError:
                break
            self._check(turn)
        found = sorted(self.inbox.pending)[:limit]
        return [self.inbox.pending[number].wire for number in found]

    def _check(self, turn: int) -> None:
        if self.inbox.webhook:
            raise ApiError(409, "Conflict: terminated by setWebhook request")
        if turn != self._turn:
            raise ApiError(
                409,
                "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
            )
