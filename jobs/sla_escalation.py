"""The sweep: asks which deadlines have passed. What follows from that is decided and written in the database (S13)."""

from typing import Any

import structlog
from prometheus_client import Counter, Gauge, Histogram

from infra.caching import REQUESTS
from jobs.connections import Connections

# One statement's worth: after an outage the next one follows at once, until nothing is left.
BATCH = 1000

alerts = Counter("buhbot_sla_alerts_total", "Alerts raised by the sweep.")
FINISHED_AT = "buhbot_sweep_finished_timestamp_seconds"
swept_at = Gauge(FINISHED_AT, "When the latest sweep ended well.")
seconds = Histogram("buhbot_sweep_seconds", "Time of one sweep.")

log = structlog.get_logger()


async def sweep(connections: Connections) -> None:
    """Write the alerts that are due. `Unavailable` when the database cannot be asked: the next tick asks again."""
    raised: Any = BATCH
    while raised >= BATCH:
        with seconds.time():
            raised = await connections.database.call("claim_due", batch=BATCH)
        swept_at.set_to_current_time()
        if raised:
            alerts.inc(raised)
            connections.hints.say(REQUESTS)
            log.info("alerts_raised", count=raised)
