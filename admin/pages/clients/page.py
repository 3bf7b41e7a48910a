"""`/clients`: who they are, by level and segment, with their chats and who waits."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import structlog
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, SkipValidation, URLEncodedBody
from litestar.response import Template
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from admin.errors import KEYS
from admin.keyset import PAGE, Cursor, cut
from admin.people import SignedIn
from admin.rendering import show
from admin.throttling import MEDIUM
from admin.tiers import TIERS, Tier, tier_word
from admin.toasts import go
from infra.supabase import Refused
from infra.words import _

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]
Me = NamedDependency[SkipValidation[SignedIn]]


class Segment(BaseModel):
    """A group of chats that the reader may narrow the list to."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    id: UUID
    name: str


class Listed(BaseModel):
    """A row of `api.list_clients`."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    id: UUID
    name: str
    tier: Tier
    erased_at: AwareDatetime | None
    chats: int
    chat_names: list[str]
    segments: list[str]
    waiting: int

    @property
    def tier_word(self) -> str:
        """The tier in words."""
        return tier_word(self.tier)


class Found(BaseModel):
    """What `api.list_clients` answers."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    total: int
    rows: list[Listed]
    segments: list[Segment]


class Filters(BaseModel):
    """What the address narrows the list to."""

    model_config = ConfigDict(frozen=True)

    q: str = ""
    tier: Tier | None = None
    segment: UUID | None = None

    def path(self, **more: Any) -> str:
        """Return the address of the list with these filters, and more."""
        values = {name: value for name, value in {**self.model_dump(), **more}.items() if value}
        return "/clients" + (f"?{urlencode(values)}" if values else "")


class NewClient(BaseModel):
    """The form: a name."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    name: str = Field(default="", max_length=1000)


class _Last(BaseModel):
    erased: bool
    name: str
    id: UUID


@get("/clients")
async def show_clients(request: AnyRequest, me: Me, after: FromQuery[str] = "") -> Template:
    """Show a page of the clients of the reader."""
    return await _page(request, me, after=after)


@post("/clients", opt={"tier": MEDIUM})
async def add_client(request: AnyRequest, me: Me, data: URLEncodedBody[NewClient]) -> Response[Any]:
    """Make a client; one so called already is the one that is opened."""
    try:
        made: Any = await me.database.call("add_client", name=data.name)
    except Refused as refusal:
        if refusal.key != "client_name_is_wrong":
            raise
        return await _page(request, me, 422, typed=data.name, problem=_(KEYS[refusal.key].advice))
    log.info("client_added", client_id=made, user_id=me.person.id)
    return go(f"/clients/{UUID(made)}", _("Клиент заведён"))


async def _page(request: AnyRequest, me: SignedIn, status: int = 200, *, after: str = "", **shown: Any) -> Template:
    filters = _filters(request)
    answer = await me.database.call(
        "list_clients",
        words=filters.q,
        tier=filters.tier,
        segment_id=str(filters.segment) if filters.segment else None,
        after=_last(after),
        most=PAGE + 1,
    )
    found = Found.model_validate(answer)
    rows, going_on = cut(found.rows, lambda row: (int(row.erased_at is not None), row.name, row.id))
    context = {
        "found": found,
        "rows": rows,
        "filters": filters,
        "tiers": TIERS,
        "more_path": filters.path(after=going_on) if going_on else None,
        "typed": "",
        "problem": None,
        **shown,
    }
    return show(request, me, "pages/clients/page.html", status, **context)


def _filters(request: AnyRequest) -> Filters:
    """Read the address; what nobody offers is no filter."""
    typed = {
        name: value[:200] for name, value in request.query_params.items() if value and name in Filters.model_fields
    }
    while True:
        try:
            return Filters.model_validate(typed)
        except ValidationError as error:
            for problem in error.errors():
                typed.pop(str(problem["loc"][0]), None)


def _last(after: str) -> dict[str, Any] | None:
    values = Cursor.read(after) or []
    try:
        return _Last.model_validate(dict(zip(_Last.model_fields, values, strict=False))).model_dump(mode="json")
    except ValidationError:
        return None
