"""Windows in words: how long somebody waits, for whom, and how a wait ended."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from bot.messages.chat_checklist import Diagnosis
from bot.messages.quoting import LISTED_NAME, NAME, quoted
from bot.messages.times import duration
from infra.words import _, number

_MINUTES_IN_HOUR = 60

# Why measuring stopped without an answer.
_UNWATCHED = {"monitoring_off", "bot_removed", "chat_deleted"}


class WindowFacts(BaseModel):
    """A window as `private.request_facts` describes it; minutes are working minutes."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    request_id: UUID
    chat_name: str
    chat_url: str | None
    asked_by: str | None
    last_message: str | None
    message_count: int
    opened_at: datetime
    target_minutes: int
    waited_minutes: int | None
    outcome: str
    closed_because: str | None
    level: int
    breach_voided: bool
    accountant: str | None
    acknowledged_by: str | None
    answered_by: str | None
    excused_by: str | None

    @property
    def waits(self) -> bool:
        return self.closed_because is None

    @property
    def was_let_go(self) -> bool:
        """Assert that somebody, or a rule, said that it needs no answer."""
        return self.closed_because in {"no_answer_needed", "edited"}

    @property
    def waited(self) -> int:
        """Minutes waited; 0 where nothing can be measured."""
        return self.waited_minutes or 0


class MessageFacts(BaseModel):
    """What a message tells of, as `private.message_facts` describes it: the windows that wait come first."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    chat_name: str | None
    event: str | None
    waiting: int
    closed: int
    windows: list[WindowFacts]
    diagnosis: Diagnosis | None = None
    about: str | None = None
    amount: int | None = None

    @property
    def waiting_windows(self) -> list[WindowFacts]:
        return [window for window in self.windows if window.waits]

    @property
    def closed_windows(self) -> list[WindowFacts]:
        return [window for window in self.windows if not window.waits]


def share(window: WindowFacts) -> str:
    """Return the wait as a part of what is allowed: «48 мин из 60», «1 ч 36 мин из 2 ч»."""
    target = window.target_minutes
    allowed = str(target) if max(target, window.waited) <= _MINUTES_IN_HOUR else duration(target)
    return _("{waited} из {allowed}").format(waited=duration(window.waited), allowed=allowed)


def mark(window: WindowFacts) -> str:
    """Return the colour of a wait."""
    return {"overdue": "🔴", "at_risk": "🟡"}.get(window.outcome, "⚪")


def phrase(window: WindowFacts, length: int) -> str:
    """Return the client's last words."""
    if not window.last_message:
        return _("без текста")
    return _("«{phrase}»").format(phrase=quoted(window.last_message, length))


def wait(window: WindowFacts) -> str:
    """Return the wait for a list: how long, and out of how much."""
    if window.outcome == "overdue":
        return _("{waited} (норма {target})").format(
            waited=duration(window.waited), target=duration(window.target_minutes)
        )
    return share(window)


def holder(window: WindowFacts) -> str:
    """Return who has it in hand, for a list; empty when nobody has."""
    if not window.acknowledged_by:
        return ""
    return " · " + _("в работе: {name}").format(name=quoted(window.acknowledged_by, LISTED_NAME))


def ending(window: WindowFacts, length: int = NAME) -> str:
    """Return how a wait ended: «отвечено за 47 мин — Ольга Петрова»."""
    if window.closed_because == "answered":
        return _answered(window) + _by(window.answered_by, length)
    if window.closed_because == "edited":
        return _("вопрос снят, ответ не нужен")
    if window.closed_because in _UNWATCHED:
        return _("наблюдение за чатом остановлено")
    return _("ответ не нужен") + _by(window.excused_by, length)


def rest(total: int, shown: int) -> list[str]:
    """Return the line that ends a list which is not complete: «и ещё 3»."""
    return [_("и ещё {n}").format(n=number(total - shown))] if total > shown else []


def _answered(window: WindowFacts) -> str:
    if window.waited_minutes is None:
        return _("отвечено")
    return _("отвечено за {time}").format(time=duration(window.waited_minutes))


def _by(name: str | None, length: int) -> str:
    return f" — {quoted(name, length)}" if name else ""
