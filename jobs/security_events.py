"""Carries what people were refused into the audit log."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, IPvAnyAddress

from infra.redis import SECURITY_EVENTS
from jobs.draining import drain


class Details(BaseModel):
    """What was asked for, and the database's word on it; none where a page refused."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    route: str | None = Field(None, max_length=200)
    sqlstate: str | None = Field(None, max_length=20)
    key: str | None = Field(None, max_length=200)


class Entry(BaseModel):
    """An entry as `api.note_security_events` takes it."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    id: UUID
    at: datetime
    kind: Literal["refusal"]
    user_id: UUID | None = None
    address: IPvAnyAddress | None = None
    request_id: str | None = Field(None, max_length=64)
    details: Details


async def note(ctx: dict[str, Any]) -> None:
    """Empty the stream."""
    await drain(ctx, SECURITY_EVENTS, Entry, "note_security_events")
