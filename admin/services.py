"""What the process opens once at start and every request uses."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from redis.asyncio import Redis

from admin.auth import Auth
from admin.hints import HintRelay
from admin.sessions import SessionCookie, Sessions
from admin.settings import AdminSettings
from admin.sign_in_guard import SignInGuard
from admin.tokens import Verifier
from infra.redis import connect
from infra.supabase import open_http
from infra.throttling import Limiter, Outage


@dataclass(frozen=True, slots=True)
class Services:
    """Clients and stores, passed to whoever needs them."""

    settings: AdminSettings
    http: httpx.AsyncClient
    redis: Redis
    auth: Auth
    sessions: Sessions
    cookie: SessionCookie
    hints: HintRelay
    limiter: Limiter
    sign_in_guard: SignInGuard


@asynccontextmanager
async def open_services(settings: AdminSettings) -> AsyncIterator[Services]:
    """Open everything inside the running loop; nothing has to be reachable yet."""
    redis = connect(str(settings.redis_url))
    async with open_http() as http, HintRelay(redis) as hints:
        auth = Auth(http, settings.supabase, settings.supabase_anon_key, Verifier(f"{settings.supabase}/auth/v1", http))
        sessions = Sessions(redis, settings.session_secret.get_secret_value(), auth)
        cookie = SessionCookie(is_https=settings.is_https)
        try:
            outage = Outage()
            limiter, sign_in_guard = Limiter(redis, outage), SignInGuard(redis, settings, outage)
            yield Services(settings, http, redis, auth, sessions, cookie, hints, limiter, sign_in_guard)
        finally:
            await sessions.close()
    await redis.aclose()
