"""`/policies`: how long a client may wait, by tier, and whether alerts arrive."""

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
from admin.models import Chosen, Frozen
from admin.pages.policies import words
from admin.pages.policies.rows import Policy, TestAlert
from admin.people import ADMINS, ASKS, SignedIn
from admin.rendering import show
from admin.throttling import MEDIUM
from admin.toasts import go
from infra.supabase import Refused
from infra.words import _

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]
Me = NamedDependency[SkipValidation[SignedIn]]

_ALERTS = TypeAdapter(list[TestAlert])


class Colleague(Frozen):
    """Somebody who can be sent a test alert."""

    id: UUID
    full_name: str | None


class Listed(Frozen):
    """What `api.policies_page` answers."""

    policies: list[Policy]
    colleagues: list[Colleague]
    alerts: list[TestAlert]


class TestForm(Frozen):
    """To whom: an id, or nothing for oneself."""

    person: Chosen = None


@get("/policies", opt=ASKS)
async def show_policies(request: AnyRequest, me: Me) -> Template:
    """Show them all, and to an admin what became of the latest test alerts."""
    return await _page(request, me)


@get("/policies/test-alerts")
async def show_test_alerts(request: AnyRequest, me: Me) -> Template:
    """Show only what became of them: the page asks until nothing is under way."""
    alerts = _ALERTS.validate_python(await me.database.call("test_alerts"))
    return show(request, me, "pages/policies/_alerts.html", **_told(alerts))


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
    found = Listed.model_validate(await me.database.call("policies_page"))
    context = {
        "policies": found.policies,
        "may_edit": me.person.role in ADMINS,
        "words": words,
        "alert_problem": None,
        "colleagues": found.colleagues,
        **_told(found.alerts),
        **shown,
    }
    return show(request, me, "pages/policies/page.html", status, **context)


def _told(alerts: list[TestAlert]) -> dict[str, Any]:
    return {
        "alerts": alerts,
        "status_words": {status: _(word) for status, word in DELIVERIES.items()},
        "is_under_way": any(alert.is_under_way for alert in alerts),
    }
