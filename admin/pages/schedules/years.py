"""A year as twelve small tables: what each day is, in a word, a length and a look."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from admin.pages.schedules import words
from admin.pages.schedules.rows import Day, Kind
from infra.words import N_, _

KIND_WORDS: dict[Kind, str] = {
    "working": N_("рабочий день"),
    "off": N_("выходной"),
    "short": N_("короткий день"),
    "holiday": N_("праздник"),
    "exception": N_("особый день"),
}
# What is materialised, and then some: nobody plans further.
_YEARS = range(2000, 2101)
_DAYS_A_WEEK = 7


class Cell(NamedTuple):
    """A day of a month's table."""

    number: int
    kind: Kind
    title: str


class Month(NamedTuple):
    """A month's table: weeks from Monday on, `None` where the month has no day."""

    name: str
    weeks: list[tuple[Cell | None, ...]]


def year_of(text: str, now: datetime) -> int:
    """Return the year that an address names; this one when it names none."""
    return int(text) if text.isascii() and text.isdigit() and int(text) in _YEARS else now.year


def months(days: Sequence[Day]) -> list[Month]:
    """Return the twelve tables of a year, all of whose days these are in order."""
    by_month = groupby(days, key=lambda day: day.on_date.month)
    return [Month(words.month(number), list(_weeks(list(own)))) for number, own in by_month]


def _weeks(own: Sequence[Day]) -> Iterator[tuple[Cell | None, ...]]:
    cells: list[Cell | None] = [None] * (own[0].on_date.isoweekday() - 1)
    cells += [Cell(day.on_date.day, day.kind, _title(day)) for day in own]
    cells += [None] * (-len(cells) % _DAYS_A_WEEK)
    yield from (tuple(cells[first : first + _DAYS_A_WEEK]) for first in range(0, len(cells), _DAYS_A_WEEK))


def _title(day: Day) -> str:
    parts = [_(KIND_WORDS[day.kind])]
    if day.name:
        parts.append(day.name)
    if day.minutes and day.kind != "off":
        parts.append(words.length(day.minutes))
    elif day.kind == "exception":
        parts.append(_("не работаем"))
    return ", ".join(parts)
