"""Deployments on a machine of the test's own: nothing is lost meanwhile, and what does not work is taken back."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

import pytest

from infra.local.telegram.client import SimulatorClient
from tests.infra.rehearsal import Machine
from tests.stack import Stack
from tests.world import ClientChat

log = logging.getLogger(__name__)


@pytest.fixture
def machine(stack: Stack, tmp_path: Path) -> Iterator[Machine]:
    """Telegram comes to its proxy, and afterwards to the stack's own bot again."""
    own = Machine(tmp_path, stack)
    with own.running():
        yield own
    stack.kill("bot")
    stack.wait_healthy("bot")


async def write(chat: ClientChat, stop: asyncio.Event) -> int:
    """Write in a chat until told to stop, and return how often."""
    for number in range(1_000_000):
        await chat.ask(f"Вопрос {number}")
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 0.05)
            return number + 1
    raise AssertionError


def break_start(release: Path) -> None:
    for process in ("bot", "jobs", "admin"):
        (release / process / "__main__.py").write_text("raise SystemExit('broken on purpose')\n")


def break_migrations(release: Path) -> None:
    (release / "supabase/migrations/29990101000000_add_nothing.sql").write_text("select 1 / 0;\n")


async def arrives(machine: Machine, release: Path) -> None:
    done = await asyncio.to_thread(machine.deploy, release)
    log.info("deployed %s:%s", release.name, done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr + machine.logs()
    assert machine.serving == release.name


async def fails(machine: Machine, release: Path | str, *sentences: str) -> None:
    """It says so in these words, and what served goes on serving."""
    serving = machine.serving
    done = await asyncio.to_thread(machine.deploy, release)
    said = done.stdout + done.stderr
    log.info("tried %s:%s", release, said)
    assert done.returncode == 1, said
    assert [sentence for sentence in sentences if sentence in said] == list(sentences), said + machine.logs()
    assert machine.serving == serving


async def test_a_deployment_loses_nothing_and_what_fails_is_taken_back(
    machine: Machine, sim: SimulatorClient, chat: ClientChat
) -> None:
    first = machine.release("first")
    await arrives(machine, first)

    stop = asyncio.Event()
    writing = asyncio.create_task(write(chat, stop))
    await arrives(machine, machine.release("second"))

    broken = machine.release("broken")
    break_start(broken)
    dies = "bot of the new release ends as soon as it has started"
    await fails(machine, broken, dies, "broken does not come into service", "ROLLED BACK: second serves")

    migrating = machine.release("migrating")
    break_migrations(migrating)
    await fails(machine, migrating, "a migration failed and was undone")

    # The way back leads to what served before, whatever has failed since; should that fail, too, all stays as it is.
    break_start(first)
    await fails(machine, "--back", "first does not come into service", "ROLLED BACK: second serves")

    # What an operator runs by hand stands where the release does, and knows what its processes know.
    statement = "import os; print(os.getcwd(), *map(os.environ.get, ['SESSION_SECRET', 'DATABASE_URL']))"
    told = await asyncio.to_thread(machine.command, "run", "timeit", "--number=1", "--repeat=1", statement)
    assert f"second {machine.secret} postgresql://" in told.stdout, told

    stop.set()
    written = await writing
    await sim.until_delivered(seconds=60)
    assert len(chat.messages) == written
    # A connection that nginx closes as it reloads may just be used again: nobody answered, and Telegram comes again.
    answers = {one.status for one in await sim.deliveries() if one.chat_id == chat.id}
    assert answers <= {HTTPStatus.OK, None}
    assert machine.backups == 4
