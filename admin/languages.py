"""The language of an answer: the person's own once known, before that what the browser was told or asks for."""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from infra.words import LANGUAGES, speaking

Connection = ASGIConnection[Any, Any, Any, Any]

# For the doors and the errors, where nobody is known: the language of whoever read here last.
COOKIE = "language"
_YEAR_SECONDS = 365 * 24 * 3600


def spoken(app: ASGIApp) -> ASGIApp:
    """Answer in the language that this browser asks for, until somebody knows better (`infra.words.speak_on`)."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        with speaking(_wanted(Connection(scope))):
            await app(scope, receive, send)

    return answer


def kept(connection: Connection, locale: str) -> list[Cookie]:
    """Return the cookie that lets the browser keep the language of its person, when it does not yet."""
    if connection.cookies.get(COOKIE) == locale:
        return []
    return [Cookie(COOKIE, value=locale, max_age=_YEAR_SECONDS, path="/", samesite="lax", httponly=True)]


def _wanted(connection: Connection) -> str | None:
    """Return what was kept, else the first language of the browser that we speak."""
    header = connection.headers.get("accept-language", "")
    wanted = [connection.cookies.get(COOKIE, ""), *(part.strip()[:2].lower() for part in header.split(","))]
    return next((language for language in wanted if language in LANGUAGES), None)
