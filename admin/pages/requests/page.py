"""`/requests`: who waits for an answer, least working time left first, and what was closed."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from admin.colleagues import Offer
from admin.colleagues import offer as offer_people
from admin.pages.requests.filters import CLOSED, OPEN, STATE_WORDS, Filters, State
from admin.pages.requests.rows import Found
from admin.pages.requests.views import Tab, tabs_of
from admin.people import ASKS, SignedIn, is_in_use
from admin.rendering import is_fragment, show
from admin.tiers import TIERS
from infra.supabase import Unavailable
from infra.words import _

AnyRequest = Request[Any, Any, Any]
Me = NamedDependency[SkipValidation[SignedIn]]


class Count(NamedTuple):
    """How many there are of a state, and where they are shown."""

    state: State
    words: str
    amount: int
    address: str
    is_chosen: bool


@get("/requests", opt=ASKS)
async def show_requests(request: AnyRequest, me: Me) -> Response[Any]:
    """Show the list, or only what changes in it to htmx. A list that could not be read says so, and is never empty."""
    filters = Filters.of(request)
    # An open page that asks for its rows keeps the field in which somebody searches as it is.
    words = "" if is_fragment(request) else request.query_params.get("find", "")
    found, offer = await _read(me, filters, words)
    name = "pages/requests/_list.html" if is_fragment(request) else "pages/requests/page.html"
    # Filters that a person typed, and not the open page by itself.
    is_typed = is_fragment(request) and is_in_use(request)
    page = show(
        request,
        me,
        name,
        status=200 if found else 503,
        is_part=is_fragment(request),
        is_typed=is_typed,
        **_context(filters, found, offer, tabs_of(me, found.views) if found else []),
    )
    if is_typed:
        page.headers["hx-push-url"] = filters.here
    return page


async def _read(me: SignedIn, filters: Filters, words: str) -> tuple[Found | None, Offer]:
    owner = filters.owner if isinstance(filters.owner, UUID) else None
    try:
        found = Found.model_validate(await me.database.call("find_requests", **filters.arguments()))
        return found, await offer_people(me.database, found, "workers", owner, words=words)
    except Unavailable:
        return None, Offer(among="workers")


def _context(filters: Filters, found: Found | None, offer: Offer, tabs: list[Tab]) -> dict[str, Any]:
    names = {"chat": found.chat_name if found else None, "owner": offer.name_of(filters.owner)}
    return {
        "filters": filters,
        "found": found,
        "offer": offer,
        "tabs": tabs,
        "tab": next((tab for tab in tabs if tab.address == filters.address), None),
        "chips": list(filters.chips(names)),
        "counts": list(_counts(filters, found.counts)) if found and found.counts else [],
        "overdue": found.counts.get("overdue", 0) if found and found.counts else 0,
        "states": {state: _(words) for state, words in STATE_WORDS.items()},
        "tiers": {tier: _(words) for tier, words in TIERS.items()},
        "next_page": filters.next_page(found.next) if found else None,
    }


def _counts(filters: Filters, amounts: Mapping[State, int]) -> Iterator[Count]:
    """Yield the counters of the half that is shown; one that is chosen leads back to all of it."""
    whole: State = "open" if filters.is_open else "closed"
    for state in OPEN if filters.is_open else CLOSED:
        is_chosen = filters.state == state
        address = filters.but(state=whole if is_chosen else state).address
        yield Count(state, _(STATE_WORDS[state]), amounts.get(state, 0), address, is_chosen)
