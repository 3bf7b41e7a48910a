"""What became of a chat."""

from functools import partial

from bot.messages import chat_notice
from tests.bot import told
from tests.bot.snapshot import Messages


def _about(event: str, amount: int | None) -> str:
    facts = told.facts().model_copy(update={"event": event, "about": "bot.example.com", "amount": amount})
    return chat_notice.notice(facts)


MESSAGES: Messages = {
    "the bot was removed": lambda: chat_notice.notice(told.facts(chat_name="Romashka")),
    "the bot was removed from a chat without a name": lambda: chat_notice.notice(told.facts(chat_name=None)),
    "a reply was not sent": lambda: chat_notice.notice(
        told.facts(chat_name="Romashka").model_copy(update={"event": "reply_not_sent"})
    ),
    "the model does not answer": lambda: chat_notice.notice(
        told.facts().model_copy(update={"event": "model_unavailable"})
    ),
    "the webhook was taken away": lambda: chat_notice.notice(told.facts().model_copy(update={"event": "webhook_ours"})),
    **{
        name: partial(_about, event, amount)
        for name, event, amount in (
            ("a certificate runs out", "certificate_valid", 3),
            ("a certificate is refused", "certificate_valid", None),
            ("a disk fills", "disk_has_room", 4),
            ("chats are red", "chats_well", 2),
        )
    },
    "a test alert": lambda: chat_notice.notice(told.facts().model_copy(update={"event": "test_alert"})),
}
