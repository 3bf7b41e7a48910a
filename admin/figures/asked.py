"""What a report is asked for: a period of the firm's days and a part of the firm, all of it in the address."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import cached_property, partial
from typing import Any, Literal
from urllib.parse import quote_plus
from uuid import UUID

from pydantic import Field

from admin.filters import Address
from admin.keyset import Whole
from admin.models import Frozen
from infra.words import N_

Preset = Literal[
    "last_30_days", "this_week", "last_week", "this_month", "last_month", "this_quarter", "last_quarter", "custom"
]
By = Literal["person", "chat", "client", "policy"]
Trend = Literal["day", "week", "month"]
Tier = Literal["basic", "standard", "vip", "premium"]

PRESETS: dict[Preset, str] = {
    "last_30_days": N_("30 дней"),
    "this_week": N_("Эта неделя"),
    "last_week": N_("Прошлая неделя"),
    "this_month": N_("Этот месяц"),
    "last_month": N_("Прошлый месяц"),
    "this_quarter": N_("Этот квартал"),
    "last_quarter": N_("Прошлый квартал"),
}
_USUAL: Preset = "last_30_days"
# In the address and for the database: the windows that have none.
NOBODY = UUID(int=0)


class Query(Address):
    """The query of the address."""

    period: Preset = _USUAL
    first_on: date | None = Field(default=None, alias="from")
    last_on: date | None = Field(default=None, alias="to")
    chat: Whole | None = None
    client: UUID | None = None
    person: UUID | None = None
    policy: UUID | None = None
    tier: Tier | None = None
    by: By = "person"
    trend: Trend | None = None

    @property
    def parts(self) -> dict[str, str]:
        """The part of the firm, as every function of reports takes it."""
        said = {"chat": self.chat, "client": self.client, "person": self.person, "policy": self.policy}
        return {name: str(value) for name, value in {**said, "tier": self.tier}.items() if value is not None}

    @property
    def days(self) -> dict[str, str]:
        """The period, as the database takes it to find the firm's days."""
        said = {"first_on": self.first_on, "last_on": self.last_on, "step": self.trend}
        return {"period": self.period, **{name: str(value) for name, value in said.items() if value is not None}}


class Days(Frozen):
    """What `private.report_days` makes of a period: its days in the firm's zone, and their first and next instants."""

    period: Preset
    first_on: date
    last_on: date
    since: str
    until: str
    step: Trend


class Asked:
    """A query, and the firm's days that it means."""

    def __init__(self, query: Query, days: Days) -> None:
        self.query, self.preset, self.trend = query, days.period, days.step
        self.first_on, self.last_on = days.first_on, days.last_on
        # What `api.sla_report` and `api.find_outcomes` take: the same for every figure and for its rows.
        self.instants = {"since": days.since, "until": days.until}
        self.arguments = {**self.instants, **query.parts}

    def address(self, path: str, **changed: Any) -> str:
        """Return the address of the same report with something changed; none takes a part away."""
        said = "&".join(filter(None, (self._said | _said(changed)).values()))
        return f"{path}?{said}" if said else path

    @cached_property
    def _said(self) -> dict[str, str]:
        """What every address of the report says; a page has hundreds of them."""
        query = self.query
        parts: dict[str, Any] = {"period": None if self.preset in {"custom", _USUAL} else self.preset}
        if self.preset == "custom":
            parts |= {"from": self.first_on, "to": self.last_on}
        parts |= {"chat": query.chat, "client": query.client, "person": query.person, "policy": query.policy}
        parts |= {"tier": query.tier, "by": None if query.by == "person" else query.by, "trend": query.trend}
        return _said(parts)

    def in_period(self, path: str, preset: Preset, **more: Any) -> str:
        """Return the address of the same report of another period."""
        period = None if preset == _USUAL else preset
        return self.address(path, **{"period": period, "from": None, "to": None, **more})

    def kept(self, **more: Any) -> list[tuple[str, Any]]:
        """Return what a form of the page does not ask for and must not forget."""
        query = self.query
        parts = {"chat": query.chat, "client": query.client, "by": query.by, "trend": query.trend, **more}
        return [(name, value) for name, value in parts.items() if value is not None]

    def narrowed(self, on: date, step: Trend) -> Callable[..., str]:
        """Return what makes the addresses of rows of one step of the trend, as far as the period has it."""
        first, last = max(on, self.first_on), min(next_step(on, step) - timedelta(days=1), self.last_on)
        return partial(self.address, "/reports/requests", **{"period": None, "from": first, "to": last})


def next_step(on: date, step: str) -> date:
    """Return when the next day, week or month begins."""
    if step == "month":
        return (on.replace(day=1) + timedelta(days=32)).replace(day=1)
    return on + timedelta(days=7 if step == "week" else 1)


def _said(parts: dict[str, Any]) -> dict[str, str]:
    """Return each part as an address says it, nothing for none."""
    return {name: "" if value is None else f"{name}={quote_plus(str(value))}" for name, value in parts.items()}
