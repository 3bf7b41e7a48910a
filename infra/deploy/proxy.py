"""The one door before three processes: by its path each request finds the one that it is for.

`/webhook` is the bot's, `/health` speaks for all three, `/metrics` is nobody's business outside, all else is the
admin's, with the socket of its pages.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import (
    ClientError,
    ClientSession,
    ClientTimeout,
    ClientWebSocketResponse,
    DummyCookieJar,
    TCPConnector,
    WSMsgType,
    web,
)
from multidict import CIMultiDict
from yarl import URL

# Telegram's updates and the admin's forms stay below; it is they who refuse what is too large for them.
_BODY_LIMIT = 16 * 1024 * 1024
# They speak of one connection, and we have two.
_OF_THE_CONNECTION = frozenset(
    "connection keep-alive proxy-authenticate proxy-authorization te trailer transfer-encoding upgrade".split()
)
_OF_THE_SOCKET = frozenset("sec-websocket-key sec-websocket-version sec-websocket-extensions".split())


@dataclass(frozen=True)
class Doors:
    """Where each process listens, by its name."""

    inside: Mapping[str, str]

    def to(self, request: web.Request) -> URL:
        """Return where a request goes on to, letter by letter as it came."""
        door = self.inside["bot" if request.path == "/webhook" else "admin"]
        return URL(f"{door}{request.raw_path}", encoded=True)


def client() -> ClientSession:
    """Return the way inside. It keeps nobody's cookies, and no connection that a process may be about to close."""
    return ClientSession(
        connector=TCPConnector(force_close=True, limit=0),
        cookie_jar=DummyCookieJar(),
        timeout=ClientTimeout(total=65),
        auto_decompress=False,
        skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
    )


def proxy(http: ClientSession, doors: Doors) -> web.Application:
    """Return the app that passes requests on."""

    async def health(_request: web.Request) -> web.Response:
        found = await answering(http, doors)
        checks = {name: "ok" if is_well else "unwell" for name, is_well in found.items()}
        is_well = all(found.values())
        body = {"status": "ok" if is_well else "unwell", "checks": checks}
        return web.json_response(body, status=200 if is_well else 503)

    async def pass_on(request: web.Request) -> web.StreamResponse:
        if request.headers.get("upgrade", "").lower() == "websocket":
            return await _socket(request, http, doors)
        return await _request(request, http, doors)

    async def closed(_request: web.Request) -> web.Response:
        return web.Response(status=404)

    app = web.Application(client_max_size=_BODY_LIMIT)
    app.add_routes([web.get("/health", health), web.get("/metrics", closed), web.route("*", "/{path:.*}", pass_on)])
    return app


async def answering(http: ClientSession, doors: Doors) -> dict[str, bool]:
    """Return which processes say that they can do their job."""

    async def is_well(url: str) -> bool:
        try:
            async with http.get(f"{url}/health", timeout=ClientTimeout(total=3)) as answer:
                return answer.ok
        except (ClientError, TimeoutError):
            return False

    found = await asyncio.gather(*map(is_well, doors.inside.values()))
    return dict(zip(doors.inside, found, strict=True))


def _headers(request: web.Request, but: frozenset[str] = frozenset()) -> CIMultiDict[str]:
    """Return what is passed on, with the address that the request came from at the end of those before it."""
    kept = CIMultiDict(
        (name, value) for name, value in request.headers.items() if name.lower() not in _OF_THE_CONNECTION | but
    )
    before = kept.get("X-Forwarded-For")
    kept["X-Forwarded-For"] = f"{before}, {request.remote}" if before else request.remote or ""
    kept.setdefault("X-Forwarded-Proto", request.scheme)
    return kept


async def _request(request: web.Request, http: ClientSession, doors: Doors) -> web.StreamResponse:
    body = await request.read()
    try:
        async with http.request(
            request.method,
            doors.to(request),
            headers=_headers(request),
            data=body or None,
            allow_redirects=False,
        ) as answer:
            kept = [(name, value) for name, value in answer.headers.items() if name.lower() not in _OF_THE_CONNECTION]
            passed = web.StreamResponse(status=answer.status, headers=CIMultiDict(kept))
            await passed.prepare(request)
            async for chunk in answer.content.iter_any():
                await passed.write(chunk)
            await passed.write_eof()
            return passed
    except (ClientError, TimeoutError):
        return web.Response(status=503, text="try again in a moment")


async def _socket(request: web.Request, http: ClientSession, doors: Doors) -> web.StreamResponse:
    try:
        inside = await http.ws_connect(doors.to(request), headers=_headers(request, _OF_THE_SOCKET), autoping=False)
    except (ClientError, TimeoutError) as error:
        return web.Response(status=getattr(error, "status", 503))
    outside = web.WebSocketResponse(autoping=False)
    await outside.prepare(request)
    ways = [asyncio.create_task(_carry(outside, inside)), asyncio.create_task(_carry(inside, outside))]
    await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    for way in ways:
        way.cancel()
    await inside.close()
    await outside.close(code=inside.close_code or 1001)
    return outside


Socket = web.WebSocketResponse | ClientWebSocketResponse


async def _carry(source: Socket, target: Socket) -> None:
    """Pass on what comes, until the source closes."""
    async for message in source:
        match message.type:
            case WSMsgType.TEXT:
                await target.send_str(message.data)
            case WSMsgType.BINARY:
                await target.send_bytes(message.data)
            case WSMsgType.PING:
                await target.ping(message.data)
            case WSMsgType.PONG:
                await target.pong(message.data)
