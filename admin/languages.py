"""The language of an answer: the person's own once known, before that what the browser was told or asks for."""

from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from infra.words import LANGUAGES, speak_on, speaking

# For the doors and the errors, where nobody is known: what this browser's person chose when last here.
COOKIE = "language"
_YEAR_SECONDS = 365 * 24 * 3600
_CHOSEN = "language_of_person"

AnyRequest = Request[Any, Any, Any]


def spoken(app: ASGIApp) -> ASGIApp:
    """Answer in the language of whoever asks, and let the browser keep it."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        kept = _kept(scope)

        async def send_keeping(message: Message) -> None:
            chosen = scope.get("state", {}).get(_CHOSEN)
            if message["type"] == "http.response.start" and chosen and chosen != kept:
                cookie = Cookie(COOKIE, value=chosen, max_age=_YEAR_SECONDS, path="/", samesite="lax", httponly=True)
                MutableScopeHeaders.from_message(message).add("set-cookie", cookie.to_header(header=""))
            await send(message)

        with speaking(kept or _asked(scope)):
            await app(scope, receive, send_keeping)

    return answer


def speak(request: AnyRequest, locale: str) -> None:
    """Go on in the language of the person who turned out to be asking."""
    request.state[_CHOSEN] = locale
    speak_on(locale)


def _kept(scope: Scope) -> str | None:
    kept = ASGIConnection[Any, Any, Any, Any](scope).cookies.get(COOKIE)
    return kept if kept in LANGUAGES else None


def _asked(scope: Scope) -> str | None:
    """Return the first language of the browser that we speak."""
    header = ASGIConnection[Any, Any, Any, Any](scope).headers.get("accept-language", "")
    wanted = [part.strip()[:2].lower() for part in header.split(",")]
    return next((language for language in wanted if language in LANGUAGES), None)
