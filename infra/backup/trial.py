"""An empty database for a trial: a Postgres of its own, out of the clone's packages, gone afterwards."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from infra.backup.database import Database
from infra.backup.faults import Fault, Unfit
from infra.backup.settings import environment

_ROOT = Path(__file__).resolve().parents[2]
_PYTHON = _ROOT / ".venv/bin/python"
# Beside the ports of the stacks that people and tests run.
_OFFSET = 1100
_URL = f"postgresql://{{role}}:postgres@127.0.0.1:{15432 + _OFFSET}/postgres"
_PATIENCE_SECONDS = 60


@contextmanager
def empty_database() -> Iterator[tuple[Database, Database]]:
    """Yield it twice: as `postgres`, who is no superuser there either, and as its superuser."""
    if not _PYTHON.exists():
        raise Unfit("a trial runs on the local stack's Postgres: run `make packages` in this clone first")
    _stack("reset").wait(_PATIENCE_SECONDS)
    process = _stack("up", "postgres")
    try:
        _wait_until_ready(cast("IO[str]", process.stdout))
        yield Database(_URL.format(role="postgres")), Database(_URL.format(role="supabase_admin"))
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=_PATIENCE_SECONDS)
        _stack("reset").wait(_PATIENCE_SECONDS)


def _wait_until_ready(said: IO[str]) -> None:
    last = "it said nothing"
    for line in said:
        if line == "ready\n":
            return
        last = line.strip()
    raise Fault(f"the trial's database did not start: {last}")


def _stack(*arguments: str) -> subprocess.Popen[str]:
    # Without the caller's variables: they name the databases and services of production.
    variables = {"PATH": environment()["PATH"], "PORT_OFFSET": str(_OFFSET)}
    command = [str(_PYTHON), "-m", "infra.local", *arguments]
    return subprocess.Popen(
        command, cwd=_ROOT, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
