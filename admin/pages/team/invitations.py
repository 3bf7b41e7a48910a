"""Inviting one person or a whole list, and taking an invitation back."""

from typing import Any
from uuid import UUID

import structlog
from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation, URLEncodedBody
from litestar.response import Template
from pydantic import Field

from admin.errors import advice_of
from admin.models import Frozen
from admin.pages.team.page import GIVEN_BY, roles_to_give, team_page
from admin.pages.team.roster import TEMPLATE, people_of
from admin.pages.team.rows import JUDGED, Asked, Judged
from admin.people import SignedIn, refuse_all_but
from admin.rendering import show
from admin.services import Services
from admin.sheets import decoded, written
from admin.throttling import MEDIUM
from admin.toasts import go
from infra.supabase import Refused
from infra.words import N_, _

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]

INVITED = N_("Приглашение готово. Скопируйте ссылку и отправьте её человеку.")


class InviteForm(Frozen):
    """What the browser sends, as it is typed: the database decides what may stand."""

    email: str = Field(max_length=1000)
    full_name: str = Field(max_length=1000)
    role: str = Field(max_length=20)
    telegram_username: str = Field(default="", max_length=100)


@post("/team/invitations", opt={"tier": MEDIUM})
async def invite(
    request: AnyRequest,
    services: NamedDependency[SkipValidation[Services]],
    me: NamedDependency[SkipValidation[SignedIn]],
    data: URLEncodedBody[InviteForm],
) -> Response[Any]:
    """Invite one person; asked again, the link is the same."""
    typed = data.model_dump()
    try:
        (row,) = await _invite(me, [typed], dry_run=False)
    except Refused as refusal:
        return await team_page(request, services, me, 422, typed=typed, invite_problem=advice_of(refusal))
    if row.reason:
        return await team_page(request, services, me, 422, typed=typed, invite_problem=row.words)
    log.info("people_invited", count=1, user_id=me.person.id)
    return go(f"{Asked.of(request).here}#invitations", _(INVITED))


@post("/team/invitations/{invitation:uuid}/revoke", opt={"tier": MEDIUM})
async def revoke_invitation(
    request: AnyRequest,
    services: NamedDependency[SkipValidation[Services]],
    me: NamedDependency[SkipValidation[SignedIn]],
    invitation: FromPath[UUID],
) -> Response[Any]:
    """Take an invitation back."""
    try:
        await me.database.call("revoke_invitation", invitation_id=str(invitation))
    except Refused as refusal:
        return await team_page(request, services, me, 409, problem=advice_of(refusal))
    log.info("invitation_revoked", invitation_id=invitation, user_id=me.person.id)
    return go(f"{Asked.of(request).here}#invitations", _("Приглашение отозвано, ссылка больше не действует."))


@get("/team/invitations/list")
async def show_list(request: AnyRequest, me: NamedDependency[SkipValidation[SignedIn]]) -> Response[Any]:
    """Show the form that takes a list."""
    return _list_page(request, me)


@get("/team/invitations/template")
async def show_list_template(me: NamedDependency[SkipValidation[SignedIn]]) -> Response[bytes]:
    """Send a file to fill in."""
    refuse_all_but(me, GIVEN_BY)
    return Response(
        written(TEMPLATE),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": 'attachment; filename="staff.csv"'},
    )


@post("/team/invitations/list", opt={"tier": MEDIUM})
async def invite_list(request: AnyRequest, me: NamedDependency[SkipValidation[SignedIn]]) -> Response[Any]:
    """Check a list row by row, then, sent again, invite all of it or nobody."""
    form = await request.form()
    default_role, file = str(form.get("role", "")), form.get("file")
    text = decoded(await file.read()) if isinstance(file, UploadFile) else ""
    text = text or str(form.get("list", ""))
    is_check = form.get("step") != "invite"
    people = people_of(text, default_role)
    shown = {"text": text, "default_role": default_role}
    try:
        judged = await _invite(me, people, dry_run=is_check)
    except Refused as refusal:
        return _list_page(request, me, 422, **shown, problem=advice_of(refusal))
    wrong = sum(row.reason is not None for row in judged)
    if wrong or is_check:
        return _list_page(request, me, 422 if wrong else 200, **shown, judged=judged, wrong=wrong)
    log.info("people_invited", count=len(judged), user_id=me.person.id)
    return go("/team#invitations", _(INVITED))


async def _invite(me: SignedIn, people: list[dict[str, str]], *, dry_run: bool) -> list[Judged]:
    return JUDGED.validate_python(await me.database.call("invite_staff", invitations=people, dry_run=dry_run))


def _list_page(request: AnyRequest, me: SignedIn, status: int = 200, **shown: Any) -> Template:
    refuse_all_but(me, GIVEN_BY)
    context = {
        "roles_to_give": roles_to_give(me),
        "text": "",
        "default_role": "accountant",
        "judged": None,
        "wrong": 0,
        "problem": None,
        **shown,
    }
    return show(request, me, "pages/team/list.html", status, **context)
