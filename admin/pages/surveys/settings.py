"""`/surveys/settings`: how surveys are run in this firm."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import SkipValidation, URLEncodedBody
from pydantic import Field, TypeAdapter

from admin.errors import advice_of
from admin.models import Frozen
from admin.people import ADMINS, SignedIn, refuse_all_but
from admin.rendering import show
from admin.throttling import LOW
from admin.toasts import go
from infra.supabase import Refused, Unavailable
from infra.words import _

Me = NamedDependency[SkipValidation[SignedIn]]
AnyRequest = Request[Any, Any, Any]

# Which field of the form a refusal is about.
FIELDS = {
    "low_rating_is_one_to_four_stars": "low_rating_threshold",
    "survey_pause_is_at_most_a_year": "survey_pause_hours",
    "surveys_last_up_to_90_days": "survey_voting_days",
    "reminder_comes_within_a_month": "survey_reminder_days",
    "quarterly_day_is_in_every_month": "quarterly_survey_day",
    "quarterly_hour_is_of_a_day": "quarterly_survey_hour",
}


class Settings(Frozen):
    """What is set of surveys in the one row of settings."""

    low_rating_threshold: int
    survey_pause_hours: int
    survey_voting_days: int
    survey_reminder_days: int | None
    quarterly_survey: bool
    quarterly_survey_day: int
    quarterly_survey_hour: int
    rate_after_answer: bool


class Typed(Frozen):
    """The form; no days of a reminder is no reminder, an unticked box is no."""

    low_rating_threshold: str = Field(default="", max_length=20)
    survey_pause_hours: str = Field(default="", max_length=20)
    survey_voting_days: str = Field(default="", max_length=20)
    survey_reminder_days: str = Field(default="", max_length=20)
    quarterly_survey: bool = False
    quarterly_survey_day: str = Field(default="", max_length=20)
    quarterly_survey_hour: str = Field(default="", max_length=20)
    rate_after_answer: bool = False


_SETTINGS = TypeAdapter(list[Settings])


@get("/surveys/settings")
async def show_survey_settings(request: AnyRequest, me: Me) -> Response[Any]:
    """Show them to an admin."""
    refuse_all_but(me, ADMINS)
    try:
        return await _page(request, me, 200, None)
    except Unavailable:
        return show(request, me, "pages/surveys/settings.html", 503, typed=None)


@post("/surveys/settings", opt={"tier": LOW})
async def change_survey_settings(request: AnyRequest, me: Me, data: URLEncodedBody[Typed]) -> Response[Any]:
    """Change them all at once, or say beside the field why not."""
    refuse_all_but(me, ADMINS)
    promises = {field: promise for promise, field in FIELDS.items()}
    try:
        numbers = {
            field: _number(getattr(data, field), promise)
            for field, promise in promises.items()
            if field != "survey_reminder_days" or data.survey_reminder_days.strip()
        }
        await me.database.call(
            "change_survey_settings",
            **{"survey_reminder_days": None, **numbers},
            quarterly_survey=data.quarterly_survey,
            rate_after_answer=data.rate_after_answer,
        )
    except Refused as refusal:
        if refusal.key not in FIELDS:
            raise
        return await _page(request, me, 422, data, advice_of(refusal), FIELDS[refusal.key])
    return go("/surveys/settings", _("Настройки опросов сохранены."))


async def _page(
    request: AnyRequest,
    me: SignedIn,
    status: int,
    typed: Typed | None,
    problem: str | None = None,
    field: str | None = None,
) -> Response[Any]:
    (stored,) = _SETTINGS.validate_python(await me.database.read("settings", limit=1))
    shown = {"typed": typed or stored, "problem": problem, "field": field}
    return show(request, me, "pages/surveys/settings.html", status, **shown)


def _number(text: str, promise: str) -> int:
    """Return a whole number that the database can hold at all; how large it may be is said there."""
    try:
        return max(min(int(text), 1_000_000), -1)
    except ValueError as error:
        raise Refused(promise, "PT422") from error
