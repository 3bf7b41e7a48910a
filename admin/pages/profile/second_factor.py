"""The second step of signing in: begun, confirmed and given up on the profile, where Auth offers it."""

import base64
from typing import Any

import structlog
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import SkipValidation, URLEncodedBody
from litestar.response import Template
from pydantic import Field

from admin.auth import CodeRefused, TooManyAttempts
from admin.models import Frozen
from admin.people import SignedIn
from admin.rendering import show
from admin.services import Services
from admin.throttling import LOW
from admin.toasts import go
from admin.tokens import AuthUnavailable
from admin.visitors import visitor_of
from infra.words import N_, _

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]

WRONG = N_("Код не подошёл. Введите тот, что приложение показывает сейчас.")
NOT_NOW = N_("Сервис входа этого не разрешил. Выйдите, войдите снова и повторите.")
NAME = "BuhBot"


class ConfirmForm(Frozen):
    """What the browser sends."""

    factor: str = Field(max_length=100, pattern=r"^[\w-]+$")
    code: str = Field(max_length=20)


class DropForm(Frozen):
    """What the browser sends."""

    factor: str = Field(max_length=100, pattern=r"^[\w-]+$")


@get("/profile/second-factor")
async def show_second_factor(
    request: AnyRequest,
    services: NamedDependency[SkipValidation[Services]],
    me: NamedDependency[SkipValidation[SignedIn]],
) -> Response[Any]:
    """Show the part of the page, which the profile fetches after itself: it asks Auth, and may be empty."""
    token = me.session.login.access_token
    try:
        is_offered = await services.auth.offers_factors(token)
        factors = [factor for factor in await services.auth.factors(token) if factor.is_asked] if is_offered else []
    except AuthUnavailable as error:
        log.warning("factors_unavailable", reason=str(error))
        is_offered, factors = False, []
    return _part(request, me, is_offered=is_offered, factors=factors)


@post("/profile/second-factor", opt={"tier": LOW})
async def begin_second_factor(
    request: AnyRequest,
    services: NamedDependency[SkipValidation[Services]],
    me: NamedDependency[SkipValidation[SignedIn]],
) -> Response[Any]:
    """Get a secret for the app, in place of one that was begun before and never confirmed."""
    token = me.session.login.access_token
    if not await services.auth.offers_factors(token):
        raise NotFoundException
    try:
        for factor in await services.auth.factors(token):
            if not factor.is_asked:
                await services.auth.drop_factor(token, factor.id)
        enrolment = await services.auth.enrol(token, NAME)
    except CodeRefused:
        return _part(request, me, 422, is_offered=True, problem=NOT_NOW)
    picture = base64.b64encode(enrolment.totp.qr_code.encode()).decode()
    return _part(request, me, is_offered=True, factor=enrolment.id, picture=picture, secret=enrolment.totp.secret)


@post("/profile/second-factor/confirm", opt={"tier": LOW})
async def confirm_second_factor(
    request: AnyRequest,
    services: NamedDependency[SkipValidation[Services]],
    me: NamedDependency[SkipValidation[SignedIn]],
    data: URLEncodedBody[ConfirmForm],
) -> Response[Any]:
    """Show the first code: from now on it is asked for, and sessions that never showed one are over."""
    try:
        code = "".join(data.code.split())
        login = await services.auth.confirm(me.session.login.access_token, data.factor, code)
    except (CodeRefused, TooManyAttempts):
        return _part(request, me, 422, is_offered=True, factor=data.factor, problem=WRONG)
    log.info("second_factor_confirmed", user_id=me.person.id)
    session_id = await services.sessions.start_alone(login, visitor_of(request))
    said = _("Второй шаг входа включён. На других устройствах вы вышли.")
    return go("/profile#second-factor", said, services.cookie.write(session_id))


@post("/profile/second-factor/drop", opt={"tier": LOW})
async def drop_second_factor(
    request: AnyRequest,
    services: NamedDependency[SkipValidation[Services]],
    me: NamedDependency[SkipValidation[SignedIn]],
    data: URLEncodedBody[DropForm],
) -> Response[Any]:
    """Give it up; Auth lets only those who have shown its code."""
    try:
        await services.auth.drop_factor(me.session.login.access_token, data.factor)
    except CodeRefused:
        return _part(request, me, 422, is_offered=True, problem=NOT_NOW)
    log.info("second_factor_dropped", user_id=me.person.id)
    return go("/profile#second-factor", _("Готово."))


def _part(request: AnyRequest, me: SignedIn, status: int = 200, **shown: Any) -> Template:
    nothing: dict[str, Any] = {"factors": [], "factor": None, "picture": None, "secret": None, "problem": None}
    return show(request, me, "pages/profile/second_factor.html", status, **{**nothing, **shown})
