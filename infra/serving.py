"""How a process runs and listens: one uvicorn each, with the limits every process needs, and an orderly end."""

import gc
import random
import re
import signal
from collections.abc import Coroutine

import structlog
import uvicorn
import uvloop
from litestar.types import ASGIApp, Message, Receive, Scope, Send

_SENSIBLE = re.compile(rb"[A-Za-z0-9_-]{8,64}")


def run(process: Coroutine[None, None, None]) -> None:
    """Run a process to its end."""
    uvloop.run(process)


def numbered(app: ASGIApp) -> ASGIApp:
    """Give each request an id that its log lines and its answer carry: the proxy's sensible one, else our own."""

    async def with_id(scope: Scope, receive: Receive, send: Send) -> None:
        given = next((value for name, value in scope.get("headers", ()) if name == b"x-request-id"), b"")
        number = given if _SENSIBLE.fullmatch(given) else b"%016x" % random.getrandbits(64)
        # Never unbound: each request runs in a context of its own, which ends with it.
        structlog.contextvars.bind_contextvars(request_id=number.decode())

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-request-id", number)]
            await send(message)

        await app(scope, receive, send_with_id)

    return with_id


async def serve(app: ASGIApp, host: str, port: int, trusted_proxies: str = "") -> None:
    """Listen until SIGTERM or Ctrl-C, drop connections within 3 s, and return: the caller closes what it opened.

    Only `trusted_proxies` (addresses and networks, by commas) are believed when they say for whom they ask.
    """
    config = uvicorn.Config(
        numbered(app),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=3,
        server_header=False,
        # What we say over sockets is a word: to squeeze it would take tens of kilobytes for each.
        ws_per_message_deflate=False,
        # uvicorn's own default believes whoever asks from this machine.
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=trusted_proxies,
        lifespan="on",
    )
    # What the start left behind stays for good. A full collection would look through all of it each time, and for a
    # fifth of a second nobody would be served.
    gc.collect()
    gc.freeze()
    # By default Python looks for cycles after 700 new objects, and reading one update makes a thousand.
    gc.set_threshold(20_000)
    # uvicorn raises the signal once more when it has shut down; by default that would end us before our own clean-up.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    await uvicorn.Server(config).serve()
