"""`/feedback/cases`: clients who were not content, who looks after each, and how it was settled."""

from typing import Any, Literal
from uuid import UUID

import structlog
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation, URLEncodedBody
from litestar.response import Redirect, Template
from pydantic import AwareDatetime, Field

from admin.errors import advice_of
from admin.filters import Filters
from admin.keyset import PAGE, Cursor, cut
from admin.models import Frozen
from admin.next_page import safe_next
from admin.pages.feedback.rows import CASES, RESOLUTIONS
from admin.people import ASKS, MANAGERS, SignedIn, refuse_all_but
from admin.rendering import show
from admin.throttling import MEDIUM
from admin.toasts import go
from infra.supabase import Refused
from infra.words import N_, _

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]
Me = NamedDependency[SkipValidation[SignedIn]]

STATES = {"open": N_("Открытые"), "resolved": N_("Решённые"), "all": N_("Все")}


class Asked(Filters):
    """The filters of the list."""

    state: Literal["open", "resolved", "all"] = "open"
    survey: UUID | None = None


class Back(Frozen):
    """The form of a button: which list it was pressed in."""

    next: str = "/feedback/cases"


class TakeForm(Back):
    """The same, and from whom it is taken."""

    instead_of: UUID | None = None


class NoteForm(Back):
    """What was found out; with a resolution the case is settled, without one it goes on."""

    note: str = Field(default="", max_length=20_000)
    resolution: str = Field(default="", max_length=20)


@get("/feedback/cases", opt=ASKS)
async def show_cases(request: AnyRequest, me: Me) -> Template:
    """Show them, the latest first."""
    refuse_all_but(me, MANAGERS)
    return await _page(request, me, Asked.of(request))


@post("/feedback/cases/{case_id:uuid}/take", opt={"tier": MEDIUM})
async def take_case(
    request: AnyRequest, me: Me, case_id: FromPath[UUID], data: URLEncodedBody[TakeForm]
) -> Response[Any]:
    """Look after it from now on; the list says so where somebody was faster."""
    refuse_all_but(me, MANAGERS)
    instead_of = {"instead_of": str(data.instead_of)} if data.instead_of else {}
    try:
        await me.database.call("take_case", id=str(case_id), **instead_of)
    except Refused as refusal:
        if refusal.key != "case_is_taken":
            raise
        lost = _("Этой оценкой уже занимается {detail}.").format(detail=refusal.detail)
        return await _page(request, me, Asked(), 409, lost=lost)
    log.info("case_taken", case_id=str(case_id), user_id=me.person.id)
    return go(safe_next(data.next), _("Вы разбираетесь с этой оценкой."))


@post("/feedback/cases/{case_id:uuid}/note", opt={"tier": MEDIUM})
async def note_case(
    request: AnyRequest, me: Me, case_id: FromPath[UUID], data: URLEncodedBody[NoteForm]
) -> Response[Any]:
    """Keep what was found out, and settle it if that is how it ended."""
    refuse_all_but(me, MANAGERS)
    function = "resolve_case" if data.resolution else "note_case"
    ending = {"resolution": data.resolution} if data.resolution else {}
    try:
        await me.database.call(function, id=str(case_id), note=data.note, **ending)
    except Refused as refusal:
        if refusal.key not in {"note_is_too_long", "resolution_is_known"}:
            raise
        problem = {"problem": advice_of(refusal), "problem_at": case_id, "typed": data}
        return await _page(request, me, Asked(state="all"), 422, **problem)
    log.info("case_noted", case_id=str(case_id), decision=function, user_id=me.person.id)
    said = _("Решено. Случай остаётся в списке решённых.") if data.resolution else _("Заметка сохранена.")
    return go(safe_next(data.next), said)


@post("/feedback/cases/{case_id:uuid}/reopen", opt={"tier": MEDIUM})
async def reopen_case(me: Me, case_id: FromPath[UUID], data: URLEncodedBody[Back]) -> Redirect:
    """Go on with what was settled too soon."""
    refuse_all_but(me, MANAGERS)
    await me.database.call("reopen_case", id=str(case_id))
    log.info("case_reopened", case_id=str(case_id), user_id=me.person.id)
    return go(safe_next(data.next), _("Случай снова открыт."))


async def _page(request: AnyRequest, me: SignedIn, asked: Asked, status: int = 200, **shown: Any) -> Template:
    found = await me.database.call(
        "find_cases",
        state=asked.state,
        survey=asked.survey and str(asked.survey),
        after=Cursor.place(asked.after, opened_at=AwareDatetime, id=UUID) or None,
        batch=PAGE + 1,
    )
    cases, after = cut(CASES.validate_python(found), lambda one: (one.opened_at.isoformat(), one.id))
    context = {
        "cases": cases,
        "asked": asked,
        "states": STATES,
        "resolutions": RESOLUTIONS,
        "address": asked.address("/feedback/cases"),
        "more_at": asked.address("/feedback/cases", after=after) if after else None,
        "lost": None,
        "problem": None,
        "problem_at": None,
        "typed": None,
        **shown,
    }
    return show(request, me, "pages/feedback/cases.html", status, **context)
