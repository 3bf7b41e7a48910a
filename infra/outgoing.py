"""What the bot says itself, for the record: seen where Telegram answers, written down afterwards, in nobody's way."""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import structlog
from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.methods import TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import Message
from prometheus_client import Counter

from infra.supabase import Database, Refused, Unavailable

BATCH = 100
# Minutes of sending at Telegram's pace; should the database stay away for longer, the oldest give way.
MOST_WAITING = 10_000
PAUSE_SECONDS = 1
# Nobody waits for the record: what is said without a longer pause travels together, and steals no time from answers.
GATHERING_SECONDS = 0.2
LONGEST_GATHERING_SECONDS = 1
# What a process that stops has left for its last messages.
CLOSING_SECONDS = 2

lost = Counter(
    "buhbot_outgoing_unrecorded_total", "Messages of the bot's own that were sent and could not be recorded."
)

log = structlog.get_logger()

Row = dict[str, Any]


class Outgoing(BaseRequestMiddleware):
    """Sits between aiogram and Telegram; whatever becomes of the record, what was sent was sent, and at once.

    Kept in memory until the database has it: of a process that is killed, the messages of its last moment are missing.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[Row] = deque()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __call__(
        self, make_request: NextRequestMiddlewareType[TelegramType], bot: Bot, method: TelegramMethod[TelegramType]
    ) -> Any:
        """Make the request, and remember the messages that came of it."""
        answer: Any = await make_request(bot, method)
        for message in _new_messages(answer):
            self._remember(message)
        return answer

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._record())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSING_SECONDS):
                await self._empty()
        if self._waiting:
            self._lose(len(self._waiting), "stopped")

    def _remember(self, message: Message) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft()
            self._lose(1, "too many")
        self._waiting.append(_row(message))
        self._wake.set()

    async def _record(self) -> None:
        while True:
            await self._wake.wait()
            await self._gather()
            await self._empty()

    async def _empty(self) -> None:
        while self._waiting:
            if not await self._is_taken():
                await asyncio.sleep(PAUSE_SECONDS)

    async def _gather(self) -> None:
        """Return when nothing more is said just now, or when the first of it has waited for long enough."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_GATHERING_SECONDS):
                while self._wake.is_set():
                    self._wake.clear()
                    await asyncio.sleep(GATHERING_SECONDS)

    async def _is_taken(self) -> bool:
        """Record what waits longest, and return whether that was possible."""
        try:
            await self._send()
        except Unavailable as error:
            log.warning("outgoing_waits", waiting=len(self._waiting), reason=str(error))
        except Exception as error:
            # Whatever a proxy answers in the database's place, the record is tried again.
            log.error("outgoing_failed", exc_info=error)
        else:
            return True
        return False

    async def _send(self) -> None:
        batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
        try:
            await self._tell(batch)
        except BaseException:
            # Recorded twice, it stands there once.
            self._waiting.extendleft(reversed(batch))
            raise

    async def _tell(self, batch: list[Row]) -> None:
        try:
            await self._database.call("note_sent", messages=batch)
        except Refused as refusal:
            if len(batch) == 1:
                self._lose(1, refusal.code)
                return
            # Each alone: one that cannot be stored does not take the others along.
            for row in batch:
                await self._tell([row])

    def _lose(self, count: int, reason: str) -> None:
        lost.inc(count)
        log.error("outgoing_lost", messages=count, reason=reason)


def _new_messages(answer: Any) -> Iterator[Message]:
    """Yield what was said anew: an edited message is no new one, and is remembered as it was first said."""
    for one in answer if isinstance(answer, list) else [answer]:
        if isinstance(one, Message) and one.edit_date is None:
            yield one


def _row(message: Message) -> Row:
    """Return a message as `api.note_sent` takes it."""
    author, media = message.from_user, message.photo[-1] if message.photo else _file(message)
    return {
        "chat_id": message.chat.id,
        "message_id": message.message_id,
        "topic_id": message.message_thread_id if message.is_topic_message else None,
        "date": int(message.date.timestamp()),
        "user_id": author.id if author else None,
        "author_name": author.full_name if author else None,
        "kind": message.content_type,
        "text": message.text,
        "caption": message.caption,
        "media_file_id": media.file_id if media else None,
        "media_group_id": message.media_group_id,
        "reply_to": message.reply_to_message.message_id if message.reply_to_message else None,
    }


def _file(message: Message) -> Any:
    return message.document or message.video or message.audio or message.voice or message.animation or message.sticker
