"""What the terminal shows: one line per event, and on a terminal a line below that says what is still on its way."""

import sys
from collections.abc import Iterable

_CLEAR = "\r\x1b[2K"
_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


class Display:
    """Writes to standard output; the moving line only where somebody can see it move."""

    def __init__(self) -> None:
        self._moves = sys.stdout.isatty()
        self._frame = 0

    def say(self, text: str = "") -> None:
        """Print a line that stays."""
        sys.stdout.write(f"{_CLEAR if self._moves else ''}{text}\n")
        sys.stdout.flush()

    def part(self, name: str, url: str, seconds: float) -> None:
        """Print that a part has become healthy."""
        self.say(f"  {name:<12} {url or 'done':<46} {seconds:5.1f} s")

    def waiting(self, names: Iterable[str]) -> None:
        """Show what is on its way, on the line that moves."""
        if self._moves:
            self._frame = (self._frame + 1) % len(_FRAMES)
            sys.stdout.write(f"{_CLEAR}  {_FRAMES[self._frame]} {', '.join(names)}")
            sys.stdout.flush()
