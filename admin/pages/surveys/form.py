"""`/surveys/new` and `/surveys/<id>/edit`: what is rated, and who is asked."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

import structlog
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, SkipValidation, URLEncodedBody
from litestar.response import Template
from pydantic import AwareDatetime, Field, TypeAdapter

from admin.errors import advice_of
from admin.figures.ratings import Survey, quarter_of, quarter_words
from admin.filters import Day
from admin.models import Frozen, Listed
from admin.people import MANAGERS, SignedIn, refuse_all_but
from admin.rendering import show
from admin.throttling import MEDIUM
from admin.times import Wall
from admin.toasts import go
from infra.supabase import Refused
from infra.words import N_, _

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]
Me = NamedDependency[SkipValidation[SignedIn]]
Audience = Literal["all", "chats", "segments"]

AUDIENCES: dict[Audience, str] = {
    "all": N_("Все подключённые чаты"),
    "segments": N_("Чаты выбранных сегментов"),
    "chats": N_("Выбранные чаты"),
}
FIELDS = {
    "survey_has_a_name": "name",
    "it_ends_after_it_starts": "range",
    "range_is_too_long": "range",
    "survey_overlaps": "range",
    "audience_is_known": "audience",
    "an_audience_is_named": "audience",
    "people_vote_for_up_to_90_days": "voting_days",
}
QUARTERS = 5
# A form with all of them ticked is still a form that is accepted.
MOST_CHATS = 1000
Ids = Annotated[list[UUID], Listed, Field(max_length=MOST_CHATS)]


class Typed(Frozen):
    """The form, as it was typed."""

    name: str = Field(default="", max_length=1000)
    starts_on: str = Field(default="", max_length=20)
    ends_on: str = Field(default="", max_length=20)
    voting_days: str = Field(default="", max_length=20)
    audience: Audience = "all"
    chats: Ids = Field(default_factory=list)
    segments: Ids = Field(default_factory=list)

    @classmethod
    def of(cls, survey: Survey) -> "Typed":
        """Return the form of what is stored."""
        ids = survey.audience_ids
        return cls(
            name=survey.name,
            starts_on=str(survey.starts_on),
            ends_on=str(survey.ends_on),
            voting_days=str(survey.voting_days or ""),
            audience=survey.audience,
            chats=ids if survey.audience == "chats" else [],
            segments=ids if survey.audience == "segments" else [],
        )

    @property
    def chosen(self) -> list[UUID]:
        """Whom it is for, unless it is for all."""
        return {"all": [], "chats": self.chats, "segments": self.segments}[self.audience]


class Choice(Frozen):
    """A chat."""

    id: UUID
    name: str = Field(validation_alias="chat_name")
    deleted_at: AwareDatetime | None


class Segment(Frozen):
    """A named group of chats."""

    id: UUID
    name: str


class Overlap(Frozen):
    """The survey that is in the way."""

    name: str


class Range(Frozen):
    """What `api.check_range` answers."""

    days: int
    is_too_long: bool
    overlaps: Overlap | None


class Quarter(NamedTuple):
    """A preset: a whole quarter."""

    name: str
    starts_on: date
    ends_on: date


_DAY: TypeAdapter[date] = TypeAdapter(Day)
_CHATS = TypeAdapter(list[Choice])
_SEGMENTS = TypeAdapter(list[Segment])
_SURVEYS = TypeAdapter(list[Survey])


@get("/surveys/new")
async def show_new_survey(request: AnyRequest, me: Me) -> Template:
    """Show the form; the address may say which days, and the last quarter is what is usually meant."""
    refuse_all_but(me, MANAGERS)
    asked = {name: request.query_params.get(name, "")[:20] for name in ("starts_on", "ends_on")}
    last = _quarters(request)[1]
    if not all(asked.values()):
        asked = {"starts_on": str(last.starts_on), "ends_on": str(last.ends_on)}
    named = next((one.name for one in _quarters(request) if str(one.starts_on) == asked["starts_on"]), "")
    name = request.query_params.get("name", named)[:200]
    return await _page(request, me, None, Typed(name=name, starts_on=asked["starts_on"], ends_on=asked["ends_on"]))


@get("/surveys/{survey_id:uuid}/edit")
async def show_survey_form(request: AnyRequest, me: Me, survey_id: FromPath[UUID]) -> Template:
    """Show the form of a draft."""
    refuse_all_but(me, MANAGERS)
    survey = await read_survey(me, survey_id)
    return await _page(request, me, survey, Typed.of(survey))


@get("/surveys/range")
async def show_range(request: AnyRequest, me: Me) -> Template:
    """Show how long the days are that are being typed, and what is in the way."""
    refuse_all_but(me, MANAGERS)
    asked = {name: request.query_params.get(name, "")[:40] for name in ("starts_on", "ends_on", "id")}
    try:
        days = {name: str(_day(asked[name])) for name in ("starts_on", "ends_on")}
        known = {"id": str(UUID(asked["id"]))} if asked["id"] else {}
    except (Refused, ValueError):  # not yet a range at all
        return show(request, me, "pages/surveys/_range.html", range=None)
    found = Range.model_validate(await me.database.call("check_range", **days, **known))
    return show(request, me, "pages/surveys/_range.html", range=found)


@post("/surveys", opt={"tier": MEDIUM})
async def add_survey(request: AnyRequest, me: Me, data: URLEncodedBody[Typed]) -> Response[Any]:
    """Make a draft."""
    refuse_all_but(me, MANAGERS)
    return await _save(request, me, None, data)


@post("/surveys/{survey_id:uuid}", opt={"tier": MEDIUM})
async def save_survey(
    request: AnyRequest, me: Me, survey_id: FromPath[UUID], data: URLEncodedBody[Typed]
) -> Response[Any]:
    """Change a draft."""
    refuse_all_but(me, MANAGERS)
    return await _save(request, me, survey_id, data)


async def read_survey(me: SignedIn, survey_id: UUID) -> Survey:
    """Return one. Raises `NotFoundException`, and what `Database` raises."""
    found = _SURVEYS.validate_python(await me.database.read("feedback_surveys", limit=1, id=str(survey_id)))
    if not found:
        raise NotFoundException
    return found[0]


async def _save(request: AnyRequest, me: SignedIn, survey_id: UUID | None, typed: Typed) -> Response[Any]:
    try:
        saved: Any = await me.database.call(
            "save_survey",
            name=typed.name,
            starts_on=str(_day(typed.starts_on)),
            ends_on=str(_day(typed.ends_on)),
            audience=typed.audience,
            audience_ids=[str(one) for one in typed.chosen],
            voting_days=_days(typed.voting_days),
            id=survey_id and str(survey_id),
        )
    except Refused as refusal:
        if refusal.key not in FIELDS:
            raise
        survey = await read_survey(me, survey_id) if survey_id else None
        return await _page(request, me, survey, typed, 422, problem=words_of(refusal), field=FIELDS[refusal.key])
    log.info("survey_saved", survey_id=saved, user_id=me.person.id)
    return go(f"/surveys/{UUID(saved)}", _("Черновик сохранён. Посмотрите, кто получит опрос."))


def words_of(refusal: Refused) -> str:
    """Return why not; an overlap names the other survey."""
    if refusal.key == "survey_overlaps":
        return _("Эти дни уже оценивает опрос «{name}». Выберите другие.").format(name=refusal.detail)
    return advice_of(refusal)


async def _page(
    request: AnyRequest, me: SignedIn, survey: Survey | None, typed: Typed, status: int = 200, **shown: Any
) -> Template:
    chats = await me.database.read("chats", "id,chat_name,deleted_at", order="chat_name", limit=MOST_CHATS)
    segments = await me.database.read("chat_segments", "id,name", order="name", limit=MOST_CHATS)
    context = {
        "survey": survey,
        "typed": typed,
        "chats": [one for one in _CHATS.validate_python(chats) if not one.deleted_at],
        "segments": _SEGMENTS.validate_python(segments),
        "audiences": AUDIENCES,
        "most_chats": MOST_CHATS,
        "quarters": _quarters(request),
        "problem": None,
        "field": None,
        **shown,
    }
    return show(request, me, "pages/surveys/form.html", status, **context)


def _quarters(request: AnyRequest) -> list[Quarter]:
    """Return this quarter and those before it, the latest first."""
    now = datetime.now().astimezone()
    day = now.astimezone(Wall(request.cookies.get("zone"), now).zone).date()
    found: list[Quarter] = []
    for _nth in range(QUARTERS):
        first, last = quarter_of(day)
        found.append(Quarter(quarter_words(f"{first.year}-Q{(first.month + 2) // 3}"), first, last))
        day = date.fromordinal(first.toordinal() - 1)
    return found


def _day(text: str) -> date:
    try:
        return _DAY.validate_python(date.fromisoformat(text))
    except ValueError as error:
        raise Refused("it_ends_after_it_starts", "PT422") from error


def _days(text: str) -> int | None:
    """Return a number that the database can hold at all; empty means what the settings say."""
    if not text.strip():
        return None
    try:
        return max(min(int(text), 1_000_000), -1)
    except ValueError as error:
        raise Refused("people_vote_for_up_to_90_days", "PT422") from error
