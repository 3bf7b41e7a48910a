"""Signing in, staying signed in and signing out at Supabase Auth, as its public key allows."""

from typing import Any, Literal
from uuid import UUID

import httpx
import structlog
from pydantic import ValidationError

from admin.models import Frozen
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


class CodeRefused(Exception):  # noqa: N818
    """Not the code that the authenticator app shows now."""


class Login(Frozen):
    """What Auth gave: an access token good until `expires_at` (seconds since 1970), one refresh token to use once.

    `factor_id` names the person's second factor as long as it has not been shown, then and without one it is none.
    """

    person_id: UUID
    access_token: str
    refresh_token: str
    expires_at: int
    factor_id: str | None = None


class Factor(Frozen):
    """A second factor of a person, as Auth describes it."""

    id: str
    factor_type: str = "totp"
    status: str = "verified"

    @property
    def is_asked(self) -> bool:
        """Assert that signing in takes its code."""
        return self.factor_type == "totp" and self.status == "verified"


class Totp(Frozen):
    """What an authenticator app needs: a picture (SVG) or the secret in letters."""

    qr_code: str
    secret: str


class Enrolment(Frozen):
    """A second factor that waits for its first code."""

    id: str
    totp: Totp


class _User(Frozen):
    factors: tuple[Factor, ...] = ()


class _Answer(Frozen):
    access_token: str
    refresh_token: str
    user: _User = _User()


class Auth:
    """Every call raises `AuthUnavailable` when Auth cannot be asked or answers what no Auth server would."""

    def __init__(self, http: httpx.AsyncClient, url: str, anon_key: str, verifier: Verifier) -> None:
        self._http, self._url, self._key, self._verifier = http, f"{url}/auth/v1", anon_key, verifier
        self._offers_factors: bool | None = None

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

    async def factors(self, access_token: str) -> tuple[Factor, ...]:
        """Return the person's second factors, those not confirmed included."""
        response = await self._send("GET", "/user", {}, None, access_token)
        return _User.model_validate_json(_good(response).content).factors

    async def offers_factors(self, access_token: str) -> bool:
        """Assert that this Auth server has second factors; asked once, for it does not change its mind while it runs.

        A server that has them refuses a factor of no kind, one that has none does not know the address at all.
        """
        if self._offers_factors is None:
            response = await self._send("POST", "/factors", {}, {"factor_type": "none"}, access_token)
            if response.is_server_error:
                raise AuthUnavailable(f"factors were answered {response.status_code}")
            self._offers_factors = bool(_error_code(response))
        return self._offers_factors

    async def enrol(self, access_token: str, name: str) -> Enrolment:
        """Begin a second factor; it counts once its first code was confirmed. Raises `CodeRefused` where Auth won't."""
        body = {"factor_type": "totp", "friendly_name": name, "issuer": "BuhBot"}
        response = await self._send("POST", "/factors", {}, body, access_token)
        if _is_refusal(response):
            raise CodeRefused
        return Enrolment.model_validate_json(_good(response).content)

    async def confirm(self, access_token: str, factor_id: str, code: str) -> Login:
        """Show the code of a second factor, and return the login that is trusted with it. Raises `CodeRefused`."""
        challenge = await self._send("POST", f"/factors/{factor_id}/challenge", {}, {}, access_token)
        if _is_refusal(challenge) or challenge.status_code == httpx.codes.NOT_FOUND:
            raise CodeRefused
        body = {"challenge_id": str(_good(challenge).json().get("id", "")), "code": code}
        response = await self._send("POST", f"/factors/{factor_id}/verify", {}, body, access_token)
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise TooManyAttempts
        if _is_refusal(response):
            raise CodeRefused
        return (await self._checked(response)).model_copy(update={"factor_id": None})

    async def drop_factor(self, access_token: str, factor_id: str) -> None:
        """Give a second factor up. Raises `CodeRefused` when there is none, or the login was not trusted with it."""
        response = await self._send("DELETE", f"/factors/{factor_id}", {}, None, access_token)
        if _is_refusal(response) or response.status_code == httpx.codes.NOT_FOUND:
            raise CodeRefused
        _good(response)

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
        asked = next((factor.id for factor in answer.user.factors if factor.is_asked), None)
        return Login(
            person_id=claims.sub,
            expires_at=claims.exp,
            access_token=answer.access_token,
            refresh_token=answer.refresh_token,
            factor_id=None if claims.aal == "aal2" else asked,
        )

    async def _send(
        self, method: str, path: str, query: dict[str, str], body: dict[str, Any] | None, token: str | None = None
    ) -> httpx.Response:
        headers = {"apikey": self._key, **({"Authorization": f"Bearer {token}"} if token else {})}
        try:
            return await self._http.request(method, self._url + path, params=query, json=body, headers=headers)
        except httpx.HTTPError as error:
            raise AuthUnavailable(type(error).__name__) from error


def _good(response: httpx.Response) -> httpx.Response:
    if response.is_error:
        raise AuthUnavailable(f"{response.request.url.path} was answered {response.status_code}")
    return response


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
