"""The copy of a survey that nobody knows of: Telegram took it, and the sender died or its answer was lost.

Telegram tells no bot what it has sent. But whoever gives a message the buttons that it has already is told so, and ours
are signed for one delivery: a message that has exactly these is a copy. Nothing else is touched: people's messages
Telegram does not let us edit, and our own that say something else the record knows.
"""

import asyncio
import html
import re
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from aiogram.exceptions import AiogramError, TelegramBadRequest, TelegramRetryAfter
from aiogram.types import InlineKeyboardMarkup
from prometheus_client import Counter

from infra.supabase import Unavailable
from jobs.connections import Connections
from jobs.sending import NOT_MODIFIED, SECONDS

# Where people have written more between the two copies, the chat keeps both.
REACH = 10
# Right after a batch Telegram may have us wait, a second as a rule.
WAITS, WAIT_SECONDS = 3, 3
_TAG = re.compile(r"<[^>]+>")
# Below are supergroups, each of which counts its own messages.
_SUPERGROUPS = -1_000_000_000_000

taken_back = Counter("buhbot_surveys_taken_back_total", "Copies of a survey that a killed sender had left in a chat.")

log = structlog.get_logger()


async def take_back(
    connections: Connections, chat_id: int, sent: int, text: str, keyboard: InlineKeyboardMarkup
) -> None:
    """Delete the copies before the one that was just `sent`, if there are any. When one stays, nothing is lost."""
    if chat_id > _SUPERGROUPS or sent == 1:
        return
    try:
        for message_id in await _possible_copies(connections, chat_id, sent, html.unescape(_TAG.sub("", text))):
            if await _is_a_copy(connections, chat_id, message_id, keyboard):
                await connections.bot.delete_message(chat_id, message_id, request_timeout=SECONDS)
                taken_back.inc()
    except (AiogramError, Unavailable) as error:
        log.warning("double_not_looked_for", reason=type(error).__name__)


async def _possible_copies(connections: Connections, chat_id: int, sent: int, words: str) -> list[int]:
    """Return the numbers shortly before `sent` under which the record has nothing, or the same words; latest first."""
    near = tuple(range(sent - 1, max(sent - 1 - REACH, 0), -1))
    rows: Any = await connections.database.read(
        "chat_messages", "message_id,message_text", chat_id=chat_id, message_id=near
    )
    others = {row["message_id"] for row in rows if row["message_text"] != words}
    return [number for number in near if number not in others]


async def _is_a_copy(connections: Connections, chat_id: int, message_id: int, keyboard: InlineKeyboardMarkup) -> bool:
    def give(buttons: InlineKeyboardMarkup | None) -> Awaitable[Any]:
        return connections.bot.edit_message_reply_markup(
            chat_id=chat_id, message_id=message_id, reply_markup=buttons, request_timeout=SECONDS
        )

    try:
        await _in_time(lambda: give(keyboard))
    except TelegramBadRequest as refusal:
        return NOT_MODIFIED in refusal.message
    # One of ours of this very moment, which the record does not know yet.
    await _in_time(lambda: give(None))
    return False


async def _in_time(ask: Callable[[], Awaitable[Any]]) -> None:
    """Ask, and again when Telegram says to wait."""
    for _ in range(WAITS):
        try:
            await ask()
        except TelegramRetryAfter as told:
            await asyncio.sleep(min(told.retry_after, WAIT_SECONDS))
        else:
            return
    await ask()
