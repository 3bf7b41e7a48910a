"""Copies of processes beside the stack's own, to be killed and stopped without disturbing them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from infra.local import health
from infra.local.processes import GIVEN
from infra.local.waiting import until
from tests.stack import ROOT, Stack


class Copy:
    """One process more."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.port, self._process = port, process

    def kill(self) -> None:
        """End it without a farewell."""
        self._process.kill()
        self._process.wait(10)

    def stop(self) -> int:
        """End it as an operator does, and return the exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(15)


def start(stack: Stack, part: str, log: Path, **changes: str) -> Copy:
    """Start a copy of a process, and do not wait for it; `changes` are its port and what else it is told otherwise."""
    given = {name: stack.env[name] for name in GIVEN[part]} | {"PATH": os.environ["PATH"]} | changes
    with log.open("ab") as out:
        process = subprocess.Popen([sys.executable, "-m", part], cwd=ROOT, env=given, stdout=out, stderr=out)
    return Copy(process, int(given[GIVEN[part][0]]))


@contextmanager
def running_copies(stack: Stack, ports: Sequence[int], webhook: str, log: Path) -> Iterator[list[Copy]]:
    """Run a bot on each port; they tell Telegram to come to `webhook`, such as a proxy before them."""
    with well([start(stack, "bot", log, PORT=str(port), WEBHOOK_URL=webhook) for port in ports], log) as copies:
        yield copies


@contextmanager
def well(copies: list[Copy], log: Path) -> Iterator[list[Copy]]:
    """Wait until all of them are, and end them afterwards."""
    try:
        for copy in copies:
            assert until(partial(health.http, f"http://127.0.0.1:{copy.port}/health"), 60), log.read_text()
        yield copies
    finally:
        for copy in copies:
            copy.kill()
