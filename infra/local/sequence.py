"""The order of a start: each part as soon as what it needs is well, and a clear word about the one that fails."""

import time
from collections import defaultdict
from pathlib import Path

from infra.local.display import Display
from infra.local.keeper import Keeper, State
from infra.local.parts import Part
from infra.local.settings import Unfit

_PATIENCE_SECONDS = 120
# A part may end and come back a few times, while what it needs is only just coming up.
_LIVES = 3
_GRACE_SECONDS = 5
_LINES = 15


class Start:
    """One start of a set of parts."""

    def __init__(self, parts: list[Part], keeper: Keeper, display: Display, logs: Path) -> None:
        self._parts, self._keeper, self._display, self._logs = parts, keeper, display, logs
        self._well: set[str] = set()
        self._begun: dict[str, float] = {}
        self._pids: dict[str, set[int]] = defaultdict(set)
        self._log_sizes = {part.name: _size(self._log(part)) for part in parts}

    def run(self) -> None:
        """Return when every part is well; raise `Unfit` with the last lines of the log of one that cannot be."""
        while left := [part for part in self._parts if part.name not in self._well]:
            states = self._keeper.states()
            for part in left:
                self._advance(part, states[part.name])
            self._display.waiting(part.name for part in left if part.name in self._begun)
            time.sleep(0.05)

    def _advance(self, part: Part, state: State) -> None:
        if part.name not in self._begun:
            needs = {other.name for other in self._parts} & set(part.needs)
            if part.early or self._well >= needs:
                self._begun[part.name] = time.monotonic()
                self._keeper.start(part.name)
        elif state.ended == 0 if part.once else part.is_well():
            self._well.add(part.name)
            self._display.part(part.name, part.url, time.monotonic() - self._begun[part.name])
        else:
            self._pids[part.name].add(state.pid)
            self._check(part, state)

    def _check(self, part: Part, state: State) -> None:
        lives = len(self._pids[part.name] - {0})
        waited = time.monotonic() - self._begun[part.name]
        if part.once and state.ended:
            self._fail(part, f"ended with exit code {state.ended}")
        if lives > _LIVES and waited > _GRACE_SECONDS:
            self._fail(part, f"ended {lives} times")
        if waited > _PATIENCE_SECONDS:
            self._fail(part, f"is not well after {_PATIENCE_SECONDS} s")

    def _fail(self, part: Part, reason: str) -> None:
        with self._log(part).open(errors="replace") as log:
            log.seek(self._log_sizes[part.name])
            lines = [f"  {line}" for line in log.read().splitlines()[-_LINES:]]
        raise Unfit("\n".join([f"{part.name} {reason}; its log ends with:", *lines, f"  ({self._log(part)})"]))

    def _log(self, part: Part) -> Path:
        return self._logs / f"{part.name}.log"


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0
