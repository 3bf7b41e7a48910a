"""Serves the playground page from the package, under a content security policy that allows nothing foreign."""

from pathlib import Path

from aiohttp import web

_PAGE = Path(__file__).parent / "page"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}


def _serve(name: str) -> web.Response:
    path = _PAGE / name
    return web.Response(body=path.read_bytes(), content_type=_TYPES[path.suffix], charset="utf-8", headers=_HEADERS)


def routes() -> list[web.RouteDef]:
    names = sorted(path.name for path in _PAGE.iterdir() if path.suffix in _TYPES)

    async def index(_request: web.Request) -> web.Response:
        return _serve("index.html")

    async def part(request: web.Request) -> web.Response:
        if request.match_info["name"] not in names:
            raise web.HTTPNotFound
        return _serve(request.match_info["name"])

    return [web.get("/", index), web.get("/page/{name}", part)]
