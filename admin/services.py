"""What the process opens once at start and every request uses."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from redis.asyncio import Redis

from admin.auth import Auth
from admin.hints import HintRelay
from admin.known import Known
from admin.resets import Resets
from admin.security_events import SecurityEvents
from admin.session_cookie import SessionCookie
from admin.sessions import Limits, Sessions
from admin.settings import AdminSettings
from admin.sign_in_guard import SignInGuard
from admin.sign_ins import SignIns
from admin.tickets import Tickets
from admin.tokens import Verifier
from infra.errors import telling
from infra.outage import Outage
from infra.redis import Hints, connect
from infra.supabase import Http, open_http
from infra.throttling import Limiter


@dataclass(frozen=True, slots=True)
class Services:
    """Clients and stores, passed to whoever needs them."""

    settings: AdminSettings
    http: Http
    redis: Redis
    auth: Auth
    sessions: Sessions
    cookie: SessionCookie
    sign_ins: SignIns
    security_events: SecurityEvents
    resets: Resets
    codes: Tickets
    hints: HintRelay
    said: Hints
    limiter: Limiter
    sign_in_guard: SignInGuard
    people: Known[Any]


@asynccontextmanager
async def open_services(settings: AdminSettings) -> AsyncIterator[Services]:
    """Open everything inside the running loop; nothing has to be reachable yet."""
    redis, secret = connect(str(settings.redis_url)), settings.session_secret.get_secret_value()
    limits = Limits(settings.session_idle_minutes * 60, settings.session_life_days * 24 * 3600)
    people: Known[Any] = Known()
    async with open_http() as http, HintRelay(redis, people.hear) as hints, Hints(redis) as said, telling(redis):
        auth = Auth(http, settings.supabase, settings.supabase_anon_key, _verifier(settings, http))
        sessions = Sessions(redis, secret, auth, limits)
        resets = Resets(redis, secret, auth, sessions, settings.origin)
        cookie = SessionCookie(is_https=settings.is_https, life_seconds=limits.life_seconds)
        sign_ins, events, codes = SignIns(redis, secret), SecurityEvents(redis), Tickets(redis, secret, "codes")
        try:
            outage = Outage()
            yield Services(
                *(settings, http, redis, auth, sessions, cookie, sign_ins, events, resets, codes, hints, said),
                Limiter(redis, outage),
                SignInGuard(redis, settings, outage),
                people,
            )
        finally:
            await resets.close()
            await sessions.close()
    await redis.aclose()


def _verifier(settings: AdminSettings, http: httpx.AsyncClient) -> Verifier:
    shared = settings.supabase_jwt_secret
    return Verifier(f"{settings.supabase}/auth/v1", http, shared_secret=shared.get_secret_value() if shared else None)
