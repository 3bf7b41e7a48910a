"""`/schedules/<id>`: one schedule, its week, its year, what an edit would do before it does it, and who edited it."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery, SkipValidation, URLEncodedBody
from litestar.response import Template

from admin.effects import Effect
from admin.errors import advice_of
from admin.models import PutAway
from admin.pages.schedules import words
from admin.pages.schedules.forms import DatesForm, ScheduleForm, week_of
from admin.pages.schedules.rows import Page
from admin.pages.schedules.years import months, year_of
from admin.people import ASKS, MANAGERS, SignedIn
from admin.reasons import KEYS
from admin.rendering import show
from admin.throttling import MEDIUM
from admin.toasts import go
from infra.supabase import Refused
from infra.words import _

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]
Me = NamedDependency[SkipValidation[SignedIn]]


@get("/schedules/{schedule_id:uuid}", opt=ASKS)
async def show_schedule(
    request: AnyRequest, me: Me, schedule_id: FromPath[UUID], year: FromQuery[str] = ""
) -> Template:
    """Show the schedule with a year of it."""
    return await _page(request, me, schedule_id, year=year)


@post("/schedules/{schedule_id:uuid}", opt={"tier": MEDIUM})
async def save_schedule(
    request: AnyRequest, me: Me, schedule_id: FromPath[UUID], data: URLEncodedBody[ScheduleForm]
) -> Response[Any]:
    """Show what the week as typed would do, or make it so."""
    if data.do == "copy" or data.do.startswith("more:"):
        return await _page(request, me, schedule_id, typed=data, week=data.week)
    try:
        moved = await me.database.call(
            "save_schedule",
            schedule_id=str(schedule_id),
            name=data.name,
            timezone=data.timezone,
            follows_firm_calendar=bool(data.follows),
            hours=data.hours,
            dry_run=data.is_preview,
        )
    except Refused as refusal:
        problem = problem_of(refusal)
        return await _page(request, me, schedule_id, status=422, typed=data, week=data.week, problem=problem)
    told = Effect.model_validate(moved)
    if data.is_preview:
        return await _page(request, me, schedule_id, typed=data, week=data.week, moved=told)
    log.info("schedule_saved", schedule_id=schedule_id, moved=told.moved, user_id=me.person.id)
    return go(f"/schedules/{schedule_id}", _("График сохранён.") + " " + told.summary)


@post("/schedules/{schedule_id:uuid}/dates", opt={"tier": MEDIUM})
async def save_dates(
    request: AnyRequest, me: Me, schedule_id: FromPath[UUID], data: URLEncodedBody[DatesForm]
) -> Response[Any]:
    """Show what days off or other hours would do, or make them so; ordinary days again are made at once."""
    try:
        told = await set_dates(me, schedule_id, data)
    except Refused as refusal:
        return await _page(request, me, schedule_id, status=422, dates=data, dates_problem=problem_of(refusal))
    if data.is_preview:
        return await _page(request, me, schedule_id, dates=data, dates_moved=told)
    log.info("schedule_dates_saved", schedule_id=schedule_id, moved=told.moved, user_id=me.person.id)
    return go(f"/schedules/{schedule_id}?year={data.first_on[:4]}", _("Даты сохранены.") + " " + told.summary)


@post("/schedules/{schedule_id:uuid}/archive", opt={"tier": MEDIUM})
async def archive_schedule(
    request: AnyRequest, me: Me, schedule_id: FromPath[UUID], data: URLEncodedBody[PutAway]
) -> Response[Any]:
    """Put it away or back."""
    try:
        await me.database.call("archive_schedule", schedule_id=str(schedule_id), archived=data.archived)
    except Refused as refusal:
        return await _page(request, me, schedule_id, status=409, archive_problem=problem_of(refusal))
    log.info("schedule_archived", schedule_id=schedule_id, archived=data.archived, user_id=me.person.id)
    return go("/schedules", _("График в архиве.") if data.archived else _("График снова в работе."))


async def set_dates(me: SignedIn, schedule_id: UUID | None, data: DatesForm) -> Effect:
    """Say what some days are, of one schedule or of the whole firm. Raises `Refused`."""
    moved = await me.database.call(
        "set_dates",
        schedule_id=str(schedule_id) if schedule_id else None,
        first_on=data.first_on or None,
        last_on=data.last_on or data.first_on or None,
        says=data.says,
        name=data.name,
        hours=data.hours,
        dry_run=data.is_preview,
    )
    return Effect.model_validate(moved)


def problem_of(refusal: Refused) -> tuple[str, str]:
    """Return the key and the sentence of a refusal that belongs beside its form; raises it when it has none."""
    no_dates = KEYS["dates_are_backwards"]
    return refusal.key, advice_of(refusal, "unknown_schedule", malformed=_(no_dates.advice))


async def _page(
    request: AnyRequest, me: SignedIn, schedule_id: UUID, *, status: int = 200, year: str = "", **shown: Any
) -> Template:
    now = datetime.now(UTC)
    shown_year = year_of(year, now)
    found = await me.database.call("schedule_page", schedule_id=str(schedule_id), year=shown_year)
    if found is None:
        raise NotFoundException
    page = Page.model_validate(found)
    context = {
        "page": page,
        "schedule": page.schedule,
        "typed": page.schedule,
        "week": week_of(page.schedule.hours),
        "months": months(page.days),
        "year": shown_year,
        "years": range(now.year - 1, now.year + 3),
        "zones": dict.fromkeys((*words.ZONES, page.schedule.timezone)),
        "may_edit": me.person.role in MANAGERS,
        "words": words,
        "dates": DatesForm(),
        **dict.fromkeys(("problem", "moved", "dates_problem", "dates_moved", "archive_problem")),
        **shown,
    }
    return show(request, me, "pages/schedules/schedule.html", status, **context)
