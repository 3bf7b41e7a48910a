"""Pushes updates to the webhook as Telegram does: many chats at once, each in order, again until accepted."""

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import structlog
from pydantic import Field

from infra.local.telegram.inbox import Inbox, Pending, Webhook
from infra.local.telegram.webhook_answer import embedded_call
from infra.local.telegram.world import Part

log = structlog.get_logger()

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 (the name of the header, not a secret)
Answer = Callable[[dict[str, Any], dict[str, tuple[str, bytes]]], Awaitable[None]]


class Switches(Part):
    """What the control API may do to deliveries. Pauses between tries grow from `retry_first` to `retry_cap`."""

    paused: bool = False
    duplicates: float = Field(default=0, ge=0, le=1, description="share of accepted updates that come once more")
    disorder: bool = Field(default=False, description="updates of one chat overtake each other")
    delay_seconds: float = Field(default=0, ge=0, le=3600)
    retry_first_seconds: float = Field(default=0.05, gt=0, le=60)
    retry_cap_seconds: float = Field(default=1, gt=0, le=3600)
    timeout_seconds: float = Field(default=60, gt=0, le=600)


class Attempt(Part):
    """One delivery: the webhook's status, or why there was none."""

    update_id: int
    chat_id: int
    kind: str
    number: int
    at: float
    seconds: float
    status: int | None
    error: str | None
    repeat: bool = False


@dataclass
class Courier:
    """Owns one task per lane. A lane is a chat; in disorder every update is a lane of its own."""

    inbox: Inbox
    switches: Switches
    answer: Answer
    changed: Callable[[], None]
    log: deque[Attempt] = field(default_factory=lambda: deque(maxlen=20_000))
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    _lanes: dict[str, deque[Pending]] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(40))
    _client: aiohttp.ClientSession | None = None

    def start(self) -> None:
        self._client = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        for update in self.inbox.pending.values():
            self.take(update)
        self.reconsider()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client:
            await self._client.close()

    def take(self, update: Pending) -> None:
        """Put the update at the end of its lane."""
        name = f"update {update.update_id}" if self.switches.disorder else f"chat {update.chat_id}"
        if name in self._lanes:
            self._lanes[name].append(update)
            return
        self._lanes[name] = deque([update])
        self._own(self._walk(name))

    def reconsider(self) -> None:
        """Wake every lane: the webhook or a switch has changed, so waiting may be over."""
        if self.inbox.webhook:
            self._slots = asyncio.Semaphore(self.inbox.webhook.max_connections)
        self._news.set()
        self._news = asyncio.Event()

    def _own(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("delivery_lane_failed", exc_info=error)

    async def _wait_for_news(self, seconds: float | None = None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return

    async def _walk(self, name: str) -> None:
        """Deliver one lane in order; its task ends with it."""
        try:
            if self.switches.disorder:
                await asyncio.sleep(self.chance.random() * 0.3)
            await self._empty(self._lanes[name])
        finally:
            del self._lanes[name]

    async def _empty(self, lane: deque[Pending]) -> None:
        while lane:
            update = lane[0]
            if update.update_id not in self.inbox.pending:  # dropped, or polled meanwhile
                lane.popleft()
            elif self.inbox.webhook is None or self.switches.paused:
                await self._wait_for_news()
            elif (early := update.created_at + self.switches.delay_seconds - time.time()) > 0:
                await self._wait_for_news(early)
            elif await self._deliver(update, self.inbox.webhook):
                lane.popleft()
            else:
                await self._wait_for_news(self._pause(update.attempts))

    def _pause(self, attempts: int) -> float:
        return min(self.switches.retry_cap_seconds, self.switches.retry_first_seconds * 2.0 ** min(attempts - 1, 20))

    async def _deliver(self, update: Pending, webhook: Webhook) -> bool:
        """Return whether the bot accepted the update."""
        async with self._slots:
            update.attempts += 1
            attempt = await self._post(update, webhook)
        accepted = attempt.status is not None and 200 <= attempt.status < 300
        if accepted:
            self.inbox.accepted(update.update_id)
            if self.chance.random() < self.switches.duplicates:
                self._own(self._repeat(update, webhook))
        else:
            webhook.last_error_date = int(time.time())
            webhook.last_error_message = attempt.error
        self.changed()
        return accepted

    async def _repeat(self, update: Pending, webhook: Webhook) -> None:
        """Deliver an accepted update again, a little later: Telegram does so when it did not hear the 200."""
        await asyncio.sleep(self.chance.random() * 0.3)
        async with self._slots:
            (await self._post(update, webhook)).repeat = True

    async def _post(self, update: Pending, webhook: Webhook) -> Attempt:
        started, status, error = time.monotonic(), None, None
        try:
            status, error = await self._send(update, webhook)
        except TimeoutError:
            error = "Read timeout expired"
        except aiohttp.ClientConnectorError:
            error = "Connection refused"
        except (aiohttp.ClientError, OSError) as problem:
            error = str(problem) or type(problem).__name__
        attempt = Attempt(
            update_id=update.update_id,
            chat_id=update.chat_id,
            kind=update.kind,
            number=update.attempts,
            at=time.time(),
            seconds=round(time.monotonic() - started, 4),
            status=status,
            error=error,
        )
        self.log.append(attempt)
        return attempt

    async def _send(self, update: Pending, webhook: Webhook) -> tuple[int, str | None]:
        if self._client is None:
            raise RuntimeError("the courier has not been started")
        headers = {SECRET_HEADER: webhook.secret} if webhook.secret else {}
        timeout = aiohttp.ClientTimeout(total=self.switches.timeout_seconds)
        async with self._client.post(
            webhook.url, json=update.wire, headers=headers, timeout=timeout, allow_redirects=False
        ) as response:
            if not 200 <= response.status < 300:
                return response.status, f"Wrong response from the webhook: {response.status} {response.reason}"
            call = await embedded_call(response)
        if call:
            await self.answer(*call)
        return response.status, None
