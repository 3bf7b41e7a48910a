"""What messages tell of, made up: windows as `private.request_facts` describes them, and messages of several."""

from typing import Any
from uuid import UUID

from bot.messages.buttons import Buttons
from bot.messages.windows import MessageFacts, WindowFacts

ROW = UUID("7d9c4bb0-8c0f-4a39-9d52-f9aa2b1c0001")
BUTTONS = Buttons("123456:token")
CHAT_URL = "https://t.me/c/1000000001/17"
# The fields that people fill.
TEXTS = ("chat_name", "asked_by", "last_message", "accountant", "acknowledged_by", "answered_by", "excused_by")


def window(**changes: Any) -> WindowFacts:
    known: dict[str, Any] = {
        "request_id": str(ROW),
        "chat_name": "ООО Ромашка",
        "chat_url": CHAT_URL,
        "asked_by": "Анна Иванова",
        "last_message": "Где акт?",
        "message_count": 1,
        "opened_at": "2026-04-06T07:00:00+00:00",
        "due_at": "2026-04-06T08:00:00+00:00",
        "timezone": "Europe/Moscow",
        "target_minutes": 60,
        "waited_minutes": 70,
        "outcome": "overdue",
        "closed_because": None,
        "level": 0,
        "breach_voided": False,
        "accountant": "Ольга Петрова",
        "acknowledged_by": None,
        "answered_by": None,
        "excused_by": None,
    }
    return WindowFacts.model_validate({**known, **changes})


def answered(**changes: Any) -> WindowFacts:
    how: dict[str, Any] = {"waited_minutes": 47, "outcome": "met", "closed_because": "answered"}
    return window(**{**how, "answered_by": "Ольга Петрова", **changes})


def facts(*told: WindowFacts, chat_name: str | None = "ООО Ромашка", more: int = 0) -> MessageFacts:
    """What a message tells of; `more` windows wait beyond those that it lists."""
    waiting = sum(one.waits for one in told)
    return MessageFacts(
        chat_name=chat_name, event=None, waiting=waiting + more, closed=len(told) - waiting, windows=list(told)
    )
