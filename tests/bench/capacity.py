"""`python -m tests.bench.capacity`: how many chats the machine of the last `make bench` carries, by its figures.

What a chat needs is stated here in one place; half of what was measured is kept free. The narrowest line counts.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.stack import ROOT

HEADER = ("", "measured", "a chat needs", "chats")
# A busy chat of a busy firm: messages of both sides on a working day, a third of them in the busiest hour.
MESSAGES_A_DAY, BUSIEST_HOUR = 60, 1 / 3
# At the end of a quarter one window in ten is late, and they fall due together, in one sweep of five seconds.
LATE, SWEEP_SECONDS = 1 / 10, 5
# One person of the firm looks after so many chats, with a page open all day.
CHATS_OF_A_PERSON = 10
FREE = 1 / 2
# Telegram's own limit, for comparison: messages of the bot in a second; two people hear of a late window.
SENT_A_SECOND, TOLD = 30, 2


@dataclass(frozen=True)
class Line:
    """What was measured and what one chat needs of it, in the same unit."""

    name: str
    measured: float
    unit: str
    needed: float

    @property
    def chats(self) -> int:
        return int(FREE * self.measured / self.needed)

    @property
    def cells(self) -> tuple[str, ...]:
        return self.name, f"{self.measured:,.4g} {self.unit}", f"{self.needed:.2g}", f"{self.chats:,}"


def lines(found: Mapping[str, float]) -> Iterator[Line]:
    """Yield the lines for which the bench has a figure; Telegram's needs none."""
    a_second = MESSAGES_A_DAY * BUSIEST_HOUR / 3600
    if "intake" in found:
        yield Line("messages in", found["intake"], "a second", a_second)
    if "clock" in found:
        yield Line("deadlines computed", found["clock"], "a second", a_second)
    for name, seconds in found.items():
        words = name.split()
        if words[:2] == ["sweep", "of"]:
            due = float(words[2]) / seconds * SWEEP_SECONDS
            yield Line("windows overdue at once", due, "in a sweep", LATE)
        elif words[:3] == ["live,", "all", "of"]:
            yield Line("pages kept fresh", float(words[3]), "open", 1 / CHATS_OF_A_PERSON)
    yield Line("alerts out, by Telegram's limit", 60 * SENT_A_SECOND, "a minute", LATE * TOLD)


def main(file: Path = ROOT / ".local/bench.json") -> None:
    """Print the table; ends badly without figures."""
    if not file.exists():
        sys.exit(f"no {file}: run `make bench` first")
    found = {entry["name"]: float(entry["value"]) for entry in json.loads(file.read_text())}
    told = list(lines(found))
    if len(told) == 1:
        sys.exit("the last bench measured pages only: run `make bench`, or `make bench ONLY=engine`")
    for name, measured, needed, chats in (HEADER, *(line.cells for line in told)):
        sys.stdout.write(f"{name:<34}{measured:>24}{needed:>16}{chats:>14}\n")
    narrowest = min(told, key=lambda line: line.chats)
    sys.stdout.write(f"with half kept free one bot carries {narrowest.chats:,} chats; first to end: {narrowest.name}\n")


if __name__ == "__main__":
    main()
