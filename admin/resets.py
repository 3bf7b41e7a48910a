"""Forgotten passwords: a mailed link, opened once, sets a new one and ends every session of the person."""

import asyncio
from uuid import UUID

import structlog
from redis.asyncio import Redis

from admin.auth import Auth
from admin.sessions import Sessions
from admin.tickets import Tickets
from admin.tokens import AuthUnavailable

log = structlog.get_logger()

MOST_UNDER_WAY = 20


class CodeNeeded(Exception):  # noqa: N818 (reads as what happened)
    """The person has a second factor: without its code Auth changes no password."""


class Resets:
    """A link can be opened once, but its owner may need more than one try at a password: a ticket bridges that."""

    def __init__(self, redis: Redis, secret: str, auth: Auth, sessions: Sessions, origin: str) -> None:
        self._auth, self._sessions = auth, sessions
        self._address = f"{origin}/reset"
        self._tickets = Tickets(redis, secret, "resets")
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
        return await self._tickets.issue(await self._auth.open_reset(token_hash))

    async def finish(self, ticket: str, password: str, code: str = "") -> UUID:
        """Set the password, end every session of the person and return whose it was.

        Raises `LoginRefused` for a ticket that is spent; after `PasswordRefused`, `CodeNeeded` and `CodeRefused` it is
        good for another try.
        """
        login = await self._tickets.read(ticket)
        if login.factor_id and not code:
            raise CodeNeeded
        if login.factor_id:
            await self._tickets.try_once(ticket)
            login = await self._auth.confirm(login.access_token, login.factor_id, code)
        await self._auth.change_password(login.access_token, password)
        await self._tickets.spend(ticket)
        await self._sessions.end_all(login)
        return login.person_id

    async def close(self) -> None:
        """Let the mails under way be ordered."""
        if self._under_way:
            await asyncio.wait(self._under_way)

    async def _send(self, email: str) -> None:
        try:
            await self._auth.send_reset(email, self._address)
        except AuthUnavailable as error:
            log.warning("reset_not_sent", reason=type(error).__name__)
