"""What an admin changes in people: role, access, Telegram. The database decides; a refusal is said on the page."""

from typing import Any
from uuid import UUID

import structlog
from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation, URLEncodedBody
from pydantic import Field
from redis.exceptions import RedisError

from admin.errors import advice_of
from admin.models import Frozen
from admin.pages.team.page import team_page
from admin.pages.team.rows import Asked
from admin.people import SignedIn
from admin.services import Services
from admin.sessions import Ended
from admin.throttling import MEDIUM
from admin.toasts import go
from infra.supabase import Refused
from infra.words import _

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]


class RoleForm(Frozen):
    """What the browser sends."""

    role: str = Field(max_length=20)


class AccessForm(Frozen):
    """What the browser sends: `yes` lets the person in."""

    active: str = Field(max_length=3)


@post("/team/{person:uuid}/role", opt={"tier": MEDIUM})
async def set_role(
    request: AnyRequest,
    services: NamedDependency[SkipValidation[Services]],
    me: NamedDependency[SkipValidation[SignedIn]],
    person: FromPath[UUID],
    data: URLEncodedBody[RoleForm],
) -> Response[Any]:
    """Give another role; pages that are open in the old one lead to the sign-in."""
    try:
        before = await me.database.read("team", "role", id=str(person))
        await me.database.call("set_role", user_id=str(person), role=data.role)
    except Refused as refusal:
        return await team_page(request, services, me, 409, problem=advice_of(refusal))
    log.info("role_changed", person_id=person, user_id=me.person.id)
    if before != [{"role": data.role}]:
        await _end_sessions(services, person, "role_changed")
    return go(Asked.of(request).here, _("Роль изменена."))


@post("/team/{person:uuid}/active", opt={"tier": MEDIUM})
async def set_active(
    request: AnyRequest,
    services: NamedDependency[SkipValidation[Services]],
    me: NamedDependency[SkipValidation[SignedIn]],
    person: FromPath[UUID],
    data: URLEncodedBody[AccessForm],
) -> Response[Any]:
    """Take access away, from open pages as well, or give it back."""
    is_active = data.active == "yes"
    try:
        await me.database.call("set_active", user_id=str(person), active=is_active)
    except Refused as refusal:
        return await team_page(request, services, me, 409, problem=advice_of(refusal))
    log.info("access_changed", person_id=person, user_id=me.person.id, active=is_active)
    if is_active:
        return go(Asked.of(request).here, _("Доступ включён."))
    await _end_sessions(services, person, "deactivated")
    said = _("Доступ отключён. Чаты сотрудника остались за ним: назначьте им другого ответственного.")
    return go(Asked.of(request).here, said)


@post("/team/{person:uuid}/telegram/unlink", opt={"tier": MEDIUM})
async def unlink_telegram_of(
    request: AnyRequest,
    services: NamedDependency[SkipValidation[Services]],
    me: NamedDependency[SkipValidation[SignedIn]],
    person: FromPath[UUID],
) -> Response[Any]:
    """Untie somebody's Telegram account."""
    try:
        await me.database.call("unlink_telegram", user_id=str(person))
    except Refused as refusal:
        return await team_page(request, services, me, 409, problem=advice_of(refusal))
    log.info("telegram_unlinked", person_id=person, user_id=me.person.id)
    return go(Asked.of(request).here, _("Telegram отвязан."))


async def _end_sessions(services: Services, person: UUID, reason: Ended) -> None:
    """Close what is open at once. It decides nothing: rights are looked up with every click."""
    try:
        await services.sessions.forget_all(person, reason)
    except RedisError as error:
        log.warning("sessions_not_ended", person_id=person, reason=type(error).__name__)
