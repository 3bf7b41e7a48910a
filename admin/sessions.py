"""Server-side sessions: tokens sealed in Redis, an opaque id in the browser's cookie."""

import asyncio
import hashlib
import secrets
import time
from base64 import urlsafe_b64encode
from contextlib import suppress

import structlog
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from pydantic import BaseModel, ConfigDict, ValidationError
from redis.asyncio import Redis
from redis.asyncio.lock import Lock
from redis.exceptions import RedisError

from admin.auth import Auth, Login, LoginRefused
from admin.tokens import AuthUnavailable

log = structlog.get_logger()

IDLE_SECONDS = 7 * 24 * 3600
LIFE_SECONDS = 30 * 24 * 3600
REFRESH_EARLY_SECONDS = 60


class Session(BaseModel):
    """A signed-in browser. Instants are seconds since 1970; `ends_at` does not move, however busy the person is."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    login: Login
    ends_at: int

    def needs_refresh(self, now: float) -> bool:
        """Assert that the access token is about to end, or has."""
        return self.login.expires_at - now < REFRESH_EARLY_SECONDS


def derive_key(secret: str, purpose: str) -> bytes:
    """Return 32 bytes that belong to this purpose alone."""
    return HKDF(SHA256(), length=32, salt=None, info=purpose.encode()).derive(secret.encode())


class Sessions:
    """Every call raises `RedisError` when the store cannot be asked, `AuthUnavailable` when a due refresh failed."""

    def __init__(self, redis: Redis, secret: str, auth: Auth) -> None:
        self._redis, self._auth = redis, auth
        self._seal = Fernet(urlsafe_b64encode(derive_key(secret, "admin sessions")))
        self._renewals: dict[str, asyncio.Task[Session | None]] = {}
        # Begun while Redis was away: known to this process alone, until Redis is back.
        self._kept: dict[str, Session] = {}

    async def start(self, login: Login) -> str:
        """Store a new session and return its id, to be known by the browser only. Works without Redis, too."""
        session_id = secrets.token_urlsafe(32)
        name, session = redis_key(session_id), Session(login=login, ends_at=int(time.time()) + LIFE_SECONDS)
        try:
            await self._store(name, session)
        except RedisError as error:
            log.warning("session_kept_here", reason=type(error).__name__)
            self._kept[name] = session
        return session_id

    async def find(self, session_id: str) -> Session | None:
        """Return the session with a usable access token, or none when it ended. Asking keeps an idle session alive."""
        name = redis_key(session_id)
        session = await self._load(name)
        if session and session.needs_refresh(time.time()):
            return await self._renewed(name)
        return session

    async def end(self, session_id: str) -> None:
        """Forget the session here, and end its login at Auth; where Auth cannot be told, that is logged."""
        name = redis_key(session_id)
        if kept := self._kept.pop(name, None):
            await self._end_login(kept)
            return
        # A refresh on its way would bring the session back: wait for it, and end what it brings.
        async with self._alone(name):
            session = await self._load(name)
            await self._redis.delete(name)
        if session:
            await self._end_login(session)

    async def close(self) -> None:
        """Let refreshes on their way finish: a refresh token that was spent but not stored would lose the login."""
        if self._renewals:
            await asyncio.wait(self._renewals.values())

    async def _end_login(self, session: Session) -> None:
        try:
            login = session.login
            if session.needs_refresh(time.time()):
                # Auth ends a login only for a token that is still good.
                login = await self._auth.refresh(login.refresh_token)
            await self._auth.sign_out(login.access_token)
        except LoginRefused:
            return  # it has ended there already
        except AuthUnavailable as error:
            log.warning("sign_out_not_told", reason=str(error))

    def _alone(self, name: str) -> Lock:
        return self._redis.lock(f"{name}:changing", timeout=20, blocking_timeout=10)

    async def _load(self, name: str) -> Session | None:
        if kept := self._kept.get(name):
            with suppress(RedisError):
                await self._store(name, kept)
                self._kept.pop(name, None)
            return kept
        sealed = await self._redis.getex(name, ex=IDLE_SECONDS)
        try:
            session = Session.model_validate_json(self._seal.decrypt(sealed)) if sealed else None
        except (InvalidToken, ValidationError):
            return None  # sealed with an older secret, or by an older version
        return session if session and session.ends_at > time.time() else None

    async def _store(self, name: str, session: Session) -> None:
        left = min(IDLE_SECONDS, session.ends_at - int(time.time()))
        await self._redis.set(name, self._seal.encrypt(session.model_dump_json().encode()), ex=max(left, 1))

    async def _renewed(self, name: str) -> Session | None:
        """One refresh per session in this process, and it survives the request that asked for it."""
        task = self._renewals.get(name)
        if task is None:
            task = self._renewals[name] = asyncio.create_task(self._renew(name))
            task.add_done_callback(lambda _: self._renewals.pop(name, None))
        return await asyncio.shield(task)

    async def _renew(self, name: str) -> Session | None:
        # The lock is for the other copies of this process: a refresh token used twice revokes the whole login.
        async with self._alone(name):
            session = await self._load(name)
            if session is None or not session.needs_refresh(time.time()):
                return session
            try:
                login = await self._auth.refresh(session.login.refresh_token)
            except LoginRefused:
                await self._redis.delete(name)
                log.info("session_ended", user_id=session.login.person_id)
                return None
            except AuthUnavailable:
                if session.login.expires_at > time.time():
                    return session
                raise
            renewed = session.model_copy(update={"login": login})
            await self._store(name, renewed)
            return renewed


class SessionCookie:
    """The cookie that carries a session's id: `__Host-` and `Secure` on https, plain on http://127.0.0.1."""

    def __init__(self, *, is_https: bool) -> None:
        self._is_https = is_https
        self.name = "__Host-buhbot" if is_https else "buhbot"

    def read(self, connection: ASGIConnection) -> str | None:  # type: ignore[type-arg]
        """Return the session id that the browser sent."""
        return connection.cookies.get(self.name) or None

    def write(self, session_id: str) -> Cookie:
        """Return the cookie to set."""
        return self._cookie(session_id, LIFE_SECONDS)

    def clear(self) -> Cookie:
        """Return the cookie that makes the browser forget."""
        return self._cookie("", 0)

    def _cookie(self, value: str, max_age: int) -> Cookie:
        return Cookie(
            self.name, value=value, max_age=max_age, path="/", secure=self._is_https, httponly=True, samesite="lax"
        )


def redis_key(session_id: str) -> str:
    """Return where Redis keeps a session: under a hash, so that a look into Redis does not hand out usable cookies."""
    return f"admin:session:{hashlib.sha256(session_id.encode()).hexdigest()}"
