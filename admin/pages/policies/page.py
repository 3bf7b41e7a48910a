"""`/policies`: how long a client may wait, by tier, and whether alerts arrive."""

from typing import Any
from uuid import UUID

import structlog
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import SkipValidation, URLEncodedBody
from litestar.response import Template
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from admin.deliveries import DELIVERIES
from admin.errors import KEYS
from admin.keyset import PAGE
from admin.pages.policies import words
from admin.pages.policies.rows import Policy, TestAlert
from admin.people import SignedIn
from admin.rendering import show
from admin.throttling import MEDIUM
from admin.toasts import go
from infra.supabase import Refused
from infra.words import _

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]
Me = NamedDependency[SkipValidation[SignedIn]]

ADMIN = "admin"
# A firm has a handful.
_MOST = 4 * PAGE
_POLICIES = TypeAdapter(list[Policy])
_ALERTS = TypeAdapter(list[TestAlert])


class Colleague(BaseModel):
    """A row of `api.users`, as far as a choice shows it."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    id: UUID
    full_name: str | None
    telegram_id: int | None
    active: bool


class TestForm(BaseModel):
    """To whom: an id, or nothing for oneself."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    person: str = Field(default="", max_length=100)


_COLLEAGUES = TypeAdapter(list[Colleague])


@get("/policies")
async def show_policies(request: AnyRequest, me: Me) -> Template:
    """Show them all, and to an admin what became of the latest test alerts."""
    return await _page(request, me)


@get("/policies/test-alerts")
async def show_test_alerts(request: AnyRequest, me: Me) -> Template:
    """Show only what became of them: the page asks until nothing is under way."""
    return show(request, me, "pages/policies/_alerts.html", **await _alerts(me))


@post("/policies/test-alerts", opt={"tier": MEDIUM})
async def send_test_alert(request: AnyRequest, me: Me, data: URLEncodedBody[TestForm]) -> Response[Any]:
    """Owe a test alert to somebody, or to oneself."""
    try:
        owed: Any = await me.database.call("send_test_alert", people=[data.person] if data.person else None)
    except Refused as refusal:
        if refusal.is_of_rights or (refusal.key not in KEYS and not refusal.code.startswith("22")):
            raise
        words_of_it = KEYS["nobody_to_tell"]
        return await _page(request, me, status=422, alert_problem=_(words_of_it.advice))
    log.info("test_alert_sent", count=owed, user_id=me.person.id)
    return go("/policies#test-alerts", _("Отправляем тестовое оповещение."))


async def _page(request: AnyRequest, me: SignedIn, *, status: int = 200, **shown: Any) -> Template:
    found = await me.database.read(
        "policy_list", ",".join(Policy.model_fields), order="target_minutes,name", limit=_MOST
    )
    is_admin = me.person.role == ADMIN
    context = {
        "policies": _POLICIES.validate_python(found),
        "may_edit": is_admin,
        "words": words,
        "alert_problem": None,
        "colleagues": await _colleagues(me) if is_admin else [],
        **(await _alerts(me) if is_admin else {}),
        **shown,
    }
    return show(request, me, "pages/policies/page.html", status, **context)


async def _colleagues(me: SignedIn) -> list[Colleague]:
    found = await me.database.read("users", ",".join(Colleague.model_fields), order="full_name")
    people = _COLLEAGUES.validate_python(found)
    return [one for one in people if one.active and one.telegram_id and one.id != me.person.id]


async def _alerts(me: SignedIn) -> dict[str, Any]:
    alerts = _ALERTS.validate_python(await me.database.call("test_alerts"))
    return {
        "alerts": alerts,
        "status_words": {status: _(word) for status, word in DELIVERIES.items()},
        "is_under_way": any(alert.is_under_way for alert in alerts),
    }
