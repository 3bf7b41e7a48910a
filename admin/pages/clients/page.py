"""`/clients` and `/clients/<id>`: who they are, their chats, and the taking out and erasing of all that is stored."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import quote
from uuid import UUID

import structlog
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, SkipValidation, URLEncodedBody
from litestar.response import Redirect, Stream, Template
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

from admin.people import SignedIn
from admin.throttling import LOW
from admin.times import Wall
from infra.client_archive import Archive, open_archive
from infra.supabase import Refused, Unavailable, open_http

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]
Me = NamedDependency[SkipValidation[SignedIn]]

# As many as a page can show; a firm has hundreds.
LIMIT = 1000
# Erasing is one statement: seconds for a client of years.
ERASURE_SECONDS = 300

TIER_WORDS = {"basic": "Базовый", "standard": "Стандарт", "vip": "VIP", "premium": "Премиум"}
NAME_DIFFERS = "Название не совпадает: ничего не удалено. Введите его точно так, как оно написано на этой странице."
UNFINISHED = "Ответа ещё нет: данных много. Обновите страницу через минуту и посмотрите, стёрты ли они."


class Client(BaseModel):
    """A row of `api.clients`."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    id: UUID
    name: str
    tier: Literal["basic", "standard", "vip", "premium"]
    erased_at: AwareDatetime | None
    chat_names: list[str]
    open_requests: int

    @property
    def tier_word(self) -> str:
        """The tier in Russian."""
        return TIER_WORDS[self.tier]


class Chat(BaseModel):
    """A row of `api.chats`, as far as a client's page shows it."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    id: UUID
    chat_name: str
    monitoring_enabled: bool
    deleted_at: AwareDatetime | None

    @property
    def state_word(self) -> str:
        """Whether somebody watches it, in Russian."""
        if self.deleted_at:
            return "удалён"
        return "под наблюдением" if self.monitoring_enabled else "не отслеживается"


class Erasure(BaseModel):
    """The form: the client's name, typed once more."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    name: str = Field(default="", max_length=1000)


_CLIENTS = TypeAdapter(list[Client])
_CHATS = TypeAdapter(list[Chat])


@get("/clients")
async def show_clients(me: Me) -> Template:
    """Show the clients of the reader."""
    found = await me.database.read("clients", ",".join(Client.model_fields), order="name,id", limit=LIMIT)
    return Template(
        "pages/clients/page.html",
        context={"me": me.person, "clients": _CLIENTS.validate_python(found), "limit": LIMIT},
    )


@get("/clients/{client_id:uuid}")
async def show_client(request: AnyRequest, me: Me, client_id: FromPath[UUID]) -> Response[Any]:
    """Show one; whoever may not see it is told what anybody is told of a client that does not exist."""
    return await _page(request, me, client_id)


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
    """Erase everything personal of a client whose name was typed."""
    try:
        async with open_http(ERASURE_SECONDS) as patient:
            await me.database.over(patient).call("erase_client", client_id=str(client_id), confirmation=data.name)
    except Refused as refusal:
        if refusal.key != "name_differs":
            raise
        return await _page(request, me, client_id, status=422, problem=NAME_DIFFERS)
    except Unavailable:
        log.warning("client_erasure_unknown", client_id=str(client_id))
        return await _page(request, me, client_id, status=503, problem=UNFINISHED)
    log.info("client_erased", client_id=str(client_id), user_id=str(me.person.id))
    return Redirect(f"/clients/{client_id}", status_code=303)


async def _noted(archive: Archive, client_id: UUID) -> AsyncIterator[bytes]:
    """Pass the pieces on; one that cannot be made leaves half a file, which no program opens, and a line in the log."""
    try:
        async for piece in archive.pieces:
            yield piece
    except (Refused, Unavailable) as error:
        log.warning("export_cut_off", client_id=str(client_id), reason=type(error).__name__)
        raise


async def _page(
    request: AnyRequest, me: SignedIn, client_id: UUID, *, status: int = 200, problem: str | None = None
) -> Response[Any]:
    found = await me.database.read("clients", ",".join(Client.model_fields), id=str(client_id))
    clients = _CLIENTS.validate_python(found)
    if not clients:
        raise NotFoundException
    chats = await me.database.read("chats", ",".join(Chat.model_fields), order="chat_name,id", client_id=str(client_id))
    context = {
        "me": me.person,
        "client": clients[0],
        "chats": _CHATS.validate_python(chats),
        "problem": problem,
        "wall": Wall(request.cookies.get("zone"), datetime.now(UTC)),
    }
    return Template("pages/clients/client.html", context=context, status_code=status)
