"""Server-side sessions: tokens sealed in Redis, an opaque id in the browser's cookie."""

import asyncio
import hashlib
import secrets
import time
from base64 import urlsafe_b64encode
from contextlib import suppress
from typing import Literal, NamedTuple, cast
from uuid import UUID

import structlog
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import ValidationError
from redis.asyncio import Redis
from redis.asyncio.lock import Lock
from redis.exceptions import RedisError

from admin.auth import Auth, Login, LoginRefused
from admin.models import Frozen
from admin.tokens import AuthUnavailable
from admin.visitors import UNKNOWN, Visitor
from infra.redis import ENDED, ENDED_SECONDS, HINTS, SEEN, SESSION, SESSIONS_OF

log = structlog.get_logger()

REFRESH_EARLY_SECONDS = 60
# Said on the hints' channel when sessions end: every open page asks at once whether its own is among them.
ENDED_TOPIC = "sessions"

# Why a session was ended by somebody else than its owner.
Ended = Literal["deactivated", "role_changed"]


class Limits(NamedTuple):
    """How long a session lasts without a click, and at most."""

    idle_seconds: int = 12 * 3600
    life_seconds: int = 30 * 24 * 3600


class Session(Frozen):
    """A signed-in browser. Instants are seconds since 1970; `ends_at` does not move, however busy the person is."""

    login: Login
    started_at: int
    ends_at: int
    address: str | None = None
    device: str = UNKNOWN

    def needs_refresh(self, now: float) -> bool:
        """Assert that the access token is about to end, or has."""
        return self.login.expires_at - now < REFRESH_EARLY_SECONDS


class OpenSession(NamedTuple):
    """A session as its owner sees it; `handle` names it and opens nothing."""

    handle: str
    session: Session
    seen_at: int


def derive_key(secret: str, purpose: str) -> bytes:
    """Return 32 bytes that belong to this purpose alone."""
    return HKDF(SHA256(), length=32, salt=None, info=purpose.encode()).derive(secret.encode())


class Sessions:
    """Every call raises `RedisError` when the store cannot be asked, `AuthUnavailable` when a due refresh failed."""

    def __init__(self, redis: Redis, secret: str, auth: Auth, limits: Limits = Limits()) -> None:  # noqa: B008 (frozen)
        self._redis, self._auth, self.limits = redis, auth, limits
        self._seal = Fernet(urlsafe_b64encode(derive_key(secret, "admin sessions")))
        self._renewals: dict[str, asyncio.Task[Session | None]] = {}
        # Begun while Redis was away: known to this process alone, until Redis is back.
        self._kept: dict[str, Session] = {}

    async def start(self, login: Login, visitor: Visitor = Visitor(None, UNKNOWN)) -> str:  # noqa: B008 (frozen)
        """Store a new session and return its id, to be known by the browser only. Works without Redis, too."""
        session_id, now = secrets.token_urlsafe(32), int(time.time())
        handle = handle_of(session_id)
        session = Session(login=login, started_at=now, ends_at=now + self.limits.life_seconds, **visitor._asdict())
        try:
            await self._store(handle, session)
        except RedisError as error:
            log.warning("session_kept_here", reason=type(error).__name__)
            self._kept[SESSION + handle] = session
        return session_id

    async def find(self, session_id: str, *, in_use: bool = True) -> Session | None:
        """Return the session with a usable access token, or none when it ended.

        Asking keeps an idle session alive, unless it is not a person who asks (`in_use`).
        """
        name = redis_key(session_id)
        session = await self._use(name) if in_use else await self._load(name)
        if session and session.needs_refresh(time.time()):
            return await self._renewed(name)
        return session

    async def all_of(self, person_id: UUID) -> list[OpenSession]:
        """Return the open sessions of a person, the one used last first."""
        handles = [handle.decode() for handle in await self._redis.zrange(SESSIONS_OF + str(person_id), 0, -1)]
        names = [prefix + handle for prefix in (SESSION, SEEN) for handle in handles]
        stored = await self._redis.mget(names) if names else []
        opened = [self._opened(sealed) for sealed in stored[: len(handles)]]
        found = [
            OpenSession(handle, session, int(seen or session.started_at))
            for handle, session, seen in zip(handles, opened, stored[len(handles) :], strict=True)
            if session and session.login.person_id == person_id
        ]
        return sorted(found, key=lambda item: -item.seen_at)

    async def end(self, session_id: str) -> UUID | None:
        """Forget the session here and end its login at Auth; return whose it was, none when it had ended before.

        Where Auth cannot be told, that is logged.
        """
        session = await self._end(handle_of(session_id))
        return session.login.person_id if session else None

    async def end_one(self, person_id: UUID, handle: str) -> bool:
        """End a session of this person by its handle; return whether there was one."""
        if await self._redis.zscore(SESSIONS_OF + str(person_id), handle) is None:
            return False
        await self._end(handle)
        return True

    async def end_all(self, login: Login) -> None:
        """End every session and every login of whom `login` belongs to, this login included."""
        await self.forget_all(login.person_id)
        try:
            await self._auth.sign_out(login.access_token, "global")
        except AuthUnavailable as error:
            log.warning("sign_out_not_told", reason=str(error))

    async def start_alone(self, login: Login, visitor: Visitor) -> str:
        """End every other session and login of this person, then store a new session and return its id."""
        await self.forget_all(login.person_id)
        try:
            await self._auth.sign_out(login.access_token, "others")
        except AuthUnavailable as error:
            log.warning("sign_out_not_told", reason=str(error))
        return await self.start(login, visitor)

    async def forget_all(self, person_id: UUID, reason: Ended | None = None) -> None:
        """Forget every session of a person here; whoever finds it gone is told the reason (`why_ended`).

        Their logins at Auth go on until somebody with a token ends them.
        """
        owner = SESSIONS_OF + str(person_id)
        handles = [handle.decode() for handle in await self._redis.zrange(owner, 0, -1)]
        await self._forget(owner, *handles, reason=reason)

    async def why_ended(self, session_id: str) -> Ended | None:
        """Return why somebody else ended a session, none when nobody did, or nobody had to say why."""
        found = await self._redis.get(ENDED + handle_of(session_id))
        return cast("Ended", found.decode()) if found else None

    async def close(self) -> None:
        """Let refreshes on their way finish: a refresh token that was spent but not stored would lose the login."""
        if self._renewals:
            await asyncio.wait(self._renewals.values())

    async def _end(self, handle: str) -> Session | None:
        name = SESSION + handle
        if kept := self._kept.pop(name, None):
            await self._end_login(kept)
            return kept
        # A refresh on its way holds the login's next refresh token: wait for it, and end what it brings.
        async with self._alone(name):
            session = await self._load(name)
            await self._forget(f"{SESSIONS_OF}{session.login.person_id}" if session else "", handle)
        if session:
            await self._end_login(session)
        return session

    async def _forget(self, owner: str, *handles: str, reason: Ended | None = None) -> None:
        if not handles:
            return
        async with self._redis.pipeline(transaction=True) as together:
            together.delete(*(prefix + handle for prefix in (SESSION, SEEN) for handle in handles))
            if owner:
                together.zrem(owner, *handles)
            for handle in handles if reason else ():
                together.set(ENDED + handle, reason or "", ex=ENDED_SECONDS)
            together.publish(HINTS, ENDED_TOPIC)
            await together.execute()

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
                await self._store(name.removeprefix(SESSION), kept)
                self._kept.pop(name, None)
            return kept
        return self._opened(await self._redis.get(name))

    async def _use(self, name: str) -> Session | None:
        """Load a session and let its idle time begin anew."""
        if name in self._kept:
            return await self._load(name)
        idle = min(self.limits)
        async with self._redis.pipeline(transaction=False) as together:
            together.getex(name, ex=idle)
            # Only what exists: a session that has just ended must leave nothing behind.
            together.set(name.replace(SESSION, SEEN, 1), int(time.time()), xx=True, ex=idle)
            sealed, _ = await together.execute()
        return self._opened(sealed)

    async def _store(self, handle: str, session: Session) -> None:
        owner, idle = f"{SESSIONS_OF}{session.login.person_id}", min(self.limits)
        async with self._redis.pipeline(transaction=True) as together:
            together.set(SESSION + handle, self._sealed(session), ex=idle)
            together.set(SEEN + handle, int(time.time()), ex=idle)
            together.zadd(owner, {handle: session.ends_at})
            together.expire(owner, self.limits.life_seconds)
            await together.execute()

    def _opened(self, sealed: bytes | None) -> Session | None:
        try:
            session = Session.model_validate_json(self._seal.decrypt(sealed)) if sealed else None
        except (InvalidToken, ValidationError):
            return None  # sealed with an older secret, or by an older version
        return session if session and session.ends_at > time.time() else None

    def _sealed(self, session: Session) -> bytes:
        return self._seal.encrypt(session.model_dump_json().encode())

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
                await self._forget(f"{SESSIONS_OF}{session.login.person_id}", name.removeprefix(SESSION))
                log.info("session_ended", user_id=session.login.person_id)
                return None
            except AuthUnavailable:
                if session.login.expires_at > time.time():
                    return session
                raise
            renewed = session.model_copy(update={"login": login})
            # Only over itself: the person may have ended all sessions meanwhile.
            is_kept = await self._redis.set(name, self._sealed(renewed), xx=True, keepttl=True)
            return renewed if is_kept else None


def handle_of(session_id: str) -> str:
    """Return the hash under which a session is kept, so that a look into Redis does not hand out usable cookies."""
    return hashlib.sha256(session_id.encode()).hexdigest()


def redis_key(session_id: str) -> str:
    """Return where Redis keeps a session."""
    return SESSION + handle_of(session_id)
