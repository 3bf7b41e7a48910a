"""`/`: what is going on today, what to do next, and how it has been going."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.response import Template
from pydantic import AwareDatetime

from admin.figures.asked import Asked, Days, Query
from admin.figures.charts import TrendChart, trend_chart
from admin.figures.lines import GROUPS, Line
from admin.figures.lines import Step as Day
from admin.models import Frozen
from admin.navigation import DESTINATIONS
from admin.pages.home.steps import Step, Watch, steps_of
from admin.people import ASKS, SignedIn
from admin.rendering import is_fragment, show
from admin.times import duration
from infra.supabase import Unavailable
from infra.words import number

AnyRequest = Request[Any, Any, Any]
Me = NamedDependency[SkipValidation[SignedIn]]

MOST_STEPS = 7
WORDS: dict[str, Any] = {"number": number, "duration": duration, "groups": GROUPS}


class Urgent(Frozen):
    """A window that is overdue."""

    id: UUID
    chat_name: str
    due_at: AwareDatetime
    accountant_name: str | None


class Today(Frozen):
    """What `api.today` returns."""

    since: AwareDatetime
    timezone: str
    waiting: int
    at_risk: int
    overdue: int
    figures: Line
    urgent: list[Urgent]

    @property
    def on(self) -> date:
        """The firm's day."""
        return self.since.astimezone(ZoneInfo(self.timezone)).date()


class Overview(Frozen):
    """What `api.overview` returns."""

    today: Today
    watch: Watch
    days: list[Day]
    month: Days


class Month(NamedTuple):
    """The last thirty days: what they are in an address, and their picture."""

    asked: Asked
    chart: TrendChart


@get("/", opt=ASKS)
async def show_home(request: AnyRequest, me: Me) -> Template:
    """Show the day; what could not be read says so, and the rest of the page stays. A hint asks for the day alone."""
    if is_fragment(request):
        today = await _or_none(_read_today(me))
        return show(request, me, "pages/home/_today.html", status=200 if today else 503, today=today, **WORDS)
    found: Overview | None = await _or_none(_read_overview(me))
    if found is None:
        return show(
            request, me, "pages/home/page.html", status=503, today=None, watch=None, month=None, steps=[], **WORDS
        )
    return show(
        *(request, me, "pages/home/page.html"),
        **{"today": found.today, "watch": found.watch, "month": _month(found), "steps": _steps(found, me), **WORDS},
    )


async def _or_none(reading: Any) -> Any:
    """Return what was read, none when the database could not be asked."""
    try:
        return await reading
    except Unavailable:
        return None


async def _read_today(me: SignedIn) -> Today:
    return Today.model_validate(await me.database.call("today"))


async def _read_overview(me: SignedIn) -> Overview:
    return Overview.model_validate(await me.database.call("overview"))


def _month(found: Overview) -> Month:
    asked = Asked(Query(), found.month)
    return Month(asked, trend_chart(found.days, asked.first_on, asked.last_on, asked.trend))


def _steps(found: Overview, me: SignedIn) -> Sequence[Step]:
    built = {place.path for place in DESTINATIONS if me.person.role in place.roles}
    return steps_of(found.watch, built)[: MOST_STEPS - len(found.today.urgent)]
