"""`/schedules`: when the firm works, in words, and who counts by it."""

from typing import Any

import structlog
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, SkipValidation, URLEncodedBody
from litestar.response import Template
from pydantic import TypeAdapter

from admin.errors import advice_of
from admin.keyset import PAGE
from admin.pages.schedules import words
from admin.pages.schedules.forms import NewSchedule
from admin.pages.schedules.rows import Schedule
from admin.people import ASKS, MANAGERS, SignedIn
from admin.rendering import show
from admin.throttling import MEDIUM
from admin.toasts import go
from infra.supabase import Refused
from infra.words import _

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]
Me = NamedDependency[SkipValidation[SignedIn]]

# A firm has a handful; whoever has more than this looks in the address of the one they need.
_MOST = 4 * PAGE
_SCHEDULES = TypeAdapter(list[Schedule])


@get("/schedules", opt=ASKS)
async def show_schedules(request: AnyRequest, me: Me, archived: FromQuery[str] = "") -> Template:
    """Show those in use, or those put away."""
    return await _page(request, me, is_archive=archived == "yes")


@post("/schedules", opt={"tier": MEDIUM})
async def add_schedule(request: AnyRequest, me: Me, data: URLEncodedBody[NewSchedule]) -> Response[Any]:
    """Make one, empty or like another, and lead to it."""
    try:
        made = await me.database.call(
            "add_schedule", name=data.name, copy_of=str(data.copy_of) if data.copy_of else None
        )
    except Refused as refusal:
        return await _page(request, me, status=422, typed=data, problem=advice_of(refusal))
    log.info("schedule_added", schedule_id=made, user_id=me.person.id)
    return go(f"/schedules/{made}", _("График создан."))


async def _page(
    request: AnyRequest, me: SignedIn, *, status: int = 200, is_archive: bool = False, **shown: Any
) -> Template:
    columns = ",".join(Schedule.model_fields)
    found = _SCHEDULES.validate_python(await me.database.read("schedule_list", columns, order="name,id", limit=_MOST))
    context = {
        "schedules": [one for one in found if (one.archived_at is not None) == is_archive],
        "patterns": [one for one in found if not one.around_the_clock],
        "has_archive": any(one.archived_at for one in found),
        "is_archive": is_archive,
        "may_edit": me.person.role in MANAGERS,
        "words": words,
        "typed": NewSchedule(),
        "problem": None,
        **shown,
    }
    return show(request, me, "pages/schedules/page.html", status, **context)
