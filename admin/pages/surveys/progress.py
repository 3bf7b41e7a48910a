"""How far a survey is, and whom it would reach, as the database tells it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, Field, TypeAdapter

from admin.models import Frozen
from admin.pages.surveys.words import ADVICE, DELIVERIES, REASONS
from infra.words import _


class Progress(Frozen):
    """What `api.survey_progress` answers."""

    planned: int
    queued: int
    sent: int
    failed: int
    skipped: int
    cancelled: int
    total: int
    asked: int | None
    votes: int | None
    rate: Decimal | None
    done_at: AwareDatetime | None
    reminded: int = 0
    reasons: Mapping[str, int] = Field(default_factory=dict)

    @property
    def settled(self) -> int:
        """Messages of which it is known what became of them."""
        return self.total - self.planned - self.queued

    @property
    def causes(self) -> list[tuple[str, str, int]]:
        """Why some did not get it: key, words, how many; the most first."""
        return causes_of(self.reasons)


class Candidate(Frozen):
    """A chat that would be asked, or not and why."""

    id: UUID
    chat_name: str
    client_name: str | None
    people: int
    reason: str | None
    free_at: AwareDatetime | None = None

    @property
    def reason_words(self) -> str:
        """Why not."""
        return reason_words(self.reason)


class Preview(Frozen):
    """What `api.preview_survey` answers."""

    asked: int
    skipped: int
    people: int
    seconds: int
    reasons: Mapping[str, int] = Field(default_factory=dict)
    chats: Sequence[Candidate] = ()

    @property
    def causes(self) -> list[tuple[str, str, int]]:
        """Why some would not get it: key, words, how many; the most first."""
        return causes_of(self.reasons)


class Delivery(Frozen):
    """A row of `api.survey_deliveries`: what became of one message."""

    id: UUID
    chat: UUID
    chat_name: str
    client_name: str | None
    status: str
    reason: str | None
    due_at: AwareDatetime | None
    sent_at: AwareDatetime | None
    reminded_at: AwareDatetime | None
    people: int | None
    voted: int | None

    @property
    def status_words(self) -> str:
        """What became of it."""
        return _(DELIVERIES[self.status])

    @property
    def reason_words(self) -> str:
        """Why not."""
        return reason_words(self.reason)


ROWS = TypeAdapter(list[Delivery])


def reason_words(reason: str | None) -> str:
    """Return why a chat did not get a message; what Telegram says is said in its words."""
    return _(REASONS[reason]) if reason in REASONS else reason or ""


def causes_of(reasons: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    """Return the reasons with their words, the most frequent first."""
    return [(key, reason_words(key), n) for key, n in sorted(reasons.items(), key=lambda one: -one[1]) if n]


def remedy_of(reason: str) -> str:
    """Return what to do about a reason, if there is anything."""
    return _(ADVICE[reason]) if reason in ADVICE else ""
