"""The state of the system."""

from datetime import UTC, datetime
from typing import Any

from bot.messages import info
from bot.messages.info import CHECKS, FIXES, State
from tests.bot.snapshot import Messages

NOW = datetime(2026, 4, 6, 12, 0, tzinfo=UTC)


def state(**changes: Any) -> str:
    known: dict[str, Any] = {
        "firm_name": "Books & Co",
        "chats": 12,
        "unconnected": 0,
        "waiting": 0,
        "overdue": 0,
        "red_chats": 0,
        "intake_seen_at": "2026-04-06T11:59:30+00:00",
        "findings": [],
    }
    return info.state(State.model_validate({**known, **changes}), NOW, "Europe/Moscow")


def finding(check: str, fix: str | None, mark: str = "red", **more: Any) -> dict[str, Any]:
    return {"check": check, "state": mark, "fix": fix, "subject": None, "amount": None, **more}


MESSAGES: Messages = {
    "all is well": state,
    "much is wrong": lambda: state(
        unconnected=2,
        waiting=7,
        overdue=3,
        red_chats=1,
        intake_seen_at=None,
        findings=[
            finding("person_reachable", "unblock_bot", subject="Olga <3"),
            finding("messages_delivered", "resend_messages", amount=4),
            *(finding("intake_up", "start_bot", "amber") for _ in range(20)),
        ],
    ),
    "every check": lambda: state(findings=[finding(check, None) for check in [*CHECKS][:15]]),
    "the other checks": lambda: state(findings=[finding(check, None) for check in [*CHECKS][15:]]),
    "every fix": lambda: state(findings=[finding("intake_up", fix) for fix in [*FIXES][:15]]),
    "the other fixes": lambda: state(findings=[finding("intake_up", fix) for fix in [*FIXES][15:]]),
}
