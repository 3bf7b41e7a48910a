"""`/login/code`: the second factor of those who have one, between the password and the session."""

from typing import Any

import structlog
from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.exceptions import ValidationException
from litestar.params import SkipValidation, URLEncodedBody
from litestar.response import Redirect, Template
from pydantic import Field

from admin.auth import CodeRefused, LoginRefused, TooManyAttempts
from admin.entrance import enter
from admin.models import Frozen
from admin.next_page import HOME, login_address, safe_next
from admin.services import Services
from admin.throttling import LOW
from admin.visitors import visitor_of
from infra.words import N_

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]

WRONG = N_("Код не подошёл. Введите тот, что приложение показывает сейчас.")
TOO_MANY = N_("Слишком много попыток. Подождите минуту и попробуйте снова.")


class CodeForm(Frozen):
    """What the browser sends."""

    ticket: str = Field(max_length=200)
    code: str = Field(max_length=20)
    next: str = HOME


def ask_for_code(ticket: str, next_page: str, status: int = 200, problem: str | None = None) -> Response[Any]:
    """Return the page that asks for the code."""
    context = {"ticket": ticket, "next_page": safe_next(next_page), "problem": problem}
    return Template("pages/login/code.html", context=context, status_code=status)


def refuse_malformed(_request: AnyRequest, _error: ValidationException) -> Response[Any]:
    """A form that cannot come from our page starts anew."""
    return Redirect(login_address(), status_code=303)


@post("/login/code", opt={"tier": LOW}, exception_handlers={ValidationException: refuse_malformed})
async def show_code(
    request: AnyRequest, services: NamedDependency[SkipValidation[Services]], data: URLEncodedBody[CodeForm]
) -> Response[Any]:
    """Show the code to Auth and start the session that is trusted with it."""
    try:
        pending = await services.codes.try_once(data.ticket)
    except LoginRefused:
        return Redirect(login_address(safe_next(data.next), "code"), status_code=303)
    try:
        code = "".join(data.code.split())
        login = await services.auth.confirm(pending.access_token, pending.factor_id or "", code)
    except CodeRefused:
        log.info("sign_in_refused", reason="second_factor", user_id=pending.person_id)
        visitor = visitor_of(request)
        await services.sign_ins.note("refused", visitor, person_id=pending.person_id, reason="second_factor")
        return ask_for_code(data.ticket, data.next, 401, WRONG)
    except TooManyAttempts:
        return ask_for_code(data.ticket, data.next, 429, TOO_MANY)
    await services.codes.spend(data.ticket)
    return await enter(request, services, login, data.next)
