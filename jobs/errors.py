"""Carries what the processes' logs called an error into the database, by kind."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from infra.redis import ERRORS
from jobs.draining import drain


class Reference(BaseModel):
    """A number that somebody was told, and where to look for it."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    reference: str = Field(max_length=20)
    at: datetime
    detail: dict[str, Any] = {}


class Entry(BaseModel):
    """A kind of error during a few seconds, as `api.note_errors` takes it."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    id: UUID
    at: datetime
    component: Literal["bot", "jobs", "admin"]
    event: str = Field(max_length=100)
    fingerprint: str = Field(pattern="^[0-9a-f]{16,64}$")
    place: str = ""
    trace: str = ""
    amount: int = Field(ge=1)
    references: list[Reference] = []


async def note(ctx: dict[str, Any]) -> None:
    """Empty the stream."""
    await drain(ctx, ERRORS, Entry, "note_errors")
