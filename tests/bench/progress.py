"""What the bench is at, and since when: a bench that is silent for minutes looks hung."""

import time

from infra.local.display import Display


class Progress:
    """Lines with the seconds since the start."""

    def __init__(self) -> None:
        self._display, self._began = Display(), time.monotonic()

    def say(self, text: str) -> None:
        """Print a step."""
        self._display.say(f"{time.monotonic() - self._began:4.0f} s  {text}")

    def end(self, lines: list[str]) -> None:
        """Print the result, without times."""
        for line in ["", *lines]:
            self._display.say(line)
