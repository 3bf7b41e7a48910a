"""`POST /webhook`: 200 only after the commit; what cannot be committed now is answered 503 and comes again."""

import hmac
from typing import Any

import msgspec
import structlog
from aiogram import Bot, Dispatcher
from litestar import MediaType, Request, Response, post
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.handlers import HTTPRouteHandler
from prometheus_client import Counter
from pydantic import ValidationError

from bot.batching import Batcher
from bot.intake import record_of, wants_answer
from bot.lanes import Lanes
from infra.supabase import Unavailable

# Telegram's own updates stay far below; what is larger is not Telegram's.
BODY_LIMIT = 1024 * 1024

updates = Counter("buhbot_updates_total", "Updates that Telegram brought, by type.", ["type"])
refused = Counter("buhbot_webhook_refused_total", "Requests refused, by HTTP status.", ["status"])

log = structlog.get_logger()


class Reception:
    """Takes one update at a time through record, commit and answer."""

    def __init__(self, bot: Bot, dispatcher: Dispatcher, batcher: Batcher, lanes: Lanes) -> None:
        self._bot, self._dispatcher, self._batcher, self._lanes = bot, dispatcher, batcher, lanes
        self._handled = frozenset(dispatcher.resolve_used_update_types())

    async def accept(self, update: dict[str, Any]) -> None:
        """Return once the update is safe with us. Raises `Unavailable` when Telegram should bring it again."""
        # An event that is no object would make aiogram print the whole update as a warning.
        kind = next((key for key in update if key in self._handled and isinstance(update[key], dict)), "unknown")
        updates.labels(kind).inc()
        if record := record_of(update):
            if await self._batcher.store(record) == "recorded" and wants_answer(record):
                self._lanes.start(record["chat_id"], lambda: self._answer(update))
        elif kind != "unknown":
            # Nothing of it is in the database yet: it counts as taken only when it was handled.
            await self._lanes.run(_chat_of(update[kind]), lambda: self._handle(update))

    async def _handle(self, update: dict[str, Any]) -> None:
        try:
            await self._dispatcher.feed_raw_update(self._bot, update)
        except ValidationError:
            log.warning("update_not_understood", update_id=update.get("update_id"))

    async def _answer(self, update: dict[str, Any]) -> None:
        try:
            await self._handle(update)
        except Unavailable as error:
            # The message itself is recorded; only our reply to it is lost, and the person asks again.
            log.warning("answer_lost", reason=str(error))


def _chat_of(event: object) -> int:
    """Return the chat that an event belongs to; 0 when it names none."""
    match event:
        case {"message": {"chat": {"id": int(chat_id)}}} | {"chat": {"id": int(chat_id)}}:
            return chat_id
    return 0


def webhook_route(reception: Reception, secret: str) -> HTTPRouteHandler:
    """Return the route; `secret` is what Telegram was told to send along."""
    expected = secret.encode()

    @post("/webhook", status_code=200, media_type=MediaType.TEXT, request_max_body_size=BODY_LIMIT)
    async def webhook(request: Request[Any, Any, Any]) -> Response[str]:
        # As bytes: compare_digest refuses strings beyond ASCII.
        given = request.headers.get("x-telegram-bot-api-secret-token", "").encode("latin-1")
        if not hmac.compare_digest(given, expected):
            return _refuse(403, "wrong secret")
        try:
            update = msgspec.json.decode(await request.body())
        except RequestEntityTooLarge:
            return _refuse(413, "too large")
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return _refuse(400, "not JSON")
        if not isinstance(update, dict):
            return _refuse(400, "not an update")
        try:
            await reception.accept(update)
        except Unavailable:
            return _refuse(503, "not stored, send it again")
        return Response("", status_code=200)

    return webhook


def _refuse(status: int, reason: str) -> Response[str]:
    refused.labels(str(status)).inc()
    return Response(reason, status_code=status)
