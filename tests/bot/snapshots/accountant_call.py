"""A client calls for somebody."""

from datetime import UTC, datetime

from bot.messages import accountant_call
from bot.messages.accountant_call import CallFacts
from tests.bot import told
from tests.bot.snapshot import Messages

NOW = datetime(2026, 4, 6, 9, 0, tzinfo=UTC)
CALL = CallFacts(chat_name="Romashka", chat_url=None, called_at=NOW, asks_since=None, timezone="Europe/Moscow")

MESSAGES: Messages = {
    "a call": lambda: accountant_call.call(CALL, NOW),
    "a call from a chat where somebody waits": lambda: accountant_call.call(
        CALL.model_copy(update={"chat_url": told.CHAT_URL, "asks_since": datetime(2026, 4, 6, 7, 0, tzinfo=UTC)}), NOW
    ),
}
