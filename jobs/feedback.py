"""Surveys: asks the database what is due of them. It decides all of it, and the outbox sends what it hands over."""

from typing import Any

from prometheus_client import Counter

from jobs.connections import Connections

handed_over = Counter("buhbot_surveys_handed_over_total", "Messages of surveys that were handed over to be sent.")


async def run(connections: Connections) -> None:
    """Hand over what is due of this second. `Unavailable` when the database cannot be asked: the next tick asks."""
    done: Any = await connections.database.call("run_surveys")
    handed_over.inc(done["handed_over"])
