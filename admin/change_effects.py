"""What a change does to those who wait, in words: said before it is saved, and of a task that will do it (S8)."""

from pydantic import BaseModel, ConfigDict

from infra.words import ngettext


class Effect(BaseModel):
    """Open windows by what becomes of them, as `private.effect_on` counts them."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    sooner: int = 0
    later: int = 0
    newly_overdue: int = 0
    no_longer_overdue: int = 0
    voided: int = 0
    handed_over: int = 0

    @property
    def sentences(self) -> list[str]:
        """What happens, the gravest first; nothing when nobody who waits will feel it."""
        said = (
            (
                self.voided,
                ngettext("{n} обращение будет снято с учёта", "{n} обращения будут сняты с учёта", self.voided),
            ),
            (
                self.newly_overdue,
                ngettext("{n} обращение станет просроченным", "{n} обращения станут просроченными", self.newly_overdue),
            ),
            (
                self.no_longer_overdue,
                ngettext(
                    "{n} обращение перестанет быть просроченным",
                    "{n} обращения перестанут быть просроченными",
                    self.no_longer_overdue,
                ),
            ),
            (self.sooner, ngettext("{n} срок ответа станет раньше", "{n} срока ответа станут раньше", self.sooner)),
            (self.later, ngettext("{n} срок ответа станет позже", "{n} срока ответа станут позже", self.later)),
            (
                self.handed_over,
                ngettext(
                    "{n} обращение перейдёт к новому ответственному",
                    "{n} обращения перейдут к новому ответственному",
                    self.handed_over,
                ),
            ),
        )
        return [words.format(n=count) for count, words in said if count]
