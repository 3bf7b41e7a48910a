"""`/chats`: every group of the reader, what is worst first, with its light, owner, client and who waits."""

from typing import Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, SkipValidation
from litestar.response import Template
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from admin.keyset import PAGE, Cursor, cut
from admin.lights import LIGHTS, Light, light_word
from admin.pages.chats.lights import reason
from admin.people import SignedIn
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


class Listed(BaseModel):
    """A row of `api.list_chats`."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

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
    rank: int

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


class Owner(BaseModel):
    """Somebody who answers for chats."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    id: UUID
    name: str


class Found(BaseModel):
    """What `api.list_chats` answers."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    counts: dict[Light, int]
    owners: list[Owner]
    rows: list[Listed]


class Filters(BaseModel):
    """What the address narrows the list to."""

    model_config = ConfigDict(frozen=True)

    q: str = ""
    light: Light | None = None
    owner: UUID | None = None
    client: UUID | None = None
    watched: Literal["monitored", "off", "unconnected", "deleted"] | None = None

    def path(self, **changes: Any) -> str:
        """Return the address of the list with these filters changed."""
        values = {name: value for name, value in {**self.model_dump(), **changes}.items() if value}
        return "/chats" + (f"?{urlencode(values)}" if values else "")


class _Last(BaseModel):
    rank: int
    chat_name: str
    id: UUID


@get("/chats")
async def show_chats(
    request: Request[Any, Any, Any],
    me: NamedDependency[SkipValidation[SignedIn]],
    after: FromQuery[str] = "",
) -> Template:
    """Show a page of them."""
    filters = _filters(request)
    answer = await me.database.call(
        "list_chats",
        words=filters.q,
        light=filters.light,
        owner_id=_text(filters.owner),
        client_id=_text(filters.client),
        watched=filters.watched,
        after=_last(after),
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
        filters=filters,
        lights=LIGHTS,
        watched=WATCHED,
        nobody=NOBODY,
        more_path=filters.path(after=going_on) if going_on else None,
    )


def _filters(request: Request[Any, Any, Any]) -> Filters:
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


def _text(key: UUID | None) -> str | None:
    return str(key) if key else None
