"""`GET /files/<chat>/<message>`: the file of a message, for whoever may read that message.

The admin asks, because it has neither Telegram's token (whoever holds it *is* the bot) nor a service key; and it asks
with the keys of the person who wants the file, so that row security decides here as everywhere. This process adds
nothing of its own authority but the download: to leave it open by mistake would open nothing.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import aiohttp
import httpx
import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramBadRequest
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Stream

from infra.supabase import Database, Http, Refused, Unavailable

# Telegram gives bots no larger ones.
LARGEST_BYTES = 20 * 2**20
CHUNK_BYTES = 64 * 1024
# For the whole of it: whoever reads slower gives up, and frees the connection.
LONGEST_SECONDS = 120
# PostgREST does not take the token: it ended, or is none.
_TOKEN_REFUSALS = ("PGRST3", "PT401")

log = structlog.get_logger()


class NoFile(Exception):  # noqa: N818 (reads as what happened)
    """Why there is no file to give, as an HTTP status; 404 also means that it is none of the asker's business."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def files_route(bot: Bot, http: Http, supabase_url: str) -> HTTPRouteHandler:
    """Return the route. It takes the headers that PostgREST takes: `apikey`, and `Authorization` with a person's token.

    Answers the bytes with their name's ending in `x-file-name`, else 401, 404, 413 (larger than Telegram gives) or 503.
    """

    @get("/files/{chat_id:int}/{message_id:int}")
    async def show_file(
        request: Request[Any, Any, Any], chat_id: FromPath[int], message_id: FromPath[int]
    ) -> Response[Any]:
        try:
            file_id = await _file_of(_database_of(request.headers, http, supabase_url), chat_id, message_id)
            path = await _path_of(bot, file_id)
            chunks = _download(bot, path)
            # Telegram's refusal must be known before we say 200.
            first = await _begin(chunks)
        except NoFile as reason:
            return Response(b"", status_code=reason.status, media_type="text/plain")
        headers = {"x-file-name": quote(path.rpartition("/")[2])}
        return Stream(_joined(first, chunks), media_type="application/octet-stream", headers=headers)

    return show_file


def _database_of(headers: Mapping[str, str], http: Http, url: str) -> Database:
    kind, _, token = headers.get("authorization", "").partition(" ")
    key = headers.get("apikey", "")
    if kind.lower() != "bearer" or not token or not key or not (token + key).isascii():
        raise NoFile(401)
    return Database(http, url, key, token)


async def _file_of(database: Database, chat_id: int, message_id: int) -> str:
    """Return the id of the latest file of a message that this person may read."""
    columns = "media_file_id,edit_version"
    try:
        rows: Any = await database.read(
            "chat_messages", columns, order="edit_version", chat_id=chat_id, message_id=message_id
        )
    except Refused as refusal:
        raise NoFile(401 if refusal.code.startswith(_TOKEN_REFUSALS) else 404) from refusal
    except Unavailable as error:
        raise NoFile(503) from error
    found = [row["media_file_id"] for row in rows if row["media_file_id"]]
    if not found:
        raise NoFile(404)
    return str(found[-1])


async def _path_of(bot: Bot, file_id: str) -> str:
    try:
        file = await bot.get_file(file_id)
    except TelegramBadRequest as refusal:
        raise NoFile(413 if "too big" in refusal.message else 404) from refusal
    except AiogramError as error:
        log.warning("file_not_given", reason=type(error).__name__)
        raise NoFile(503) from error
    if (file.file_size or 0) > LARGEST_BYTES:
        raise NoFile(413)
    if not file.file_path:
        raise NoFile(404)
    return file.file_path


async def _download(bot: Bot, path: str) -> AsyncGenerator[bytes]:
    """Yield the file piece by piece; more than Telegram promised breaks the answer off."""
    url, left = bot.session.api.file_url(bot.token, path), LARGEST_BYTES
    pieces = bot.session.stream_content(url, timeout=LONGEST_SECONDS, chunk_size=CHUNK_BYTES, raise_for_status=True)
    async for piece in pieces:
        left -= len(piece)
        if left < 0:
            raise NoFile(413)
        yield piece


async def _begin(chunks: AsyncGenerator[bytes]) -> bytes:
    try:
        return await anext(chunks, b"")
    except aiohttp.ClientResponseError as error:
        # Not the error itself: it names the address, and the address names the token.
        log.warning("file_not_given", status=error.status)
        raise NoFile(404 if error.status == httpx.codes.NOT_FOUND else 503) from None
    except (AiogramError, aiohttp.ClientError, TimeoutError) as error:
        log.warning("file_not_given", reason=type(error).__name__)
        raise NoFile(503) from None


async def _joined(first: bytes, rest: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    try:
        yield first
        async for piece in rest:
            yield piece
    finally:
        with suppress(aiohttp.ClientError):
            await rest.aclose()
