"""What a change of rules does to deadlines, as `private.moved_since` tells it, in words."""

from collections.abc import Iterator
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from infra.words import N_, _, ngettext

Effect = Literal["without_deadline", "newly_overdue", "sooner", "later", "no_longer_overdue"]

EFFECT_WORDS: dict[Effect, str] = {
    "without_deadline": N_("останется без срока"),
    "newly_overdue": N_("станет просроченным"),
    "sooner": N_("раньше"),
    "later": N_("позже"),
    "no_longer_overdue": N_("перестанет быть просроченным"),
}


class MovedWindow(BaseModel):
    """A window whose deadline moves."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    id: UUID
    chat_name: str
    client_name: str | None
    opened_at: AwareDatetime
    was: AwareDatetime | None
    becomes: AwareDatetime | None
    effect: Effect

    @property
    def effect_words(self) -> str:
        """How it moves."""
        return _(EFFECT_WORDS[self.effect])


class Moved(BaseModel):
    """How many deadlines move and how; the gravest of them by name."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    moved: int
    newly_overdue: int
    no_longer_overdue: int
    without_deadline: int
    windows: list[MovedWindow]

    @property
    def sentence(self) -> str:
        """«Сдвинет 4 срока: 1 станет просроченным.»."""
        if not self.moved:
            return _("Ни один срок не сдвинется.")
        head = ngettext("Сдвинет {count} срок", "Сдвинет {count} сроков", self.moved).format(count=self.moved)
        graver = ", ".join(self._graver())
        return f"{head}: {graver}." if graver else f"{head}."

    @property
    def is_grave(self) -> bool:
        """Assert that somebody will be late by it, or never due."""
        return bool(self.newly_overdue or self.without_deadline)

    @property
    def unnamed(self) -> int:
        """How many move beside those that are named."""
        return self.moved - len(self.windows)

    def _graver(self) -> Iterator[str]:
        late, lost, saved = self.newly_overdue, self.without_deadline, self.no_longer_overdue
        if late:
            yield ngettext("{count} станет просроченным", "{count} станут просроченными", late).format(count=late)
        if lost:
            yield ngettext("{count} останется без срока", "{count} останутся без срока", lost).format(count=lost)
        if saved:
            yield ngettext(
                "{count} перестанет быть просроченным", "{count} перестанут быть просроченными", saved
            ).format(count=saved)
