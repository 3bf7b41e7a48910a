"""The rows of a report as the database gives them."""

from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from pydantic import AwareDatetime, TypeAdapter

from admin.colleagues import Offering
from admin.figures.asked import Days
from admin.models import Frozen
from admin.outcomes import OUTCOMES, Outcome
from infra.words import N_, _

# What a report can be divided by, as the heading of the first column.
GROUPS = {
    "firm": N_("Фирма"),
    "person": N_("Сотрудник"),
    "chat": N_("Чат"),
    "client": N_("Клиент"),
    "policy": N_("Политика"),
    "day": N_("День"),
    "week": N_("Неделя с"),
    "month": N_("Месяц с"),
    "hour": N_("Час недели"),
}


class Kind(NamedTuple):
    """What a count counts: its heading, and the outcomes of its rows."""

    title: str
    outcomes: tuple[Outcome, ...]


# By the name of the count in `api.sla_report`, and in the address of its rows.
KINDS: dict[str, Kind] = {
    "n": Kind(N_("Решено"), ("met", "met_late", "overdue")),
    "met": Kind(N_("В срок"), ("met",)),
    "met_late": Kind(N_("С опозданием"), ("met_late",)),
    "overdue": Kind(N_("Просрочено"), ("overdue",)),
    "breaches": Kind(N_("Нарушения срока"), ("met_late", "overdue")),
    "answered": Kind(N_("Отвечено"), ("met", "met_late")),
    "excused": Kind(N_("Ответ не нужен"), ("excused",)),
    "voided": Kind(N_("Не измеряется"), ("voided",)),
    "waiting": Kind(N_("Ждёт"), ("waiting", "at_risk")),
}


class Part(Frozen):
    """A row of `api.sla_report`: minutes are working minutes until the answer."""

    key: str | None
    name: str | None
    n: int
    met: int
    met_late: int
    overdue: int
    excused: int
    voided: int
    waiting: int
    met_percent: Decimal | None
    p50_minutes: Decimal | None
    p90_minutes: Decimal | None

    @property
    def breaches(self) -> int:
        """Answers that came late or not at all."""
        return self.met_late + self.overdue

    @property
    def answered(self) -> int:
        """Answers, in time or late."""
        return self.met + self.met_late

    @property
    def asked(self) -> int:
        """Windows of whatever outcome."""
        return self.n + self.excused + self.voided + self.waiting

    def count(self, kind: str) -> int:
        """Return one of `KINDS`."""
        return int(getattr(self, kind))


class Line(Part):
    """The same with the time of the calendar."""

    p50_calendar_minutes: Decimal | None
    p90_calendar_minutes: Decimal | None


class Step(Frozen):
    """A row of `api.sla_times`: a day, a week or a month, or an hour of the week."""

    by: str
    key: str
    asked: int
    n: int
    breaches: int
    met_percent: Decimal | None


class Outlier(Frozen):
    """A row of `api.find_longest_waits`."""

    id: UUID
    outcome: Outcome
    chat_name: str
    person_name: str | None
    opened_at: AwareDatetime
    working_seconds: int | None
    calendar_seconds: int | None

    @property
    def outcome_word(self) -> str:
        """What became of it."""
        return _(OUTCOMES[self.outcome])


class Row(Frozen):
    """A row of `api.find_outcomes`: one window."""

    id: UUID
    counts_at: AwareDatetime
    outcome: Outcome
    chat_name: str | None
    client_name: str | None
    client_tier: str | None
    policy_name: str | None
    person_name: str | None
    responded_by_name: str | None
    target_minutes: int
    opened_at: AwareDatetime
    due_at: AwareDatetime | None
    responded_at: AwareDatetime | None
    working_seconds: int | None
    calendar_seconds: int | None

    @property
    def outcome_word(self) -> str:
        """What became of it."""
        return _(OUTCOMES[self.outcome])


class Choice(Frozen):
    """Somebody or something that a report can be narrowed to."""

    id: UUID
    name: str


class Choices(Offering):
    """What `api.report_choices` returns."""

    timezone: str
    firm_name: str
    policies: list[Choice]
    chat_name: str | None
    client_name: str | None
    days: Days


class Page(Frozen):
    """What `api.report_page` returns."""

    choices: Choices
    whole: Line
    parts: list[Part]
    steps: list[Step]
    worst: list[Outlier]


LINES = TypeAdapter(list[Line])
ROWS = TypeAdapter(list[Row])
