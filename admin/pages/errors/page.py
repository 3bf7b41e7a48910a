"""`/errors`: what broke, by kind and place; the number that a person was told leads here."""

from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation
from litestar.response import Redirect
from pydantic import AwareDatetime, Field

from admin.filters import Filters
from admin.keyset import Cursor, cut
from admin.models import Frozen
from admin.people import ADMINS, ASKS, SignedIn, refuse_all_but
from admin.rendering import show
from admin.throttling import MEDIUM
from admin.toasts import go
from infra.supabase import Unavailable
from infra.words import N_, _

Me = NamedDependency[SkipValidation[SignedIn]]
AnyRequest = Request[Any, Any, Any]
Fingerprint = Annotated[str, Field(pattern="^[0-9a-f]{16,64}$")]

COMPONENT_WORDS = {"bot": N_("бот"), "jobs": N_("фоновые задания"), "admin": N_("панель")}
STATE_WORDS = {"open": N_("Нерешённые"), "resolved": N_("Решённые")}


class Colleague(Frozen):
    """A person of the firm."""

    id: UUID
    name: str | None


class Reference(Frozen):
    """A number that somebody was told."""

    reference: str
    at: AwareDatetime
    by: Colleague | None
    detail: dict[str, Any]


class Group(Frozen):
    """Errors of one kind and place."""

    fingerprint: str
    component: str
    event: str
    place: str
    trace: str
    amount: int
    first_at: AwareDatetime
    last_at: AwareDatetime
    resolved_at: AwareDatetime | None
    resolved_by: Colleague | None
    recurred_at: AwareDatetime | None
    references: list[Reference]

    @property
    def component_words(self) -> str:
        """In which process."""
        return _(COMPONENT_WORDS[self.component])


class Page(Frozen):
    """What `api.errors_page` answers."""

    open: int
    groups: list[Group]


class Asked(Filters):
    """The filters of the list."""

    state: Literal["open", "resolved"] = "open"
    component: Literal["bot", "jobs", "admin"] | None = None
    reference: str | None = Field(None, max_length=40)


@get("/errors", opt=ASKS)
async def show_errors(request: AnyRequest, me: Me) -> Response[Any]:
    """Show the kinds of errors, the latest first, or those with a reference."""
    refuse_all_but(me, ADMINS)
    asked = Asked.of(request)
    context: dict[str, Any] = {"asked": asked, "components": COMPONENT_WORDS, "states": STATE_WORDS}
    try:
        found = await me.database.call(
            "errors_page",
            state=asked.state,
            component=asked.component,
            reference=asked.reference,
            **Cursor.place(asked.after, after_at=AwareDatetime, after_fingerprint=Fingerprint),
        )
    except Unavailable:
        return show(request, me, "pages/errors/page.html", 503, page=None, groups=[], more_at=None, **context)
    page = Page.model_validate(found)
    groups, after = cut(page.groups, lambda group: (group.last_at.isoformat(), group.fingerprint))
    more_at = asked.address("/errors", after=after) if after else None
    return show(request, me, "pages/errors/page.html", page=page, groups=groups, more_at=more_at, **context)


@post("/errors/{fingerprint:str}/resolve", opt={"tier": MEDIUM})
async def resolve_error(me: Me, fingerprint: FromPath[str]) -> Redirect:
    """Call a kind of error resolved, until it comes back."""
    await me.database.call("resolve_error", fingerprint=fingerprint)
    return go("/errors", _("Отмечено как решённое. Если ошибка повторится, она вернётся в список."))
