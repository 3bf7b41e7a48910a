"""Carries what the admin's pages saw of sign-ins into the log, which only the service may write."""

import json
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import structlog
from pydantic import BaseModel, ConfigDict, Field, IPvAnyAddress, ValidationError
from redis.asyncio import Redis

from infra.redis import SIGN_INS
from jobs.connections import Connections

log = structlog.get_logger()

BATCH = 500


class Entry(BaseModel):
    """An entry as `api.note_sign_ins` takes it."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    id: UUID
    happened_at: datetime
    outcome: Literal["signed_in", "refused", "signed_out", "reset_requested", "reset_done", "password_changed"]
    reason: Literal["credentials", "no_access", "too_many", "second_factor", "link"] | None = None
    user_id: UUID | None = None
    email: str | None = Field(None, max_length=320)
    email_hash: str | None = Field(None, pattern=r"^[0-9a-f]{16,64}$")
    address: IPvAnyAddress | None = None
    device: str | None = Field(None, max_length=200)


async def note(ctx: dict[str, Any]) -> None:
    """Empty the stream. At least once: an entry leaves it after the log has it, and told twice it is kept once."""
    queue: Redis = ctx["redis"]
    connections: Connections = ctx["connections"]
    while found := await queue.xrange(SIGN_INS, count=BATCH):
        entries = [entry for _, fields in found if (entry := _read(fields.get(b"entry", b"")))]
        if entries:
            told = [entry.model_dump(mode="json") for entry in entries]
            new = await connections.database.call("note_sign_ins", entries=told)
            log.info("sign_ins_noted", told=len(told), new=new)
        await queue.xdel(SIGN_INS, *(number for number, _ in found))


def _read(raw: bytes) -> Entry | None:
    """Return the entry, or none for one that could never be stored: it must not hold up the others for ever."""
    try:
        return Entry.model_validate(json.loads(raw))
    except (ValidationError, ValueError) as error:
        log.error("sign_in_unreadable", reason=type(error).__name__)
        return None
