"""Where a person goes after signing in: always a page of ours, never another site."""

import re
from urllib.parse import urlencode, urlsplit

from litestar import Request

HOME = "/"

# Browsers drop tabs and line breaks inside addresses and read a backslash as a slash, so `/\evil.example` leaves us.
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
_LONGEST = 1000


def safe_next(address: str) -> str:
    """Return the local path (with query) or, for anything else, the start page."""
    if not address.startswith("/") or address.startswith("//") or len(address) > _LONGEST or _UNSAFE.search(address):
        return HOME
    path = urlsplit(address).path
    # Signing in must not lead to signing in again.
    return HOME if path in {"/", "/login", "/login/code", "/logout", "/forgot", "/reset"} else address


def page_of(request: Request) -> str:  # type: ignore[type-arg]
    """Return the page the person is looking at: behind a fragment that is the page around it."""
    around = request.headers.get("hx-current-url")
    if around:
        return safe_next(_without_host(around))
    if request.method != "GET":
        return HOME
    return safe_next(request.url.path + (f"?{request.url.query}" if request.url.query else ""))


def _without_host(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:  # not an address at all
        return HOME
    return parts.path + (f"?{parts.query}" if parts.query else "")


def login_address(next_page: str = HOME, reason: str | None = None) -> str:
    """Return the sign-in page that leads back to `next_page` and may say why one is there."""
    query = {"next": next_page} if next_page != HOME else {}
    if reason:
        query["reason"] = reason
    return f"/login?{urlencode(query)}" if query else "/login"
