"""The queue, one wait, and the chats."""

from typing import Any

from bot.messages import queue
from bot.messages.queue import Chat, Chats, Queue, Wait
from tests.bot import told
from tests.bot.snapshot import Messages, Told
from tests.bot.snapshots.sla_escalation import window
from tests.bot.told import BUTTONS, ROW


def wait(**changes: Any) -> Wait:
    return Wait.model_validate({**window().model_dump(), "request_id": ROW, "chat": ROW, **changes})


def waits(*shown: Wait, role: str = "accountant", page: int = 0, pages: int = 1) -> Told:
    overdue = sum(one.outcome == "overdue" for one in shown)
    found = Queue(page=page, pages=pages, role=role, waiting=len(shown), overdue=overdue, windows=[*shown])
    return queue.queue(found, BUTTONS)


def chat(name: str, **changes: Any) -> Chat:
    known = {"chat_url": None, "accountant": None, "is_own": True, "waiting": 0, "overdue": 0, "is_measured": True}
    return Chat.model_validate({"id": ROW, "chat_name": name, **known, **changes})


def chats(*shown: Chat, page: int = 0, pages: int = 1) -> Told:
    return queue.chats(Chats(page=page, pages=pages, total=len(shown), chats=[*shown]), BUTTONS)


MESSAGES: Messages = {
    "nobody waits": waits,
    "own waits": lambda: waits(
        wait(),
        wait(chat_name="Lebedeva <3", chat_url=None, waited_minutes=50, outcome="at_risk", acknowledged_by="Olga"),
        wait(last_message=None, waited_minutes=0, outcome="waiting"),
    ),
    "the team's waits, in the middle": lambda: waits(
        wait(waited_minutes=5, outcome="waiting"), wait(accountant=None), role="manager", page=1, pages=3
    ),
    "one wait": lambda: queue.card(wait(), BUTTONS),
    "one wait, taken": lambda: queue.card(wait(acknowledged_by="Olga", chat_url=None), BUTTONS),
    "one wait, over": lambda: queue.card(
        wait(outcome="excused", closed_because="no_answer_needed", excused_by="Olga"), BUTTONS
    ),
    "a digest of nobody": lambda: queue.digest(told.facts()),
    "no chats": chats,
    "chats": lambda: chats(
        chat("Romashka", chat_url=told.CHAT_URL, waiting=2, overdue=1),
        chat("Lebedeva", waiting=1, is_own=False, accountant="Ivan"),
        chat("Round the clock"),
        chat("Old one", is_measured=False),
        pages=2,
    ),
    "one chat": lambda: chats(chat("Romashka")),
}
