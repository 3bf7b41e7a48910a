"""`/alerts`: what was raised, who was told, whether it arrived, and what they did about it."""

from typing import Any, Literal
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation, URLEncodedBody
from litestar.response import Redirect
from pydantic import AwareDatetime, Field

from admin.alert_kinds import ALERT_KINDS, AlertKind
from admin.colleagues import Colleague, Offer, Offering, offer
from admin.filters import Period
from admin.keyset import Cursor, cut
from admin.models import Frozen
from admin.next_page import safe_next
from admin.people import ASKS, SignedIn
from admin.rendering import is_fragment, show
from admin.throttling import MEDIUM
from admin.toasts import go
from infra.supabase import Unavailable
from infra.words import N_, _

Me = NamedDependency[SkipValidation[SignedIn]]

STATE_WORDS = {"open": N_("Открытые"), "resolved": N_("Закрытые"), "all": N_("Все")}
RESOLUTION_WORDS = {
    "answered": N_("клиенту ответили"),
    "acknowledged": N_("взято в работу"),
    "excused": N_("ответ не нужен"),
    "voided": N_("срок изменился"),
    "expired": N_("устарело"),
    "manual": N_("закрыто вручную"),
}
ACT_WORDS = {
    "acknowledged": N_("взято в работу"),
    "answered": N_("ответ клиенту"),
    "excused": N_("ответ не нужен"),
    "handed_over": N_("передано другому"),
    "reopened": N_("снова ждёт ответа"),
}
COPY_WORDS = {"sent": N_("доставлено"), "failed": N_("не доставлено"), "waiting": N_("ещё не отправлено")}
LEVELS = (1, 2, 3, 4, 5)


class Copy(Frozen):
    """One who was told, and whether it arrived; nobody is the firm's own chat."""

    to: Colleague | None
    status: str | None = None
    sent_at: AwareDatetime | None = None
    error: str | None = None
    remind_at: AwareDatetime | None = None

    @property
    def who(self) -> str:
        """Whom it went to."""
        return self.to.words if self.to else _("чат фирмы")

    @property
    def state(self) -> Literal["sent", "failed", "waiting"]:
        """Whether it arrived; a copy that arrived may be waiting to be edited."""
        if self.sent_at:
            return "sent"
        return "failed" if self.status in {"failed", "cancelled"} else "waiting"

    @property
    def state_words(self) -> str:
        """The same, in words."""
        return _(COPY_WORDS[self.state])


class Act(Frozen):
    """What somebody did after it was raised."""

    kind: str
    at: AwareDatetime
    by: Colleague | None

    @property
    def words(self) -> str:
        """What it was, and who did it."""
        act = _(ACT_WORDS[self.kind])
        return _("{act}: {who}").format(act=act, who=self.by.words) if self.by else act


class Alert(Frozen):
    """One alert and its window, as `api.alerts_page` tells them."""

    id: UUID
    kind: AlertKind
    level: int
    created_at: AwareDatetime
    resolved_at: AwareDatetime | None
    resolution: str | None
    resolved_by: Colleague | None
    request_id: UUID
    waits: bool
    is_taken: bool | None
    due_at: AwareDatetime | None
    chat_name: str
    client_name: str | None
    owner: Colleague | None
    told: list[Copy]
    acts: list[Act]

    @property
    def words(self) -> str:
        """Which one it is."""
        kind = _(ALERT_KINDS[self.kind])
        return _("{kind}, уровень {level}").format(kind=kind, level=self.level) if self.level else kind

    @property
    def resolution_words(self) -> str:
        """How it ended."""
        key = self.resolution or "manual"
        how = _(RESOLUTION_WORDS[key])
        return _("{act}: {who}").format(act=how, who=self.resolved_by.words) if self.resolved_by else how


class Page(Offering):
    """What `api.alerts_page` answers."""

    open: int
    alerts: list[Alert]


class Asked(Period):
    """The filters of the list."""

    state: Literal["open", "resolved", "all"] = "open"
    kind: AlertKind | None = None
    level: int | None = Field(None, ge=0, le=100)
    person: UUID | None = None


class Back(Frozen):
    """The form of a button: which list it was pressed in."""

    next: str = "/alerts"


@get("/alerts", opt=ASKS)
async def show_alerts(request: Request[Any, Any, Any], me: Me) -> Response[Any]:
    """Show the list, or its rows alone. One that could not be read says so and is never empty."""
    asked = Asked.of(request)
    template = "pages/alerts/_list.html" if is_fragment(request) else "pages/alerts/page.html"
    context: dict[str, Any] = {
        "asked": asked,
        "kinds": ALERT_KINDS,
        "states": STATE_WORDS,
        "levels": LEVELS,
        "address": asked.address("/alerts"),
    }
    try:
        page = await _read(request, me, asked)
        words = request.query_params.get("find", "")
        context["offer"] = await offer(me.database, page, "workers", asked.person, words=words)
    except Unavailable:
        nobody = Offer(among="workers")
        return show(request, me, template, 503, page=None, offer=nobody, alerts=[], more_at=None, **context)
    alerts, after = cut(page.alerts, lambda alert: (alert.created_at.isoformat(), alert.id))
    more_at = asked.address("/alerts", after=after) if after else None
    return show(request, me, template, page=page, alerts=alerts, more_at=more_at, **context)


@post("/alerts/{alert_id:uuid}/resolve", opt={"tier": MEDIUM})
async def resolve_alert(me: Me, alert_id: FromPath[UUID], data: URLEncodedBody[Back]) -> Redirect:
    """Be done with it; its window waits on."""
    await me.database.call("resolve_alert", alert_id=str(alert_id))
    return go(safe_next(data.next), _("Оповещение закрыто. Клиент по-прежнему ждёт ответа."))


@post("/alerts/requests/{request_id:uuid}/take", opt={"tier": MEDIUM})
async def take_alert(me: Me, request_id: FromPath[UUID], data: URLEncodedBody[Back]) -> Redirect:
    """Have its window in hand; the clock goes on."""
    await me.database.call("acknowledge_request", request_id=str(request_id))
    return go(safe_next(data.next), _("Взято в работу. Часы идут до ответа клиенту."))


async def _read(request: Request[Any, Any, Any], me: SignedIn, asked: Asked) -> Page:
    found = await me.database.call(
        "alerts_page",
        state=None if asked.state == "all" else asked.state,
        kind=asked.kind,
        level=asked.level,
        person=str(asked.person) if asked.person else None,
        **asked.bounds(request),
        **Cursor.place(asked.after, after_at=AwareDatetime, after_id=UUID),
    )
    return Page.model_validate(found)
