"""Keeps the world on the disk, so that message and update ids never start again beside a database that knows them."""

import asyncio
import time
from pathlib import Path
from typing import Self

import structlog
from pydantic import ValidationError

from infra.local.telegram.demo import demo_world
from infra.local.telegram.inbox import Inbox
from infra.local.telegram.world import Part, World

log = structlog.get_logger()

# What may have been numbered after the last save when the simulator was killed.
LOST_IDS = 10_000


class State(Part):
    """One file: `clean` tells whether it was written at an orderly stop. Switches, limits and faults are not kept."""

    world: World
    inbox: Inbox
    clean: bool = False

    @classmethod
    def fresh(cls, bot_id: int) -> Self:
        return cls(world=demo_world(bot_id), inbox=Inbox())

    def skip_lost_ids(self) -> None:
        """Leap over ids that may have been given out after the last save."""
        self.inbox.last_update_id += LOST_IDS
        self.world.last_query_id += LOST_IDS
        for chat in self.world.chats.values():
            chat.last_message_id += LOST_IDS


class StateError(Exception):
    """The state file cannot be used; the message is one line for the person who started us."""


def load(path: Path, bot_id: int) -> State:
    """Read the state back, or begin with the demo firm when there is none."""
    if not path.exists():
        return State.fresh(bot_id)
    try:
        state = State.model_validate_json(path.read_bytes())
    except (ValidationError, OSError) as error:
        raise StateError(
            f"cannot read {path}: move it away or `make reset`, to begin afresh ({type(error).__name__})"
        ) from error
    if state.world.bot_id != bot_id:
        raise StateError(f"{path} belongs to another bot ({state.world.bot_id}): move it away to begin afresh")
    if not state.clean:
        state.skip_lost_ids()
        log.warning("state_was_not_saved_at_the_last_stop", skipped_ids=LOST_IDS)
    state.inbox.forget_old()
    return state


def save(path: Path, state: State) -> None:
    """Replace the file as a whole: a crash leaves the old one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.new")
    beside.write_bytes(state.model_dump_json(exclude_defaults=True).encode())
    beside.replace(path)


class Saver:
    """Saves after a change, then rests: at least `pause_seconds`, and ten times as long as the saving took."""

    def __init__(self, path: Path, state: State, pause_seconds: float = 1.0) -> None:
        self._path, self._state, self._pause = path, state, pause_seconds
        self._dirty = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def touch(self) -> None:
        self._dirty.set()

    def start(self) -> None:
        self._state.clean = False
        save(self._path, self._state)
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            started = time.monotonic()
            save(self._path, self._state)
            await asyncio.sleep(max(self._pause, 10 * (time.monotonic() - started)))

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._state.clean = True
        save(self._path, self._state)
