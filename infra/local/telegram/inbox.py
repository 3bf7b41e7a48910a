"""Updates that wait for the bot: numbered, filtered by allowed_updates, forgotten after a day as in Telegram."""

import time
from typing import Any

from pydantic import Field

from infra.local.telegram.world import Part

DAY_SECONDS = 24 * 3600
# Telegram sends these only to bots that name them in allowed_updates.
_ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


class Webhook(Part):
    """Where the bot wants its updates; `secret` travels in a header with each of them."""

    url: str
    secret: str | None = None
    max_connections: int = 40
    last_error_date: int | None = None
    last_error_message: str | None = None


class Pending(Part):
    """An update that the bot has not accepted yet; `chat_id` is the lane in which order is kept."""

    update_id: int
    chat_id: int
    kind: str
    payload: dict[str, Any]
    created_at: float
    attempts: int = 0

    @property
    def wire(self) -> dict[str, Any]:
        return {"update_id": self.update_id, self.kind: self.payload}


class Inbox(Part):
    """The queue between the world and the bot. `allowed` outlives the webhook, as Telegram remembers it."""

    last_update_id: int = 700_000_000
    allowed: list[str] | None = None
    webhook: Webhook | None = None
    pending: dict[int, Pending] = Field(default_factory=dict)

    def wants(self, kind: str) -> bool:
        return kind in self.allowed if self.allowed else kind not in _ON_REQUEST

    def add(self, kind: str, chat_id: int, payload: dict[str, Any]) -> Pending | None:
        """Number the update and keep it, or return None when the bot did not ask for this kind."""
        if not self.wants(kind):
            return None
        self.last_update_id += 1
        update = Pending(
            update_id=self.last_update_id, chat_id=chat_id, kind=kind, payload=payload, created_at=time.time()
        )
        self.pending[update.update_id] = update
        return update

    def accepted(self, update_id: int) -> None:
        self.pending.pop(update_id, None)

    def forget_old(self) -> None:
        limit = time.time() - DAY_SECONDS
        self.pending = {number: update for number, update in self.pending.items() if update.created_at > limit}
