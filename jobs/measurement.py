"""What only the database knows, as metrics: asked for on a tick of the jobs, so that a scrape costs nobody anything.

Every copy of the jobs asks and tells the same: rules and dashboards take the largest.
"""

from math import nan
from typing import Literal

from prometheus_client import Gauge
from pydantic import BaseModel, ConfigDict

from jobs.connections import Connections

SECONDS = 15.0

requests = Gauge("buhbot_requests_open", "Windows that wait for an answer: waiting, at_risk, overdue.", ["state"])
decided = Gauge("buhbot_requests_decided", "Windows of the last day by outcome: met, met_late, excused.", ["outcome"])
first_response = Gauge(
    "buhbot_first_response_seconds",
    "Working time to the answer by quantile, of the last day; NaN without one.",
    ["quantile"],
)
alerts = Gauge("buhbot_sla_alerts_open", "Alerts that nobody has resolved, by kind.", ["kind"])
sweep_lag = Gauge("buhbot_sweep_lag_seconds", "How long the step that is due longest has waited for a sweep.")
unalerted = Gauge("buhbot_overdue_unalerted", "Windows past their deadline that no sweep has taken up.")
outbox_waiting = Gauge("buhbot_outbox_waiting", "Messages that are due and not sent.")
outbox_oldest = Gauge("buhbot_outbox_oldest_seconds", "How long the oldest of them has been due.")
given_up = Gauge("buhbot_outbox_given_up", "Messages of about the last half hour that nobody will get.")


class Outbox(BaseModel):
    """Messages: due, the seconds of the oldest, given up."""

    model_config = ConfigDict(frozen=True)

    waiting: int
    oldest_seconds: float
    given_up: int


class Measurement(BaseModel):
    """What `api.take_measurement` answers."""

    model_config = ConfigDict(frozen=True)

    requests: dict[Literal["waiting", "at_risk", "overdue"], int]
    decided: dict[Literal["met", "met_late", "excused"], int]
    first_response_seconds: dict[Literal["0.5", "0.95"], float | None]
    alerts: dict[Literal["warning", "breach", "escalation"], int]
    sweep_lag_seconds: float
    overdue_unalerted: int
    outbox: Outbox


async def take(connections: Connections) -> None:
    """Ask once and keep the numbers until the next time; what they say while the database is away is old."""
    found = Measurement.model_validate(await connections.database.call("take_measurement"))
    for state, amount in found.requests.items():
        requests.labels(state).set(amount)
    for outcome, amount in found.decided.items():
        decided.labels(outcome).set(amount)
    for kind, amount in found.alerts.items():
        alerts.labels(kind).set(amount)
    for quantile, seconds in found.first_response_seconds.items():
        first_response.labels(quantile).set(nan if seconds is None else seconds)
    sweep_lag.set(found.sweep_lag_seconds)
    unalerted.set(found.overdue_unalerted)
    outbox_waiting.set(found.outbox.waiting)
    outbox_oldest.set(found.outbox.oldest_seconds)
    given_up.set(found.outbox.given_up)
