"""What the page of a window shows beside its story, as `api.request_desk` returns it: owner, answers, templates."""

from itertools import groupby
from uuid import UUID

from pydantic import AwareDatetime

from admin.colleagues import Offering
from admin.deliveries import DELIVERIES
from admin.models import Frozen
from admin.tiers import Tier, tier_word
from infra.words import _


class Reply(Frozen):
    """An answer from the panel, and what became of it; its text only until it is delivered."""

    id: UUID
    by: str | None
    text: str | None
    status: str
    at: AwareDatetime
    sent_at: AwareDatetime | None
    error: str | None

    @property
    def status_word(self) -> str:
        """What became of it."""
        return _(DELIVERIES[self.status])

    @property
    def is_on_its_way(self) -> bool:
        """Assert that it is still to be delivered."""
        return self.status in {"pending", "sending"}

    @property
    def can_be_retried(self) -> bool:
        """Assert that it failed and its words are still there."""
        return self.status == "cancelled" and self.text is not None


class Ready(Frozen):
    """A ready text."""

    id: UUID
    category: str
    title: str


class Desk(Offering):
    """All of it."""

    number: int
    chat: UUID
    client: UUID | None
    client_name: str | None
    tier: Tier | None
    chat_url: str | None
    owner_name: str | None
    assignee: UUID | None
    is_reachable: bool
    replies: list[Reply]
    templates: list[Ready]

    @property
    def tier_word(self) -> str | None:
        """The client's tier, where it is not the usual one."""
        return tier_word(self.tier) if self.tier != "standard" else None

    @property
    def shelves(self) -> list[tuple[str, list[Ready]]]:
        """Templates by category."""
        return [(name, list(texts)) for name, texts in groupby(self.templates, key=lambda text: text.category)]

    @property
    def is_waiting_for_telegram(self) -> bool:
        """Assert that an answer is on its way."""
        return any(reply.is_on_its_way for reply in self.replies)
