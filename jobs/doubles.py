"""The copy of a survey that a dead sender left behind: sent, but it died before it could say so.

Telegram tells nobody what a bot has sent, but it does tell a keyboard that a message has already from another one, and
ours are signed: whoever has exactly this one is a copy of exactly this message. Only messages that are in no record
are asked about, for the record lacks nothing else of the bot's own.
"""

from typing import Any

import structlog
from aiogram.exceptions import AiogramError, TelegramBadRequest
from aiogram.types import InlineKeyboardMarkup
from prometheus_client import Counter

from infra.supabase import Unavailable
from jobs.connections import Connections
from jobs.sending import NOT_MODIFIED, SECONDS

# Between a copy and the next one lies a minute: so many messages of others, and the chat keeps both.
REACH = 10
# Below are supergroups, each of which counts its own messages.
_SUPERGROUPS = -1_000_000_000_000

taken_back = Counter("buhbot_surveys_taken_back_total", "Copies of a survey that a killed sender had left in a chat.")

log = structlog.get_logger()


async def take_back(connections: Connections, chat_id: int, sent: int, keyboard: InlineKeyboardMarkup) -> None:
    """Delete the copy before the one that was just `sent`, if there is one. When it stays, nothing is lost."""
    if chat_id > _SUPERGROUPS:
        return
    try:
        for message_id in await _unrecorded(connections, chat_id, sent):
            if await _is_a_copy(connections, chat_id, message_id, keyboard):
                await connections.bot.delete_message(chat_id, message_id, request_timeout=SECONDS)
                taken_back.inc()
                return
    except (AiogramError, Unavailable) as error:
        log.warning("double_not_looked_for", reason=type(error).__name__)


async def _unrecorded(connections: Connections, chat_id: int, sent: int) -> list[int]:
    """Return the numbers shortly before `sent` under which nobody is known to have said anything, latest first."""
    near = tuple(range(sent - 1, max(sent - 1 - REACH, 0), -1))
    rows: Any = await connections.database.read("chat_messages", "message_id", chat_id=chat_id, message_id=near)
    recorded = {row["message_id"] for row in rows}
    return [number for number in near if number not in recorded]


async def _is_a_copy(connections: Connections, chat_id: int, message_id: int, keyboard: InlineKeyboardMarkup) -> bool:
    try:
        await connections.bot.edit_message_reply_markup(
            chat_id=chat_id, message_id=message_id, reply_markup=keyboard, request_timeout=SECONDS
        )
    except TelegramBadRequest as refusal:
        return NOT_MODIFIED in refusal.message
    # One of ours that the record does not know yet: it never had buttons, or it would be known by them.
    await connections.bot.edit_message_reply_markup(chat_id=chat_id, message_id=message_id, request_timeout=SECONDS)
    return False
