"""`/team`: the people of the firm, who is invited, and what an admin may change."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.response import Template

from admin.keyset import PAGE, Cursor, cut
from admin.pages.team.rows import STANDING, WHO_WORDS, Asked, Found, Standing
from admin.people import ASKS, ROLE_WORDS, Role, SignedIn, refuse_all_but
from admin.rendering import show
from admin.services import Services
from infra.words import _

AnyRequest = Request[Any, Any, Any]

GIVEN_BY: Mapping[Role, tuple[Role, ...]] = {
    "admin": ("accountant", "manager", "observer", "admin"),
    "manager": ("accountant", "observer"),
}


@get("/team", opt=ASKS)
async def show_team(
    request: AnyRequest,
    services: NamedDependency[SkipValidation[Services]],
    me: NamedDependency[SkipValidation[SignedIn]],
) -> Template:
    """Show a page of the people."""
    return await team_page(request, services, me)


async def team_page(request: AnyRequest, services: Services, me: SignedIn, status: int = 200, **shown: Any) -> Template:
    """Return the page, with what a form has to say. Raises `Refused` for those who run nobody."""
    refuse_all_but(me, GIVEN_BY)
    asked = Asked.of(request)
    found, standing = await _read(me, asked)
    rows, going_on = cut(found.rows, lambda row: (int(not row.active), row.full_name, row.id))
    context = {
        "asked": asked,
        "found": found,
        "members": rows,
        "more_path": asked.address("/team", after=going_on) if going_on else None,
        "standing": standing,
        "who_words": WHO_WORDS,
        "roles": [(role, _(word)) for role, word in ROLE_WORDS.items()],
        "roles_to_give": roles_to_give(me),
        "origin": services.settings.origin,
        "problem": None,
        "invite_problem": None,
        "typed": dict.fromkeys(("email", "full_name", "role", "telegram_username"), ""),
        **shown,
    }
    return show(request, me, "pages/team/page.html", status, **context)


def roles_to_give(me: SignedIn) -> list[tuple[Role, str]]:
    """Return the roles that this person may invite to, with their words."""
    return [(role, _(ROLE_WORDS[role])) for role in GIVEN_BY.get(me.person.role, ())]


async def _read(me: SignedIn, asked: Asked) -> tuple[Found, list[Standing]]:
    columns = ",".join(Standing.model_fields)
    after = Cursor.place(asked.after, inactive=bool, name=str, id=UUID) or None
    found, standing = await asyncio.gather(
        me.database.call("list_team", words=asked.q, who=asked.who, after=after, most=PAGE + 1),
        me.database.read("staff_invitations", columns, order="full_name", state=("live", "expired")),
    )
    invited = sorted(STANDING.validate_python(standing), key=lambda one: one.state != "live")
    return Found.model_validate(found), invited
