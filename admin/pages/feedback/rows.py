"""Votes and cases as their pages and exports show them."""

from uuid import UUID

from pydantic import AwareDatetime, TypeAdapter

from admin.models import Frozen
from infra.words import N_, _

RESOLUTIONS: dict[str, str] = {
    "talked": N_("поговорили с клиентом"),
    "mended": N_("исправили"),
    "no_action": N_("действий не нужно"),
}


class Vote(Frozen):
    """A row of `api.feedback_responses`."""

    id: UUID
    survey_id: UUID
    survey_name: str
    chat: UUID | None
    chat_name: str | None
    client_name: str | None
    accountant_name: str | None
    voter_name: str | None
    rating: int
    comment: str | None
    created_at: AwareDatetime

    @property
    def voter(self) -> str:
        """Who voted."""
        return self.voter_name or _("имя удалено")


class Case(Frozen):
    """A row of `api.feedback_cases`."""

    id: UUID
    survey_id: UUID
    survey_name: str
    chat: UUID
    chat_name: str
    client_name: str | None
    accountant_name: str | None
    voter_name: str | None
    rating: int | None
    lowest: int
    comment: str | None
    opened_at: AwareDatetime
    owner_id: UUID | None
    owner_name: str | None
    note: str | None
    resolution: str | None
    resolved_at: AwareDatetime | None

    @property
    def voter(self) -> str:
        """Who is not content."""
        return self.voter_name or _("имя удалено")

    @property
    def state_words(self) -> str:
        """What has become of it."""
        if self.resolution:
            return _(RESOLUTIONS[self.resolution])
        if self.owner_id is None:
            return _("никто не взял")
        return _("в работе: {who}").format(who=self.owner_name or _("сотрудник"))


VOTES = TypeAdapter(list[Vote])
CASES = TypeAdapter(list[Case])
