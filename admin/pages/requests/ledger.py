"""«Почему 47 минут»: the ledger of one window, as `api.explain_request` tells it."""

from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, Field

from admin.alert_kinds import ALERT_KINDS, AlertKind
from admin.deliveries import DELIVERIES
from admin.models import Frozen
from admin.outcomes import OUTCOMES, Outcome
from admin.times import duration
from infra.words import N_, _

REASON_WORDS = {
    "working": N_("рабочее время"),
    "break": N_("перерыв"),
    "night": N_("нерабочие часы"),
    "weekend": N_("выходной"),
    "day_off": N_("выходной по графику"),
    "holiday": N_("праздник"),
    "no_working_time": N_("нет рабочего времени в графике"),
    "beyond_calendar": N_("за пределами календаря"),
}
CLOSED_WORDS = {
    "answered": N_("ответили"),
    "edited": N_("вопрос снят, ответ больше не нужен"),
    "no_answer_needed": N_("отмечено, что ответ не нужен"),
    "monitoring_off": N_("наблюдение за чатом выключено"),
    "bot_removed": N_("бота удалили из чата"),
    "chat_deleted": N_("чат удалён"),
}
EVENT_WORDS = {
    "opened": N_("Клиент написал"),
    "acknowledged": N_("Взято в работу"),
    "warned": N_("Предупреждение"),
    "breached": N_("Срок прошёл"),
    "escalated": N_("Оповещён следующий уровень"),
    "expired": N_("Оповещения закончились"),
    "answered": N_("Ответ клиенту"),
    "excused": N_("Ответ не нужен"),
    "voided": N_("Измерение остановлено"),
    "reopened": N_("Снова ждёт ответа"),
    "rescheduled": N_("Срок изменился"),
    "handed_over": N_("Сменился ответственный"),
}


class Colleague(Frozen):
    """A person of the firm."""

    id: UUID
    name: str | None


class Piece(Frozen):
    """A stretch of time, and why it counts or does not."""

    since: AwareDatetime = Field(alias="from")
    until: AwareDatetime
    reason: str
    name: str | None
    seconds: int
    counted: bool

    @property
    def words(self) -> str:
        """The reason, with the name of the day where it has one."""
        reason = _(REASON_WORDS[self.reason])
        return f"{reason}: {self.name}" if self.name else reason

    @property
    def length(self) -> str:
        """How long it is."""
        return duration(self.seconds)


class Deadline(Frozen):
    """When the warning and the deadline fall."""

    warn_at: AwareDatetime | None
    due_at: AwareDatetime | None


class Event(Frozen):
    """What happened to the window."""

    at: AwareDatetime
    kind: str
    by: Colleague | None
    detail: dict[str, Any] | None = None

    @property
    def given_to(self) -> str | None:
        """The id of whoever has it since."""
        return self.detail.get("to") if self.kind == "handed_over" and self.detail else None

    @property
    def words(self) -> str:
        """What happened."""
        return _(EVENT_WORDS[self.kind])


class Copy(Frozen):
    """One person who was told, and whether it arrived."""

    to: Colleague | None
    status: str | None = None

    @property
    def words(self) -> str:
        """Who, and what became of it."""
        who = (self.to.name or _("сотрудник")) if self.to else _("чат фирмы")
        return f"{who} — {_(DELIVERIES.get(self.status or '', N_('не отправлялось')))}"


class Alert(Frozen):
    """An alert of the window."""

    kind: AlertKind
    level: int
    raised_at: AwareDatetime
    told: list[Copy]

    @property
    def words(self) -> str:
        """Which one it is."""
        words = _(ALERT_KINDS[self.kind])
        return f"{words} {self.level}" if self.kind == "escalation" else words


class Opening(Frozen):
    """The message that opened the window; without author and text to who may not read messages."""

    at: AwareDatetime
    message_id: int
    author: str | None


class Act(Frozen):
    """Something that somebody did: took it, answered, closed it."""

    at: AwareDatetime
    by: Colleague | None = None
    because: str | None = None

    @property
    def because_words(self) -> str:
        """Why it was closed, in words."""
        because = self.because or "answered"
        return _(CLOSED_WORDS[because])


class NamedVersion(Frozen):
    """A policy or a schedule, and the version that counted."""

    name: str
    version: int


class Rules(Frozen):
    """By what it was measured."""

    target_minutes: int
    policy: NamedVersion | None
    schedule: NamedVersion | None


class Ledger(Frozen):
    """The whole story of a window; seconds are working seconds but for `calendar_seconds`."""

    request_id: UUID
    chat_id: int
    chat_name: str
    outcome: Outcome
    message_count: int
    opened: Opening
    segments: list[Piece]
    counted_seconds: int | None
    calendar_seconds: int | None
    late_by_seconds: int | None
    deadline: Deadline
    rules: Rules
    events: list[Event]
    alerts: list[Alert]
    acknowledged: Act | None
    answer: Act | None
    closed: Act | None
    owner: Colleague | None

    @property
    def outcome_word(self) -> str:
        """How it stands, in words."""
        return _(OUTCOMES[self.outcome])

    @property
    def is_open(self) -> bool:
        """Assert that somebody still waits."""
        return self.closed is None

    @property
    def was_let_go(self) -> bool:
        """Assert that somebody, or a rule, said that it needs no answer."""
        return self.closed is not None and self.closed.because in {"no_answer_needed", "edited"}

    @property
    def waited(self) -> str:
        """How long the client waited, in working time."""
        return duration(self.counted_seconds or 0)

    @property
    def late_by(self) -> str | None:
        """By how much the deadline was missed; none when it was not."""
        return duration(self.late_by_seconds) if self.late_by_seconds else None
