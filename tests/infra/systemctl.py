"""A stand-in for systemctl where systemd does not run: it starts the units' own command lines with their own variables.

What it understands is what `infra/deploy/engine/systemd.sh` says: start, stop, enable and disable (with or without
`--now`) of targets, and how often a service came back. Its first two arguments are the folder of the units, and the one
that stands for `/`.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from pathlib import Path

# As a program it stands outside the packages.
sys.path.insert(0, str(Path(__file__).parents[2]))

from infra.local.waiting import until


class Systemd:
    """Units from a folder, and processes whose numbers are kept in files."""

    def __init__(self, units: Path, root: Path) -> None:
        self._units, self._root = units, root
        self._run = root / "run"
        self._run.mkdir(exist_ok=True)

    def values(self, unit: str, key: str) -> list[str]:
        """Return what a unit says of a key, with its instance filled in and paths below our root."""
        template, instance = re.sub(r"@\w+\.", "@.", unit), unit.partition("@")[2].partition(".")[0]
        found = re.findall(rf"^{key}=(.*)$", (self._units / template).read_text(), re.MULTILINE)
        return [re.sub(r"(?<![\w/])/(?=opt/|etc/)", f"{self._root}/", one.replace("%i", instance)) for one in found]

    def services(self, target: str) -> list[str]:
        return " ".join(self.values(target, "Wants")).split()

    def start(self, target: str) -> None:
        for unit in self.services(target):
            if not self._is_running(unit):
                keeper = [sys.executable, __file__, str(self._units), str(self._root), "keep", unit]
                with (self._root / f"log.{unit}").open("ab") as log:
                    process = subprocess.Popen(keeper, stdout=log, stderr=log, start_new_session=True)
                (self._run / unit).write_text(f"{process.pid}")

    def stop(self, target: str) -> None:
        for unit in self.services(target):
            if self._is_running(unit):
                os.kill(self._pid(unit), signal.SIGTERM)
        stopped = until(lambda: not any(map(self._is_running, self.services(target))), 30)
        assert stopped, f"{target} does not stop"

    def restarts(self, unit: str) -> int:
        counted = self._run / f"{unit}.restarts"
        return int(counted.read_text()) if counted.exists() else 0

    def keep(self, unit: str) -> None:
        """Be the one that starts a service again; SIGTERM goes through to it, and ends both."""
        told = threading.Event()
        running: list[subprocess.Popen[bytes]] = []

        def end(_number: int, _frame: object) -> None:
            told.set()
            for process in running:
                process.terminate()

        signal.signal(signal.SIGTERM, end)
        for times in range(1_000_000):
            (self._run / f"{unit}.restarts").write_text(str(times))
            running[:] = [self._launch(unit)]
            if told.is_set():
                running[0].terminate()
            running[0].wait()
            if told.is_set():
                return

    def _launch(self, unit: str) -> subprocess.Popen[bytes]:
        command, folder = shlex.split(self.values(unit, "ExecStart")[0]), self.values(unit, "WorkingDirectory")[0]
        return subprocess.Popen(command, cwd=folder, env=self._environment(unit))

    def _environment(self, unit: str) -> dict[str, str]:
        lines = "".join(Path(file).read_text() for file in self.values(unit, "EnvironmentFile"))
        return dict(shlex.split(line)[0].split("=", 1) for line in lines.splitlines())

    def _pid(self, unit: str) -> int:
        number = self._run / unit
        return int(number.read_text()) if number.exists() else 0

    def _is_running(self, unit: str) -> bool:
        try:
            state = Path(f"/proc/{self._pid(unit)}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return False
        return state != "Z"


def main(units: str, root: str, *arguments: str) -> None:
    systemd = Systemd(Path(units), Path(root))
    match arguments:
        case ["start" | "enable", target] | ["enable", "--now", target]:
            systemd.start(target)
        case ["stop", target] | ["disable", "--now", target]:
            systemd.stop(target)
        case ["show", "--property=NRestarts", "--value", unit]:
            sys.stdout.write(f"{systemd.restarts(unit)}\n")
        case ["keep", unit]:
            systemd.keep(unit)
        case _:
            sys.exit(f"systemctl stands in for systemd here, and does not know: {shlex.join(arguments)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
