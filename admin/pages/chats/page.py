"""`/chats`: every group of the reader, what is worst first, with its light, owner, client and who waits."""

from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.response import Template
from pydantic import AwareDatetime, Field

from admin.filters import Filters
from admin.keyset import PAGE, Cursor, cut
from admin.lights import LIGHTS, Light, light_word
from admin.models import Frozen
from admin.pages.chats.lights import reason
from admin.people import ASKS, SignedIn
from admin.rendering import show
from admin.tiers import Tier, tier_word
from infra.words import N_

WATCHED = {
    "monitored": N_("Под наблюдением"),
    "off": N_("Наблюдение выключено"),
    "unconnected": N_("Не подключены"),
    "deleted": N_("Удалённые"),
}
NOBODY = UUID(int=0)
Rank = Annotated[int, Field(ge=0, le=100)]


class Listed(Frozen):
    """A row of `api.list_chats`."""

    id: UUID
    chat_name: str
    client: str | None
    client_id: UUID | None
    tier: Tier | None
    accountant: str | None
    policy: str
    schedule: str
    light: Light
    fix: str | None
    is_watched: bool
    is_internal: bool
    last_message_at: AwareDatetime | None
    waiting: int
    rank: Rank

    @property
    def light_word(self) -> str:
        """The light in a word."""
        return light_word(self.light)

    @property
    def reason(self) -> str:
        """What is amiss, shortly."""
        return reason(self.fix)

    @property
    def tier_word(self) -> str:
        """The tier of its client."""
        return tier_word(self.tier)


class Owner(Frozen):
    """Somebody who answers for chats."""

    id: UUID
    name: str


class Found(Frozen):
    """What `api.list_chats` answers."""

    counts: dict[Light, int]
    owners: list[Owner]
    rows: list[Listed]


class Asked(Filters):
    """The filters of the list."""

    q: str = Field(default="", max_length=200)
    light: Light | None = None
    owner: UUID | None = None
    client: UUID | None = None
    watched: Literal["monitored", "off", "unconnected", "deleted"] | None = None


@get("/chats", opt=ASKS)
async def show_chats(request: Request[Any, Any, Any], me: NamedDependency[SkipValidation[SignedIn]]) -> Template:
    """Show a page of them."""
    asked = Asked.of(request)
    answer = await me.database.call(
        "list_chats",
        words=asked.q,
        light=asked.light,
        owner_id=_text(asked.owner),
        client_id=_text(asked.client),
        watched=asked.watched,
        after=Cursor.place(asked.after, rank=Rank, chat_name=str, id=UUID) or None,
        most=PAGE + 1,
    )
    found = Found.model_validate(answer)
    rows, going_on = cut(found.rows, lambda row: (row.rank, row.chat_name, row.id))
    return show(
        request,
        me,
        "pages/chats/page.html",
        found=found,
        rows=rows,
        asked=asked,
        lights=LIGHTS,
        watched=WATCHED,
        nobody=NOBODY,
        more_path=asked.address("/chats", after=going_on) if going_on else None,
    )


def _text(key: UUID | None) -> str | None:
    return str(key) if key else None
