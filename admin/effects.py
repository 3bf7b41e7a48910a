"""What a change does to those who wait, as `private.effect_since` counts it, in words: said before it is saved (S8)."""

from collections.abc import Iterator
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from admin.models import Frozen
from infra.words import N_, _, ngettext

Move = Literal["without_deadline", "newly_overdue", "sooner", "later", "no_longer_overdue"]

MOVE_WORDS: dict[Move, str] = {
    "without_deadline": N_("останется без срока"),
    "newly_overdue": N_("станет просроченным"),
    "sooner": N_("раньше"),
    "later": N_("позже"),
    "no_longer_overdue": N_("перестанет быть просроченным"),
}


class MovedWindow(Frozen):
    """A window whose deadline moves."""

    id: UUID
    chat_name: str
    client_name: str | None
    opened_at: AwareDatetime
    was: AwareDatetime | None
    becomes: AwareDatetime | None
    effect: Move

    @property
    def effect_words(self) -> str:
        """How it moves."""
        return _(MOVE_WORDS[self.effect])


class Effect(Frozen):
    """What becomes of those who wait; of the deadlines that move, the gravest by name."""

    moved: int = 0
    newly_overdue: int = 0
    no_longer_overdue: int = 0
    without_deadline: int = 0
    voided: int = 0
    handed_over: int = 0
    windows: list[MovedWindow] = Field(default_factory=list)

    @property
    def sentences(self) -> list[str]:
        """What happens, the gravest first; nothing when nobody who waits will feel it."""
        said = (
            (
                self.voided,
                ngettext("{n} обращение будет снято с учёта.", "{n} обращения будут сняты с учёта.", self.voided),
            ),
            (self.moved, self._moves()),
            (
                self.handed_over,
                ngettext(
                    "{n} обращение перейдёт к новому ответственному.",
                    "{n} обращения перейдут к новому ответственному.",
                    self.handed_over,
                ),
            ),
        )
        return [words for count, words in said if count]

    @property
    def summary(self) -> str:
        """The same in one line, which also says that nothing happens."""
        return " ".join(self.sentences) or _("Ни один срок не сдвинется.")

    @property
    def is_grave(self) -> bool:
        """Assert that somebody will be late by it, never due or not measured."""
        return bool(self.newly_overdue or self.without_deadline or self.voided)

    @property
    def unnamed(self) -> int:
        """How many move beside those that are named."""
        return self.moved - len(self.windows)

    def _moves(self) -> str:
        """«Сдвинет 4 срока: 1 станет просроченным.»."""
        head = ngettext("Сдвинет {n} срок", "Сдвинет {n} сроков", self.moved)
        graver = ", ".join(self._graver())
        return f"{head}: {graver}." if graver else f"{head}."

    def _graver(self) -> Iterator[str]:
        late, lost, saved = self.newly_overdue, self.without_deadline, self.no_longer_overdue
        if late:
            yield ngettext("{n} станет просроченным", "{n} станут просроченными", late)
        if lost:
            yield ngettext("{n} останется без срока", "{n} останутся без срока", lost)
        if saved:
            yield ngettext("{n} перестанет быть просроченным", "{n} перестанут быть просроченными", saved)
