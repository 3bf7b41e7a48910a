"""`/policies`: how long a client may wait, by tier, and whether alerts arrive."""

import asyncio
from typing import Any
from uuid import UUID

import structlog
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import SkipValidation, URLEncodedBody
from litestar.response import Template
from pydantic import TypeAdapter

from admin.deliveries import DELIVERIES
from admin.errors import advice_of
from admin.keyset import PAGE
from admin.models import Chosen, Frozen
from admin.pages.policies import words
from admin.pages.policies.rows import Policy, TestAlert
from admin.people import ADMINS, SignedIn
from admin.rendering import show
from admin.throttling import MEDIUM
from admin.toasts import go
from infra.supabase import Refused
from infra.words import _

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]
Me = NamedDependency[SkipValidation[SignedIn]]

# A firm has a handful.
_MOST = 4 * PAGE
_POLICIES = TypeAdapter(list[Policy])
_ALERTS = TypeAdapter(list[TestAlert])


class Colleague(Frozen):
    """A row of `api.users`, as far as a choice shows it."""

    id: UUID
    full_name: str | None
    telegram_id: int | None
    active: bool


class TestForm(Frozen):
    """To whom: an id, or nothing for oneself."""

    person: Chosen = None


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
        owed: Any = await me.database.call("send_test_alert", people=[str(data.person)] if data.person else None)
    except Refused as refusal:
        return await _page(request, me, status=422, alert_problem=advice_of(refusal))
    log.info("test_alert_sent", count=owed, user_id=me.person.id)
    return go("/policies#test-alerts", _("Отправляем тестовое оповещение."))


async def _page(request: AnyRequest, me: SignedIn, *, status: int = 200, **shown: Any) -> Template:
    columns = ",".join(Policy.model_fields)
    found, told = await asyncio.gather(
        me.database.read("policy_list", columns, order="target_minutes,name", limit=_MOST), _told(me)
    )
    context = {
        "policies": _POLICIES.validate_python(found),
        "may_edit": me.person.role in ADMINS,
        "words": words,
        "alert_problem": None,
        **told,
        **shown,
    }
    return show(request, me, "pages/policies/page.html", status, **context)


async def _told(me: SignedIn) -> dict[str, Any]:
    """Return what only an admin is shown."""
    if me.person.role not in ADMINS:
        return {}
    colleagues, alerts = await asyncio.gather(_colleagues(me), _alerts(me))
    return {"colleagues": colleagues, **alerts}


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
