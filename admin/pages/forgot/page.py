"""`/forgot`: have a link mailed that sets a new password. Whether somebody has this address, the page does not know."""

from typing import Any

import structlog
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import ValidationException
from litestar.params import SkipValidation, URLEncodedBody
from litestar.response import Template
from pydantic import Field

from admin.models import Frozen
from admin.services import Services
from admin.throttling import LOW
from admin.tokens import AuthUnavailable
from admin.visitors import visitor_of
from infra.words import N_

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]

DOWN = N_("Сервис входа не отвечает. Обычно это проходит за минуту: попробуйте ещё раз.")


class ForgotForm(Frozen):
    """What the browser sends; the limits are those of the sign-in."""

    email: str = Field(max_length=320, pattern=r"^\s*[^\s@\x00-\x1f]+@[^\s@\x00-\x1f]+\s*$")


@get("/forgot")
async def show_forgot() -> Response[Any]:
    """Show the form."""
    return _page()


def accept_malformed(_request: AnyRequest, _error: ValidationException) -> Response[Any]:
    """Answer what can be nobody's address in the same words as any other."""
    return _page(is_asked=True)


@post("/forgot", opt={"tier": LOW}, status_code=200, exception_handlers={ValidationException: accept_malformed})
async def ask_for_reset(
    request: AnyRequest, services: NamedDependency[SkipValidation[Services]], data: URLEncodedBody[ForgotForm]
) -> Response[Any]:
    """Order the mail; the answer is the same, and as fast, for an address that nobody has."""
    email = data.email.strip()
    try:
        await services.resets.ask(email)
    except AuthUnavailable as error:
        log.warning("reset_unavailable", reason=str(error))
        return _page(status=503, problem=DOWN, email=data.email)
    log.info("reset_requested")
    await services.sign_ins.note("reset_requested", visitor_of(request), email=email)
    return _page(is_asked=True)


def _page(*, status: int = 200, is_asked: bool = False, problem: str | None = None, email: str = "") -> Response[Any]:
    context = {"is_asked": is_asked, "problem": problem, "email": email}
    return Template("pages/forgot/page.html", context=context, status_code=status)
