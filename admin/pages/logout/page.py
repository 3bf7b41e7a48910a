"""`/logout`: end the session here and at Auth."""

from typing import Any

import structlog
from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.response import Redirect

from admin.next_page import login_address
from admin.services import Services
from admin.throttling import MEDIUM
from admin.visitors import visitor_of

log = structlog.get_logger()


@post("/logout", opt={"tier": MEDIUM})
async def sign_out(
    request: Request[Any, Any, Any], services: NamedDependency[SkipValidation[Services]]
) -> Response[Any]:
    """Forget the session; signing out twice is as good as once."""
    session_id = services.cookie.read(request)
    if session_id:
        person_id = await services.sessions.end(session_id)
        if person_id:
            log.info("signed_out", user_id=person_id)
            await services.sign_ins.note("signed_out", visitor_of(request), person_id=person_id)
    return Redirect(login_address(reason="signed_out"), status_code=303, cookies=[services.cookie.clear()])
