"""`/schedules/calendar`: dates of the whole firm, and the state's calendar, shown first and then brought in."""

from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import structlog
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, SkipValidation, URLEncodedBody
from litestar.response import Template
from pydantic import TypeAdapter

from admin.effects import Effect
from admin.pages.schedules import words
from admin.pages.schedules.forms import DatesForm, Importing
from admin.pages.schedules.rows import Calendar, Change, Saying
from admin.pages.schedules.schedule import problem_of, set_dates
from admin.pages.schedules.years import year_of
from admin.people import ASKS, MANAGERS, SignedIn
from admin.rendering import show
from admin.throttling import MEDIUM
from admin.toasts import go
from infra import production_calendar
from infra.production_calendar import stated
from infra.supabase import Refused
from infra.words import N_, _, ngettext

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]
Me = NamedDependency[SkipValidation[SignedIn]]

CHANGE_WORDS = {"added": N_("добавится"), "changed": N_("изменится"), "removed": N_("уйдёт"), "kept": N_("останется")}
_CHANGES = TypeAdapter(list[Change])


class Line(NamedTuple):
    """A date of the diff, in words."""

    on_date: date
    change: str
    is_kept: bool
    was: str
    becomes: str


@get("/schedules/calendar", opt=ASKS)
async def show_calendar(request: AnyRequest, me: Me, year: FromQuery[str] = "") -> Template:
    """Show the firm's own dates of a year."""
    return await _page(request, me, year)


@post("/schedules/calendar", opt={"tier": MEDIUM})
async def import_calendar(request: AnyRequest, me: Me, data: URLEncodedBody[Importing]) -> Response[Any]:
    """Show what the production calendar of a year would change, or bring it in."""
    year = year_of(data.year, datetime.now(UTC))
    if year not in production_calendar.years():
        return await _page(request, me, data.year, status=422, import_problem=_("Календаря на этот год пока нет."))
    days = stated(production_calendar.read(year))
    answer: Any = await me.database.call("bring_in_calendar", year=year, days=days, dry_run=data.is_preview)
    moved, changes = Effect.model_validate(answer["moved"]), _CHANGES.validate_python(answer["changes"])
    count = sum(change.change != "kept" for change in changes)
    if data.is_preview:
        lines = [_line(change, days) for change in changes]
        return await _page(request, me, data.year, lines=lines, count=count, moved=moved)
    log.info("calendar_imported", year=year, dates=count, moved=moved.moved, user_id=me.person.id)
    done = ngettext("Записана {n} дата.", "Записано дат: {n}.", count)
    return go(f"/schedules/calendar?year={year}", f"{done} {moved.summary}")


@post("/schedules/calendar/dates", opt={"tier": MEDIUM})
async def save_firm_dates(request: AnyRequest, me: Me, data: URLEncodedBody[DatesForm]) -> Response[Any]:
    """Show what a date of the whole firm would do, or make it so."""
    try:
        told = await set_dates(me, None, data)
    except Refused as refusal:
        return await _page(request, me, data.first_on[:4], status=422, dates=data, dates_problem=problem_of(refusal))
    if data.is_preview:
        return await _page(request, me, data.first_on[:4], dates=data, dates_moved=told)
    log.info("firm_dates_saved", moved=told.moved, user_id=me.person.id)
    return go(f"/schedules/calendar?year={data.first_on[:4]}", _("Даты сохранены.") + " " + told.summary)


def _line(change: Change, days: list[dict[str, Any]]) -> Line:
    says = [Saying.model_validate(day) for day in days if day["on_date"] == change.on_date.isoformat()]
    return Line(
        on_date=change.on_date,
        change=_(CHANGE_WORDS[change.change]),
        is_kept=change.change == "kept",
        was=_said(change.was or []),
        becomes="" if change.change == "removed" else _said(says),
    )


def _said(says: list[Saying]) -> str:
    return f"{words.exception(says)}: {words.names(says)}" if says else ""


async def _page(request: AnyRequest, me: SignedIn, year: str, *, status: int = 200, **shown: Any) -> Template:
    now = datetime.now(UTC)
    shown_year = year_of(year, now)
    found = await me.database.call("calendar_page", year=shown_year)
    context = {
        "calendar": Calendar.model_validate(found),
        "year": shown_year,
        "years": range(now.year - 1, now.year + 3),
        "has_import": shown_year in production_calendar.years(),
        "may_edit": me.person.role in MANAGERS,
        "words": words,
        "dates": DatesForm(),
        "count": 0,
        **dict.fromkeys(("lines", "moved", "import_problem", "dates_problem", "dates_moved")),
        **shown,
    }
    return show(request, me, "pages/schedules/calendar.html", status, **context)
