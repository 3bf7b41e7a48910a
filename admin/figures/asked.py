"""What a report is asked for: a period of the firm's days and a part of the firm, all of it in the address."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import cached_property, partial
from typing import Any, Literal
from urllib.parse import quote_plus
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field

from admin.filters import Address
from admin.keyset import Whole
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
_MONTHS_A_QUARTER = 3
# Until how many days a step is chosen, and until how many it can be asked for.
_FEW_DAYS: dict[Trend, int] = {"day": 45, "week": 200}
_MOST_DAYS: dict[Trend, int] = {"day": 400, "week": 2000, "month": 100_000}
# Before Telegram there is nothing, and beyond a year nothing is due.
_EARLIEST, _AHEAD = date(2013, 1, 1), timedelta(days=366)


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


class Asked:
    """A query on a certain day in the firm's zone."""

    def __init__(self, query: Query, zone: ZoneInfo, now: datetime) -> None:
        self.query, self.zone = query, zone
        today = now.astimezone(zone).date()
        is_custom = query.period == "custom" or query.first_on is not None or query.last_on is not None
        self.preset: Preset = "custom" if is_custom else query.period
        if is_custom:
            first, last = query.first_on or query.last_on or today, query.last_on or today
            within = [min(max(day, _EARLIEST), today + _AHEAD) for day in (first, last)]
            self.first_on, self.last_on = min(within), max(within)
        else:
            self.first_on, self.last_on = _DAYS[query.period](today)

    @property
    def days(self) -> int:
        """How many days the period has."""
        return (self.last_on - self.first_on).days + 1

    @property
    def trend(self) -> Trend:
        """The step of the trend: the one asked for where it can be drawn, else one that leaves a few dozen points."""
        if self.query.trend and self.days <= _MOST_DAYS[self.query.trend]:
            return self.query.trend
        return next((step for step, most in _FEW_DAYS.items() if self.days <= most), "month")

    @property
    def arguments(self) -> dict[str, Any]:
        """What `api.sla_report` and `api.find_outcomes` take: the same for every figure and for its rows."""
        query = self.query
        said = {"chat": query.chat, "client": query.client, "person": query.person, "policy": query.policy}
        parts = {name: str(value) for name, value in said.items() if value is not None}
        return {
            "since": _midnight(self.first_on, self.zone),
            "until": _midnight(self.last_on + timedelta(days=1), self.zone),
            **parts,
            **({"tier": query.tier} if query.tier else {}),
        }

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


def _midnight(day: date, zone: ZoneInfo) -> str:
    return datetime.combine(day, time(), zone).isoformat()


def _week(today: date) -> date:
    return today - timedelta(days=today.weekday())


def _quarter(today: date) -> date:
    return date(today.year, today.month - (today.month - 1) % _MONTHS_A_QUARTER, 1)


def _until(first: date, begins: Callable[[date], date]) -> tuple[date, date]:
    """Return the period before the one that begins on `first`."""
    last = first - timedelta(days=1)
    return begins(last), last


def _month(today: date) -> date:
    return today.replace(day=1)


# Periods that go on end today: what is yet to come has no figures.
_DAYS: dict[Preset, Callable[[date], tuple[date, date]]] = {
    "last_30_days": lambda today: (today - timedelta(days=29), today),
    "this_week": lambda today: (_week(today), today),
    "last_week": lambda today: _until(_week(today), _week),
    "this_month": lambda today: (_month(today), today),
    "last_month": lambda today: _until(_month(today), _month),
    "this_quarter": lambda today: (_quarter(today), today),
    "last_quarter": lambda today: _until(_quarter(today), _quarter),
}
