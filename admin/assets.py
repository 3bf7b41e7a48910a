"""Static files under names that carry the hash of their content, kept by browsers for a year.

The folders `css` and `js` are one file each, in the order of their names: a page costs as many requests as it has to.
"""

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from admin.throttling import NONE

# Only these leave the folder: licences and the manifest stay.
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
_TEXTS = frozenset({".css", ".js", ".svg"})
_BUNDLES = {"css": "admin.css", "js": "admin.js"}
_CSS_URL = re.compile(rb'url\("([^":]+)"\)')


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent; `zipped` is none where compressing gains nothing."""

    media_type: str
    content: bytes
    zipped: bytes | None


class Assets:
    """Every static file of a folder, read once."""

    def __init__(self, folder: Path) -> None:
        self._hashed: dict[str, str] = {}
        self._assets: dict[str, Asset] = {}
        files = [path for path in folder.rglob("*") if path.suffix in TYPES and path.parent.name not in _BUNDLES]
        for path in sorted(files):
            self._add(path.relative_to(folder).as_posix(), path.read_bytes())
        # Styles name fonts, whose hashed names are known by now.
        for part, name in _BUNDLES.items():
            self._add(name, b"\n".join(path.read_bytes() for path in sorted((folder / part).iterdir())))

    def url(self, name: str) -> str:
        """Return the address of a file. Raises `KeyError` for one that does not exist."""
        return f"/static/{self._hashed[name]}"

    def handler(self) -> HTTPRouteHandler:
        """Return the route that serves them; a name without the right hash is not found."""
        assets: Mapping[str, Asset] = self._assets

        @get("/static/{name:path}", sync_to_thread=False, opt={"compressed": True, "tier": NONE})
        def static(request: Request[Any, Any, Any], name: FromPath[Path]) -> Response[bytes]:
            asset = assets.get(name.as_posix().lstrip("/"))
            if asset is None:
                raise NotFoundException
            kept = {"cache-control": "public, max-age=31536000, immutable", "vary": "accept-encoding"}
            if asset.zipped and "gzip" in request.headers.get("accept-encoding", ""):
                return Response(asset.zipped, media_type=asset.media_type, headers={**kept, "content-encoding": "gzip"})
            return Response(asset.content, media_type=asset.media_type, headers=kept)

        return static

    def _add(self, name: str, content: bytes) -> None:
        path = PurePosixPath(name)
        if path.suffix == ".css":
            content = _CSS_URL.sub(lambda found: f'url("{self.url(found[1].decode())}")'.encode(), content)
        digest = hashlib.sha256(content).hexdigest()[:12]
        hashed = str(path.with_name(f"{path.stem}.{digest}{path.suffix}"))
        zipped = gzip.compress(content, 9, mtime=0) if path.suffix in _TEXTS else None
        self._hashed[name], self._assets[hashed] = hashed, Asset(TYPES[path.suffix], content, zipped)
