"""A row of the model: one window with its snapshot, its rung of the ladder and its alerts (S5, S7, S8, S12, S13)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from tests.sql.model import clock
from tests.sql.model.line import Message, Place, Settled, Waiting
from tests.sql.oracle import Schedule

GAP = timedelta(minutes=30)
RUNGS = (("warning", 0), ("breach", 0), *(("escalation", level) for level in range(1, 6)), ("expiry", 0))
WARNING, BREACH = 0, 1
FOR_GOOD = ("monitoring_off", "no_answer_needed")

Rung = tuple[str, int]
Sign = tuple[datetime, int, UUID]


@dataclass
class Alert:
    recipients: set[UUID]
    resolution: str | None = None
    resolved_by: UUID | None = None


@dataclass
class Window:
    """`reading` is what the messages say; the rest is what people, sweeps and the calendar made of it."""

    chat: int
    topic: int
    schedule: str
    target: timedelta
    owner: UUID | None
    reading: Waiting
    scheduled_from: datetime | None = None
    warn_at: datetime | None = None
    due_at: datetime | None = None
    answer_id: int | None = None
    responded_at: datetime | None = None
    responded_by: UUID | None = None
    worked: timedelta | None = None
    worked_in: tuple[datetime, datetime] | None = None
    closed_as: str | None = None
    closed_because: str | None = None
    closed_at: datetime | None = None
    decided_at: datetime | None = None
    on_duty: UUID | None = None
    breached_at: datetime | None = None
    presses: list[Sign] = field(default_factory=list)
    acknowledged_at: datetime | None = None
    acknowledged_by: UUID | None = None
    alerts: dict[Rung, Alert] = field(default_factory=dict)
    rung: int = 0
    raised_at: datetime | None = None

    @property
    def opening(self) -> Place:
        return self.reading.questions[0].place

    @property
    def last(self) -> Place:
        return self.reading.questions[-1].place

    @property
    def counted(self) -> list[int]:
        return [question.place.message_id for question in self.reading.questions]

    @property
    def is_final(self) -> bool:
        return self.closed_because in FOR_GOOD

    @property
    def is_held(self) -> bool:
        """Somebody took it, and the client has not written since."""
        return self.acknowledged_at is not None and self.acknowledged_at >= self.last.at

    def settled(self) -> Settled:
        return Settled(self.reading.asked, frozenset(self.counted), self.opening, self.last, self.closed_at)

    def was_open_at(self, at: datetime) -> bool:
        return self.opening.at <= at and (self.closed_at is None or at <= self.closed_at)

    def reschedule(self, schedule: Schedule | None) -> None:
        """Set its times anew; a breach told before the new deadline has passed is taken back (S8)."""
        self.scheduled_from = self.opening.at
        self.warn_at = clock.add(schedule, self.opening.at, self.target * 4 / 5)
        self.due_at = clock.add(schedule, self.opening.at, self.target)
        if self.breached_at and self.due_at and self.due_at >= self.breached_at:
            self.undo_breach()

    def answer(self, answer: Message, schedule: Schedule | None) -> None:
        at = answer.place.at
        if self.worked_in != (self.opening.at, at):
            self.worked_in = self.opening.at, at
            self.worked = clock.between(schedule, self.opening.at, at)
        self.answer_id, self.responded_at, self.responded_by = answer.place.message_id, at, answer.user
        in_time = self.due_at is None or at <= self.due_at
        self.close("met" if in_time else "met_late", "answered", at, answer.user)
        if in_time and self.breached_at:
            self.undo_breach(answer.user)

    def close(self, outcome: str, because: str, at: datetime | None, who: UUID | None = None) -> None:
        self.closed_as, self.closed_because, self.closed_at = outcome, because, at
        if because != "answered":
            self._forget_answer()
        self.resolve(because if because == "answered" else outcome, who)

    def reopen(self) -> None:
        """Wait again; its deadline is due to be set anew, as no edit of the calendar came here while it was closed."""
        self.closed_as = self.closed_because = self.closed_at = None
        self._forget_answer()

    def _forget_answer(self) -> None:
        if self.responded_at:
            self.answer_id = self.responded_at = self.responded_by = self.worked = self.worked_in = None
            if self.breached_at is None:
                self.on_duty = self.decided_at = None

    def undo_breach(self, who: UUID | None = None) -> None:
        """Take back what was told of a deadline that had not passed, or was met after all (S9)."""
        self.breached_at = self.decided_at = self.on_duty = None
        self.rung = BREACH if RUNGS[WARNING] in self.alerts else WARNING
        for (kind, _), alert in self.alerts.items():
            if kind != "warning":
                alert.resolution, alert.resolved_by = "voided", who

    def resolve(self, resolution: str, who: UUID | None = None) -> None:
        for alert in self.alerts.values():
            if alert.resolution is None:
                alert.resolution, alert.resolved_by = resolution, who

    def acknowledge(self, signs: list[Sign]) -> None:
        """The first sign since the client's latest words counts, else the first at all."""
        since = [sign for sign in signs if sign[0] >= self.last.at]
        before = self.acknowledged_at, self.acknowledged_by
        self.acknowledged_at, _, self.acknowledged_by = min(since or signs, default=(None, 0, None))
        if self.is_held and self.closed_as is None and before != (self.acknowledged_at, self.acknowledged_by):
            self.resolve("acknowledged", self.acknowledged_by)

    def climb(self, at: datetime, schedule: Schedule | None) -> Rung | None:
        """Go up one rung if its time has come, in working time only; who holds it is spared all but the breach."""
        if self.closed_as or self.due_at is None or self.rung == len(RUNGS) or not clock.is_working(schedule, at):
            return None
        if self.rung == WARNING and at > self.due_at:
            self.rung = BREACH
        if (self.is_held and self.rung != BREACH) or not self._has_come(at, schedule):
            return None
        self.raised_at = at
        self.rung += 1
        return RUNGS[self.rung - 1]

    def _has_come(self, at: datetime, schedule: Schedule | None) -> bool:
        if self.warn_at is None or self.due_at is None:
            return False
        if self.rung == WARNING:
            return at >= self.warn_at
        if self.rung == BREACH:
            return at > self.due_at
        planned = clock.add(schedule, self.due_at, GAP * (self.rung - BREACH))
        if planned and self.raised_at and planned <= self.raised_at:
            planned = clock.add(schedule, self.raised_at, GAP)
        return planned is not None and at >= planned
