"""Refusals for the audit log: what a signed-in person tried and may not, whatever the page made of it.

The database rolls a refused act back with every trace of it, so whoever was told «нет» is noted here, once the answer
is out: by what the database refused (`people.database_of` keeps it), and by any other answer 403.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import structlog
from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from redis.exceptions import RedisError

from admin.services import Services
from admin.tokens import AuthUnavailable
from admin.visitors import address_of
from infra.supabase import Refused

log = structlog.get_logger()

# Of one person, in any minute: nobody fills a log from which nothing can be removed.
MOST_A_MINUTE = 60

Connection = ASGIConnection[Any, Any, Any, Any]


def noted(app: ASGIApp, services: Callable[[], Services]) -> ASGIApp:
    """Tell the audit log what was refused, after the answer."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        status = 0

        async def send_noting_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        await app(scope, receive, send_noting_status)
        refusal: Refused | None = scope.get("state", {}).get("refusal")
        if scope["type"] == ScopeType.HTTP and (refusal or status == 403):  # noqa: PLR2004
            await _note(ASGIConnection(scope), services(), refusal)

    return answer


async def _note(connection: Connection, services: Services, refusal: Refused | None) -> None:
    person_id = await _person(connection, services)
    if person_id is None:
        return
    if not (await services.limiter.spend(f"refusals:{person_id}", MOST_A_MINUTE)).passes:
        log.warning("refusal_not_noted", user_id=person_id)
        return
    await services.security_events.note(
        "refusal",
        person_id,
        address_of(connection) or None,
        route=connection.scope.get("path_template"),
        sqlstate=(refusal and refusal.code) or None,
        key=refusal and refusal.key[:200],
    )


async def _person(connection: Connection, services: Services) -> UUID | None:
    """Return who asked. A form that was not ours is refused before anybody looks at the session."""
    session, session_id = connection.state.get("session"), services.cookie.read(connection)
    try:
        session = session or (await services.sessions.find(session_id, in_use=False) if session_id else None)
    except (RedisError, AuthUnavailable) as error:
        log.warning("refusal_of_nobody", reason=type(error).__name__)
    return session.login.person_id if session else None
