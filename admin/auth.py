"""Signing in, staying signed in and signing out at Supabase Auth, as its public key allows."""

from typing import Any, Literal
from uuid import UUID

import httpx
import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from admin.tokens import AuthUnavailable, BadToken, Verifier

log = structlog.get_logger()

REFUSALS = frozenset({400, 403, 422})
_PASSWORD_REFUSALS: dict[str, Literal["weak", "same", "other"]] = {
    "weak_password": "weak",
    "same_password": "same",
    "validation_failed": "other",
}

Scope = Literal["local", "others", "global"]


class LoginRefused(Exception):  # noqa: N818 (reads as what happened)
    """Wrong e-mail or password, a banned person, or a login that has ended. Auth's own reason stays here."""


class PasswordRefused(Exception):  # noqa: N818
    """Auth does not take this new password; `reason` says why not."""

    def __init__(self, reason: Literal["weak", "same", "other"]) -> None:
        super().__init__(reason)
        self.reason = reason


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
        return await self._login("/token", {"grant_type": "password"}, {"email": email, "password": password})

    async def refresh(self, refresh_token: str) -> Login:
        """Trade the refresh token for a new pair; the old one is spent. Raises `LoginRefused` when the login ended."""
        return await self._login("/token", {"grant_type": "refresh_token"}, {"refresh_token": refresh_token})

    async def sign_out(self, access_token: str, scope: Scope = "local") -> None:
        """End this one login, all others of the person, or all. Raises `AuthUnavailable` too when Auth did not.

        The access token must still be good: Auth takes no spent one.
        """
        response = await self._send("POST", "/logout", {"scope": scope}, {}, access_token)
        if response.is_error:
            raise AuthUnavailable(f"sign-out was answered {response.status_code}")

    async def send_reset(self, email: str, redirect_to: str) -> None:
        """Have a link sent to the address, if Auth knows it; the answer is the same if not."""
        response = await self._send("POST", "/recover", {"redirect_to": redirect_to}, {"email": email})
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise TooManyAttempts
        if response.is_error:
            raise AuthUnavailable(f"recovery was answered {response.status_code}")

    async def open_reset(self, token_hash: str) -> Login:
        """Trade the secret of a mailed link for a login; it is spent then. Raises `LoginRefused` when it was before."""
        return await self._login("/verify", {}, {"type": "recovery", "token_hash": token_hash})

    async def change_password(self, access_token: str, password: str) -> None:
        """Set a new password. Raises `PasswordRefused`, or `LoginRefused` when the token is not good for that."""
        response = await self._send("PUT", "/user", {}, {"password": password}, access_token)
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise TooManyAttempts
        reason = _PASSWORD_REFUSALS.get(_error_code(response))
        if reason:
            raise PasswordRefused(reason)
        if _is_refusal(response):
            raise LoginRefused
        if response.is_error:
            raise AuthUnavailable(f"change of password was answered {response.status_code}")

    async def ping(self) -> None:
        """Return when Auth answers."""
        try:
            (await self._http.get(f"{self._url}/health", headers={"apikey": self._key})).raise_for_status()
        except httpx.HTTPError as error:
            raise AuthUnavailable(type(error).__name__) from error

    async def _login(self, path: str, query: dict[str, str], body: dict[str, str]) -> Login:
        response = await self._send("POST", path, query, body)
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

    async def _send(
        self, method: str, path: str, query: dict[str, str], body: dict[str, Any], token: str | None = None
    ) -> httpx.Response:
        headers = {"apikey": self._key, **({"Authorization": f"Bearer {token}"} if token else {})}
        try:
            return await self._http.request(method, self._url + path, params=query, json=body, headers=headers)
        except httpx.HTTPError as error:
            raise AuthUnavailable(type(error).__name__) from error


def _error_code(response: httpx.Response) -> str:
    try:
        return str(response.json().get("error_code", "")) if response.is_error else ""
    except (ValueError, AttributeError):  # a gateway's own page
        return ""


def _is_refusal(response: httpx.Response) -> bool:
    # A 401 without `error_code` comes from the gateway (our own key is wrong), not from Auth.
    return response.status_code in REFUSALS or (
        response.status_code == httpx.codes.UNAUTHORIZED and b'"error_code"' in response.content
    )
