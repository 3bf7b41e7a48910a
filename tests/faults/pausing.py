"""A part that holds still."""

import os
import signal

from tests.stack import Stack


class paused:  # noqa: N801 (reads as a sentence)
    """While the block runs, the part takes connections and answers nothing."""

    def __init__(self, stack: Stack, part: str) -> None:
        self._pid = stack.pid_of(part)

    def __enter__(self) -> None:
        os.kill(self._pid, signal.SIGSTOP)

    def __exit__(self, *_: object) -> None:
        os.kill(self._pid, signal.SIGCONT)
