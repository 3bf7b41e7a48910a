"""The only sender of durable messages: claims what is owed, sends it, records what became of it."""

import asyncio
from typing import Any

import structlog
from prometheus_client import Counter

from infra.supabase import Unavailable
from infra.words import speaking
from jobs import doubles, sending
from jobs.connections import Connections
from jobs.sending import Outcome, Owed

# As many as Telegram takes in a second; the database hands out no more, and never two for one person.
BATCH = 30

sent = Counter("buhbot_outbox_messages_total", "Messages by what became of them.", ["outcome"])
# From the start on: a rate of what has never been is no zero.
sent.labels("sent")

log = structlog.get_logger()

Row = dict[str, Any]


async def deliver(connections: Connections) -> None:
    """Send what is due, side by side, and settle it in one call. What a crash leaves claimed is sent a minute later."""
    claimed: Any = await connections.database.call("claim_outbox", batch=BATCH)
    if not claimed:
        return
    outcomes = await asyncio.gather(*(_attempt(connections, row) for row in claimed))
    told = list(zip(claimed, outcomes, strict=True))
    # People's answers close what they answer, in the same transaction.
    await _settle(connections, "settle_replies", sent=[_result(*one) for one in told if _is_answer(*one)])
    await _settle(connections, "settle_outbox", results=[_result(*one) for one in told if not _is_answer(*one)])
    replaced = [
        row for row, outcome in told if outcome.outcome == "sent" and row["rings"] and row["telegram_message_id"]
    ]
    await asyncio.gather(*(_take_back(connections, row) for row in replaced))
    await asyncio.gather(*(_look_for_double(connections, *one) for one in told if _may_be_double(*one)))


async def _attempt(connections: Connections, row: Row) -> Outcome:
    """Send one message. Whatever is wrong with it, the others of its batch are told."""
    try:
        outcome = await sending.send(connections, Owed.model_validate(row))
    except Exception as error:
        log.error("message_failed", outbox_id=row["id"], exc_info=error)
        outcome = Outcome(outcome="retry", error=type(error).__name__)
    sent.labels(outcome.outcome).inc()
    if outcome.outcome != "sent":
        log.warning("message_not_sent", outbox_id=row["id"], outcome=outcome.outcome, reason=outcome.error)
    return outcome


def _result(row: Row, outcome: Outcome) -> Row:
    """Return a result as `api.settle_outbox` takes it: with the revision that was claimed."""
    return {"id": row["id"], "revision": row["revision"], "rings": row["rings"], **outcome.model_dump()}


def _is_answer(row: Row, outcome: Outcome) -> bool:
    """Say whether Telegram took what a person answers a client; what it did not take is like any other message."""
    return bool(row["kind"] == "chat_reply" and outcome.outcome == "sent")


def _may_be_double(row: Row, outcome: Outcome) -> bool:
    """Say whether an earlier attempt at what is sent once may have succeeded without a word of it."""
    return bool(row["kind"] == "survey" and row["attempts"] > 1 and outcome.telegram_message_id)


async def _settle(connections: Connections, function: str, **results: list[Row]) -> None:
    """Record results, however long the database is away: what is not recorded would be sent twice."""
    count = sum(map(len, results.values()))
    while count:
        try:
            await connections.database.call(function, **results)
        except Unavailable as error:
            log.warning("messages_not_settled_yet", count=count, reason=str(error))
            await asyncio.sleep(1)
        else:
            return


async def _take_back(connections: Connections, row: Row) -> None:
    """Delete the copy that a new message took the place of. When it stays, the recipient has two: nothing is lost."""
    reason = await sending.take_back(connections, row["recipient_chat_id"], row["telegram_message_id"], row["locale"])
    if reason is not None:
        log.warning("old_message_stays", outbox_id=row["id"], reason=reason)


async def _look_for_double(connections: Connections, row: Row, outcome: Outcome) -> None:
    """Leave one copy of a survey in a chat."""
    message = Owed.model_validate(row)
    with speaking(message.locale):
        text, keyboard = sending.worded(message, connections.buttons)
    if keyboard and outcome.telegram_message_id:
        await doubles.take_back(connections, row["recipient_chat_id"], outcome.telegram_message_id, text, keyboard)
