"""Forgotten passwords: a mailed link, opened once, sets a new one and ends every session of the person."""

import asyncio
import hashlib
import secrets
from base64 import urlsafe_b64encode
from uuid import UUID

import structlog
from cryptography.fernet import Fernet, InvalidToken
from pydantic import ValidationError
from redis.asyncio import Redis

from admin.auth import Auth, Login, LoginRefused
from admin.sessions import Sessions, derive_key
from admin.tokens import AuthUnavailable

log = structlog.get_logger()

TICKET_SECONDS = 15 * 60
MOST_UNDER_WAY = 20


class Resets:
    """A link can be opened once, but its owner may need more than one try at a password: a ticket bridges that."""

    def __init__(self, redis: Redis, secret: str, auth: Auth, sessions: Sessions, origin: str) -> None:
        self._redis, self._auth, self._sessions = redis, auth, sessions
        self._address = f"{origin}/reset"
        self._seal = Fernet(urlsafe_b64encode(derive_key(secret, "admin resets")))
        self._under_way: set[asyncio.Task[None]] = set()

    async def ask(self, email: str) -> None:
        """Have a link mailed, without waiting for it: how long that takes would tell whether the address is known.

        Raises `AuthUnavailable` when Auth does not answer at all, which is the same for everybody.
        """
        await self._auth.ping()
        if len(self._under_way) >= MOST_UNDER_WAY:
            raise AuthUnavailable("too many resets under way")
        task = asyncio.create_task(self._send(email))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def open(self, token_hash: str) -> str:
        """Open a mailed link and return its ticket. Raises `LoginRefused` when it was opened before, or is old."""
        login = await self._auth.open_reset(token_hash)
        ticket = secrets.token_urlsafe(32)
        await self._redis.set(_key(ticket), self._seal.encrypt(login.model_dump_json().encode()), ex=TICKET_SECONDS)
        return ticket

    async def finish(self, ticket: str, password: str) -> UUID:
        """Set the password, end every session of the person and return whose it was.

        Raises `LoginRefused` for a ticket that is spent; after `PasswordRefused` it is good for another try.
        """
        login = await self._load(ticket)
        await self._auth.change_password(login.access_token, password)
        await self._redis.delete(_key(ticket))
        await self._sessions.end_all(login)
        return login.person_id

    async def close(self) -> None:
        """Let the mails under way be ordered."""
        if self._under_way:
            await asyncio.wait(self._under_way)

    async def _load(self, ticket: str) -> Login:
        sealed = await self._redis.get(_key(ticket))
        try:
            return Login.model_validate_json(self._seal.decrypt(sealed or b""))
        except (InvalidToken, ValidationError) as error:
            raise LoginRefused from error

    async def _send(self, email: str) -> None:
        try:
            await self._auth.send_reset(email, self._address)
        except AuthUnavailable as error:
            log.warning("reset_not_sent", reason=type(error).__name__)


def _key(ticket: str) -> str:
    return f"admin:reset:{hashlib.sha256(ticket.encode()).hexdigest()}"
