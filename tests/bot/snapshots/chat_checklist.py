"""What is checked of a chat, to whom."""

from typing import Any

from aiogram.types import InlineKeyboardMarkup

from bot.messages import chat_checklist
from bot.messages.chat_checklist import CHECKS, FIXES, Diagnosis, Finding
from tests.bot.snapshot import Messages
from tests.bot.told import BUTTONS, ROW

WELL = [Finding(check=check, state="green", fix=None) for check in CHECKS]
# Each fix once; which check found it is not said.
AMISS = [Finding(check="silent", state="red" if number % 2 else "amber", fix=fix) for number, fix in enumerate(FIXES)]


def diagnosis(*findings: Finding, **changes: Any) -> Diagnosis:
    known: dict[str, Any] = {
        "id": ROW,
        "chat_name": "Romashka & Co",
        "client": "Romashka",
        "accountant": "Olga Petrova",
        "policy": "Round the clock",
        "connected_by": "Anna Ivanova",
        "is_connected": True,
        "is_measured": True,
        "may_change": True,
        "findings": findings,
    }
    return Diagnosis.model_validate({**known, **changes})


def _told(found: Diagnosis) -> tuple[str, InlineKeyboardMarkup | None]:
    return chat_checklist.checklist(found), chat_checklist.keyboard(found, BUTTONS)


NOBODY = {"client": None, "accountant": None, "policy": None, "connected_by": None}
MESSAGES: Messages = {
    "all is well": lambda: _told(diagnosis(*WELL)),
    "all is amiss": lambda: _told(diagnosis(*AMISS, is_measured=False)),
    "connected for nobody yet, not measured though somebody would hear": lambda: _told(
        diagnosis(*WELL, is_measured=False, **NOBODY)
    ),
    "added by hand, to a manager": lambda: _told(
        diagnosis(AMISS[0], AMISS[4], is_connected=False, is_measured=False, **NOBODY)
    ),
    "added by hand, to an accountant": lambda: _told(
        diagnosis(AMISS[0], AMISS[4], is_connected=False, is_measured=False, may_change=False, **NOBODY)
    ),
    "pressed again, and nothing has changed": chat_checklist.unchanged,
}
