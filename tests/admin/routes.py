"""Every route of the admin, read from the app itself: a page that is added tomorrow is looked at tomorrow."""

import re
import secrets
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from litestar.handlers import BaseRouteHandler
from litestar.routes import HTTPRoute

from admin.app import create_app
from admin.settings import AdminSettings


@dataclass(frozen=True)
class Route:
    """One verb at one address; `address` is a path that leads there, with made-up values in its holes."""

    method: str
    path: str
    address: str
    handler: BaseRouteHandler

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def settings() -> AdminSettings:
    """Enough to build the app; it talks to nobody."""
    nobody = {"supabase_url": "http://127.0.0.1:9", "redis_url": "redis://127.0.0.1:9/0", "supabase_anon_key": "none"}
    return AdminSettings.model_validate({**nobody, "session_secret": secrets.token_hex(32)})


@cache
def _served() -> tuple[HTTPRoute, ...]:
    return tuple(route for route in create_app(settings()).routes if isinstance(route, HTTPRoute))


@cache
def routes() -> tuple[Route, ...]:
    """Return all that is served, without the answers to OPTIONS, which Litestar makes up."""
    found: list[Route] = []
    for route in _served():
        parts = [part if isinstance(part, str) else _made_up(part.type) for part in route.path_components]
        for handler in route.route_handlers:
            methods = sorted({str(method) for method in handler.http_methods} - {"OPTIONS"})
            found += [Route(method, route.path, "/" + "/".join(parts), handler) for method in methods]
    return tuple(found)


def readings() -> list[Route]:
    return [route for route in routes() if route.method == "GET"]


def things() -> list[re.Pattern[str]]:
    """Return what the address of one thing looks like, such as `/clients/<id>`, for each kind that has a page."""
    holes = {int: r"-?\d+", UUID: "[0-9a-f-]{36}"}
    kinds = {
        route.path: "/".join(part if isinstance(part, str) else holes.get(part.type, "[^/]+") for part in parts)
        for route in _served()
        if "{" in route.path and not route.path.startswith("/static")
        for parts in [route.path_components]
    }
    return [re.compile("/" + kind) for kind in kinds.values()]


def changes() -> list[Route]:
    return [route for route in routes() if route.method not in {"GET", "HEAD"}]


def _made_up(kind: type[Any]) -> str:
    return str({int: 1, UUID: uuid4()}.get(kind, "made-up"))
