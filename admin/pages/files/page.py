"""`/files/<chat>/<message>`: what a client sent, such that it can do nothing on our pages."""

from collections.abc import AsyncGenerator
from pathlib import PurePosixPath
from typing import Any

import aiohttp
import httpx
from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, SkipValidation
from litestar.response import Stream

from admin.errors import respond
from admin.people import SignedIn, SignInNeeded
from admin.reasons import Sentence
from admin.services import Services
from admin.throttling import BULK
from infra.supabase import Unavailable

AnyRequest = Request[Any, Any, Any]

TOO_LARGE = Sentence("Файл слишком большой", "Файлы больше 20 МБ открываются только в Telegram.")
# What browsers only show or play. Anything else, above all HTML and SVG, is saved and never opened here.
SHOWN = {
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".png": "image/png",
    ".webp": "image/webp",
}
# Should a browser open it as a page after all: no scripts, no requests, an origin of its own.
POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
PATIENCE = httpx.Timeout(5, read=40)


@get("/files/{chat_id:int}/{message_id:int}", opt={"tier": BULK, "compressed": True})
async def show_file(
    request: AnyRequest,
    services: NamedDependency[SkipValidation[Services]],
    me: NamedDependency[SkipValidation[SignedIn]],  # noqa: ARG001 (signed in, and active)
    chat_id: FromPath[int],
    message_id: FromPath[int],
) -> Response[Any]:
    """Pass the file on piece by piece. A message of others answers as one that does not exist."""
    answer = await _ask(request, services, f"{chat_id}/{message_id}")
    if answer.is_success:
        name = PurePosixPath(answer.headers.get("x-file-name", ""))
        return Stream(_pieces(answer), headers=_headers(name.suffix.lower()), media_type=_type(name.suffix.lower()))
    await answer.aclose()
    match answer.status_code:
        case httpx.codes.UNAUTHORIZED:
            raise SignInNeeded("expired")
        case httpx.codes.REQUEST_ENTITY_TOO_LARGE:
            return respond(request, 413, TOO_LARGE)
        case httpx.codes.NOT_FOUND:
            raise NotFoundException
    raise Unavailable(str(answer.status_code))


async def _ask(request: AnyRequest, services: Services, path: str) -> httpx.Response:
    settings = services.settings
    # The person's own token: whether the message may be read, row security says.
    token = request.state.session.login.access_token
    headers = {"apikey": settings.supabase_anon_key, "authorization": f"Bearer {token}"}
    asked = services.http.build_request(
        "GET", f"{str(settings.bot_url).rstrip('/')}/files/{path}", headers=headers, timeout=PATIENCE
    )
    try:
        return await services.http.send(asked, stream=True)
    except (httpx.HTTPError, aiohttp.ClientError) as error:
        raise Unavailable(type(error).__name__) from error


async def _pieces(answer: httpx.Response) -> AsyncGenerator[bytes]:
    try:
        async for piece in answer.aiter_raw():
            yield piece
    finally:
        await answer.aclose()


def _type(suffix: str) -> str:
    return SHOWN.get(suffix, "application/octet-stream")


def _headers(suffix: str) -> dict[str, str]:
    # Endings are letters and digits in ASCII: nothing that a header, or a file system, could read otherwise.
    ending = suffix if suffix[1:].isascii() and suffix[1:].isalnum() else ""
    return {
        "content-disposition": f'{"inline" if suffix in SHOWN else "attachment"}; filename="file{ending}"',
        "content-security-policy": POLICY,
        # Kept by this browser for a while: a transcript shows the same pictures again and again.
        "cache-control": "private, max-age=600",
        "vary": "cookie",
    }
