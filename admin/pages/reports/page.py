"""`/reports`: how the firm answers, for any period and part of it; every number opens its rows."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.response import Template

from admin.figures import charts
from admin.figures.asked import NOBODY, PRESETS, Asked, Query
from admin.figures.lines import GROUPS, KINDS, LINES, STEPS, Choices, Line, Outlier, Page, Step
from admin.numbers import number
from admin.pages.reports.sheets import NOBODY_WORDS
from admin.people import ASKS, SignedIn
from admin.rendering import show
from admin.tiers import TIERS
from admin.times import duration
from infra.supabase import Unavailable
from infra.words import N_

AnyRequest = Request[Any, Any, Any]
Me = NamedDependency[SkipValidation[SignedIn]]

# Rows of a table until all are asked for.
SHOWN = 50
TABS = {"person": N_("Сотрудники"), "chat": N_("Чаты"), "client": N_("Клиенты"), "policy": N_("Политики")}
WEEKDAYS = (N_("пн"), N_("вт"), N_("ср"), N_("чт"), N_("пт"), N_("сб"), N_("вс"))


# The firm's zone as the database last told it: every page says whether it still is.
_zones = ["Europe/Moscow"]


class Figures(NamedTuple):
    """All that the page shows, each read from the one report of the database."""

    choices: Choices
    asked: Asked
    whole: Line
    lines: Sequence[Line]
    trend: Sequence[Step]
    hours: Sequence[Step]
    worst: Sequence[Outlier]


@get("/reports", opt=ASKS)
async def show_report(request: AnyRequest, me: Me) -> Template:
    """Show the figures; a report that could not be read says so and is never empty."""
    try:
        figures = await _read_figures(me, Query.of(request))
    except Unavailable:
        return show(request, me, "pages/reports/page.html", status=503, figures=None)
    asked = figures.asked
    return show(
        request,
        me,
        "pages/reports/page.html",
        figures=figures,
        asked=asked,
        choices=figures.choices,
        lines=figures.lines if "all" in request.query_params else figures.lines[:SHOWN],
        chart=charts.trend_chart(figures.trend, asked.first_on, asked.last_on, asked.trend),
        here={},
        heat=[(kind, *charts.heat_map(figures.hours, kind)) for kind in ("asked", "breaches")],
        **WORDS,
    )


WORDS: dict[str, Any] = {
    "kinds": KINDS,
    "presets": PRESETS,
    "tabs": TABS,
    "groups": GROUPS,
    "tiers": TIERS,
    "nobody": NOBODY,
    "nobody_words": NOBODY_WORDS,
    "weekdays": WEEKDAYS,
    "number": number,
    "duration": duration,
}


async def read_asked(request: AnyRequest, me: SignedIn) -> tuple[Choices, Asked]:
    """Return what the address asks for, in the firm's zone. Raises what `Database` raises."""
    query = Query.of(request)
    client = query.client if query.client != NOBODY else None
    found = await me.database.call("report_choices", chat=query.chat, client=client and str(client))
    choices = Choices.model_validate(found)
    return choices, Asked(query, ZoneInfo(choices.timezone), datetime.now(UTC))


async def read_lines(me: SignedIn, asked: Asked, by: str) -> Sequence[Line]:
    """Return the report by person, chat or whatever. Raises what `Database` raises."""
    return LINES.validate_python(await me.database.call("sla_report", **asked.arguments, by=by))


async def read_steps(me: SignedIn, asked: Asked, step: str) -> Sequence[Step]:
    """Return the report by day, week or month, and by hour of the week. Raises what `Database` raises."""
    return STEPS.validate_python(await me.database.call("sla_times", **asked.arguments, step=step))


async def _read_figures(me: SignedIn, query: Query) -> Figures:
    """Return them all, in one call, or in two when the firm has moved to another zone and its days with it."""
    asked, found = await _read_page(me, query)
    if found.choices.timezone != asked.zone.key:
        _zones[:] = [found.choices.timezone]
        asked, found = await _read_page(me, query)
    (whole, *lines) = found.lines
    trend, hours = ([step for step in found.steps if (step.by == "hour") is by_hour] for by_hour in (False, True))
    return Figures(found.choices, asked, whole, lines, trend, hours, found.worst)


async def _read_page(me: SignedIn, query: Query) -> tuple[Asked, Page]:
    asked = Asked(query, ZoneInfo(*_zones), datetime.now(UTC))
    answer = await me.database.call("report_page", **asked.arguments, by=query.by, step=asked.trend)
    return asked, Page.model_validate(answer)
