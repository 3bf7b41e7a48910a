"""Digests."""

from bot.messages import sla_digest
from bot.messages.windows import WindowFacts
from tests.bot import told
from tests.bot.snapshot import Messages
from tests.bot.snapshots.sla_escalation import answered, window


def digest(*windows: WindowFacts, more: int = 0) -> str:
    return sla_digest.digest(told.facts(*windows, chat_name=None, more=more))


MESSAGES: Messages = {
    "who waits in several chats": lambda: digest(
        window(),
        window(chat_name="Lebedeva", chat_url=None, last_message=None, waited_minutes=0, outcome="waiting"),
        window(waited_minutes=65, acknowledged_by="Olga"),
        answered(),
        more=2,
    ),
    "nobody waits any more": lambda: digest(answered(), answered(chat_name="Lebedeva", waited_minutes=5)),
}
