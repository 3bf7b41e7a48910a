"""`/profile`: what a person says about oneself, where one is signed in, and one's password."""

from datetime import UTC, datetime, time
from typing import Any, Literal
from uuid import UUID

import structlog
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, SkipValidation, URLEncodedBody
from litestar.response import Redirect, Template
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

from admin.errors import KEYS
from admin.pages.profile.password import PasswordForm, new_session
from admin.people import SignedIn
from admin.services import Services
from admin.sessions import handle_of
from admin.sign_ins import Outcome
from admin.throttling import LOW, MEDIUM, headers
from admin.times import Wall, pause
from admin.tokens import AuthUnavailable
from infra.supabase import Refused
from infra.throttling import TooOften
from infra.words import N_, _

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]

LATEST = 10
NOTES = {
    "profile": N_("Сохранено."),
    "password": N_("Пароль изменён. На других устройствах вы вышли."),
    "session": N_("Готово."),
    "factor": N_("Второй шаг входа включён. На других устройствах вы вышли."),
}
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


class Profile(BaseModel):
    """The row of `api.my_profile`."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    full_name: str
    locale: str
    quiet_from: time | None
    quiet_until: time | None
    alerts_per_hour: int


class SignIn(BaseModel):
    """A row of `api.sign_in_log`."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    id: UUID
    happened_at: AwareDatetime
    outcome: Outcome
    address: str | None
    device: str | None

    @property
    def words(self) -> str:
        """What happened, in words."""
        return _(OUTCOME_WORDS[self.outcome])


class ProfileForm(BaseModel):
    """What the browser sends, as it is typed: the database decides what may stand."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

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
    saved: FromQuery[str] = "",
) -> Response[Any]:
    """Show everything."""
    return await _page(request, services, me, note=NOTES.get(saved))


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
        if refusal.key not in KEYS and not refusal.code.startswith("22"):
            raise
        words = KEYS[refusal.key].advice if refusal.key in KEYS else MALFORMED
        return await _page(request, services, me, 422, typed=typed, profile_problem=words)
    log.info("profile_updated", user_id=me.person.id)
    return Redirect("/profile?saved=profile", status_code=303)


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
    cookie = services.cookie.write(session.id)
    return Redirect("/profile?saved=password#password-part", status_code=303, cookies=[cookie])


async def _page(request: AnyRequest, services: Services, me: SignedIn, status: int = 200, **shown: Any) -> Template:
    [profile] = _PROFILES.validate_python(await me.database.read("my_profile", ",".join(Profile.model_fields)))
    columns = ",".join(SignIn.model_fields)
    sign_ins = _SIGN_INS.validate_python(
        await me.database.read(
            "sign_in_log", columns, order="happened_at", descending=True, limit=LATEST, user_id=str(me.person.id)
        )
    )
    now = datetime.now(UTC)
    context = {
        "me": me.person,
        "profile": profile,
        "typed": profile.model_dump(),
        "sessions": await services.sessions.all_of(me.person.id),
        "this": handle_of(me.session_id),
        "sign_ins": sign_ins,
        "offers_factors": await _offers_factors(services, me),
        "wall": Wall(request.cookies.get("zone"), now),
        "at": lambda seconds: datetime.fromtimestamp(seconds, UTC),
        "note": None,
        "profile_problem": None,
        "password_problem": None,
        **shown,
    }
    return Template("pages/profile/page.html", context=context, status_code=status)


async def _offers_factors(services: Services, me: SignedIn) -> bool:
    try:
        return await services.auth.offers_factors(me.session.login.access_token)
    except AuthUnavailable as error:
        log.warning("factors_unavailable", reason=str(error))
        return False
