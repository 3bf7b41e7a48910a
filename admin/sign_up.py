"""Joining the firm by invitation: Auth is asked with the public key, and the database's own refusal is the answer."""

import json
import secrets
from typing import Any, Literal

import httpx
import structlog
from pydantic import AwareDatetime, ValidationError

from admin.models import Frozen
from admin.people import ROLE_WORDS, Role
from admin.services import Services
from admin.tokens import AuthUnavailable

log = structlog.get_logger()

# Nobody's address: a sign-up that only asks never becomes a sign-in.
NOBODY = "nobody@invitation.invalid"

Ending = Literal["invitation_unknown", "invitation_used", "invitation_revoked", "invitation_expired"]
_ENDINGS: dict[str, Ending] = {
    "invitation_unknown": "invitation_unknown",
    "invitation_is_for_another": "invitation_unknown",
    "invitation_used": "invitation_used",
    "invitation_revoked": "invitation_revoked",
    "invitation_expired": "invitation_expired",
}


class Invitation(Frozen):
    """What the database tells of a live invitation to whoever holds its link."""

    email: str
    full_name: str
    role: Role
    expires_at: AwareDatetime
    invited_by: str | None
    firm_name: str

    @property
    def role_word(self) -> str:
        """The role in Russian."""
        return ROLE_WORDS[self.role]


class InvitationEnded(Exception):  # noqa: N818 (reads as what happened)
    """The link opens nothing; `key` says why."""

    def __init__(self, key: Ending) -> None:
        super().__init__(key)
        self.key: Ending = key


class PasswordTooSimple(Exception):  # noqa: N818
    """Auth wants a better password."""


async def ask(services: Services, token: str) -> Invitation:
    """Return the invitation behind a link, and use nothing up. Raises `InvitationEnded` or `AuthUnavailable`.

    The visitor has no rights yet and may read nothing: the sign-up is refused in any case, and its refusal tells.
    """
    if not token.isprintable():  # Auth would stumble over it, and look as if it were down
        raise InvitationEnded("invitation_unknown")
    answer = await _sign_up(services, NOBODY, secrets.token_urlsafe(24), {"invitation": token, "only_asking": True})
    try:
        return Invitation.model_validate(json.loads(answer.get("detail") or ""))
    except (ValueError, ValidationError) as error:
        raise AuthUnavailable("invitations cannot be asked about") from error


async def join(services: Services, token: str, email: str, password: str) -> None:
    """Make the sign-in, or nothing. Raises `InvitationEnded`, `PasswordTooSimple` or `AuthUnavailable`."""
    await _sign_up(services, email, password, {"invitation": token})


async def _sign_up(services: Services, email: str, password: str, about: dict[str, Any]) -> dict[str, Any]:
    settings = services.settings
    try:
        response = await services.http.post(
            f"{settings.supabase}/auth/v1/signup",
            json={"email": email, "password": password, "data": about},
            headers={"apikey": settings.supabase_anon_key},
        )
        answer: dict[str, Any] = response.json()
    except (httpx.HTTPError, ValueError) as error:
        raise AuthUnavailable(type(error).__name__) from error
    if response.is_success:
        return answer
    # `error_code` is Auth's own; a refusal of the database has its key as the message.
    reason = str(answer.get("error_code") or answer.get("message"))
    if reason == "invitation_is_live":
        return answer
    if reason in _ENDINGS:
        raise InvitationEnded(_ENDINGS[reason])
    if reason == "user_already_exists":
        raise InvitationEnded("invitation_used")
    if reason == "weak_password":
        raise PasswordTooSimple
    log.warning("sign_up_not_understood", status=response.status_code)
    raise AuthUnavailable(f"sign-up was answered {response.status_code}")
