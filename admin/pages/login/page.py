"""`/login`: e-mail and password, and back to the page one wanted."""

from typing import Annotated, Any

import structlog
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import ValidationException
from litestar.params import FromQuery, QueryParameter, SkipValidation, URLEncodedBody
from litestar.response import Redirect, Template
from pydantic import Field
from redis.exceptions import RedisError

from admin.auth import Login, LoginRefused, TooManyAttempts
from admin.entrance import enter
from admin.models import Frozen
from admin.next_page import HOME, safe_next
from admin.pages.login.code import ask_for_code
from admin.people import SignInNeeded, database_of, read_person, signed_in
from admin.services import Services
from admin.sign_ins import Refusal
from admin.throttling import NONE, headers
from admin.times import pause
from admin.tokens import AuthUnavailable
from admin.visitors import address_of, visitor_of
from infra.supabase import Refused, Unavailable
from infra.throttling import TooOften, Verdict
from infra.words import N_, _

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]

# One sentence for a wrong password, an unknown e-mail and a closed account: the answer must not tell which.
WRONG = N_("Неверная почта или пароль")
TOO_MANY = N_("Слишком много попыток. Попробуйте снова через {wait}.")
DOWN = N_("Сервис входа не отвечает. Обычно это проходит за минуту: попробуйте ещё раз.")

# Auth itself asks for a pause, without saying how long.
AUTH_PAUSE = Verdict(passes=False, limit=0, remaining=0, reset_seconds=60)

REASONS = {
    "expired": N_("Сеанс закончился. Войдите снова, и мы вернём вас на ту же страницу."),
    "deactivated": N_("Ваш доступ отключён. Если это ошибка, обратитесь к администратору."),
    "role_changed": N_("Ваша роль изменилась. Войдите снова."),
    "signed_out": N_("Вы вышли."),
    "joined": N_("Доступ создан. Войдите со своей почтой и новым паролем."),
    "signed_out_everywhere": N_("Вы вышли на всех устройствах."),
    "code": N_("Слишком много неверных кодов, или прошло больше 15 минут. Начните с пароля."),
    "reset": N_("Пароль изменён, все прежние сеансы закончены. Войдите с новым паролем."),
}


class SignInForm(Frozen):
    """What the browser sends. The limits keep away what Auth would stumble over."""

    email: str = Field(max_length=320, pattern=r"^\s*[^\s@\x00-\x1f]+@[^\s@\x00-\x1f]+\s*$")
    password: str = Field(max_length=1000, pattern=r"^[^\x00]+$")
    next: str = HOME


@get("/login")
async def show_login(
    request: AnyRequest,
    services: NamedDependency[SkipValidation[Services]],
    next_page: Annotated[str, QueryParameter(name="next")] = HOME,
    reason: FromQuery[str] = "",
) -> Response[Any]:
    """Show the form; whoever is signed in already goes on."""
    if services.cookie.read(request):
        try:
            await signed_in(request, services)
            return Redirect(safe_next(next_page), status_code=303)
        except SignInNeeded as error:
            reason = reason or error.reason or ""
        except RedisError:
            log.warning("session_not_looked_up")  # the form works without
    return _form(200, next_page, note=REASONS.get(reason))


def refuse_malformed(_request: AnyRequest, _error: ValidationException) -> Response[Any]:
    """Answer a form that cannot be right as one that is not."""
    log.info("sign_in_refused", reason="malformed")
    return _form(401, HOME, problem=WRONG)


# Counted by account and address, in the handler: five a minute would be too few for an office at nine o'clock.
@post("/login", opt={"tier": NONE}, exception_handlers={ValidationException: refuse_malformed})
async def sign_in(
    request: AnyRequest, services: NamedDependency[SkipValidation[Services]], data: URLEncodedBody[SignInForm]
) -> Response[Any]:
    """Sign in at Auth, see that the person works here, and start a session."""
    try:
        attempt = await services.sign_in_guard.begin(data.email, address_of(request))
    except TooOften as error:
        await _note_refusal(request, services, data, "too_many")
        return _too_many(data, error.verdict)
    try:
        login = await services.auth.sign_in(data.email.strip(), data.password)
        if await _may_enter(request, services, login):
            await services.sign_in_guard.succeed(attempt)
            return await _go_on(request, services, login, data.next)
        await _note_refusal(request, services, data, "no_access")
        await services.auth.sign_out(login.access_token)
    except LoginRefused:
        await _note_refusal(request, services, data, "credentials")
    except TooManyAttempts:
        await _note_refusal(request, services, data, "too_many")
        return _too_many(data, AUTH_PAUSE)
    except (AuthUnavailable, Unavailable) as error:
        await services.sign_in_guard.cancel(attempt)
        log.warning("sign_in_unavailable", part=type(error).__name__)
        return _form(503, data.next, email=data.email, problem=DOWN)
    return _form(401, data.next, email=data.email, problem=WRONG)


async def _may_enter(request: AnyRequest, services: Services, login: Login) -> bool:
    try:
        return await read_person(database_of(services, login, request), login.person_id) is not None
    except (Refused, SignInNeeded) as refusal:
        log.info("sign_in_refused_by_database", reason=str(refusal))
        return False


async def _note_refusal(request: AnyRequest, services: Services, data: SignInForm, reason: Refusal) -> None:
    log.info("sign_in_refused", reason=reason)
    await services.sign_ins.note("refused", visitor_of(request), email=data.email.strip(), reason=reason)


async def _go_on(request: AnyRequest, services: Services, login: Login, next_page: str) -> Response[Any]:
    if login.factor_id:
        return ask_for_code(await services.codes.issue(login), next_page)
    return await enter(request, services, login, next_page)


def _too_many(data: SignInForm, verdict: Verdict) -> Response[Any]:
    answer = _form(429, data.next, email=data.email, problem=_(TOO_MANY).format(wait=pause(verdict.reset_seconds)))
    answer.headers.update(headers(verdict))
    return answer


def _form(
    status: int, next_page: str, *, email: str = "", note: str | None = None, problem: str | None = None
) -> Response[Any]:
    context = {"next_page": safe_next(next_page), "email": email, "note": note, "problem": problem}
    return Template("pages/login/page.html", context=context, status_code=status)
