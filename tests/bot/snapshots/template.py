"""Ready texts."""

from uuid import UUID

from bot.messages import template
from bot.messages.queue import Chat, Chats
from bot.messages.template import Preview, Sent, Template, Templates
from tests.bot.snapshot import Messages, Told
from tests.bot.snapshots.queue import chat
from tests.bot.told import BUTTONS, ROW


def templates(*titles: str, words: str = "", page: int = 0, pages: int = 1, where: UUID | None = None) -> Told:
    shown = [Template(id=ROW, category="Documents", title=title) for title in titles]
    found = Templates(page=page, pages=pages, words=words, total=len(shown), templates=shown)
    return template.templates(found, BUTTONS, where)


def destinations(*chats: Chat, page: int = 0, pages: int = 1) -> Told:
    found = Chats(page=page, pages=pages, total=len(chats), chats=[*chats], template=ROW, title="Act <1>")
    return template.destinations(found, BUTTONS)


def preview(text: str) -> Told:
    shown = Preview(template=ROW, chat=ROW, title="Act", chat_name="Romashka & Co", text=text)
    return template.preview(shown, BUTTONS)


MESSAGES: Messages = {
    "which": lambda: templates("Act", "Invoice " * 20, page=1, pages=3),
    "which, for a chat": lambda: templates("Act", where=ROW, pages=3),
    "nothing fits": lambda: templates(words="plane <1>"),
    "there is none": templates,
    "where": lambda: destinations(
        chat("Romashka", overdue=1, waiting=1), chat("Lebedeva", waiting=1), chat("Quiet"), pages=2
    ),
    "nowhere": destinations,
    "a preview": lambda: preview("Good day.\n\nThe act of <May> & June is ready."),
    "sent": lambda: template.sent(Sent(outcome="sent", chat_name="Romashka & Co")),
}
