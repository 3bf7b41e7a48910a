"""`/reset`: where the mailed link leads. Looking at the page spends nothing: mail scanners look before people do."""

from typing import Annotated, Any

import structlog
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import ValidationException
from litestar.params import QueryParameter, SkipValidation, URLEncodedBody
from litestar.response import Redirect, Template
from pydantic import Field

from admin.auth import CodeRefused, LoginRefused, PasswordRefused, TooManyAttempts
from admin.models import Frozen
from admin.next_page import login_address
from admin.passwords import DIFFERENT, LONGEST, REFUSALS, problem_of
from admin.resets import CodeNeeded
from admin.services import Services
from admin.throttling import LOW
from admin.tokens import AuthUnavailable
from admin.visitors import visitor_of
from infra.words import N_

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]

# Auth would stumble over control characters, and look as if it were down.
PRINTED = r"^[!-~]*$"
SPENT = N_("Эта ссылка уже использована или устарела.")
TOO_MANY = N_("Слишком много попыток. Подождите минуту и попробуйте снова.")
CODE_NEEDED = N_("У вас включён второй шаг входа: введите и код из приложения.")
CODE_WRONG = N_("Код не подошёл. Введите тот, что приложение показывает сейчас.")
DOWN = N_("Сервис входа не отвечает. Обычно это проходит за минуту: попробуйте ещё раз.")


class ResetForm(Frozen):
    """What the browser sends: the link's secret, or the ticket for a link that is open already."""

    token_hash: str = Field(default="", max_length=200, pattern=PRINTED)
    ticket: str = Field(default="", max_length=200)
    password: str = Field(max_length=LONGEST)
    repeated: str = Field(max_length=LONGEST)
    code: str = Field(default="", max_length=20)


@get("/reset")
async def show_reset(
    token_hash: Annotated[str, QueryParameter(name="token_hash", max_length=200)] = "",
) -> Response[Any]:
    """Show the form, or say that the link is not whole."""
    return _form(token_hash=token_hash) if token_hash else _spent()


def refuse_malformed(_request: AnyRequest, _error: ValidationException) -> Response[Any]:
    """A form that cannot come from our page is a link that does not work."""
    return _spent()


@post("/reset", opt={"tier": LOW}, exception_handlers={ValidationException: refuse_malformed})
async def finish_reset(
    request: AnyRequest, services: NamedDependency[SkipValidation[Services]], data: URLEncodedBody[ResetForm]
) -> Response[Any]:
    """Open the link, set the password and end every session; then one signs in anew, with a second factor if any."""
    problem = problem_of(data.password) or (DIFFERENT if data.password != data.repeated else None)
    if problem:
        return _form(422, data.token_hash, data.ticket, problem)
    ticket = data.ticket
    try:
        ticket = ticket or await services.resets.open(data.token_hash)
        person_id = await services.resets.finish(ticket, data.password, "".join(data.code.split()))
    except LoginRefused:
        log.info("reset_refused", reason="link")
        await services.sign_ins.note("refused", visitor_of(request), reason="link")
        return _spent()
    except (PasswordRefused, CodeNeeded, CodeRefused, AuthUnavailable) as error:
        status, problem = _said(error)
        asks_code = bool(data.code) or isinstance(error, CodeNeeded)
        return _form(status, "" if ticket else data.token_hash, ticket, problem, asks_code=asks_code)
    log.info("reset_done", user_id=person_id)
    await services.sign_ins.note("reset_done", visitor_of(request), person_id=person_id)
    return Redirect(login_address(reason="reset"), status_code=303, cookies=[services.cookie.clear()])


def _said(error: Exception) -> tuple[int, str]:
    match error:
        case PasswordRefused():
            return 422, REFUSALS[error.reason]
        case CodeNeeded():
            return 422, CODE_NEEDED
        case CodeRefused():
            return 422, CODE_WRONG
        case TooManyAttempts():
            return 429, TOO_MANY
    log.warning("reset_unavailable", reason=str(error))
    return 503, DOWN


def _form(
    status: int = 200, token_hash: str = "", ticket: str = "", problem: str | None = None, *, asks_code: bool = False
) -> Response[Any]:
    context = {
        "token_hash": token_hash,
        "ticket": ticket,
        "problem": problem,
        "asks_code": asks_code,
        "is_spent": False,
    }
    return Template("pages/reset/page.html", context=context, status_code=status)


def _spent() -> Response[Any]:
    return Template("pages/reset/page.html", context={"is_spent": True, "problem": SPENT}, status_code=410)
