"""Logins that may not be used yet: kept sealed for some minutes, under a ticket that only one page knows."""

import hashlib
import secrets
from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken
from pydantic import ValidationError
from redis.asyncio import Redis

from admin.auth import Login, LoginRefused
from admin.sessions import derive_key

TICKET_SECONDS = 15 * 60
# Guesses at six digits that one sign-in may make; after them the password is asked again.
MOST_TRIES = 5


class Tickets:
    """Tickets for one purpose; those of another open nothing here. Every call raises `RedisError` without a store."""

    def __init__(self, redis: Redis, secret: str, purpose: str) -> None:
        self._redis, self._purpose = redis, purpose
        self._seal = Fernet(urlsafe_b64encode(derive_key(secret, f"admin {purpose}")))

    async def issue(self, login: Login) -> str:
        """Keep a login and return the ticket for it."""
        ticket = secrets.token_urlsafe(32)
        sealed = self._seal.encrypt(login.model_dump_json().encode())
        await self._redis.set(self._key(ticket), sealed, ex=TICKET_SECONDS)
        return ticket

    async def read(self, ticket: str) -> Login:
        """Return the login. Raises `LoginRefused` for a ticket that is spent, old or made up."""
        try:
            return Login.model_validate_json(self._seal.decrypt(await self._redis.get(self._key(ticket)) or b""))
        except (InvalidToken, ValidationError) as error:
            raise LoginRefused from error

    async def try_once(self, ticket: str) -> Login:
        """As `read`, and counted: after `MOST_TRIES` the ticket is spent."""
        login = await self.read(ticket)
        tries = f"{self._key(ticket)}:tries"
        async with self._redis.pipeline(transaction=True) as together:
            together.incr(tries)
            together.expire(tries, TICKET_SECONDS)
            tried, _ = await together.execute()
        if tried > MOST_TRIES:
            await self.spend(ticket)
            raise LoginRefused
        return login

    async def spend(self, ticket: str) -> None:
        """Forget a ticket."""
        await self._redis.delete(self._key(ticket))

    def _key(self, ticket: str) -> str:
        return f"admin:{self._purpose}:{hashlib.sha256(ticket.encode()).hexdigest()}"
