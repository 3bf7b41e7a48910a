"""`/policies/<id>`: targets and ladder, tried on paper first, and what each version said."""

import asyncio
from typing import Any
from uuid import UUID

import structlog
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery, SkipValidation, URLEncodedBody
from litestar.response import Template

from admin.effects import Effect
from admin.errors import advice_of
from admin.models import Frozen, Tried
from admin.pages.policies import words
from admin.pages.policies.ladder import FRESH, PolicyForm, form_of, named
from admin.pages.policies.rows import RESOLVER_WORDS, Page, Trial
from admin.people import ADMINS, ASKS, MANAGERS, SignedIn, refuse_all_but
from admin.rendering import show
from admin.throttling import MEDIUM
from admin.tiers import TIERS
from admin.times import Wall
from admin.toasts import go
from infra.supabase import Refused
from infra.words import _

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]
Me = NamedDependency[SkipValidation[SignedIn]]

# Beside which field a refusal stands; the rest is about the ladder.
FIELDS = {
    "policy_has_no_name": "name",
    "policy_name_taken": "name",
    "tier_has_a_policy": "tier",
    "tier_is_known": "tier",
    "target_is_between_a_minute_and_a_week": "target",
    "warning_comes_before_the_deadline": "warn",
}


class Bringing(Frozen):
    """How many open windows there are to bring to a version, and what that moves."""

    windows: int
    moved: Effect


@get("/policies/{policy_id:uuid}", opt=ASKS)
async def show_policy(
    request: AnyRequest, me: Me, policy_id: FromPath[UUID], chat: FromQuery[str] = "", at: FromQuery[str] = ""
) -> Template:
    """Show a policy; with a chat and an hour, what it would make of a message."""
    tried, page = await asyncio.gather(_try(me, policy_id, chat, at), _read(me, policy_id))
    return _show(request, me, page, status=422 if "trial_problem" in tried else 200, **tried)


@get("/policies/new")
async def show_new_policy(request: AnyRequest, me: Me) -> Template:
    """Show the form, filled in as the firm usually does."""
    return await _new(request, me, FRESH)


@post("/policies/new", opt={"tier": MEDIUM})
async def add_policy(request: AnyRequest, me: Me, data: URLEncodedBody[PolicyForm]) -> Response[Any]:
    """Make a policy, or carry out a button of its ladder."""
    if data.is_edit:
        return await _new(request, me, data)
    try:
        saved: Any = await _save(me, None, data, dry_run=False)
    except Refused as refusal:
        return await _new(request, me, data, status=422, problem=_problem(refusal))
    log.info("policy_added", policy_id=saved["policy_id"], user_id=me.person.id)
    return go(f"/policies/{saved['policy_id']}", _("Политика создана."))


@post("/policies/{policy_id:uuid}", opt={"tier": MEDIUM})
async def save_policy(
    request: AnyRequest, me: Me, policy_id: FromPath[UUID], data: URLEncodedBody[PolicyForm]
) -> Response[Any]:
    """Show what the policy as typed would do to open windows, or save it."""
    if data.is_edit:
        return await _page(request, me, policy_id, form=data)
    try:
        answer = await _save(me, policy_id, data, dry_run=data.is_preview)
    except Refused as refusal:
        return await _page(request, me, policy_id, status=422, form=data, problem=_problem(refusal))
    if data.is_preview:
        return await _page(request, me, policy_id, form=data, effect=Bringing.model_validate(answer))
    log.info("policy_saved", policy_id=policy_id, user_id=me.person.id)
    return go(f"/policies/{policy_id}", _("Политика сохранена. Новые обращения пойдут по ней."))


@post("/policies/{policy_id:uuid}/apply", opt={"tier": MEDIUM})
async def apply_policy(
    request: AnyRequest, me: Me, policy_id: FromPath[UUID], data: URLEncodedBody[Tried]
) -> Response[Any]:
    """Show what bringing the open windows to the current version would move, or bring them."""
    told = Bringing.model_validate(
        await me.database.call("bring_to_policy", policy_id=str(policy_id), dry_run=data.is_preview)
    )
    if data.is_preview:
        return await _page(request, me, policy_id, applying=told)
    log.info("policy_applied", policy_id=policy_id, moved=told.moved.moved, user_id=me.person.id)
    return go(f"/policies/{policy_id}", _("Применено к открытым обращениям.") + " " + told.moved.summary)


async def _try(me: SignedIn, policy_id: UUID, chat: str, at: str) -> dict[str, Any]:
    tried = {"tried_chat": chat, "tried_at": at}
    if not chat:
        return tried
    try:
        found = await me.database.call("try_policy", policy_id=str(policy_id), chat=chat, said_at=at)
    except Refused as refusal:
        problem = _("Выберите чат, день и час.")
        if refusal.key != "unknown_chat":
            problem = advice_of(refusal, "unknown_policy", malformed=problem)
        return {**tried, "trial_problem": problem}
    return {**tried, "trial": Trial.model_validate(found)}


async def _save(me: SignedIn, policy_id: UUID | None, form: PolicyForm, *, dry_run: bool) -> Any:
    name = str(policy_id) if policy_id else None
    return await me.database.call("save_policy", policy_id=name, **form.arguments(), dry_run=dry_run)


def _problem(refusal: Refused) -> tuple[str, str]:
    """Return field and sentence of a refusal; raises it when it belongs beside no field."""
    return FIELDS.get(refusal.key, "ladder"), advice_of(refusal, "unknown_policy")


async def _new(request: AnyRequest, me: SignedIn, form: PolicyForm, *, status: int = 200, **shown: Any) -> Template:
    refuse_all_but(me, ADMINS)
    found: Any = await me.database.read("users", "id,full_name,active,role", order="full_name")
    people = {one["id"]: one["full_name"] or "" for one in found if one["active"] and one["role"] != "observer"}
    return show(request, me, "pages/policies/new.html", status, **{**_editor(form, people), "tiers": {}, **shown})


def _editor(form: PolicyForm, people: dict[str, str]) -> dict[str, Any]:
    """Return what the form's template needs."""
    known = named(form.rungs, form)
    return {
        "form": form,
        "rungs": form.rungs,
        "words": words,
        "people": people,
        "resolvers": {name: _(word) for name, word in RESOLVER_WORDS.items()},
        "named": [one for one in known if one not in RESOLVER_WORDS],
        "tier_words": {name: _(word) for name, word in TIERS.items()},
        **dict.fromkeys(("problem", "effect")),
    }


async def _read(me: SignedIn, policy_id: UUID) -> Page:
    found = await me.database.call("policy_page", policy_id=str(policy_id))
    if found is None:
        raise NotFoundException
    return Page.model_validate(found)


async def _page(request: AnyRequest, me: SignedIn, policy_id: UUID, *, status: int = 200, **shown: Any) -> Template:
    return _show(request, me, await _read(me, policy_id), status=status, **shown)


def _show(request: AnyRequest, me: SignedIn, page: Page, *, status: int, **shown: Any) -> Template:
    form = shown.pop("form", None) or form_of(page.policy)
    context = {
        **_editor(form, {str(one.id): one.name for one in page.people if one.active}),
        "page": page,
        "policy": page.policy,
        "tiers": page.tiers,
        "everybody": {str(one.id): one.name for one in page.people},
        "may_edit": me.person.role in ADMINS,
        "may_try": me.person.role in MANAGERS,
        "wall_of": Wall,
        **dict.fromkeys(("applying", "trial", "trial_problem", "tried_chat", "tried_at")),
        **shown,
    }
    return show(request, me, "pages/policies/policy.html", status, **context)
