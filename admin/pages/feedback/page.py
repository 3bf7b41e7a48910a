"""`/feedback`: how clients rate the firm. Whoever may not know who rated what gets what is frozen and names nobody."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple
from uuid import UUID

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import SkipValidation
from litestar.response import Template
from pydantic import TypeAdapter

from admin.figures.ratings import SURVEYS, TREND, Listed, Part, Point, Ratings
from admin.figures.ratings_chart import ratings_chart
from admin.filters import Filters
from admin.models import Frozen
from admin.people import ASKS, MANAGERS, SignedIn
from admin.rendering import is_fragment, show
from infra.supabase import Unavailable
from infra.words import N_, average, number

AnyRequest = Request[Any, Any, Any]
Me = NamedDependency[SkipValidation[SignedIn]]
By = Literal["accountants", "clients", "segments"]

TABS: dict[By, str] = {"accountants": N_("Бухгалтеры"), "clients": N_("Клиенты"), "segments": N_("Сегменты")}
# Rows of a table until all are asked for.
SHOWN = 50


class Asked(Filters):
    """Which survey, and by what its figures are parted."""

    survey: UUID | None = None
    by: By = "accountants"
    all: str = ""


class Results(Frozen):
    """What `api.survey_results` answers to whoever may know all."""

    firm: Ratings
    accountants: Sequence[Part] = ()
    clients: Sequence[Part] = ()
    segments: Sequence[Part] = ()
    comments: int = 0
    open_cases: int = 0


class Group(Ratings):
    """A row of `api.feedback_summary`: the firm or an accountant, as far as it names nobody."""

    scope: Literal["firm", "accountant"]
    accountant_id: UUID | None
    accountant_name: str | None


class Shown(NamedTuple):
    """The page of one survey."""

    survey: Listed | None
    results: Results
    trend: Sequence[Point]
    surveys: Sequence[Listed]

    @property
    def before(self) -> Point | None:
        """The campaign before this one, to compare with."""
        if self.survey is None or self.survey.kind != "campaign":
            return None
        earlier = [point for point in self.trend if point.starts_on < self.survey.starts_on]
        return earlier[-1] if earlier else None


_GROUPS = TypeAdapter(list[Group])
WORDS: Mapping[str, Any] = {"tabs": TABS, "number": number, "average": average}


@get("/feedback", opt=ASKS)
async def show_feedback(request: AnyRequest, me: Me) -> Template:
    """Show the figures of a survey; those that could not be read say so and are never empty."""
    knows_all = me.person.role in MANAGERS
    asked = Asked.of(request) if knows_all else Asked(survey=Asked.of(request).survey)
    template = "pages/feedback/_results.html" if is_fragment(request) else "pages/feedback/page.html"
    try:
        shown = await _read(me, asked, knows_all=knows_all)
    except Unavailable:
        return show(request, me, template, status=503, shown=None)
    return show(
        *(request, me, template),
        shown=shown,
        asked=asked,
        knows_all=knows_all,
        rows=_rows(shown.results, asked),
        chart=ratings_chart(shown.trend),
        **WORDS,
    )


def _rows(results: Results, asked: Asked) -> Sequence[Part]:
    rows: Sequence[Part] = getattr(results, asked.by)
    return rows if asked.all else rows[:SHOWN]


async def _read(me: SignedIn, asked: Asked, *, knows_all: bool) -> Shown:
    overview, trend = await asyncio.gather(me.database.call("survey_overview"), me.database.call("feedback_trend"))
    surveys = [one for one in SURVEYS.validate_python(overview) if one.is_over or (knows_all and one.has_begun)]
    chosen = _chosen(surveys, asked.survey)
    results = Results(firm=Ratings())
    if chosen and knows_all:
        results = Results.model_validate(await me.database.call("survey_results", id=str(chosen.id)))
    elif chosen:
        results = _of_groups(await me.database.read("feedback_summary", survey_id=str(chosen.id)))
    return Shown(chosen, results, TREND.validate_python(trend), surveys)


def _chosen(surveys: Sequence[Listed], survey: UUID | None) -> Listed | None:
    """Return the survey asked for, or the latest campaign. Raises `NotFoundException` for one that is not there."""
    if survey is None:
        return next((one for one in surveys if one.kind == "campaign"), surveys[0] if surveys else None)
    found = next((one for one in surveys if one.id == survey), None)
    if found is None:
        raise NotFoundException
    return found


def _of_groups(rows: Any) -> Results:
    """Return what names nobody, in the shape of the page."""
    groups = _GROUPS.validate_python(rows)
    people = [
        Part(**group.model_dump(include=set(Ratings.model_fields)), id=group.accountant_id, name=group.accountant_name)
        for group in groups
        if group.scope == "accountant"
    ]
    firm = next((group for group in groups if group.scope == "firm"), None)
    return Results(firm=firm or Ratings(), accountants=sorted(people, key=lambda one: one.name or ""))
