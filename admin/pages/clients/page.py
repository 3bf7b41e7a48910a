"""`/clients`: who they are, by level and segment, with their chats and who waits."""

from typing import Any
from uuid import UUID

import structlog
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import SkipValidation, URLEncodedBody
from litestar.response import Template
from pydantic import AwareDatetime, Field

from admin.errors import advice_of
from admin.filters import Filters
from admin.keyset import PAGE, Cursor, cut
from admin.models import Frozen
from admin.people import ASKS, SignedIn
from admin.rendering import show
from admin.throttling import MEDIUM
from admin.tiers import TIERS, Tier, tier_word
from admin.toasts import go
from infra.supabase import Refused
from infra.words import _

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]
Me = NamedDependency[SkipValidation[SignedIn]]


class Segment(Frozen):
    """A group of chats that the reader may narrow the list to."""

    id: UUID
    name: str


class Listed(Frozen):
    """A row of `api.list_clients`."""

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


class Found(Frozen):
    """What `api.list_clients` answers."""

    total: int
    rows: list[Listed]
    segments: list[Segment]


class Asked(Filters):
    """The filters of the list."""

    q: str = Field(default="", max_length=200)
    tier: Tier | None = None
    segment: UUID | None = None


class NewClient(Frozen):
    """The form: a name."""

    name: str = Field(default="", max_length=1000)


@get("/clients", opt=ASKS)
async def show_clients(request: AnyRequest, me: Me) -> Template:
    """Show a page of the clients of the reader."""
    return await _page(request, me)


@post("/clients", opt={"tier": MEDIUM})
async def add_client(request: AnyRequest, me: Me, data: URLEncodedBody[NewClient]) -> Response[Any]:
    """Make a client; one so called already is the one that is opened."""
    try:
        made: Any = await me.database.call("add_client", name=data.name)
    except Refused as refusal:
        return await _page(request, me, 422, typed=data.name, problem=advice_of(refusal))
    log.info("client_added", client_id=made, user_id=me.person.id)
    return go(f"/clients/{UUID(made)}", _("Клиент заведён"))


async def _page(request: AnyRequest, me: SignedIn, status: int = 200, **shown: Any) -> Template:
    asked = Asked.of(request)
    answer = await me.database.call(
        "list_clients",
        words=asked.q,
        tier=asked.tier,
        segment_id=str(asked.segment) if asked.segment else None,
        after=Cursor.place(asked.after, erased=bool, name=str, id=UUID) or None,
        most=PAGE + 1,
    )
    found = Found.model_validate(answer)
    rows, going_on = cut(found.rows, lambda row: (int(row.erased_at is not None), row.name, row.id))
    context = {
        "found": found,
        "rows": rows,
        "asked": asked,
        "tiers": TIERS,
        "more_path": asked.address("/clients", after=going_on) if going_on else None,
        "typed": "",
        "problem": None,
        **shown,
    }
    return show(request, me, "pages/clients/page.html", status, **context)
