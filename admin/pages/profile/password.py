"""Change of one's password: the current one is asked, and everybody who knew it is out afterwards."""

from typing import Any, NamedTuple

import structlog
from litestar import Request
from pydantic import Field

from admin.auth import Login, LoginRefused, PasswordRefused, TooManyAttempts
from admin.models import Frozen
from admin.passwords import DIFFERENT, LONGEST, REFUSALS, problem_of
from admin.people import SignedIn
from admin.services import Services
from admin.tokens import AuthUnavailable
from admin.visitors import address_of, visitor_of
from infra.throttling import TooOften
from infra.words import N_

log = structlog.get_logger()

WRONG = N_("Текущий пароль не подошёл.")
TOO_MANY = N_("Слишком много попыток. Подождите минуту и попробуйте снова.")
REFUSED = N_("Сервис входа не дал изменить пароль. Выйдите, войдите снова и повторите.")


class PasswordForm(Frozen):
    """What the browser sends."""

    current: str = Field(max_length=LONGEST)
    password: str = Field(max_length=LONGEST)
    repeated: str = Field(max_length=LONGEST)


class Changed(NamedTuple):
    """The id of the session to go on with, or why nothing changed."""

    id: str = ""
    problem: str | None = None


async def new_session(request: Request[Any, Any, Any], services: Services, me: SignedIn, form: PasswordForm) -> Changed:
    """Change the password and return a session of the new login, the only one that is left. Raises `TooOften`."""
    problem = problem_of(form.password) or (DIFFERENT if form.password != form.repeated else None)
    if problem:
        return Changed(problem=problem)
    try:
        login = await _sign_in(request, services, me, form.current)
    except LoginRefused:
        await services.sign_ins.note("refused", visitor_of(request), person_id=me.person.id, reason="credentials")
        return Changed(problem=WRONG)
    except TooManyAttempts:
        return Changed(problem=TOO_MANY)
    # With a second factor Auth listens only to a login that has shown it: that of the session.
    trusted = me.session.login if login.factor_id else login
    problem = await _change(services, trusted, form.password)
    if problem:
        await services.auth.sign_out(login.access_token)
        return Changed(problem=problem)
    log.info("password_changed", user_id=me.person.id)
    await services.sign_ins.note("password_changed", visitor_of(request), person_id=me.person.id)
    return Changed(await services.sessions.start_alone(trusted, visitor_of(request)))


async def _sign_in(request: Request[Any, Any, Any], services: Services, me: SignedIn, password: str) -> Login:
    """Signing in is how Auth checks the current password, and a fresh login is what it asks of whoever changes it.

    Guessing here is guessing at the door: both count together.
    """
    try:
        attempt = await services.sign_in_guard.begin(me.person.email, address_of(request))
    except TooOften:
        await services.sign_ins.note("refused", visitor_of(request), person_id=me.person.id, reason="too_many")
        raise
    try:
        login = await services.auth.sign_in(me.person.email, password)
    except AuthUnavailable:
        await services.sign_in_guard.cancel(attempt)
        raise
    await services.sign_in_guard.succeed(attempt)
    return login


async def _change(services: Services, login: Login, password: str) -> str | None:
    try:
        await services.auth.change_password(login.access_token, password)
    except PasswordRefused as error:
        return REFUSALS[error.reason]
    except LoginRefused:
        return REFUSED
    except TooManyAttempts:
        return TOO_MANY
    return None
