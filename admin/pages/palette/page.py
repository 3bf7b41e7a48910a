"""`/palette`: pages, chats, clients, people by a part of their name and requests by number, a key or two away."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Literal, NamedTuple
from uuid import UUID

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, SkipValidation
from litestar.response import Template
from pydantic import TypeAdapter

from admin.models import Frozen
from admin.navigation import destinations_of
from admin.people import ROLE_WORDS, Person, SignedIn
from admin.rendering import is_fragment, show
from infra.words import N_, _

AnyRequest = Request[Any, Any, Any]
Me = NamedDependency[SkipValidation[SignedIn]]
Kind = Literal["request", "chat", "client", "person"]

LONGEST = 100
GROUPS: dict[Kind, str] = {
    "request": N_("Обращения"),
    "chat": N_("Чаты"),
    "client": N_("Клиенты"),
    "person": N_("Сотрудники"),
}
PATHS: dict[Kind, str] = {
    "request": "/requests/{id}",
    "chat": "/chats/{id}",
    "client": "/clients/{id}",
    "person": "/team#member-{id}",
}


class Found(Frozen):
    """A row of `api.find_places`."""

    kind: Kind
    id: UUID
    title: str
    detail: str | None


class Place(NamedTuple):
    """A line of the palette."""

    path: str
    title: str
    detail: str


_FOUND = TypeAdapter(list[Found])


@get("/palette")
async def show_palette(request: AnyRequest, me: Me, q: FromQuery[str] = "") -> Template:
    """Show the pages of the role whose title holds the words, and what the database finds; to htmx, only the list."""
    words = q.strip()[:LONGEST]
    found = _FOUND.validate_python(await me.database.call("find_places", words=words)) if words else []
    groups = [*_pages(me.person, words), *_places(me.person, found)]
    name = "pages/palette/_found.html" if is_fragment(request) else "pages/palette/page.html"
    return show(request, me, name, words=words, groups=groups)


def _pages(person: Person, words: str) -> Iterator[tuple[str, list[Place]]]:
    titled = [(place.path, _(place.title)) for _group, places in destinations_of(person.role) for place in places]
    titled.append(("/profile", _("Профиль")))
    pages = [Place(path, title, "") for path, title in titled if words.casefold() in title.casefold()]
    if pages:
        yield _("Страницы"), pages


def _places(person: Person, found: Sequence[Found]) -> Iterator[tuple[str, list[Place]]]:
    open_to = {place.path for _group, places in destinations_of(person.role) for place in places}
    for kind, rows in groupby(found, key=lambda row: row.kind):
        path = PATHS[kind]
        if any(path.startswith(own) for own in open_to if own != "/"):
            yield _(GROUPS[kind]), [Place(path.format(id=row.id), row.title, _detail(row)) for row in rows]


def _detail(row: Found) -> str:
    role = ROLE_WORDS.get(row.detail) if row.kind == "person" else None  # type: ignore[call-overload]
    return _(role) if role else row.detail or ""
