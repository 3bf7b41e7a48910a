"""Five hundred open pages on one admin: what they cost in memory, and how soon all of them are fresh after a commit.

Each is a session with a socket of its own, and does what the script of a page does: it answers the heartbeat, and on a
hint asks for its rows again, one request at a time. All of them are in front of somebody's eyes, which no firm has: a
page behind another one waits until it is looked at.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus

import aiohttp

from admin.services import open_services
from admin.settings import AdminSettings
from infra.local.telegram.client import SimulatorClient
from tests.bench.memory import megabytes
from tests.bench.progress import Progress
from tests.bench.results import Measure, Target
from tests.bench.start import at
from tests.stack import Stack
from tests.world import ClientChat

PAGES = 500
COMMITS = 3
PATIENCE_SECONDS = 30


@dataclass
class Page:
    """An open page: what its rows say, and since when."""

    client: aiohttp.ClientSession
    url: str
    rows: str | None = None
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def live(self) -> None:
        """Listen until cancelled."""
        connecting = self.client.ws_connect(f"{self.url}/ws", origin=self.url)
        async with connecting as socket, asyncio.TaskGroup() as looks:
            wanted = asyncio.Event()
            looks.create_task(self._look(wanted))
            async for message in socket:
                if message.data == "ping":
                    await socket.send_str("pong")
                else:
                    wanted.set()
            raise ConnectionError(f"the admin hung up: {socket.close_code}")

    async def _look(self, wanted: asyncio.Event) -> None:
        while await wanted.wait():
            wanted.clear()
            asking = {"HX-Request": "true", "X-By-Itself": "1"}
            async with self.client.get(f"{self.url}/requests", headers=asking) as answer:
                rows = await answer.text()
            # What could not be read says so, beside the rows that were there.
            if answer.status == HTTPStatus.OK:
                async with self.changed:
                    self.rows = rows
                    self.changed.notify_all()

    async def shows(self, text: str, since: float) -> float:
        """Return how many seconds after `since` the page showed the text, at most our patience."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS), self.changed:
                await self.changed.wait_for(lambda: self.rows is not None and text in self.rows)
        return time.monotonic() - since


def measures(stack: Stack, progress: Progress) -> list[Measure]:
    """Open the pages, let clients write, and return the measures."""
    return asyncio.run(_measured(stack, progress))


async def _measured(stack: Stack, progress: Progress) -> list[Measure]:
    async with SimulatorClient(stack.urls["simulator"]) as sim:
        chat = ClientChat(stack, sim)
        await chat.connect()
        alone = await _freshness(stack, chat, 1)
        crowd = await _freshness(stack, chat, PAGES)
    progress.say(f"{PAGES} pages: half fresh in {at(0.5, crowd):.1f} s, all in {max(crowd):.1f} s")
    taken = megabytes(stack.pid_of("admin"), "VmHWM")
    return [
        Measure("live, an open page fresh", max(alone), "s", Target("value", "<=", 2)),
        Measure(f"live, all of {PAGES} open pages fresh", max(crowd), "s", Target("value", "<=", 10)),
        Measure(f"live, memory of admin with {PAGES} pages", taken, "MB", Target("value", "<=", 256)),
    ]


async def _freshness(stack: Stack, chat: ClientChat, count: int) -> list[float]:
    """Return for each commit and each of so many pages the seconds from the client's word to the page."""
    seconds = []
    async with _opened(stack, count) as pages:
        for nth in range(COMMITS):
            text, since = f"Вопрос {nth} из {count}?", time.monotonic()
            await chat.ask(text)
            seconds += await asyncio.gather(*(page.shows(text, since) for page in pages))
    return seconds


@asynccontextmanager
async def _opened(stack: Stack, count: int) -> AsyncIterator[list[Page]]:
    """Yield open pages of the demo firm's manager, who has signed in on so many devices."""
    given = {name.lower(): value for name, value in stack.env.items()}
    url = stack.urls["admin"]
    async with AsyncExitStack() as stays, asyncio.TaskGroup() as living:
        services = await stays.enter_async_context(open_services(AdminSettings.model_validate(given)))
        login = await services.auth.sign_in("manager@buhbot.test", "buhbot-demo-2026")
        pages = []
        for _ in range(count):
            cookies = {services.cookie.name: await services.sessions.start(login)}
            client = await stays.enter_async_context(aiohttp.ClientSession(cookies=cookies))
            pages.append(Page(client, url))
        tasks = [living.create_task(page.live()) for page in pages]
        await asyncio.gather(*(page.shows("", 0) for page in pages))
        yield pages
        for task in tasks:
            task.cancel()
