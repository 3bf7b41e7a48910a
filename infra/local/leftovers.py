"""Processes of a stack that outlived their supervisor, known by a mark in their environment."""

import os
import signal
from pathlib import Path

from infra.local.waiting import until

MARK = "BUHBOT_STACK"


def processes(home: Path) -> list[int]:
    """Return the ids of all processes that were started for the stack in this folder."""
    mark = f"{MARK}={home}".encode()
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal() and _bears(entry, mark)]


def end(home: Path, patience: float) -> None:
    """Wait some seconds for them to end by themselves, then kill them."""
    found = processes(home)
    if not until(lambda: all(map(_has_ended, found)), patience):
        for process in found:
            _kill(process)
        until(lambda: all(map(_has_ended, found)), 5)


def _bears(entry: Path, mark: bytes) -> bool:
    try:
        return mark in (entry / "environ").read_bytes().split(b"\0")
    except OSError:  # ended meanwhile, or somebody else's
        return False


def _has_ended(process: int) -> bool:
    # A dying process loses its environment before its ports, and its ports before it becomes a zombie.
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state in {"Z", "X"}


def _kill(process: int) -> None:
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return
