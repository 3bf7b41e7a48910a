"""The sweep: ten thousand windows due at once, none due among a million, and what operators are told of a million."""

import time
from datetime import UTC, datetime
from typing import Any

from jobs.sla_escalation import BATCH
from tests.bench.progress import Progress
from tests.bench.results import Measure, Target, beside
from tests.bench.rig import Connection, one
from tests.bench.seed import Firm, Scale

IDLE = 20
MEASUREMENTS = 3


def idle(db: Connection) -> Measure:
    """Nothing is due; the floor is a statement that asks for nothing."""
    assert not one(db, "select api.claim_due()"), "something is due already"
    pairs = [
        (_seconds(db, "select api.claim_due(now(), %s)", BATCH) * 1000, _seconds(db, "select %s::integer", 1) * 1000)
        for _ in range(IDLE)
    ]
    return beside("idle sweep", "ms", Target("value", "<=", 5), pairs)


def measurement(db: Connection) -> Measure:
    """What the jobs ask all day for the operators' metrics: too little to be felt. The floor counts the windows."""
    counted = "select count(*) from public.client_requests where closed_as is null"
    pairs = [
        (_seconds(db, "select api.take_measurement()") * 1000, _seconds(db, counted) * 1000)
        for _ in range(MEASUREMENTS)
    ]
    return beside("operators' measurement", "ms", Target("value", "<=", 1000), pairs)


def due(db: Connection, firm: Firm, scale: Scale, progress: Progress) -> Measure:
    """Claim as the job does, batch by batch, each committed; several times, other windows each time."""
    pairs: list[tuple[float, float]] = []
    for due_at in firm.due_at:
        as_of = datetime.fromtimestamp(due_at + 10, UTC)
        began = time.perf_counter()
        claimed = _claim(db, as_of)
        pairs.append((time.perf_counter() - began, _written_plainly(db, as_of)))
        # And a few of the traffic before, the more the longer that was.
        assert claimed >= scale.due, f"{claimed} instead of {scale.due} windows were claimed"
        progress.say(f"sweep of {claimed} windows {pairs[-1][0]:.2f} s")
    return beside(f"sweep of {scale.due} due windows", "s", Target("value", "<=", 2), pairs)


def _claim(db: Connection, as_of: datetime) -> int:
    """Sweep until nothing is due."""
    total = 0
    while raised := one(db, "select api.claim_due(%s, %s)", as_of, BATCH):
        total += raised
    return total


def _written_plainly(db: Connection, as_of: datetime) -> float:
    """The floor: the sweep's alerts and messages into bare tables of the same shape, and its windows marked there."""
    windows = "select w.* from public.client_requests as w join public.sla_alerts as a on a.request_id = w.id"
    fresh = "where created_at = %s"
    with db.transaction(force_rollback=True):
        for name in ("client_requests", "sla_alerts", "outbox"):
            db.execute(f"create temp table bare_{name} (like public.{name} including indexes) on commit drop".encode())
        db.execute(f"insert into bare_client_requests {windows} where a.created_at = %s".encode(), [as_of])
        return sum(
            _seconds(db, statement, as_of)
            for statement in (
                f"insert into bare_sla_alerts select * from public.sla_alerts {fresh}",
                f"insert into bare_outbox select * from public.outbox {fresh}",
                "update bare_client_requests set updated_at = %s",
            )
        )


def _seconds(db: Connection, statement: str, *values: Any) -> float:
    began = time.perf_counter()
    db.execute(statement.encode(), values)
    return time.perf_counter() - began
