"""«Почему 47 минут»: the ledger of one window, as `api.explain_request` tells it, and the conversation around it."""

from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from admin.times import duration

OUTCOME_WORDS = {
    "waiting": "Ждёт",
    "at_risk": "Скоро срок",
    "overdue": "Просрочено",
    "met": "Отвечено в срок",
    "met_late": "Отвечено с опозданием",
    "excused": "Ответ не нужен",
    "voided": "Не измеряется",
}
REASON_WORDS = {
    "working": "рабочее время",
    "break": "перерыв",
    "night": "нерабочие часы",
    "weekend": "выходной",
    "day_off": "выходной по графику",
    "holiday": "праздник",
}
CLOSED_WORDS = {
    "answered": "ответили",
    "edited": "клиент исправил сообщение, ответ больше не нужен",
    "no_answer_needed": "отмечено, что ответ не нужен",
    "monitoring_off": "наблюдение за чатом выключено",
    "bot_removed": "бота удалили из чата",
    "chat_deleted": "чат удалён",
}
EVENT_WORDS = {
    "opened": "Клиент написал",
    "acknowledged": "Взято в работу",
    "warned": "Предупреждение",
    "breached": "Срок прошёл",
    "escalated": "Оповещён следующий уровень",
    "expired": "Оповещения закончились",
    "answered": "Ответ клиенту",
    "excused": "Ответ не нужен",
    "voided": "Измерение остановлено",
    "reopened": "Снова ждёт ответа",
    "rescheduled": "Срок изменился",
    "handed_over": "Сменился ответственный",
}
ALERT_WORDS = {"warning": "Предупреждение", "breach": "Срок прошёл", "escalation": "Эскалация"}
DELIVERY_WORDS = {
    "pending": "ещё не отправлено",
    "sending": "отправляется",
    "sent": "доставлено",
    "failed": "не доставлено",
    "cancelled": "отменено",
}


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Colleague(_Told):
    """A person of the firm."""

    id: UUID
    name: str | None


class Piece(_Told):
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
        reason = REASON_WORDS[self.reason]
        return f"{reason}: {self.name}" if self.name else reason

    @property
    def length(self) -> str:
        """How long it is."""
        return duration(self.seconds)


class Deadline(_Told):
    """When the warning and the deadline fall."""

    warn_at: AwareDatetime | None
    due_at: AwareDatetime | None


class Event(_Told):
    """What happened to the window."""

    at: AwareDatetime
    kind: str
    by: Colleague | None

    @property
    def words(self) -> str:
        """What happened, in Russian."""
        return EVENT_WORDS[self.kind]


class Copy(_Told):
    """One person who was told, and whether it arrived."""

    to: Colleague | None
    status: str | None = None

    @property
    def words(self) -> str:
        """Who, and what became of it."""
        who = (self.to.name or "сотрудник") if self.to else "чат фирмы"
        return f"{who} — {DELIVERY_WORDS.get(self.status or '', 'не отправлялось')}"


class Alert(_Told):
    """An alert of the window."""

    kind: str
    level: int
    raised_at: AwareDatetime
    told: list[Copy]

    @property
    def words(self) -> str:
        """Which one it is."""
        return f"{ALERT_WORDS[self.kind]} {self.level}" if self.kind == "escalation" else ALERT_WORDS[self.kind]


class Opening(_Told):
    """The message that opened the window; without author and text to who may not read messages."""

    at: AwareDatetime
    message_id: int
    author: str | None


class Act(_Told):
    """Something that somebody did: took it, answered, closed it."""

    at: AwareDatetime
    by: Colleague | None = None
    because: str | None = None

    @property
    def because_words(self) -> str:
        """Why it was closed, in Russian."""
        return CLOSED_WORDS[self.because or "answered"]


class NamedVersion(_Told):
    """A policy or a schedule, and the version that counted."""

    name: str
    version: int


class Rules(_Told):
    """By what it was measured."""

    target_minutes: int
    policy: NamedVersion | None
    schedule: NamedVersion | None


class Ledger(_Told):
    """The whole story of a window; seconds are working seconds but for `calendar_seconds`."""

    request_id: UUID
    chat_id: int
    chat_name: str
    outcome: str
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
        """How it stands, in Russian."""
        return OUTCOME_WORDS[self.outcome]

    @property
    def is_open(self) -> bool:
        """Assert that somebody still waits."""
        return self.closed is None

    @property
    def waited(self) -> str:
        """How long the client waited, in working time."""
        return duration(self.counted_seconds or 0)

    @property
    def late_by(self) -> str | None:
        """By how much the deadline was missed; none when it was not."""
        return duration(self.late_by_seconds) if self.late_by_seconds else None


class Message(_Told):
    """A row of `api.transcript`."""

    message_id: int
    telegram_date: AwareDatetime
    author_name: str | None
    is_staff: bool
    is_bot: bool
    kind: str
    text: str | None
    edited_at: AwareDatetime | None
    has_file: bool
    belongs: bool

    @property
    def side(self) -> str:
        """Who speaks: the firm, a bot or the client."""
        if self.is_bot:
            return "bot"
        return "staff" if self.is_staff else "client"
