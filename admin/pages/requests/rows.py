"""A page of the work list, as `api.find_requests` returns it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime

from admin.colleagues import Offering
from admin.message_kinds import kind_word
from admin.models import Frozen
from admin.outcomes import OUTCOMES, Outcome
from admin.pages.requests.filters import State
from admin.pages.requests.views import SavedView
from admin.tiers import Tier
from admin.times import countdown, duration
from infra.words import _


class Phrase(Frozen):
    """What the client wrote last."""

    author: str | None
    text: str | None
    kind: str

    @property
    def kind_word(self) -> str:
        """What was sent when there is no text to show."""
        return kind_word(self.kind)


class Row(Frozen):
    """One window; the phrase is none to who may not read messages."""

    id: UUID
    number: int
    chat: UUID
    chat_name: str
    client_name: str | None
    tier: Tier | None
    last_message: Phrase | None
    message_count: int
    opened_at: AwareDatetime
    due_at: AwareDatetime | None
    acknowledged_at: AwareDatetime | None
    acknowledged_by_name: str | None
    owner_name: str | None
    is_given: bool
    state: Outcome
    working_seconds_left: int | None
    clock_runs: bool
    clock_changes_at: AwareDatetime | None
    closed_at: AwareDatetime | None
    closed_by_name: str | None
    working_seconds: int | None

    @property
    def is_open(self) -> bool:
        """Assert that the client waits."""
        return self.closed_at is None

    @property
    def has_no_working_time(self) -> bool:
        """Assert that the schedule never opens, so that there is no deadline."""
        return self.is_open and (self.due_at is None or self.working_seconds_left is None)

    @property
    def state_word(self) -> str:
        """The state in words."""
        return _(OUTCOMES[self.state])

    @property
    def left_words(self) -> str:
        """Working time left, or how late it is, as of the reading."""
        return countdown(self.working_seconds_left or 0)

    @property
    def waited(self) -> str | None:
        """How long the answer took, in working time."""
        return None if self.working_seconds is None else duration(self.working_seconds)

    def seconds_until_stop(self, now: datetime) -> int | None:
        """Seconds until the clock stops; none when it does not run, or never stops."""
        if not self.clock_runs or self.clock_changes_at is None:
            return None
        return max(round((self.clock_changes_at - now).total_seconds()), 0)


class Found(Offering):
    """One page: its rows, where the next begins and, of the first, how many of each state fit in all."""

    rows: list[Row]
    counts: dict[State, int] | None
    next: dict[str, Any] | None
    # When the next of all that fits passes its warning or deadline.
    changes_at: AwareDatetime | None = None
    chat_name: str | None
    views: list[SavedView]

    def refresh_in(self, now: datetime) -> int | None:
        """Seconds until something changes without anybody doing anything: a deadline, a clock that starts or stops."""
        clocks = [row.clock_changes_at for row in self.rows if row.is_open]
        instants = [at for at in (self.changes_at, *clocks) if at and at > now]
        return round((min(instants) - now).total_seconds()) if instants else None
