"""What clients' ratings come to: a survey and the figures of the firm or a part of it, as the database counts them."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Literal, NamedTuple
from uuid import UUID

from pydantic import AliasChoices, AwareDatetime, Field, TypeAdapter, field_validator

from admin.models import Frozen
from infra.words import N_, _

Status = Literal["draft", "scheduled", "sending", "active", "closed", "expired"]

STATUSES: dict[str, str] = {
    "draft": N_("Черновик"),
    "scheduled": N_("Запланирован"),
    "sending": N_("Рассылается"),
    "active": N_("Идёт голосование"),
    "closed": N_("Завершён"),
    "expired": N_("Завершён по сроку"),
}
STARS = (5, 4, 3, 2, 1)
_WHOLE = 100


class Bar(NamedTuple):
    """Votes of so many stars: how many, and their share of all, 0 to 100."""

    stars: int
    votes: int
    share: float


class Ratings(Frozen):
    """Figures; each is none where the reader may not know it or nobody voted."""

    asked: int | None = None
    voters: int | None = None
    votes: int | None = None
    rate: Decimal | None = None
    average: Decimal | None = Field(default=None, validation_alias=AliasChoices("average", "average_rating"))
    csat: Decimal | None = None
    nps: Decimal | None = None
    distribution: Sequence[int] = ()

    @field_validator("distribution", mode="before")
    @classmethod
    def _none_is_no_votes(cls, given: Any) -> Any:
        return given or ()

    @property
    def counted(self) -> int | None:
        """Votes that the figures are of: for who may not know how many there were, one of each person."""
        return self.voters if self.votes is None else self.votes

    @property
    def bars(self) -> list[Bar]:
        """Votes by stars, the most stars first."""
        whole = sum(self.distribution)
        if not whole:
            return []
        counts = dict(enumerate(self.distribution, 1))
        return [Bar(stars, counts[stars], round(_WHOLE * counts[stars] / whole, 1)) for stars in STARS]


class Part(Ratings):
    """The same of an accountant, a client or a segment; nobody's has no id."""

    id: UUID | None = None
    name: str | None = None


class Survey(Frozen):
    """A campaign, or the rating that is asked for after an answer."""

    id: UUID
    name: str
    kind: Literal["campaign", "after_answer"] = "campaign"
    starts_on: date
    ends_on: date
    quarter: str
    status: Status
    audience: Literal["all", "chats", "segments"] = "all"
    audience_ids: list[UUID] = Field(default_factory=list)
    voting_days: int | None = None
    starts_at: AwareDatetime | None = None
    closes_at: AwareDatetime | None = None
    stopped_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    created_at: AwareDatetime

    @property
    def status_word(self) -> str:
        """How far it is."""
        if self.stopped_at and self.status in {"scheduled", "sending", "active"}:
            return _("Рассылка остановлена")
        return _(STATUSES[self.status])

    @property
    def is_over(self) -> bool:
        """Assert that nobody votes any more."""
        return self.status in {"closed", "expired"}

    @property
    def has_begun(self) -> bool:
        """Assert that clients were asked, or are being asked."""
        return self.status not in {"draft", "scheduled"}

    @property
    def period(self) -> str:
        """The days that are rated: a whole quarter by its name."""
        if (self.starts_on, self.ends_on) == quarter_of(self.starts_on):
            return quarter_words(self.quarter)
        return f"{self.starts_on:%d.%m.%Y} – {self.ends_on:%d.%m.%Y}"


class Listed(Survey):
    """A row of `api.survey_overview`: a survey with the firm's figures, where the reader may know them."""

    figures: Ratings | None = None


SURVEYS = TypeAdapter(list[Listed])


class Point(Ratings):
    """A survey in the trend: a row of `api.feedback_trend`."""

    survey: UUID
    name: str
    quarter: str
    starts_on: date
    ends_on: date

    @property
    def when(self) -> str:
        """The quarter in which it begins."""
        return quarter_words(self.quarter)


TREND = TypeAdapter(list[Point])


def quarter_words(quarter: str) -> str:
    """Return «3 квартал 2026» of `2026-Q3`."""
    year, _sign, number = quarter.partition("-Q")
    return _("{quarter} квартал {year}").format(quarter=number, year=year)


def quarter_of(day: date) -> tuple[date, date]:
    """Return the first and the last day of the quarter of a day."""
    first = date(day.year, day.month - (day.month - 1) % 3, 1)
    return first, date.fromordinal(_next_quarter(first).toordinal() - 1)


def _next_quarter(first: date) -> date:
    return date(first.year + first.month // 10, (first.month + 2) % 12 + 1, 1)
