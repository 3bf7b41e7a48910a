"""Access tokens of Supabase Auth, checked here against its published keys (JWKS)."""

import asyncio
import time
from typing import Any
from uuid import UUID

import httpx
import jwt
from jwt import PyJWK
from pydantic import ValidationError

from admin.models import Frozen

# A shared secret (HS256) is never taken from the published keys, only from our own configuration, where an old project
# still needs it: who can check such a token can also write one, for any role.
ALGORITHMS = frozenset({"ES256", "RS256", "EdDSA"})
SHARED = "HS256"
AUDIENCE = "authenticated"
RETRY_SECONDS = 1.0  # after a failed fetch


class BadToken(Exception):  # noqa: N818 (reads as what happened)
    """Not a token that Supabase Auth gave to a person, or no longer good."""


class AuthUnavailable(Exception):  # noqa: N818
    """Supabase Auth could not be asked just now."""


class Claims(Frozen):
    """Who a token speaks for and until when (seconds since 1970). What they may do, Postgres decides."""

    sub: UUID
    exp: int
    aal: str | None = None  # "aal2" once a second factor was shown


class Verifier:
    """Checks tokens with keys that live for `ttl` seconds.

    An unknown key id asks again, at most every `min_refetch` seconds, so that forged ids cannot make us hammer Auth;
    while Auth is down the old keys stay good.
    """

    def __init__(
        self,
        issuer: str,
        http: httpx.AsyncClient,
        *,
        ttl: float = 600,
        min_refetch: float = 30,
        shared_secret: str | None = None,
    ) -> None:
        self._issuer, self._http, self._ttl, self._min_refetch = issuer, http, ttl, min_refetch
        self._shared_secret = shared_secret
        self._keys: dict[str, PyJWK] = {}
        self._fetched_at = float("-inf")
        self._fetch_failed = False
        self._lock = asyncio.Lock()

    async def verify(self, token: str) -> Claims:
        """Return whose token it is. Raises `BadToken`, or `AuthUnavailable` when the keys cannot be had."""
        try:
            header = jwt.get_unverified_header(token)
            key, algorithm = await self._key_for(str(header.get("alg", "")), str(header.get("kid", "")))
            claims = jwt.decode(
                token,
                key,
                algorithms=[algorithm],  # the key's own, whatever the header says
                audience=AUDIENCE,
                issuer=self._issuer,
                leeway=10,
                options={"require": ["exp", "sub", "aud", "iss"]},
            )
            return Claims.model_validate(claims)
        except (jwt.PyJWTError, ValidationError) as error:
            raise BadToken(type(error).__name__) from error

    async def _key_for(self, algorithm: str, kid: str) -> tuple[PyJWK | str, str]:
        """Return a key with the one algorithm it is for: a public key never serves as a shared secret."""
        if algorithm == SHARED and self._shared_secret is not None:
            return self._shared_secret, SHARED
        if algorithm not in ALGORITHMS:
            raise BadToken("algorithm")
        key = await self._key(kid)
        return key, key.algorithm_name

    async def _key(self, kid: str) -> PyJWK:
        if not self._is_fresh(kid):
            async with self._lock:
                if not self._is_fresh(kid) and self._may_ask(kid):
                    await self._fetch()
        if kid not in self._keys:
            raise AuthUnavailable("jwks") if self._fetch_failed else BadToken("unknown key")
        return self._keys[kid]

    def _age(self) -> float:
        return time.monotonic() - self._fetched_at

    def _is_fresh(self, kid: str) -> bool:
        return kid in self._keys and self._age() < self._ttl

    def _may_ask(self, kid: str) -> bool:
        if self._fetch_failed:
            return self._age() >= RETRY_SECONDS
        return kid in self._keys or self._age() >= self._min_refetch

    async def _fetch(self) -> None:
        try:
            response = await self._http.get(f"{self._issuer}/.well-known/jwks.json", timeout=3)
            response.raise_for_status()
            self._keys = _read_keys(response.json())
            self._fetch_failed = False
        except (httpx.HTTPError, jwt.PyJWTError, ValueError, KeyError, TypeError):
            self._fetch_failed = True  # keep the keys we have
        self._fetched_at = time.monotonic()


def _read_keys(body: Any) -> dict[str, PyJWK]:
    return {item["kid"]: PyJWK(item) for item in body["keys"] if item.get("alg") in ALGORITHMS}
