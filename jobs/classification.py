"""Asks the model about what the rules are not certain of. What its word means for a window, SQL decides (S2)."""

import asyncio
from typing import Any

import structlog
from prometheus_client import Counter

from bot.classify import classify
from infra.caching import REQUESTS
from jobs.connections import Connections
from jobs.model import Model
from jobs.prompting import Question

# As many as are asked side by side.
BATCH = 10

judged = Counter(
    "buhbot_classifications_total",
    "What opened a window, by what became of it: certain (rules), silent (no model), excused, agreed, doubted, late.",
    ["outcome"],
)

log = structlog.get_logger()

Row = dict[str, Any]


async def ask(connections: Connections) -> None:
    """Ask about what has come since the last time. Never in anybody's way: windows wait as requests meanwhile."""
    model = connections.model
    if model is None:
        return
    # While the fuse is open nothing is claimed, and what comes is asked about when it closes.
    while room := await model.breaker.room(BATCH):
        claimed: Any = await connections.database.call("claim_unclassified", batch=room)
        doubtful = [row for row in claimed if not classify(row["text"]).is_certain]
        judged.labels("certain").inc(len(claimed) - len(doubtful))
        if doubtful:
            await _ask_about(connections, model, doubtful)
        if len(claimed) < room:
            return


async def _ask_about(connections: Connections, model: Model, rows: list[Row]) -> None:
    answers = await asyncio.gather(*(model.judge(Question.model_validate(row)) for row in rows))
    results = [
        {**{name: row[name] for name in ("request_id", "message_id", "edit_version")}, **answer.model_dump()}
        for row, answer in zip(rows, answers, strict=True)
        if answer is not None
    ]
    if results:
        outcomes: Any = await connections.database.call("settle_classifications", results=results)
        for outcome in outcomes:
            judged.labels(outcome["outcome"]).inc()
        connections.hints.say(REQUESTS)
        log.info("classifications_settled", count=len(outcomes))
    silent = len(rows) - len(results)
    judged.labels("silent").inc(silent)
    if silent and await model.may_tell():
        await connections.database.call("note_model_outage")
        log.error("model_unavailable", unanswered=silent)
