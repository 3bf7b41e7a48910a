"""Signing in, staying signed in and signing out at Supabase Auth, as its public key allows."""

from typing import Any
from uuid import UUID

import httpx
import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from admin.tokens import AuthUnavailable, BadToken, Verifier

log = structlog.get_logger()

REFUSALS = frozenset({400, 403, 422})


class LoginRefused(Exception):  # noqa: N818 (reads as what happened)
    """Wrong e-mail or password, a banned person, or a login that has ended. Auth's own reason stays here."""


class TooManyAttempts(AuthUnavailable):
    """Auth asks for a pause."""


class Login(BaseModel):
    """What Auth gave: an access token good until `expires_at` (seconds since 1970), one refresh token to use once."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    person_id: UUID
    access_token: str
    refresh_token: str
    expires_at: int


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    access_token: str
    refresh_token: str


class Auth:
    """Every call raises `AuthUnavailable` when Auth cannot be asked or answers what no Auth server would."""

    def __init__(self, http: httpx.AsyncClient, url: str, anon_key: str, verifier: Verifier) -> None:
        self._http, self._url, self._key, self._verifier = http, f"{url}/auth/v1", anon_key, verifier

    async def sign_in(self, email: str, password: str) -> Login:
        """Raises `LoginRefused` or `TooManyAttempts`."""
        return await self._login("password", {"email": email, "password": password})

    async def refresh(self, refresh_token: str) -> Login:
        """Trade the refresh token for a new pair; the old one is spent. Raises `LoginRefused` when the login ended."""
        return await self._login("refresh_token", {"refresh_token": refresh_token})

    async def sign_out(self, access_token: str) -> None:
        """End this one login; other devices stay signed in. Raises `AuthUnavailable` too when Auth did not end it.

        The access token must still be good: Auth takes no spent one.
        """
        headers = {"Authorization": f"Bearer {access_token}"}
        response = await self._post("/logout", {"scope": "local"}, {}, headers)
        if response.is_error:
            raise AuthUnavailable(f"sign-out was answered {response.status_code}")

    async def ping(self) -> None:
        """Return when Auth answers."""
        try:
            (await self._http.get(f"{self._url}/health", headers={"apikey": self._key})).raise_for_status()
        except httpx.HTTPError as error:
            raise AuthUnavailable(type(error).__name__) from error

    async def _login(self, grant_type: str, body: dict[str, str]) -> Login:
        response = await self._post("/token", {"grant_type": grant_type}, body)
        if _is_refusal(response):
            raise LoginRefused
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise TooManyAttempts
        return await self._checked(response)

    async def _checked(self, response: httpx.Response) -> Login:
        try:
            answer = _Answer.model_validate_json(response.raise_for_status().content)
            claims = await self._verifier.verify(answer.access_token)
        except (httpx.HTTPStatusError, ValidationError, BadToken) as error:
            # Not the person's fault: a gateway's own page, a wrong key of ours, or a token of another project.
            log.exception("auth_answer_unusable", status=response.status_code)
            raise AuthUnavailable(type(error).__name__) from error
        return Login(person_id=claims.sub, expires_at=claims.exp, **answer.model_dump())

    async def _post(
        self, path: str, query: dict[str, str], body: dict[str, Any], headers: dict[str, str] | None = None
    ) -> httpx.Response:
        try:
            return await self._http.post(
                self._url + path, params=query, json=body, headers={"apikey": self._key, **(headers or {})}
            )
        except httpx.HTTPError as error:
            raise AuthUnavailable(type(error).__name__) from error


def _is_refusal(response: httpx.Response) -> bool:
    # A 401 without `error_code` comes from the gateway (our own key is wrong), not from Auth.
    return response.status_code in REFUSALS or (
        response.status_code == httpx.codes.UNAUTHORIZED and b'"error_code"' in response.content
    )
