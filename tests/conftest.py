"""The running stack, and connections to its database, for every test that wants them."""

import asyncio
import fcntl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.async_api import Browser

from infra.local.telegram.client import SimulatorClient
from infra.local.waiting import until
from tests import privacy
from tests.browser import chromium
from tests.laws import name_profiles
from tests.stack import OFFSET, ROOT, Stack
from tests.world import ClientChat

name_profiles()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", action="store_true", help="leave pictures of every page in .local/screenshots")
    parser.addoption("--recipients", type=int, default=200, help="how many chats the campaign with faults asks")
    parser.addoption("--stack-offset", type=int, default=OFFSET, help="how far the ports of the tests' stack are away")


@pytest.fixture(scope="session")
def turn(pytestconfig: pytest.Config) -> Iterator[None]:
    """Two runs of the tests on the same ports would stop each other's stacks: the second waits here for the first."""
    folder = ROOT / ".local"
    folder.mkdir(mode=0o700, exist_ok=True)
    offset = pytestconfig.getoption("stack_offset")
    with (folder / "tests.lock").open("w") as bench, (folder / f"tests.{offset}.lock").open("w") as own:
        # The bench wants the machine for itself.
        fcntl.flock(bench, fcntl.LOCK_SH)
        fcntl.flock(own, fcntl.LOCK_EX)
        yield


def _keep_secrets(stack: Stack, more: list[Path]) -> None:
    """The last test of the run: nothing private that any test has sent stands in any log (I10)."""
    private = privacy.written(stack.env["DATABASE_URL"]) | privacy.secrets(stack.env)
    logs = [log for log in (*(stack.home / "log").iterdir(), *more) if log.is_file()]
    assert not (found := privacy.findings(logs, private)), "\n".join(["private data in the logs:", *found[:50]])


@pytest.fixture(scope="session")
def stack(turn: None, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """All parts, on ports of their own, with the demo firm and nothing else in the database."""
    running = Stack(pytestconfig.getoption("stack_offset"))
    running.wipe()
    try:
        # Tests sign in by the hundred from one address, and some of them on purpose with a wrong password.
        running.start(SIGN_INS_PER_ACCOUNT="100000", SIGN_INS_PER_ADDRESS="100000")
        yield running
        _keep_secrets(running, [*tmp_path_factory.getbasetemp().rglob("log*")])
    finally:
        running.wipe()


@pytest.fixture
def db(stack: Stack) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """A connection as `postgres`, who is no superuser; what the test does is rolled back."""
    with psycopg.connect(stack.env["DATABASE_URL"]) as connection:
        yield connection
        connection.rollback()


@pytest.fixture(scope="session")
async def chrome() -> AsyncIterator[Browser]:
    """One Chromium for all: each test has a profile of its own in it."""
    async with chromium() as launched:
        yield launched


@pytest.fixture
async def sim(stack: Stack) -> AsyncIterator[SimulatorClient]:
    """Telegram, as the running bot sees it."""
    async with SimulatorClient(stack.urls["simulator"]) as client:
        yield client


@pytest.fixture
async def chat(stack: Stack, sim: SimulatorClient) -> ClientChat:
    """A client chat of the test's own."""
    own = ClientChat(stack, sim)
    await own.connect()
    # A sender that an earlier test killed may have died with messages in hand: nothing overtakes them until its claim
    # lapses.
    under_way = "select id from public.outbox where status = 'sending'"
    assert await asyncio.to_thread(until, lambda: not own.rows(under_way), 90)
    return own
