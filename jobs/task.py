"""Carries out the long work that people started. What it does, and with whose rights, is decided in the database."""

from typing import Any

import structlog
from prometheus_client import Counter

from infra.supabase import open_http
from jobs.connections import Connections

# Thousands of rows in one transaction take seconds, a client of years minutes; the database gives up after ten.
PATIENCE_SECONDS = 610

carried_out = Counter("buhbot_tasks_total", "Long work by people, by how it ended: done or failed.", ["state"])

log = structlog.get_logger()


async def carry_out(connections: Connections) -> None:
    """Do what waits, one after another; work whose process died is begun again ten minutes later."""
    while task := await connections.database.call("claim_task"):
        async with open_http(PATIENCE_SECONDS) as patient:
            state: Any = await connections.database.over(patient).call("carry_out_task", id=task)
        carried_out.labels(state).inc()
        log.info("task_carried_out", task_id=task, state=state)
