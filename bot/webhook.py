"""`POST /webhook`: 200 only after the commit; what cannot be committed now is answered 503 and comes again.

Plain ASGI before any routing, because every message of every chat comes in here: a framework's way to a handler, its
request and its response would cost more than all the rest that we do with one.
"""

import hmac
import time
from http import HTTPStatus

import msgspec
import structlog
from litestar.types import ASGIApp, Receive, Scope, Send
from prometheus_client import Counter, Histogram

from bot.reception import Reception
from infra.supabase import Unavailable

PATH = "/webhook"
# Telegram's own updates stay far below; what is larger is not Telegram's.
BODY_LIMIT = 1024 * 1024
SECRET_HEADER = b"x-telegram-bot-api-secret-token"

refused = Counter("buhbot_webhook_refused_total", "Requests refused, by HTTP status.", ["status"])
# From the start on: a rate of what has never been is no zero.
_counted = {status: refused.labels(str(status)) for status in (400, 403, 405, 413, 500, 503)}
seconds = Histogram(
    "buhbot_webhook_seconds",
    "Time of one request, with the commit of what it brought and our answer.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)

log = structlog.get_logger()


class Refusal(Exception):  # noqa: N818 (reads as what happened)
    """A request that is not taken: the HTTP status, and a word for whoever sent it."""

    def __init__(self, status: int, reason: bytes) -> None:
        super().__init__(status)
        self.status, self.reason = status, reason


def with_webhook(app: ASGIApp, reception: Reception, secret: str) -> ASGIApp:
    """Return the app with the webhook before it; `secret` is what Telegram was told to send along."""
    expected = secret.encode()

    async def webhook(scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path") != PATH:
            await app(scope, receive, send)
            return
        began = time.perf_counter()
        try:
            await _take(scope, receive, reception, expected)
        except Refusal as refusal:
            _counted[refusal.status].inc()
            await _respond(send, refusal.status, refusal.reason)
        except Exception as error:
            _counted[500].inc()
            log.error("update_failed", exc_info=error)
            await _respond(send, 500, b"failed, send it again")
        else:
            await _respond(send, 200, b"")
        finally:
            seconds.observe(time.perf_counter() - began)

    return webhook


async def _take(scope: Scope, receive: Receive, reception: Reception, secret: bytes) -> None:
    if scope.get("method") != "POST":
        raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, b"POST it")
    given = next((value for name, value in scope["headers"] if name == SECRET_HEADER), b"")
    # As bytes: compare_digest refuses strings beyond ASCII.
    if not hmac.compare_digest(given, secret):
        raise Refusal(403, b"wrong secret")
    body = await _read(receive)
    try:
        update = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal(400, b"not JSON") from error
    if not isinstance(update, dict):
        raise Refusal(400, b"not an update")
    try:
        await reception.accept(update)
    except Unavailable as error:
        raise Refusal(503, b"not stored, send it again") from error


async def _read(receive: Receive) -> bytes:
    body = b""
    # Anything else says that Telegram hung up: half a body is no JSON.
    while (message := await receive())["type"] == "http.request":
        body += message["body"]
        if len(body) > BODY_LIMIT:
            raise Refusal(413, b"too large")
        if not message["more_body"]:
            break
    return body


async def _respond(send: Send, status: int, reason: bytes) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(reason)).encode())]
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers.append((b"allow", b"POST"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": reason, "more_body": False})
