"""`/team`: the people of the firm, who is invited, and what an admin may change."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, SkipValidation
from litestar.response import Template

from admin.errors import KEYS
from admin.pages.team.rows import MEMBERS, STANDING, Member, Standing
from admin.people import ROLE_WORDS, Role, SignedIn
from admin.services import Services
from admin.times import Wall
from infra.supabase import Refused
from infra.words import N_, _

AnyRequest = Request[Any, Any, Any]

DONE = {
    "invited": N_("Приглашение готово. Скопируйте ссылку и отправьте её человеку."),
    "revoked": N_("Приглашение отозвано, ссылка больше не действует."),
    "role": N_("Роль изменена."),
    "deactivated": N_("Доступ отключён. Чаты сотрудника остались за ним: назначьте им другого ответственного."),
    "activated": N_("Доступ включён."),
    "unlinked": N_("Telegram отвязан."),
}
GIVEN_BY: Mapping[Role, tuple[Role, ...]] = {
    "admin": ("accountant", "manager", "observer", "admin"),
    "manager": ("accountant", "observer"),
}


@get("/team")
async def show_team(
    request: AnyRequest,
    services: NamedDependency[SkipValidation[Services]],
    me: NamedDependency[SkipValidation[SignedIn]],
    done: FromQuery[str] = "",
) -> Response[Any]:
    """Show everybody."""
    return await team_page(request, services, me, note=DONE.get(done))


async def team_page(
    request: AnyRequest, services: Services, me: SignedIn, status: int = 200, **shown: Any
) -> Response[Any]:
    """Return the page, with what a form has to say. Raises `Refused` for those who run nobody."""
    if me.person.role not in GIVEN_BY:
        raise Refused("not_allowed", "42501")
    members, standing = await _read(me)
    context = {
        "me": me.person,
        "members": members,
        "standing": standing,
        "roles": [(role, _(word)) for role, word in ROLE_WORDS.items()],
        "roles_to_give": roles_to_give(me),
        "origin": services.settings.origin,
        "wall": Wall(request.cookies.get("zone"), datetime.now(UTC)),
        "note": None,
        "problem": None,
        "invite_problem": None,
        "typed": dict.fromkeys(("email", "full_name", "role", "telegram_username"), ""),
        **shown,
    }
    return Template("pages/team/page.html", context=context, status_code=status)


def roles_to_give(me: SignedIn) -> list[tuple[Role, str]]:
    """Return the roles that this person may invite to, with their words."""
    return [(role, _(ROLE_WORDS[role])) for role in GIVEN_BY.get(me.person.role, ())]


def words_of(refusal: Refused) -> str:
    """Return the sentence for a refusal that belongs beside its form; raises it when it has none."""
    if refusal.key not in KEYS:
        raise refusal
    return KEYS[refusal.key].advice


async def _read(me: SignedIn) -> tuple[list[Member], list[Standing]]:
    members = await me.database.read("team", ",".join(Member.model_fields), order="full_name")
    columns = ",".join(Standing.model_fields)
    standing = [
        row
        for state in ("live", "expired")
        for row in STANDING.validate_python(
            await me.database.read("staff_invitations", columns, order="full_name", state=state)
        )
    ]
    people = sorted(MEMBERS.validate_python(members), key=lambda member: not member.active)
    return people, standing
