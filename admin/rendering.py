"""A page for the person who asks: the names that every template knows, said once."""

from datetime import UTC, datetime
from typing import Any

from litestar import Request
from litestar.response import Template

from admin import languages, toasts
from admin.people import SignedIn
from admin.times import Wall

AnyRequest = Request[Any, Any, Any]


def show(request: AnyRequest, me: SignedIn, name: str, status: int = 200, **context: Any) -> Template:
    """Return a page with `me`, `now`, `wall`, the clock on the reader's wall, and `moment`, how it shows an instant.

    A toast is shown once.
    """
    now = datetime.now(UTC)
    wall = Wall(request.cookies.get("zone"), now)
    known = {"me": me.person, "now": now, "wall": wall, "moment": wall.mark, **context}
    # Asked for before the click: kept just long enough to be there when it comes, unless there is a sentence to say.
    brief = {"cache-control": "private, max-age=3", "vary": "HX-Boosted, Cookie"}
    briefly = brief if "hx-preloaded" in request.headers else {}
    said = [toasts.forgotten()] if toasts.COOKIE in request.cookies and not is_fragment(request) else []
    cookies = [*said, *languages.kept(request, me.person.locale)]
    return Template(name, context=known, status_code=status, cookies=cookies, headers=briefly)


def is_fragment(request: AnyRequest) -> bool:
    """Assert that a part of an open page asks for itself, and not a person for a page."""
    return request.headers.get("hx-request") == "true" and not request.headers.get("hx-boosted")
