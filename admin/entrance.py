"""The way in: what every page does with somebody whom Auth has let through."""

from typing import Any

import structlog
from litestar import Request, Response
from litestar.response import Redirect
from redis.exceptions import RedisError

from admin.auth import Login
from admin.next_page import safe_next
from admin.services import Services
from admin.visitors import visitor_of

log = structlog.get_logger()


async def enter(request: Request[Any, Any, Any], services: Services, login: Login, next_page: str) -> Response[Any]:
    """Start a session under a new id, end the one before, and go where the person wanted."""
    old, visitor = services.cookie.read(request), visitor_of(request)
    session_id = await services.sessions.start(login, visitor)
    if old:
        try:
            await services.sessions.end(old)
        except RedisError as error:
            log.warning("old_session_not_ended", reason=type(error).__name__)
    log.info("signed_in", user_id=login.person_id)
    await services.sign_ins.note("signed_in", visitor, person_id=login.person_id)
    return Redirect(safe_next(next_page), status_code=303, cookies=[services.cookie.write(session_id)])
