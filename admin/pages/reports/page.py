"""`/reports`: how the firm answers, for any period and part of it; every number opens its rows."""

from collections.abc import Sequence
from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.response import Template

from admin.colleagues import Offer, offer
from admin.figures import charts
from admin.figures.asked import NOBODY, PRESETS, Asked, Query
from admin.figures.lines import GROUPS, KINDS, LINES, Choices, Line, Page
from admin.pages.reports.sheets import NOBODY_WORDS
from admin.people import ASKS, SignedIn
from admin.rendering import show
from admin.tiers import TIERS
from admin.times import duration
from infra.supabase import Unavailable
from infra.words import N_, number

AnyRequest = Request[Any, Any, Any]
Me = NamedDependency[SkipValidation[SignedIn]]

# Rows of a table until all are asked for.
SHOWN = 50
TABS = {"person": N_("Сотрудники"), "chat": N_("Чаты"), "client": N_("Клиенты"), "policy": N_("Политики")}
WEEKDAYS = (N_("пн"), N_("вт"), N_("ср"), N_("чт"), N_("пт"), N_("сб"), N_("вс"))


@get("/reports", opt=ASKS)
async def show_report(request: AnyRequest, me: Me) -> Template:
    """Show the figures; a report that could not be read says so and is never empty."""
    try:
        query = Query.of(request)
        figures = Page.model_validate(await me.database.call("report_page", **query.days, **query.parts, by=query.by))
        whom = await read_offer(request, me, figures.choices, query)
    except Unavailable:
        return show(request, me, "pages/reports/page.html", status=503, figures=None)
    asked = Asked(query, figures.choices.days)
    trend, hours = ([step for step in figures.steps if (step.by == "hour") is by_hour] for by_hour in (False, True))
    return show(
        request,
        me,
        "pages/reports/page.html",
        figures=figures,
        asked=asked,
        choices=figures.choices,
        offer=whom,
        lines=figures.parts if "all" in request.query_params else figures.parts[:SHOWN],
        chart=charts.trend_chart(trend, asked.first_on, asked.last_on, asked.trend),
        here={},
        heat=[(kind, *charts.heat_map(hours, kind)) for kind in ("asked", "breaches")],
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
    named = {name: id_ for name, id_ in query.parts.items() if name in {"chat", "client"}}
    choices = Choices.model_validate(await me.database.call("report_choices", **query.days, **named))
    return choices, Asked(query, choices.days)


async def read_offer(request: AnyRequest, me: SignedIn, choices: Choices, query: Query) -> Offer:
    """Return of whom a report can be asked for. Raises what `Database` raises."""
    words = request.query_params.get("find", "")
    return await offer(me.database, choices, "answering", query.person, words=words)


async def read_lines(me: SignedIn, asked: Asked, by: str) -> Sequence[Line]:
    """Return the report by person, chat or whatever. Raises what `Database` raises."""
    return LINES.validate_python(await me.database.call("sla_report", **asked.arguments, by=by))
