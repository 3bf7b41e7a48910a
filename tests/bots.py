"""Copies of the bot beside the stack's own, to be killed and stopped without disturbing it."""

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
    """One process of the bot."""

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


@contextmanager
def running_copies(stack: Stack, ports: Sequence[int], webhook: str, log: Path) -> Iterator[list[Copy]]:
    """Run a copy on each port; they tell Telegram to come to `webhook`, such as a proxy before them."""
    given = {name: stack.env[name] for name in GIVEN["bot"]}
    with log.open("ab") as out:
        copies = [
            Copy(
                subprocess.Popen(
                    [sys.executable, "-m", "bot"],
                    cwd=ROOT,
                    env={**given, "PATH": os.environ["PATH"], "PORT": str(port), "WEBHOOK_URL": webhook},
                    stdout=out,
                    stderr=out,
                ),
                port,
            )
            for port in ports
        ]
    try:
        for port in ports:
            assert until(partial(health.http, f"http://127.0.0.1:{port}/health"), 60), log.read_text()
        yield copies
    finally:
        for copy in copies:
            copy.kill()
