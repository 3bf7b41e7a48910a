"""Ending sessions from the profile: one by its handle, or all of them."""

from typing import Any

import structlog
from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation
from litestar.response import Redirect

from admin.next_page import login_address
from admin.people import SignedIn
from admin.services import Services
from admin.sessions import handle_of
from admin.throttling import MEDIUM
from admin.toasts import go
from admin.visitors import visitor_of
from infra.words import _

log = structlog.get_logger()


@post("/profile/sessions/{handle:str}/end", opt={"tier": MEDIUM})
async def end_session(
    request: Request[Any, Any, Any],
    services: NamedDependency[SkipValidation[Services]],
    me: NamedDependency[SkipValidation[SignedIn]],
    handle: FromPath[str],
) -> Response[Any]:
    """End one of one's own sessions; one that has ended meanwhile is as good."""
    if await services.sessions.end_one(me.person.id, handle):
        log.info("signed_out", user_id=me.person.id)
        await services.sign_ins.note("signed_out", visitor_of(request), person_id=me.person.id)
    if handle == handle_of(me.session_id):
        return _leave(services, "signed_out")
    return go("/profile#sessions-part", _("Готово."))


@post("/profile/sessions/end", opt={"tier": MEDIUM})
async def end_every_session(
    request: Request[Any, Any, Any],
    services: NamedDependency[SkipValidation[Services]],
    me: NamedDependency[SkipValidation[SignedIn]],
) -> Response[Any]:
    """End every session of this person, here and at Auth, this one included."""
    await services.sessions.end_all(me.session.login)
    log.info("signed_out_everywhere", user_id=me.person.id)
    await services.sign_ins.note("signed_out", visitor_of(request), person_id=me.person.id)
    return _leave(services, "signed_out_everywhere")


def _leave(services: Services, reason: str) -> Response[Any]:
    return Redirect(login_address(reason=reason), status_code=303, cookies=[services.cookie.clear()])
