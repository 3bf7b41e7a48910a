"""What every answer tells the browser to refuse, and the check that a form was ours."""

from litestar import Request
from litestar.config.csrf import CSRFConfig
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.middleware.csrf import CSRFMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from admin.sessions import derive_key
from admin.settings import AdminSettings


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
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }
    if settings.is_https:
        found["strict-transport-security"] = "max-age=31536000; includeSubDomains"
    return found


def secured(app: ASGIApp, settings: AdminSettings) -> ASGIApp:
    """Add the headers to every answer, errors included; pages are never kept unless their handler says so."""
    always = headers(settings)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                found = MutableScopeHeaders.from_message(message)
                for name, value in always.items():
                    found[name] = value
                found.setdefault("cache-control", "no-store")
            await send(message)

        await app(scope, receive, send_secured)

    return answer


def csrf_config(settings: AdminSettings) -> CSRFConfig:
    """Return the double-submit cookie's configuration: field `_csrf_token` or header `x-csrftoken`."""
    return CSRFConfig(
        secret=derive_key(settings.session_secret.get_secret_value(), "admin csrf").hex(),
        cookie_name="__Host-csrftoken" if settings.is_https else "csrftoken",
        cookie_secure=settings.is_https,
        exclude=["^/static/", "^/health$", "^/metrics$"],
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
