"""`/chats/new` and `/chats/links`: from a client to a link with its QR, and to the chat that it connects."""

import asyncio
from typing import Any
from uuid import UUID

import structlog
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery, SkipValidation, URLEncodedBody
from litestar.response import Template
from pydantic import AwareDatetime, Field, TypeAdapter

from admin.errors import advice_of
from admin.models import Chosen, Frozen
from admin.pages.chats.card import Card
from admin.pages.chats.offers import read_offers
from admin.people import ASKS, SignedIn
from admin.qr import picture_of
from admin.rendering import show
from admin.throttling import MEDIUM
from admin.toasts import go
from infra.supabase import Refused
from infra.words import _

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]
Me = NamedDependency[SkipValidation[SignedIn]]


class Joined(Frozen):
    """The chat that a link has connected."""

    id: UUID
    chat_name: str


class Link(Frozen):
    """A link that connects a group, as `private.invitation_card` describes it."""

    id: UUID
    token: str
    bot_username: str | None
    client: str | None
    accountant: str | None
    policy: str | None
    schedule: str | None
    sla_threshold_minutes: int | None
    chat_name: str | None
    expires_at: AwareDatetime
    used_at: AwareDatetime | None
    chat: Joined | None
    by: str | None

    @property
    def address(self) -> str:
        """What a group's administrator opens; nothing before the bot has ever been started."""
        return f"https://t.me/{self.bot_username}?startgroup={self.token}" if self.bot_username else ""

    @property
    def picture(self) -> str:
        """The address as a QR code, as an address of a picture."""
        return picture_of(self.address)

    @property
    def called(self) -> str:
        """What the group is called, as far as is known."""
        return self.chat_name or self.client or _("Без клиента")


class ConnectForm(Frozen):
    """What the wizard asks for; a name that is typed is a new client's."""

    client_id: Chosen = None
    client_name: str = Field(default="", max_length=1000)
    chat_name: str = Field(default="", max_length=1000)
    accountant_id: Chosen = None
    policy_id: Chosen = None
    schedule_id: Chosen = None


_LINKS = TypeAdapter(list[Link])


@get("/chats/new", opt=ASKS)
async def show_wizard(
    request: AnyRequest, me: Me, client: FromQuery[UUID | None] = None, find: FromQuery[str] = ""
) -> Template:
    """Ask whose the group will be, who answers there and by what it is measured; `find` looks for the client."""
    return await _wizard(request, me, ConnectForm(client_id=client), find=find[:200])


@post("/chats/new", opt={"tier": MEDIUM})
async def make_link(request: AnyRequest, me: Me, data: URLEncodedBody[ConnectForm]) -> Response[Any]:
    """Make the link; asked again for the same, it is the same."""
    try:
        made: Any = await me.database.call("invite_chat", **data.model_dump(mode="json"))
    except Refused as refusal:
        return await _wizard(request, me, data, 422, problem=advice_of(refusal))
    log.info("chat_link_made", invitation_id=made["id"], user_id=me.person.id)
    return go(f"/chats/links/{made['id']}", _("Ссылка готова"))


@get("/chats/links", opt=ASKS)
async def show_links(request: AnyRequest, me: Me) -> Template:
    """Show the links that are open."""
    links = _LINKS.validate_python(await me.database.call("chat_links"))
    return show(request, me, "pages/chats/links.html", links=links)


@get("/chats/links/{link_id:uuid}", opt=ASKS)
async def show_link(request: AnyRequest, me: Me, link_id: FromPath[UUID]) -> Template:
    """Show one: the link and its QR, and once the bot has come, the chat and what is amiss there."""
    return await _link_page(request, me, link_id, "pages/chats/link.html")


@get("/chats/links/{link_id:uuid}/state", opt=ASKS)
async def show_link_state(request: AnyRequest, me: Me, link_id: FromPath[UUID]) -> Template:
    """Show what has become of it, for the open page that asks again."""
    return await _link_page(request, me, link_id, "pages/chats/_link.html")


@post("/chats/links/{link_id:uuid}/revoke", opt={"tier": MEDIUM})
async def revoke_link(me: Me, link_id: FromPath[UUID]) -> Response[Any]:
    """Take it back."""
    await me.database.call("revoke_chat_link", id=str(link_id))
    log.info("chat_link_revoked", invitation_id=str(link_id), user_id=me.person.id)
    return go("/chats/links", _("Ссылка отозвана и больше не действует"))


async def _wizard(
    request: AnyRequest,
    me: SignedIn,
    typed: ConnectForm,
    status: int = 200,
    *,
    find: str = "",
    problem: str | None = None,
) -> Template:
    offers = await read_offers(me, find, typed.client_id)
    return show(request, me, "pages/chats/connect.html", status, offers=offers, typed=typed, problem=problem)


async def _link_page(request: AnyRequest, me: SignedIn, link_id: UUID, name: str) -> Template:
    found, offers = await asyncio.gather(me.database.call("chat_links", id=str(link_id)), read_offers(me))
    links = _LINKS.validate_python(found)
    if not links:
        raise NotFoundException
    (link,) = links
    card = Card.model_validate(await me.database.call("chat_card", id=str(link.chat.id))) if link.chat else None
    return show(request, me, name, link=link, card=card, offers=offers)
