"""Thirty days of a chat, or of all chats of a client."""

from admin.models import Frozen
from admin.times import duration
from infra.words import number


class Month(Frozen):
    """Thirty days, counted as reports count (S15)."""

    n: int
    met_percent: float | None
    p50_minutes: float | None
    waiting: int

    @property
    def met_words(self) -> str:
        """The share that was answered in time, as it is written."""
        return "" if self.met_percent is None else number(self.met_percent)

    @property
    def usual_words(self) -> str:
        """How long half of the clients waited at most, in working time."""
        return "" if self.p50_minutes is None else duration(round(self.p50_minutes * 60))
