"""How often one person may ask for one route. A route names its tier: `@post("/invitations", opt={"tier": LOW})`.

Reading is HIGH unless the route says otherwise; a route that changes something must say (a test looks). Each route has
a budget of its own, so that turning over many chats costs nothing of the queue's. What an open page asks for by itself
(fragments, after a hint from `/ws`: at most three a second) is counted apart, under ten times as much: nobody is locked
out of the queue by a busy hour, and nobody gets round the limit by calling himself a fragment. An address without a
session may be a whole office before nine o'clock: it reads under ten times as much, too.
"""

import hashlib
import math
from collections.abc import Awaitable, Callable
from typing import Any, Literal

from litestar.connection import ASGIConnection
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.handlers import BaseRouteHandler
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from redis.exceptions import RedisError

from admin.people import is_in_use
from admin.security import address_block
from admin.services import Services
from admin.settings import AdminSettings
from admin.tokens import AuthUnavailable
from admin.visitors import address_of
from infra.throttling import TooOften, Verdict, refused

Tier = Literal["bulk", "high", "medium", "low", "none"]
# What pages fetch by themselves, such as pictures.
BULK: Tier = "bulk"
HIGH: Tier = "high"
MEDIUM: Tier = "medium"
LOW: Tier = "low"
# Files, health, and what has a counter of its own.
NONE: Tier = "none"

BULK_FACTOR = 10

Connection = ASGIConnection[Any, Any, Any, Any]
_VERDICT = "throttling_verdict"


def tier_of(handler: BaseRouteHandler, method: str) -> Tier | None:
    """Return the tier that a route names, HIGH for one that only reads, or none when it owes a word."""
    if handler.opt.get("telemetry"):
        return NONE
    named: Tier | None = handler.opt.get("tier")
    return named or (HIGH if method in {"GET", "HEAD", "OPTIONS"} else None)


def guard(services: Callable[[], Services]) -> Callable[[Connection, BaseRouteHandler], Awaitable[None]]:
    """Return the guard of every route: it raises `TooOften`."""

    async def throttle(connection: Connection, handler: BaseRouteHandler) -> None:
        if connection.scope["type"] != ScopeType.HTTP:
            return
        tier = tier_of(handler, connection.scope["method"]) or MEDIUM
        if tier == NONE:
            return
        own = services()
        subject, is_person = await _subject(connection, own)
        if "tier" not in handler.opt and (not is_person or _is_fragment(connection)):
            tier = BULK
        bucket = f"{tier}:{connection.scope['path_template']}:{subject}"
        verdict = await own.limiter.spend(bucket, _budget(own.settings, tier))
        connection.scope["state"][_VERDICT] = verdict
        if not verdict.passes:
            refused.labels(tier).inc()
            raise TooOften(verdict)

    return throttle


def headers(verdict: Verdict) -> dict[str, str]:
    """Return what is left, and in how many seconds one more comes free; a refused one reads there when to try again."""
    reset = str(math.ceil(verdict.reset_seconds))
    left = {"x-ratelimit-limit": str(verdict.limit), "x-ratelimit-remaining": str(verdict.remaining)}
    return {**left, "x-ratelimit-reset": reset, **({} if verdict.passes else {"retry-after": reset})}


def told(app: ASGIApp) -> ASGIApp:
    """Write on every counted answer what is left."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_told(message: Message) -> None:
            verdict: Verdict | None = scope.get("state", {}).get(_VERDICT)
            if message["type"] == "http.response.start" and verdict:
                MutableScopeHeaders.from_message(message).update(headers(verdict))
            await send(message)

        await app(scope, receive, send_told)

    return answer


def _budget(settings: AdminSettings, tier: Tier) -> int:
    own = {MEDIUM: settings.rate_limit_medium, LOW: settings.rate_limit_low}
    return own.get(tier, settings.rate_limit_high * (BULK_FACTOR if tier == BULK else 1))


def _is_fragment(connection: Connection) -> bool:
    return connection.headers.get("hx-request") == "true" and not connection.headers.get("hx-boosted")


async def _subject(connection: Connection, services: Services) -> tuple[str, bool]:
    """Return who is counted: the person of a living session, else the address; a made-up cookie is nobody's."""
    session_id = services.cookie.read(connection)
    try:
        session = await services.sessions.find(session_id, in_use=is_in_use(connection)) if session_id else None
    except (RedisError, AuthUnavailable) as error:
        session, connection.state.session_failure = None, error  # said by whoever needs the session
    if session:
        connection.state.session = session
        return str(session.login.person_id), True
    block = address_block(address_of(connection))
    return hashlib.sha256(block.encode()).hexdigest()[:32], False
