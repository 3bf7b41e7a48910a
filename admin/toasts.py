"""A sentence that outlives one redirect: said by whoever changed something, shown once on the next page."""

from typing import Any
from urllib.parse import quote, unquote

from litestar import Request
from litestar.datastructures import Cookie
from litestar.response import Redirect

# No secret and no power in it: whoever could write the cookie would show a sentence, escaped, to the same browser.
COOKIE = "toast"
LONGEST = 500
_SECONDS = 60


def go(path: str, sentence: str, *cookies: Cookie) -> Redirect:
    """Return the answer to a form that was carried out: lead to `path`, and say there what was done."""
    return Redirect(path, status_code=303, cookies=[_cookie(quote(sentence[:LONGEST]), _SECONDS), *cookies])


def toasts_of(request: Request[Any, Any, Any]) -> list[str]:
    """Return what is to be said on this page."""
    said = unquote(request.cookies.get(COOKIE, ""))[:LONGEST]
    return [said] if said else []


def forgotten() -> Cookie:
    """Return the cookie that makes the browser forget what it was told."""
    return _cookie("", 0)


def _cookie(value: str, max_age: int) -> Cookie:
    return Cookie(COOKIE, value=value, max_age=max_age, path="/", httponly=True, samesite="lax")
