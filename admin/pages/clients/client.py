"""`/clients/<id>`: one client, its chats and level; and the taking out and erasing of all that is stored."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote
from uuid import UUID

import structlog
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation, URLEncodedBody
from litestar.response import Stream, Template
from pydantic import AwareDatetime, Field

from admin.effects import Effect
from admin.errors import advice_of
from admin.figures.month import Month
from admin.models import Frozen
from admin.pages.clients.chats import Chat
from admin.people import ASKS, SignedIn
from admin.rendering import show
from admin.throttling import LOW, MEDIUM
from admin.tiers import TIERS, Tier, tier_word
from admin.toasts import go
from infra.client_archive import Archive, open_archive
from infra.supabase import Refused, Unavailable
from infra.words import N_, _

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]
Me = NamedDependency[SkipValidation[SignedIn]]

NAME_DIFFERS = N_("Название не совпадает: ничего не удалено. Введите его точно так, как оно написано на этой странице.")


class Client(Frozen):
    """The client's own row."""

    id: UUID
    name: str
    tier: Tier
    erased_at: AwareDatetime | None

    @property
    def tier_word(self) -> str:
        """The tier in words."""
        return tier_word(self.tier)


class Card(Frozen):
    """What `api.client_card` answers."""

    client: Client
    chats: list[Chat]
    unbound: list[Chat]
    segments: list[str]
    known_segments: list[str]
    figures: Month


class ClientForm(Frozen):
    """What can be set of a client; segments as a person lists them."""

    name: str = Field(default="", max_length=1000)
    tier: str = Field(default="", max_length=20)
    segments: str = Field(default="", max_length=5000)
    is_seen: bool = False
    """The effect was shown, and is wanted."""

    @property
    def names(self) -> list[str]:
        """The names of the segments."""
        return [name.strip() for name in self.segments.split(",") if name.strip()]


class BindForm(Frozen):
    """The form: a chat that nobody's is."""

    chat: UUID


class Erasure(Frozen):
    """The form: the client's name, typed once more."""

    name: str = Field(default="", max_length=1000)


@get("/clients/{client_id:uuid}", opt=ASKS)
async def show_client(request: AnyRequest, me: Me, client_id: FromPath[UUID]) -> Template:
    """Show one; whoever may not see it is told what anybody is told of a client that does not exist."""
    return await _page(request, me, client_id)


@post("/clients/{client_id:uuid}", opt={"tier": MEDIUM})
async def change_client(
    request: AnyRequest, me: Me, client_id: FromPath[UUID], data: URLEncodedBody[ClientForm]
) -> Response[Any]:
    """Store what was set; what another level does to those who wait is shown first, and stored when it is wanted."""
    try:
        effect = await _change(me, client_id, data, dry_run=not data.is_seen)
        if not data.is_seen and not effect.sentences:
            await _change(me, client_id, data, dry_run=False)
    except Refused as refusal:
        problem = advice_of(refusal, "client_not_found")
        return await _page(request, me, client_id, 422, typed=data, change_problem=problem)
    if effect.sentences and not data.is_seen:
        return await _page(request, me, client_id, typed=data, effect=effect)
    log.info("client_changed", client_id=str(client_id), user_id=me.person.id)
    return go(f"/clients/{client_id}", _("Сохранено"))


@post("/clients/{client_id:uuid}/chats", opt={"tier": MEDIUM})
async def bind_chat(me: Me, client_id: FromPath[UUID], data: URLEncodedBody[BindForm]) -> Response[Any]:
    """Say that a chat is this client's."""
    await me.database.call("change_chat", id=str(data.chat), changes={"client_id": str(client_id)})
    log.info("chat_bound", chat_id=str(data.chat), client_id=str(client_id), user_id=me.person.id)
    return go(f"/clients/{client_id}", _("Чат привязан к клиенту"))


@post("/clients/{client_id:uuid}/export", status_code=200, opt={"tier": LOW, "compressed": True})
async def export_client(me: Me, client_id: FromPath[UUID]) -> Stream:
    """Send all that is stored, piece by piece; refused before the first."""
    archive = await open_archive(me.database, client_id)
    log.info("client_exported", client_id=str(client_id), user_id=str(me.person.id))
    file = quote(f"{archive.name}.zip", safe="")
    return Stream(
        _noted(archive, client_id),
        media_type="application/zip",
        headers={"content-disposition": f"attachment; filename=\"client.zip\"; filename*=UTF-8''{file}"},
    )


@post("/clients/{client_id:uuid}/erase", opt={"tier": LOW})
async def erase_client(
    request: AnyRequest, me: Me, client_id: FromPath[UUID], data: URLEncodedBody[Erasure]
) -> Response[Any]:
    """Have everything personal of a client whose name was typed erased."""
    try:
        task: Any = await me.database.call("queue_erasure", client_id=str(client_id), confirmation=data.name)
    except Refused as refusal:
        if refusal.key != "name_differs":
            raise
        return await _page(request, me, client_id, status=422, problem=_(NAME_DIFFERS))
    log.info("client_erasure_queued", client_id=str(client_id), task_id=task, user_id=str(me.person.id))
    return go(f"/tasks/{UUID(task)}", _("Началось. Страницу можно закрыть"))


async def _noted(archive: Archive, client_id: UUID) -> AsyncIterator[bytes]:
    """Pass the pieces on; one that cannot be made leaves half a file, which no program opens, and a line in the log."""
    try:
        async for piece in archive.pieces:
            yield piece
    except (Refused, Unavailable) as error:
        log.warning("export_cut_off", client_id=str(client_id), reason=type(error).__name__)
        raise


async def _change(me: SignedIn, client_id: UUID, form: ClientForm, *, dry_run: bool) -> Effect:
    effect = await me.database.call(
        "change_client", id=str(client_id), name=form.name, tier=form.tier, segments=form.names, dry_run=dry_run
    )
    return Effect.model_validate(effect)


async def _page(request: AnyRequest, me: SignedIn, client_id: UUID, status: int = 200, **shown: Any) -> Template:
    card = Card.model_validate(await me.database.call("client_card", id=str(client_id)))
    known = card.client
    context = {
        "card": card,
        "client": known,
        "typed": ClientForm(name=known.name, tier=known.tier, segments=", ".join(card.segments)),
        "tiers": TIERS,
        "effect": None,
        "problem": None,
        "change_problem": None,
        **shown,
    }
    return show(request, me, "pages/clients/client.html", status, **context)
