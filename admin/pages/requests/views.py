"""The tabs of the work list: those that everybody has, and filters that a person keeps under a name."""

from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation, URLEncodedBody
from litestar.response import Redirect
from pydantic import StringConstraints

from admin.models import Frozen
from admin.pages.requests.filters import PATH, Filters
from admin.people import Role, SignedIn
from admin.throttling import MEDIUM
from admin.toasts import go
from infra.words import N_, _

Me = NamedDependency[SkipValidation[SignedIn]]

# Everybody's tabs, and to whom they say something: an observer owns nothing, an accountant sees no chat without owner.
DEFAULTS: tuple[tuple[str, Filters, frozenset[Role]], ...] = (
    (N_("Все ожидающие"), Filters(), frozenset({"admin", "manager", "accountant", "observer"})),
    (N_("Просроченные"), Filters(state="overdue"), frozenset({"admin", "manager", "accountant", "observer"})),
    (N_("Мои"), Filters(owner="me"), frozenset({"admin", "manager", "accountant"})),
    (N_("Без ответственного"), Filters(owner="nobody"), frozenset({"admin", "manager", "observer"})),
)


class SavedView(Frozen):
    """Filters that a person keeps, of `api.saved_views`."""

    id: UUID
    name: str
    query: str


class Tab(NamedTuple):
    """A view and where it is; `id` is of those that can be renamed and deleted."""

    name: str
    address: str
    id: UUID | None = None


class ViewForm(Frozen):
    """The form: a name for the filters of a query."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)] = ""
    query: Annotated[str, StringConstraints(max_length=2000)] = ""


def tabs_of(me: SignedIn, views: Sequence[SavedView]) -> list[Tab]:
    """Return the tabs of who asks, whose own views these are."""
    own = [Tab(view.name, Filters.parse(view.query).address, view.id) for view in views]
    return [Tab(_(name), filters.address) for name, filters, roles in DEFAULTS if me.person.role in roles] + own


@post("/requests/views", opt={"tier": MEDIUM})
async def keep_view(me: Me, data: URLEncodedBody[ViewForm]) -> Redirect:
    """Keep the filters under a name; one of the same name holds these from now on."""
    filters = Filters.parse(data.query)
    if not data.name:
        return go(filters.address, _("Напишите название вида."))
    row = {"page": PATH, "name": data.name, "query": filters.query}
    await me.database.call("keep_view", **row)
    return go(filters.address, _("Вид «{name}» сохранён.").format(name=data.name))


@post("/requests/views/{view:uuid}", opt={"tier": MEDIUM})
async def rename_view(me: Me, view: FromPath[UUID], data: URLEncodedBody[ViewForm]) -> Redirect:
    """Give a view another name."""
    return await _change(me, data, "rename_view", _("Название изменено."), view=str(view), name=data.name)


@post("/requests/views/{view:uuid}/delete", opt={"tier": MEDIUM})
async def delete_view(me: Me, view: FromPath[UUID], data: URLEncodedBody[ViewForm]) -> Redirect:
    """Forget a view; what it shows stays as it is."""
    return await _change(me, data, "delete_view", _("Вид удалён."), view=str(view))


async def _change(me: SignedIn, data: ViewForm, function: str, sentence: str, **arguments: Any) -> Redirect:
    await me.database.call(function, **arguments)
    return go(Filters.parse(data.query).address, sentence)
