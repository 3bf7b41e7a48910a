"""The only sender of durable messages: claims what is owed, words it, sends it, records what became of it."""

import asyncio
from typing import Any
from uuid import UUID

import structlog
from aiogram.exceptions import (
    AiogramError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNotFound,
    TelegramRetryAfter,
)
from prometheus_client import Counter
from pydantic import BaseModel, ConfigDict, TypeAdapter

from bot.messages import sla_escalation
from bot.messages.sla_escalation import AlertFacts
from jobs.connections import Connections

# Telegram takes 30 messages a second; one tick a second claims so many, and never two for one person.
BATCH = 30

sent = Counter("buhbot_outbox_messages_total", "Messages by what became of them.", ["outcome"])

log = structlog.get_logger()


class Owed(BaseModel):
    """A claimed message, as `api.claim_outbox` returns it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: UUID
    recipient_chat_id: int
    facts: AlertFacts


_owed = TypeAdapter(list[Owed])


async def deliver(ctx: dict[str, Any]) -> None:
    """Send what is due, side by side, and settle it in one call. What a crash leaves claimed is sent a minute later."""
    connections: Connections = ctx["connections"]
    messages = _owed.validate_python(await connections.database.call("claim_outbox", batch=BATCH))
    if messages:
        results = await asyncio.gather(*(_send(connections, message) for message in messages))
        await connections.database.call("settle_outbox", results=results)


async def _send(connections: Connections, message: Owed) -> dict[str, Any]:
    """Return the message's result in the form that `api.settle_outbox` takes."""
    try:
        told = await connections.bot.send_message(
            message.recipient_chat_id,
            sla_escalation.breach(message.facts),
            reply_markup=sla_escalation.breach_keyboard(message.facts, connections.buttons),
        )
    except TelegramRetryAfter as wait:
        return _failed(message, "told to wait", retry_after=wait.retry_after)
    except (TelegramForbiddenError, TelegramNotFound, TelegramBadRequest) as refusal:
        # Blocked, deleted, never started: trying again changes nothing.
        return _failed(message, refusal.message, final=True)
    except AiogramError as error:
        # Also an answer that is not the Bot API's at all, such as a proxy's page.
        return _failed(message, getattr(error, "message", type(error).__name__))
    sent.labels("sent").inc()
    return {"id": str(message.id), "telegram_message_id": told.message_id}


def _failed(message: Owed, reason: str, *, retry_after: int | None = None, final: bool = False) -> dict[str, Any]:
    sent.labels("failed" if final else "delayed").inc()
    log.warning("message_not_sent", outbox_id=str(message.id), reason=reason, final=final)
    return {"id": str(message.id), "error": reason, "retry_after": retry_after, "final": final}
