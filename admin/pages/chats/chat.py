"""`/chats/<id>`: what is amiss and what mends it, what is set, who is in it, and everything that was written there."""

from typing import Any, Literal
from urllib.parse import urlencode
from uuid import UUID

import structlog
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, SkipValidation, URLEncodedBody
from litestar.response import Template
from pydantic import AwareDatetime, Field, field_validator

from admin.effects import Effect
from admin.errors import advice_of
from admin.keyset import MOST, Cursor, Whole
from admin.models import Chosen, Frozen
from admin.pages.chats.card import LOCALES, RECEIPTS, Card, Edge, Offers, Talk
from admin.pages.chats.offers import read_offers
from admin.people import ASKS, MANAGERS, SignedIn
from admin.rendering import show
from admin.throttling import MEDIUM
from admin.toasts import go
from infra.supabase import Refused
from infra.words import N_, _

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]
Me = NamedDependency[SkipValidation[SignedIn]]

# What one click mends, as the change that it is, and what is said when it is done.
ACTS: dict[str, tuple[dict[str, bool], str]] = {
    "watch": ({"monitoring_enabled": True}, N_("Наблюдение включено")),
    "trust": ({"anonymous_staff": True}, N_("Кто пишет от имени группы, теперь считается сотрудником")),
    "delete": ({"is_deleted": True}, N_("Чат удалён из списков. Вернуть его можно на этой странице")),
    "restore": ({"is_deleted": False}, N_("Чат возвращён")),
}


class SettingsForm(Frozen):
    """What can be set of a chat, as it is typed; nothing chosen is the firm's usual."""

    client_id: UUID | None = None
    assigned_accountant_id: UUID | None = None
    policy_id: UUID | None = None
    schedule_id: UUID | None = None
    sla_threshold_minutes: int | None = Field(default=None, ge=1, le=10_080)
    monitoring_enabled: bool = False
    anonymous_staff: bool = False
    locale: Literal["ru", "en"] | None = None
    receipts: Literal["off", "reaction", "text"] = "off"
    off_hours_reply: bool | None = None
    is_seen: bool = False
    """The effect was shown, and is wanted."""

    @field_validator("*", mode="before")
    @classmethod
    def _nothing(cls, typed: Any) -> Any:
        return None if typed == "" else typed

    @property
    def changes(self) -> dict[str, Any]:
        """What `api.change_chat` takes."""
        return self.model_dump(mode="json", exclude={"is_seen"})


class ActForm(Frozen):
    """One click; `key` is the person or the client that was chosen with it."""

    act: Literal["watch", "trust", "delete", "restore", "assign", "connect", "ask", "spare"]
    key: Chosen = None


@get("/chats/{chat_id:uuid}", opt=ASKS)
async def show_chat(
    request: AnyRequest,
    me: Me,
    chat_id: FromPath[UUID],
    q: FromQuery[str] = "",
    before: FromQuery[str] = "",
    find: FromQuery[str] = "",
) -> Template:
    """Show one; another's answers as one that does not exist. `find` is what a client is looked for by."""
    edge = Cursor.place(before, at=AwareDatetime, id=Whole)
    return await chat_page(request, me, chat_id, words=q[:200], before=edge or None, find=find[:200])


@get("/chats/{chat_id:uuid}/health", opt=ASKS)
async def show_health(request: AnyRequest, me: Me, chat_id: FromPath[UUID], find: FromQuery[str] = "") -> Template:
    """Show its lights, for the open page that asks for them again."""
    card = await _card(me, chat_id)
    offers = await _offers_of(me, find[:200], card)
    return show(request, me, "pages/chats/_health.html", card=card, offers=offers)


@post("/chats/{chat_id:uuid}", opt={"tier": MEDIUM})
async def change_chat(
    request: AnyRequest, me: Me, chat_id: FromPath[UUID], data: URLEncodedBody[SettingsForm]
) -> Response[Any]:
    """Store what was set; what that does to those who wait is shown first, and stored when it is wanted."""
    try:
        effect = await _change(me, chat_id, data.changes, dry_run=not data.is_seen)
        if not data.is_seen and not effect.sentences:
            await _change(me, chat_id, data.changes, dry_run=False)
    except Refused as refusal:
        return await chat_page(request, me, chat_id, 422, typed=data, problem=advice_of(refusal, "unknown_chat"))
    if effect.sentences and not data.is_seen:
        return await chat_page(request, me, chat_id, typed=data, effect=effect)
    log.info("chat_changed", chat_id=str(chat_id), user_id=me.person.id)
    return go(f"/chats/{chat_id}", _("Сохранено"))


@post("/chats/{chat_id:uuid}/act", opt={"tier": MEDIUM})
async def act_on_chat(
    request: AnyRequest, me: Me, chat_id: FromPath[UUID], data: URLEncodedBody[ActForm]
) -> Response[Any]:
    """Mend one thing with one click."""
    try:
        said = await _act(me, chat_id, data)
    except Refused as refusal:
        return await chat_page(request, me, chat_id, 422, problem=advice_of(refusal, "unknown_chat"))
    log.info("chat_mended", chat_id=str(chat_id), user_id=me.person.id, act=data.act)
    return go(f"/chats/{chat_id}", said)


async def chat_page(request: AnyRequest, me: SignedIn, chat_id: UUID, status: int = 200, **shown: Any) -> Template:
    """Return the page, with what a form has to say."""
    words, before, find = shown.pop("words", ""), shown.pop("before", None), shown.pop("find", "")
    chosen: UUID | None = shown["typed"].client_id if "typed" in shown else None
    asked = {"words": words, "before": before, "client_words": find, "clients": [str(chosen)] if chosen else []}
    found: Any = await me.database.call("chat_page", chat=str(chat_id), **asked)
    card, told = Card.model_validate(found["card"]), Talk.model_validate(found["talk"])
    context = {
        "card": card,
        "offers": Offers.model_validate({**found["offers"], "words": find}) if found["offers"] else None,
        "talk": told,
        "words": words,
        "is_first": before is None,
        "more_path": _more(chat_id, words, told.next),
        "typed": SettingsForm.model_validate(card.chat.model_dump(include=set(SettingsForm.model_fields))),
        "effect": None,
        "problem": None,
        "receipts": RECEIPTS,
        "most": MOST,
        "locales": LOCALES,
        **shown,
    }
    return show(request, me, "pages/chats/chat.html", status, **context)


async def _offers_of(me: SignedIn, find: str, card: Card) -> Offers | None:
    """Return what the reader may choose for a chat; nothing for who changes none."""
    if me.person.role not in MANAGERS:
        return None
    return await read_offers(me, find, card.client.id if card.client else None)


async def _card(me: SignedIn, chat_id: UUID) -> Card:
    return Card.model_validate(await me.database.call("chat_card", id=str(chat_id)))


async def _change(me: SignedIn, chat_id: UUID, changes: dict[str, Any], *, dry_run: bool) -> Effect:
    effect = await me.database.call("change_chat", id=str(chat_id), changes=changes, dry_run=dry_run)
    return Effect.model_validate(effect)


async def _act(me: SignedIn, chat_id: UUID, form: ActForm) -> str:
    if form.act == "connect":
        await me.database.call("adopt_chat", id=str(chat_id), client_id=form.key and str(form.key))
        return _("Чат подключён")
    if form.act == "assign":
        if form.key is None:
            raise Refused("unknown_person", "PT422")
        await _change(me, chat_id, {"assigned_accountant_id": str(form.key)}, dry_run=False)
        return _("Ответственный назначен")
    if form.act in {"ask", "spare"}:
        await me.database.call("set_asked_for_ratings", chat=str(chat_id), asked=form.act == "ask")
        return _("Опросы сюда приходят") if form.act == "ask" else _("Опросы сюда больше не приходят")
    changes, said = ACTS[form.act]
    await _change(me, chat_id, changes, dry_run=False)
    return _(said)


def _more(chat_id: UUID, words: str, edge: Edge | None) -> str | None:
    if edge is None:
        return None
    return f"/chats/{chat_id}?{urlencode({'q': words, 'before': Cursor.write([edge.at, edge.id])})}#talk"
