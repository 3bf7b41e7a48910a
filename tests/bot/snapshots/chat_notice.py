"""What became of a chat."""

from bot.messages import chat_notice
from tests.bot import told
from tests.bot.snapshot import Messages

MESSAGES: Messages = {
    "the bot was removed": lambda: chat_notice.notice(told.facts(chat_name="Romashka")),
    "the bot was removed from a chat without a name": lambda: chat_notice.notice(told.facts(chat_name=None)),
    "a reply was not sent": lambda: chat_notice.notice(
        told.facts(chat_name="Romashka").model_copy(update={"event": "reply_not_sent"})
    ),
    "the model does not answer": lambda: chat_notice.notice(
        told.facts().model_copy(update={"event": "model_unavailable"})
    ),
    "a test alert": lambda: chat_notice.notice(told.facts().model_copy(update={"event": "test_alert"})),
}
