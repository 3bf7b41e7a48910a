"""A local stack of the tests' own, started as a person starts one, with handles for accidents."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from infra.local import down, environment, keys, settings
from infra.local.keeper import Keeper
from infra.local.parts import Part
from infra.local.settings import Caller
from infra.local.up import all_parts
from infra.local.waiting import until

ROOT = Path(__file__).resolve().parents[1]
OFFSET = 1900


def outside(**more: str) -> dict[str, str]:
    """The environment of a person who has set none of our variables; `more` is what he sets."""
    caller = settings.read()
    ours = environment.contract(caller, keys.make())
    kept = environment.inherited(caller, ours)
    # Nobody's key pays for a test.
    return {name: value for name, value in kept.items() if not name.startswith("OPENROUTER_")} | more


class Stack:
    """One running stack. `env` is its `.local/env`, `urls` has each part that speaks HTTP by name."""

    def __init__(self, offset: int = OFFSET, root: Path = ROOT, names: Iterable[str] = ()) -> None:
        self.caller = Caller(root, offset, {})
        self.home = self.caller.home
        self._names = list(names)
        self._process: subprocess.Popen[str] | None = None

    def wipe(self) -> None:
        down.reset(self.caller)
        shutil.rmtree(self.home, ignore_errors=True)

    def start(self, seconds: float = 180, **variables: str) -> None:
        """Return when it says ready."""
        self.home.mkdir(parents=True, exist_ok=True)
        said = self.home / "said"
        with said.open("w") as out:
            self._process = process = subprocess.Popen(
                [sys.executable, "-m", "infra.local", "up", *self._names],
                cwd=self.caller.root,
                env=outside(PORT_OFFSET=str(self.caller.offset), **variables),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
            )
        until(lambda: "\nready\n" in said.read_text() or process.poll() is not None, seconds)
        assert "\nready\n" in said.read_text(), f"the stack did not start; it said:\n{said.read_text()}"

    def stop(self, number: int = signal.SIGINT) -> int:
        """Stop it as Ctrl-C would; return the exit code."""
        assert self._process
        self._process.send_signal(number)
        return self._process.wait(60)

    @property
    def pid(self) -> int:
        """The process that `make up` waits for."""
        assert self._process
        return self._process.pid

    @property
    def said(self) -> str:
        """What it has printed."""
        return (self.home / "said").read_text()

    @property
    def env(self) -> Mapping[str, str]:
        # Values that need quotes do not occur in a stack that was started from `outside`.
        return dict(re.findall(r"^(\w+)=(.*)$", (self.home / "env").read_text(), re.MULTILINE))

    @property
    def urls(self) -> Mapping[str, str]:
        return {part.name: part.url for part in self._parts().values() if part.url.startswith("http")}

    def pid_of(self, part: str) -> int:
        """The process id of a part; 0 while it does not run."""
        return self._keeper().states()[part].pid

    def kill(self, part: str, number: int = signal.SIGKILL) -> None:
        """Kill the real process, and return when it is gone."""
        pid = self.pid_of(part)
        os.kill(pid, number)
        assert until(lambda: self.pid_of(part) != pid, 15), f"{part} did not end"

    @contextmanager
    def paused(self, *parts: str) -> Iterator[None]:
        """While the block runs, these parts hold still: they take connections and answer nothing."""
        pids = [self.pid_of(part) for part in parts]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def stop_part(self, part: str) -> None:
        """Stop it as `docker stop` would: it stays away until it is started."""
        self._keeper().stop([part])

    def start_part(self, part: str) -> None:
        self._keeper().start(part)

    def wait_healthy(self, part: str, seconds: float = 30) -> None:
        """Return when the part runs and answers."""
        is_well = self._parts()[part].is_well
        assert until(lambda: self.pid_of(part) != 0 and is_well(), seconds), f"{part} is not back after {seconds} s"

    def log(self, part: str) -> str:
        return (self.home / "log" / f"{part}.log").read_text(errors="replace")

    def _keeper(self) -> Keeper:
        return Keeper(self.caller, keys.keep(self.home))

    def _parts(self) -> dict[str, Part]:
        own = keys.keep(self.home)
        return {part.name: part for part in all_parts(self.caller, own, environment.contract(self.caller, own))}
