"""What every answer tells the browser to refuse, whom we answer at all, and the check that a form was ours."""

from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from litestar import Request
from litestar.config.csrf import CSRFConfig
from litestar.connection import ASGIConnection
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.middleware.csrf import CSRFMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from admin.sessions import derive_key
from admin.settings import AdminSettings

UNUSED_FEATURES = (
    *("accelerometer", "browsing-topics", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer"),
    *("microphone", "midi", "payment", "serial", "usb"),
)
# Asked by machines, under whatever name they know this one: nothing there depends on it.
ANY_HOST = frozenset({"/health", "/api/health", "/metrics"})
FOREIGN_HOST = "Этот адрес не обслуживается. Откройте панель по её обычному адресу.".encode()


def headers(settings: AdminSettings) -> dict[str, str]:
    """Return the headers of every answer. Scripts, styles, fonts and sockets come from us or not at all."""
    # Older Safari does not count ws: as 'self'.
    socket_origin = settings.origin.replace("http", "ws", 1)
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
        f"connect-src 'self' {socket_origin}; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
    found = {
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "same-origin",
        "permissions-policy": ", ".join(f"{feature}=()" for feature in UNUSED_FEATURES),
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }
    if settings.is_https:
        found["strict-transport-security"] = "max-age=31536000; includeSubDomains"
    return found


def secured(app: ASGIApp, settings: AdminSettings) -> ASGIApp:
    """Add the headers to every answer, errors included; pages are never kept unless their handler says so.

    A handler that serves what others wrote may set a stricter policy of its own. A request under a foreign name gets
    nothing: such names come from other sites that point at our address, to read us as if we were theirs.
    """
    always, hosts = headers(settings), settings.hosts

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                found = MutableScopeHeaders.from_message(message)
                for name, value in always.items():
                    found.setdefault(name, value)
                found.setdefault("cache-control", "no-store")
            await send(message)

        if (scope["type"] == ScopeType.HTTP and scope["path"] in ANY_HOST) or _host_of(scope) in hosts:
            await app(scope, receive, send_secured)
        else:
            await _refuse(scope, receive, send_secured)

    return answer


def refuse_large(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Guard of every route: a body beyond the route's limit is refused even where nobody would read it."""
    announced = connection.headers.get("content-length", "")
    limit = handler.resolve_request_max_body_size() if isinstance(handler, HTTPRouteHandler) else None
    if announced.isdigit() and limit is not None and int(announced) > limit:
        raise RequestEntityTooLarge


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != ScopeType.HTTP:
        await receive()
        await send({"type": "websocket.close", "code": 4403, "reason": ""})
        return
    found = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(FOREIGN_HOST)).encode())]
    await send({"type": "http.response.start", "status": 421, "headers": found})
    await send({"type": "http.response.body", "body": FOREIGN_HOST, "more_body": False})


def _host_of(scope: Scope) -> str:
    """Return the name, without port, under which we were asked; nothing when there is none or several."""
    given = [value for name, value in scope["headers"] if name == b"host"]
    try:
        name = urlsplit(f"//{given[0].decode('ascii')}").hostname if len(given) == 1 else None
    except ValueError:
        return ""
    return f"[{name}]" if name and ":" in name else name or ""


def is_our_page(connection: ASGIConnection[Any, Any, Any, Any], settings: AdminSettings) -> bool:
    """Say whether `Origin` is a page of ours: of ADMIN_URL or, on plain http, of this machine under the name in use.

    The name alone would do no harm (`secured` lets in none but ours), yet a proxy may rewrite it: on https only
    ADMIN_URL counts.
    """
    sent = connection.headers.get("origin", "")
    return sent == settings.origin or (not settings.is_https and sent == f"http://{connection.headers.get('host', '')}")


def address_block(address: str) -> str:
    """Return what one caller has of addresses: an IPv4 address or, of IPv6, the network of 64 bits that he is given."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or ip_network((int(parsed), 64), strict=False))
    return str(parsed)


def csrf_config(settings: AdminSettings) -> CSRFConfig:
    """Return the double-submit cookie's configuration: field `_csrf_token` or header `x-csrftoken`."""
    return CSRFConfig(
        secret=derive_key(settings.session_secret.get_secret_value(), "admin csrf").hex(),
        cookie_name="__Host-csrftoken" if settings.is_https else "csrftoken",
        cookie_secure=settings.is_https,
        # Forms carry the token themselves: no script has to read the cookie.
        cookie_httponly=True,
        exclude=["^/static/", "^/health$", "^/api/health$", "^/metrics$"],
    )


class Csrf(CSRFMiddleware):
    """Litestar's check, made to survive odd cookies.

    Litestar keeps a cookie that it cannot read for ever (after a change of SESSION_SECRET nobody could sign in), and
    answers 500 to one with non-ASCII letters.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forget a cookie that is not ours before the check looks at it."""
        if scope["type"] == ScopeType.HTTP:
            cookies = Request(scope).cookies
            if self._decode_csrf_token(cookies.get(self.config.cookie_name, "")) is None:
                cookies.pop(self.config.cookie_name, None)
        await super().__call__(scope, receive, send)

    def _decode_csrf_token(self, token: str) -> str | None:
        return super()._decode_csrf_token(token) if isinstance(token, str) and token.isascii() else None
