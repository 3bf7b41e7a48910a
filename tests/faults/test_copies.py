"""Several bots behind a proxy give what one gives, also while some of them die (A21), and one stops in order (I19)."""

import asyncio
import itertools
import random
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from infra.local.telegram.client import SimulatorClient
from tests.bots import Copy, running_copies
from tests.faults.test_chaos import FIGURES, REPLAY, talk
from tests.nginx import passing_on
from tests.stack import Stack
from tests.world import ClientChat

_people = itertools.count(800_000_000 + secrets.randbelow(10**8))
# Beside the ports of the stack.
PROXY, COPIES = 3050, (3053, 3054, 3055)


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
async def disordered(sim: SimulatorClient) -> AsyncIterator[SimulatorClient]:
    """A Telegram whose updates of one chat overtake each other, and come twice."""
    await sim.switches(disorder=True, duplicates=0.2)
    yield sim
    await sim.switches(disorder=False, duplicates=0)


async def test_a21_three_bots_give_what_one_gives_while_one_dies_and_one_stops(
    stack: Stack, disordered: SimulatorClient, copies: list[Copy]
) -> None:
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
        await asyncio.gather(*(chat.ask("И ещё один") for chat in chats))
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
