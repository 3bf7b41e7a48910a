"""The chats of a client as its page shows them, and thirty days of all of them together."""

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime

from admin.models import Frozen
from admin.times import duration
from infra.words import N_, _

LIGHTS = {"red": N_("Не работает"), "amber": N_("Внимание"), "green": N_("В порядке"), "off": N_("Удалён")}


class Chat(Frozen):
    """A chat with its light, or one that is nobody's."""

    id: UUID
    chat_name: str
    accountant: str | None = None
    light: Literal["red", "amber", "green", "off"] = "off"
    fix: str | None = None
    deleted_at: AwareDatetime | None = None

    @property
    def light_word(self) -> str:
        """The light in a word."""
        return _(LIGHTS[self.light])


class Figures(Frozen):
    """Thirty days, counted as reports count (S15)."""

    n: int
    met_percent: float | None
    p50_minutes: float | None
    waiting: int

    @property
    def met_words(self) -> str:
        """The share that was answered in time, as it is written."""
        return "" if self.met_percent is None else f"{self.met_percent:g}".replace(".", ",")

    @property
    def usual_words(self) -> str:
        """How long half of the clients waited at most, in working time."""
        return "" if self.p50_minutes is None else duration(round(self.p50_minutes * 60))
