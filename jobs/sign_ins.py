"""Carries what the admin's pages saw of sign-ins into the log, which only the service may write."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, IPvAnyAddress

from infra.redis import SIGN_INS
from jobs.draining import drain


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
    """Empty the stream."""
    await drain(ctx, SIGN_INS, Entry, "note_sign_ins")
