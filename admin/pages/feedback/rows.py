"""Votes and cases as their pages and exports show them."""

from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, TypeAdapter, ValidationError

from admin.keyset import Cursor
from infra.words import N_, _

RESOLUTIONS: dict[str, str] = {
    "talked": N_("поговорили с клиентом"),
    "mended": N_("исправили"),
    "no_action": N_("действий не нужно"),
}


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Vote(_Told):
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


class Case(_Told):
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
        return (
            _("в работе: {who}").format(who=self.owner_name or _("сотрудник")) if self.owner_id else _("никто не взял")
        )


VOTES = TypeAdapter(list[Vote])
CASES = TypeAdapter(list[Case])
_PLACE = TypeAdapter(tuple[AwareDatetime, UUID])


def place_of(after: str, key: str) -> dict[str, Any]:
    """Return the argument that says where a page begins, by an instant called `key`; none for the first page."""
    try:
        at, one_id = _PLACE.validate_python(Cursor.read(after))
    except ValidationError:  # made up: the list begins at its beginning
        return {}
    return {"after": {key: at.isoformat(), "id": str(one_id)}}
