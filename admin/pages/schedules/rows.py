"""Schedules, their weeks, dates and history, as the database hands them over."""

from datetime import date
from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime

from admin.models import Frozen

Kind = Literal["working", "off", "short", "holiday", "exception"]


class Hours(Frozen):
    """A stretch of a weekday, Monday = 1, by the clock of the schedule."""

    weekday: int
    opens: str
    closes: str


class Schedule(Frozen):
    """A row of `api.schedule_list`."""

    id: UUID
    name: str
    timezone: str
    around_the_clock: bool
    follows_firm_calendar: bool
    archived_at: AwareDatetime | None
    hours: list[Hours]
    is_default: bool
    measures_around_the_clock: bool
    chats: int
    never_opens: bool
    runs_out_at: AwareDatetime | None


class Saying(Frozen):
    """What a row says of an exceptional date."""

    name: str
    opens: str | None = None
    closes: str | None = None
    works_as: int | None = None
    shortened_minutes: int | None = None


class ExceptionalDate(Frozen):
    """A date that is not like its weekday."""

    on_date: date
    source: str | None
    says: list[Saying]


class Day(Frozen):
    """A day of the year view."""

    on_date: date
    minutes: int
    kind: Kind
    name: str | None


class Chat(Frozen):
    """A chat that counts by the schedule."""

    id: UUID
    name: str


class Version(Frozen):
    """A change of the schedule."""

    made_at: AwareDatetime
    made_by: str | None
    hours: list[Hours] | None
    hours_before: list[Hours] | None
    timezone: str
    timezone_before: str | None
    dates: dict[str, Any] | None
    dates_before: dict[str, Any] | None


class Page(Frozen):
    """What `api.schedule_page` returns."""

    schedule: Schedule
    days: list[Day]
    dates: list[ExceptionalDate]
    firm_dates: list[ExceptionalDate]
    chats: list[Chat]
    history: list[Version]


class Calendar(Frozen):
    """What `api.calendar_page` returns."""

    dates: list[ExceptionalDate]
    schedules: int


class Change(Frozen):
    """A date that an import of the production calendar touches; `was` is what the firm had."""

    on_date: date
    change: Literal["added", "changed", "removed", "kept"]
    was: list[Saying] | None
