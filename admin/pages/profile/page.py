"""`/profile`: what a person says about oneself, where one is signed in, and one's password."""

import asyncio
from datetime import UTC, datetime, time
from typing import Any, Literal
from uuid import UUID

import structlog
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import SkipValidation, URLEncodedBody
from litestar.response import Template
from pydantic import AwareDatetime, Field, TypeAdapter

from admin.errors import advice_of
from admin.models import Frozen
from admin.pages.profile.password import PasswordForm, new_session
from admin.people import SignedIn
from admin.rendering import show
from admin.services import Services
from admin.sessions import handle_of
from admin.sign_ins import Outcome
from admin.throttling import LOW, MEDIUM, headers
from admin.times import pause
from admin.toasts import go
from admin.tokens import AuthUnavailable
from infra.supabase import Refused
from infra.throttling import TooOften
from infra.words import N_, _, speak_on

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]

LATEST = 10
TOO_OFTEN = N_("Слишком много попыток. Попробуйте снова через {wait}.")
MALFORMED = N_("Не удалось прочитать форму. Проверьте время и число оповещений.")

OUTCOME_WORDS: dict[Outcome, str] = {
    "signed_in": N_("Вход"),
    "refused": N_("Неудачная попытка"),
    "signed_out": N_("Выход"),
    "reset_requested": N_("Запрошен новый пароль"),
    "reset_done": N_("Пароль задан по ссылке из письма"),
    "password_changed": N_("Пароль изменён"),
}


class Profile(Frozen):
    """The row of `api.my_profile`."""

    full_name: str
    locale: str
    quiet_from: time | None
    quiet_until: time | None
    alerts_per_hour: int


class SignIn(Frozen):
    """A row of `api.sign_in_log`."""

    id: UUID
    happened_at: AwareDatetime
    outcome: Outcome
    address: str | None
    device: str | None

    @property
    def words(self) -> str:
        """What happened, in words."""
        return _(OUTCOME_WORDS[self.outcome])


class ProfileForm(Frozen):
    """What the browser sends, as it is typed: the database decides what may stand."""

    full_name: str = Field(max_length=1000)
    quiet_from: str = Field(default="", max_length=20)
    quiet_until: str = Field(default="", max_length=20)
    alerts_per_hour: str = Field(max_length=20)
    locale: Literal["", "ru", "en"] = ""


_PROFILES = TypeAdapter(list[Profile])
_SIGN_INS = TypeAdapter(list[SignIn])


@get("/profile")
async def show_profile(
    request: AnyRequest,
    services: NamedDependency[SkipValidation[Services]],
    me: NamedDependency[SkipValidation[SignedIn]],
) -> Template:
    """Show everything."""
    return await _page(request, services, me)


@post("/profile", opt={"tier": MEDIUM})
async def update_profile(
    request: AnyRequest,
    services: NamedDependency[SkipValidation[Services]],
    me: NamedDependency[SkipValidation[SignedIn]],
    data: URLEncodedBody[ProfileForm],
) -> Response[Any]:
    """Save what one says about oneself."""
    typed = data.model_dump()
    try:
        given = {name: value or None for name, value in typed.items()}
        await me.database.call("update_profile", **given)
    except Refused as refusal:
        words = advice_of(refusal, malformed=_(MALFORMED))
        return await _page(request, services, me, 422, typed=typed, profile_problem=words)
    log.info("profile_updated", user_id=me.person.id)
    speak_on(data.locale or me.person.locale)
    return go("/profile", _("Сохранено."))


@post("/profile/password", opt={"tier": LOW})
async def change_password(
    request: AnyRequest,
    services: NamedDependency[SkipValidation[Services]],
    me: NamedDependency[SkipValidation[SignedIn]],
    data: URLEncodedBody[PasswordForm],
) -> Response[Any]:
    """Set a new password and go on in a new session: every other one ends."""
    try:
        session = await new_session(request, services, me, data)
    except TooOften as error:
        words = _(TOO_OFTEN).format(wait=pause(error.verdict.reset_seconds))
        answer = await _page(request, services, me, 429, password_problem=words)
        answer.headers.update(headers(error.verdict))
        return answer
    if session.problem:
        return await _page(request, services, me, 422, password_problem=session.problem)
    said = _("Пароль изменён. На других устройствах вы вышли.")
    return go("/profile#password-part", said, services.cookie.write(session.id))


async def _page(request: AnyRequest, services: Services, me: SignedIn, status: int = 200, **shown: Any) -> Template:
    columns, own = ",".join(SignIn.model_fields), str(me.person.id)
    profiles, sign_ins, sessions, offers_factors = await asyncio.gather(
        me.database.read("my_profile", ",".join(Profile.model_fields)),
        me.database.read("sign_in_log", columns, order="happened_at", descending=True, limit=LATEST, user_id=own),
        services.sessions.all_of(me.person.id),
        _offers_factors(services, me),
    )
    [profile] = _PROFILES.validate_python(profiles)
    context = {
        "typed": profile.model_dump(),
        "sessions": sessions,
        "this": handle_of(me.session_id),
        "sign_ins": _SIGN_INS.validate_python(sign_ins),
        "offers_factors": offers_factors,
        "at": lambda seconds: datetime.fromtimestamp(seconds, UTC),
        "profile_problem": None,
        "password_problem": None,
        **shown,
    }
    return show(request, me, "pages/profile/page.html", status, **context)


async def _offers_factors(services: Services, me: SignedIn) -> bool:
    try:
        return await services.auth.offers_factors(me.session.login.access_token)
    except AuthUnavailable as error:
        log.warning("factors_unavailable", reason=str(error))
        return False
