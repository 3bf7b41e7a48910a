"""Forgets what was said longer ago than the firm's term. What that means is decided in the database (I21)."""

import time
from typing import Any

import structlog
from prometheus_client import Counter

from infra.supabase import Unavailable
from jobs.connections import Connections

# Messages looked up and erased in one short transaction, which holds up nobody.
BATCH = 5000
# Less than the job's timeout; what is left is done an hour later.
SECONDS = 20

erased = Counter("buhbot_retention_erased_total", "Rows that lost their texts because they were too old.", ["rows"])

log = structlog.get_logger()


async def apply(ctx: dict[str, Any]) -> None:
    """Erase batch by batch until nothing is left or the time is up; run at start and hourly, harmless when repeated."""
    connections: Connections = ctx["connections"]
    until = time.monotonic() + SECONDS
    counts = {"messages": 0, "others": 0}
    is_done = False
    try:
        while not is_done and time.monotonic() < until:
            answer: Any = await connections.database.call("apply_retention", batch=BATCH)
            for rows in counts:
                erased.labels(rows).inc(answer[rows])
                counts[rows] += answer[rows]
            is_done = answer["done"]
    except Unavailable as error:
        log.warning("retention_delayed", reason=str(error))
    if any(counts.values()):
        log.info("old_messages_erased", **counts, is_done=is_done)
