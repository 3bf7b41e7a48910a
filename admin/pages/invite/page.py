"""`/invite/<token>`: an invitee learns who invites, chooses a password, and is in."""

from datetime import UTC, datetime
from typing import Any, Literal

import structlog
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import ValidationException
from litestar.params import FromPath, SkipValidation, URLEncodedBody
from litestar.response import Redirect, Template
from pydantic import Field

from admin.auth import LoginRefused
from admin.entrance import enter
from admin.models import Frozen
from admin.next_page import HOME, login_address
from admin.passwords import DIFFERENT, LONGEST, REFUSALS, problem_of
from admin.reasons import KEYS
from admin.services import Services
from admin.sign_up import Invitation, InvitationEnded, PasswordTooSimple, ask, join
from admin.throttling import LOW
from admin.times import Wall
from admin.tokens import AuthUnavailable

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]

STATUSES: dict[str, Literal[404, 410]] = {"invitation_unknown": 404}


class JoinForm(Frozen):
    """What the browser sends."""

    password: str = Field(max_length=LONGEST)
    repeated: str = Field(max_length=LONGEST)


def refuse_ended(_request: AnyRequest, ended: InvitationEnded) -> Response[Any]:
    """Say in one sentence why the link opens nothing."""
    log.info("invitation_refused", reason=ended.key)
    context = {"sentence": KEYS[ended.key]}
    return Template("pages/invite/ended.html", context=context, status_code=STATUSES.get(ended.key, 410))


@get("/invite/{token:str}", exception_handlers={InvitationEnded: refuse_ended})
async def show_invitation(
    request: AnyRequest, services: NamedDependency[SkipValidation[Services]], token: FromPath[str]
) -> Response[Any]:
    """Show who invites whom, and the form."""
    return _form(request, token, await ask(services, token))


def refuse_malformed(_request: AnyRequest, _error: ValidationException) -> Response[Any]:
    """Answer a form that no page of ours sends."""
    return Template("pages/invite/ended.html", context={"sentence": KEYS["invitation_unknown"]}, status_code=404)


@post(
    "/invite/{token:str}",
    opt={"tier": LOW},
    exception_handlers={InvitationEnded: refuse_ended, ValidationException: refuse_malformed},
)
async def accept_invitation(
    request: AnyRequest,
    services: NamedDependency[SkipValidation[Services]],
    token: FromPath[str],
    data: URLEncodedBody[JoinForm],
) -> Response[Any]:
    """Make the sign-in and start a session in one go; a refusal leaves nothing behind."""
    invitation = await ask(services, token)
    problem = problem_of(data.password) or (DIFFERENT if data.password != data.repeated else None)
    if problem:
        return _form(request, token, invitation, problem=problem)
    try:
        await join(services, token, invitation.email, data.password)
    except PasswordTooSimple:
        return _form(request, token, invitation, problem=REFUSALS["weak"])
    log.info("invitation_accepted", role=invitation.role)
    return await _enter(request, services, invitation.email, data.password)


async def _enter(request: AnyRequest, services: Services, email: str, password: str) -> Response[Any]:
    try:
        login = await services.auth.sign_in(email, password)
    except (LoginRefused, AuthUnavailable) as error:
        # The account is there: signing in by hand is all that is left to do.
        log.warning("sign_in_after_joining_failed", reason=type(error).__name__)
        return Redirect(login_address(reason="joined"), status_code=303)
    return await enter(request, services, login, HOME)


def _form(request: AnyRequest, token: str, invitation: Invitation, *, problem: str | None = None) -> Response[Any]:
    context = {
        "token": token,
        "invitation": invitation,
        "problem": problem,
        "wall": Wall(request.cookies.get("zone"), datetime.now(UTC)),
    }
    return Template("pages/invite/page.html", context=context, status_code=422 if problem else 200)
