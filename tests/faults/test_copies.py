"""Several of each process give what one of each gives, also while some bots die (A21), and one stops in order (I19)."""

import asyncio
import itertools
import random
import re
import secrets
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from html import unescape
from pathlib import Path

import aiohttp
import pytest

from infra.local.telegram.client import SimulatorClient
from infra.local.waiting import until
from tests.bots import Copy, running_copies, start, well
from tests.faults.test_chaos import FIGURES, REPLAY, talk, untold
from tests.nginx import passing_on
from tests.stack import Stack
from tests.world import ClientChat

_people = itertools.count(800_000_000 + secrets.randbelow(10**8))
# Beside the ports of the stack.
PROXY, COPIES = 3050, (3053, 3054, 3055)
JOBS, ADMIN = 3056, 3057


@pytest.fixture
def copies(stack: Stack, tmp_path: Path) -> Iterator[list[Copy]]:
    """Three of the bot; Telegram comes to the proxy before them, and afterwards to the stack's own bot again."""
    offset = stack.caller.offset
    ports, proxy = [port + offset for port in COPIES], PROXY + offset
    webhook = f"http://127.0.0.1:{proxy}/webhook"
    through = passing_on(tmp_path / "proxy", proxy, ports)
    with through, running_copies(stack, ports, webhook, tmp_path / "log") as running:
        yield running
    stack.kill("bot")
    stack.wait_healthy("bot")


@pytest.fixture
def others(stack: Stack, tmp_path: Path) -> Iterator[list[Copy]]:
    """Jobs and an admin beside the stack's own."""
    log, jobs, admin = tmp_path / "log.others", JOBS + stack.caller.offset, ADMIN + stack.caller.offset
    address = f"http://127.0.0.1:{admin}"
    copies = [
        start(stack, "jobs", log, JOBS_METRICS_PORT=str(jobs)),
        start(stack, "admin", log, ADMIN_PORT=str(admin), ADMIN_URL=address, SIGN_INS_PER_ADDRESS="100000"),
    ]
    with well(copies, log) as running:
        yield running


@asynccontextmanager
async def open_pages(urls: Sequence[str]) -> AsyncIterator[list[aiohttp.ClientWebSocketResponse]]:
    """Sign in at the first admin, open `/requests` at each of them with that session, and listen there."""
    async with AsyncExitStack() as stack:
        jar = aiohttp.CookieJar(unsafe=True)
        client = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=jar))
        form = hidden_fields(await (await client.get(f"{urls[0]}/login")).text())
        person = {"email": "manager@buhbot.test", "password": "buhbot-demo-2026"}
        await client.post(f"{urls[0]}/login", data={**form, **person}, allow_redirects=False)
        for url in urls:
            page = await client.get(f"{url}/requests")
            assert (page.status, page.url.path) == (200, "/requests"), "one session, whichever admin is asked"
        yield [await stack.enter_async_context(client.ws_connect(f"{url}/ws", origin=url)) for url in urls]


def hidden_fields(page: str) -> dict[str, str]:
    return {name: unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page)}


async def until_hint(page: aiohttp.ClientWebSocketResponse, topic: str) -> None:
    async with asyncio.timeout(20):
        while (await page.receive()).data != topic:
            pass


@pytest.fixture
async def disordered(sim: SimulatorClient) -> AsyncIterator[SimulatorClient]:
    """A Telegram whose updates of one chat overtake each other, and come twice."""
    await sim.switches(disorder=True, duplicates=0.2)
    yield sim
    await sim.switches(disorder=False, duplicates=0)


async def test_a21_three_bots_give_what_one_gives_while_one_dies_and_one_stops(
    stack: Stack, disordered: SimulatorClient, copies: list[Copy], others: list[Copy]
) -> None:
    """With two jobs and two admins beside them: no alert is told twice, and both admins know the session and hear."""
    chats = [ClientChat(stack, disordered) for _ in range(4)]
    for chat in chats:
        await chat.connect()
    stop = asyncio.Event()
    talks = [asyncio.create_task(talk(chat, disordered, random.Random(n), stop)) for n, chat in enumerate(chats)]
    started = {next(_people) for _ in range(10)}
    try:
        await asyncio.gather(*(disordered.start(person) for person in started))
        await asyncio.to_thread(copies[0].kill)
        await asyncio.gather(*(chat.ask("Вопрос между делом") for chat in chats))
        assert await asyncio.to_thread(copies[1].stop) == 0
        async with open_pages([stack.urls["admin"], f"http://127.0.0.1:{others[1].port}"]) as pages:
            await asyncio.gather(*(chat.ask("И ещё один") for chat in chats))
            await asyncio.gather(*(until_hint(page, "requests") for page in pages))
    finally:
        stop.set()
    await asyncio.gather(*talks)
    await disordered.until_delivered(seconds=60)
    for chat in chats:
        sent = sorted(message.message_id for message in await disordered.messages(chat.id))
        assert [row["message_id"] for row in chat.messages if row["edit_version"] == 0] == sent
        before = chat.rows(FIGURES, chat.id)
        chat.rows(REPLAY, chat.id)
        assert chat.rows(FIGURES, chat.id) == before
    assert await asyncio.to_thread(until, lambda: not [chat for chat in chats if untold(chat)], 90)
    assert chats[0].rows("select count(*) as n from public.process_reports where component = 'jobs'")[0]["n"] > 1


async def test_i19_a_bot_that_is_told_to_stop_says_what_it_owes_first(
    stack: Stack, sim: SimulatorClient, copies: list[Copy]
) -> None:
    people = [next(_people) for _ in range(20)]
    for copy in copies[1:]:
        await asyncio.to_thread(copy.kill)
    await sim.limits(on=False)
    await sim.faults({"method": "sendMessage", "times": len(people), "hang_seconds": 2, "code": None})
    await asyncio.gather(*(sim.start(person) for person in people))
    await sim.until_delivered()
    began = time.monotonic()
    assert await asyncio.to_thread(copies[0].stop) == 0
    assert time.monotonic() - began < 10
    await sim.limits(on=True)
    for person in people:
        assert [one for one in await sim.messages(person) if one.by_bot], "it was taken, so it is answered"
