"""`/settings`: what holds for the whole firm, and who changed it last."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import SkipValidation, URLEncodedBody
from pydantic import AwareDatetime, Field

from admin.errors import advice_of
from admin.models import Frozen
from admin.people import ADMINS, ASKS, SignedIn, refuse_all_but
from admin.rendering import show
from admin.throttling import LOW
from admin.toasts import go
from infra.supabase import Refused, Unavailable
from infra.words import _

Me = NamedDependency[SkipValidation[SignedIn]]
AnyRequest = Request[Any, Any, Any]

# Which field of the form a refusal is about.
FIELDS = {
    "firm_name_is_written": "firm_name",
    "silence_is_counted_in_days": "silent_after_days",
    "retention_is_counted_in_years": "retention_years",
    "settings_default_schedule_id_fkey": "default_schedule_id",
    "settings_default_policy_id_fkey": "default_policy_id",
    "settings_head_id_fkey": "head_id",
}


class Settings(Frozen):
    """The one row of settings."""

    firm_name: str
    default_schedule_id: UUID
    default_policy_id: UUID
    around_the_clock_schedule_id: UUID
    head_id: UUID | None
    files_answer: bool
    off_hours_reply: bool
    silent_after_days: int
    retention_years: int | None
    bot_username: str | None
    bot_reads_all: bool | None
    bot_seen_at: AwareDatetime | None


class Choice(Frozen):
    """A schedule, a policy or a person."""

    id: UUID
    name: str | None


class Colleague(Frozen):
    """Who changed something; nobody is an operator."""

    name: str | None


class Change(Frozen):
    """The last change of a field."""

    at: AwareDatetime
    by: Colleague | None


class Page(Frozen):
    """What `api.settings_page` answers."""

    settings: Settings
    schedules: list[Choice]
    policies: list[Choice]
    people: list[Choice]
    changes: dict[str, Change]

    @property
    def around_the_clock(self) -> str:
        """The name of the schedule that never closes."""
        chosen = self.settings.around_the_clock_schedule_id
        return next((one.name for one in self.schedules if one.id == chosen and one.name), "")


class Typed(Frozen):
    """The form; an empty person or number of years is none, an unticked box is no."""

    firm_name: str = Field(default="", max_length=1000)
    default_schedule_id: str = Field(default="", max_length=100)
    default_policy_id: str = Field(default="", max_length=100)
    head_id: str = Field(default="", max_length=100)
    files_answer: bool = False
    off_hours_reply: bool = False
    silent_after_days: str = Field(default="", max_length=20)
    retention_years: str = Field(default="", max_length=20)


@get("/settings", opt=ASKS)
async def show_settings(request: AnyRequest, me: Me) -> Response[Any]:
    """Show the settings."""
    refuse_all_but(me, ADMINS)
    try:
        page = await _read(me)
    except Unavailable:
        return show(request, me, "pages/settings/page.html", 503, page=None)
    return show(request, me, "pages/settings/page.html", page=page, typed=page.settings, problem=None, field=None)


@post("/settings", opt={"tier": LOW})
async def change_settings(request: AnyRequest, me: Me, data: URLEncodedBody[Typed]) -> Response[Any]:
    """Change them all at once, or say beside the field why not."""
    refuse_all_but(me, ADMINS)
    try:
        await me.database.call(
            "change_settings",
            firm_name=data.firm_name,
            default_schedule_id=_uuid(data.default_schedule_id, "settings_default_schedule_id_fkey"),
            default_policy_id=_uuid(data.default_policy_id, "settings_default_policy_id_fkey"),
            head_id=_uuid(data.head_id, "settings_head_id_fkey") if data.head_id else None,
            files_answer=data.files_answer,
            off_hours_reply=data.off_hours_reply,
            silent_after_days=_number(data.silent_after_days, "silence_is_counted_in_days"),
            retention_years=_number(data.retention_years, "retention_is_counted_in_years")
            if data.retention_years.strip()
            else None,
        )
    except Refused as refusal:
        if refusal.key not in FIELDS:
            raise
        page = await _read(me)
        context = {"typed": data, "problem": advice_of(refusal), "field": FIELDS[refusal.key]}
        return show(request, me, "pages/settings/page.html", 422, page=page, **context)
    return go("/settings", _("Настройки сохранены."))


async def _read(me: SignedIn) -> Page:
    return Page.model_validate(await me.database.call("settings_page"))


def _uuid(text: str, promise: str) -> str:
    """Return an id; one that no list offered breaks the promise that the database would name."""
    try:
        return str(UUID(text))
    except ValueError as error:
        raise Refused(promise, "PT422") from error


def _number(text: str, promise: str) -> int:
    """Return a whole number that the database can hold at all; how large it may be is said there."""
    try:
        number = int(text)
    except ValueError as error:
        raise Refused(promise, "PT422") from error
    return max(min(number, 1_000_000), -1)
