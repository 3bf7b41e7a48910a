"""Memory of the three processes at its highest under load, beside what each takes at rest."""

import re
from collections.abc import Mapping
from pathlib import Path

from infra.local.waiting import until
from tests.bench.results import Measure, Target
from tests.bench.rig import Connection, one
from tests.bench.seed import Firm, let_come_due
from tests.stack import Stack

PROCESSES = ("bot", "jobs", "admin")
LATE = 3000


def at_rest(stack: Stack) -> dict[str, float]:
    """Return MB by process."""
    return {part: megabytes(stack.pid_of(part), "VmRSS") for part in PROCESSES}


def load_jobs(db: Connection, firm: Firm) -> None:
    """Let the running sweep find many late windows, and return when it has raised their alerts."""
    before = one(db, "select count(*) from public.sla_alerts")
    let_come_due(db, firm, LATE)
    raised = until(lambda: one(db, "select count(*) from public.sla_alerts") >= before + LATE, 90)
    assert raised, "the sweep does not find late windows"


def measures(stack: Stack, rest: Mapping[str, float]) -> list[Measure]:
    """Return one for each process."""
    return [_under_load(part, megabytes(stack.pid_of(part), "VmHWM"), rest[part]) for part in PROCESSES]


def _under_load(part: str, highest: float, rest: float) -> Measure:
    return Measure(
        f"memory of {part} under load", highest, "MB", Target("value", "<=", 256), floor=rest, ratio=highest / rest
    )


def megabytes(pid: int, field: str) -> float:
    """Return what the kernel says of a process, such as `VmRSS`."""
    found = re.search(rf"^{field}:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found, f"process {pid} is gone"
    return int(found[1]) / 1024
