"""Alerts, and what a press is answered."""

from datetime import UTC, datetime

from bot.messages import sla_escalation
from bot.messages.sla_escalation import PressResult
from bot.messages.windows import WindowFacts
from tests.bot import told
from tests.bot.snapshot import Messages, Told

NAMES = {
    "chat_name": "Romashka",
    "asked_by": "Anna",
    "last_message": "Where is the act?",
    "accountant": "Olga",
}
NOW = datetime(2026, 4, 6, 12, 0, tzinfo=UTC)


def window(**changes: object) -> WindowFacts:
    return told.window(**{**NAMES, **changes})


def answered(**changes: object) -> WindowFacts:
    return told.answered(**{**NAMES, "answered_by": "Olga", **changes})


def alert(*windows: WindowFacts, chat_name: str | None = "Romashka", more: int = 0) -> Told:
    facts = told.facts(*windows, chat_name=chat_name, more=more)
    return sla_escalation.alert(facts), sla_escalation.keyboard(facts, told.ROW, told.BUTTONS)


def toast(outcome: str, **changes: object) -> str:
    result = {"outcome": outcome, "by": "Olga", "timezone": "Europe/Moscow", **changes}
    return sla_escalation.toast(PressResult.model_validate(result), NOW)


MESSAGES: Messages = {
    "a warning": lambda: alert(window(waited_minutes=48, outcome="at_risk")),
    "a warning of a longer target": lambda: alert(window(waited_minutes=96, target_minutes=120, outcome="at_risk")),
    "a breach": lambda: alert(window()),
    "a second level": lambda: alert(window(waited_minutes=120, level=2)),
    "three messages of nobody, and nobody to answer": lambda: alert(
        window(asked_by=None, last_message=None, accountant=None, message_count=3, chat_url=None)
    ),
    "five messages": lambda: alert(window(message_count=5)),
    "a breach that a new deadline undid": lambda: alert(
        window(waited_minutes=10, outcome="waiting", breach_voided=True)
    ),
    "taken": lambda: alert(window(acknowledged_by="Olga")),
    "several windows": lambda: alert(
        window(), window(waited_minutes=50, outcome="at_risk", acknowledged_by="Olga"), answered(), more=3
    ),
    "answered": lambda: alert(answered()),
    "answered, not measured": lambda: alert(answered(waited_minutes=None, answered_by=None)),
    "answered in time after all": lambda: alert(answered(breach_voided=True)),
    "no answer needed": lambda: alert(window(closed_because="no_answer_needed", excused_by="Olga")),
    "edited away": lambda: alert(window(closed_because="edited")),
    "not watched any more": lambda: alert(window(closed_because="bot_removed")),
    "several answered": lambda: alert(answered(), answered(waited_minutes=5), chat_name=None),
    "out of date": sla_escalation.outdated,
    "pressed: taken": lambda: toast("taken"),
    "pressed: already taken": lambda: toast("already_taken"),
    "pressed: excused": lambda: toast("excused"),
    "pressed: no question after all": lambda: sla_escalation.corrected("excused"),
    "pressed: a question after all": lambda: sla_escalation.corrected("waits"),
    "pressed: too late to matter": lambda: sla_escalation.corrected("noted"),
    "pressed: remind today": lambda: toast("reminded", remind_at="2026-04-06T12:30:00+00:00"),
    "pressed: remind tomorrow": lambda: toast("reminded", remind_at="2026-04-07T06:00:00+00:00"),
    "pressed: remind after the weekend": lambda: toast("reminded", remind_at="2026-04-13T06:00:00+00:00"),
}
