"""Weeks, dates and zones in words: «пн–пт 9:00–18:00, перерыв 13:00–14:00»."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from itertools import groupby, pairwise
from typing import Any

from babel.dates import format_date, get_timezone_location

from admin.pages.schedules.rows import Hours, Saying
from infra.words import _, language, ngettext, number

# The zones of Russia from west to east, each once; another one stays as it is where a schedule has it.
ZONES = (
    "Europe/Kaliningrad",
    "Europe/Moscow",
    "Europe/Samara",
    "Asia/Yekaterinburg",
    "Asia/Omsk",
    "Asia/Krasnoyarsk",
    "Asia/Irkutsk",
    "Asia/Yakutsk",
    "Asia/Vladivostok",
    "Asia/Magadan",
    "Asia/Kamchatka",
)
# Any Monday.
_MONDAY = date(2001, 1, 1)
_HOUR = 60


def weekday(number: int, form: str = "cccc") -> str:
    """Return the name of a weekday, Monday = 1; `ccc` is the short form."""
    return _date(_MONDAY.replace(day=number), form, language())


def month(number: int) -> str:
    """Return the name of a month as it stands alone."""
    return _date(_MONDAY.replace(month=number), "LLLL", language())


def day(on_date: date) -> str:
    """Return «12 июня, пт»."""
    return f"{_date(on_date, 'd MMMM', language())}, {_date(on_date, 'ccc', language())}"


def zone(name: str) -> str:
    """Return a zone by its city."""
    return name if name == "UTC" else _city(name, language())


def week(hours: Sequence[Hours]) -> str:
    """Return the week of a schedule in one line."""
    by_day = {nth: _day(list(own)) for nth, own in groupby(hours, key=lambda hour: hour.weekday)}
    runs: list[tuple[str, list[int]]] = []
    for nth, words in sorted(by_day.items()):
        same = next((days for said, days in runs if said == words), None)
        if same is None:
            runs.append((words, [nth]))
        else:
            same.append(nth)
    return "; ".join(f"{_days(days)} {words}" for words, days in runs) or _("рабочих часов нет")


def exception(says: Sequence[Saying]) -> str:
    """Return what a date has instead of its weekday: «выходной», «10:00–15:00», «короче на 1 ч»."""
    first = says[0]
    if first.opens:
        return ", ".join(f"{_clock(one.opens or '')}–{_clock(one.closes or '')}" for one in says)
    parts = []
    if first.works_as:
        parts.append(_("рабочие часы как в {weekday}").format(weekday=weekday(first.works_as, "ccc")))
    if first.shortened_minutes:
        parts.append(_("короче на {length}").format(length=length(first.shortened_minutes)))
    return ", ".join(parts) or _("выходной")


def names(says: Iterable[Saying]) -> str:
    """Return the reasons of a date, each once."""
    return ", ".join(dict.fromkeys(one.name for one in says))


def length(minutes: int) -> str:
    """Return «8 ч», «7 ч 30 мин», «45 мин»."""
    hours, rest = divmod(minutes, _HOUR)
    parts = [_("{n} ч").format(n=number(hours))] if hours else []
    parts += [_("{n} мин").format(n=number(rest))] if rest or not hours else []
    return " ".join(parts)


def change(before: dict[str, Any] | None, now: dict[str, Any] | None) -> Iterator[str]:
    """Yield what a new version did to named dates: those that came and those that went."""
    for dates, sentence in ((now, _("добавлено: {dates}")), (before, _("убрано: {dates}"))):
        if dates:
            said = [f"{day(date.fromisoformat(on))} {name}" for on, name in sorted(dates.items())[:3]]
            rest = len(dates) - len(said)
            more = [_("и ещё {n}").format(n=number(rest))] if rest else []
            yield sentence.format(dates="; ".join([*said, *more]))


def _day(hours: Sequence[Hours]) -> str:
    first, last = hours[0], hours[-1]
    if (first.opens, first.closes) == ("00:00", "24:00"):
        return _("круглые сутки")
    words = f"{_clock(first.opens)}–{_clock(last.closes)}"
    if last.closes < last.opens:
        words = _("{hours} следующего дня").format(hours=words)
    pauses = [f"{_clock(one.closes)}–{_clock(other.opens)}" for one, other in pairwise(hours)]
    if not pauses:
        return words
    said = ngettext("{hours}, перерыв {pauses}", "{hours}, перерывы {pauses}", len(pauses))
    return said.format(hours=words, pauses=", ".join(pauses))


# A year has a hundred such words, mostly the same.
@lru_cache(maxsize=1000)
def _date(on_date: date, form: str, locale: str) -> str:
    said: str = format_date(on_date, form, locale=locale)
    return said


@lru_cache(maxsize=1000)
def _city(zone_name: str, locale: str) -> str:
    found: str = get_timezone_location(zone_name, locale=locale, return_city=True)
    return found


def _clock(time: str) -> str:
    return time.removeprefix("0")


def _days(numbers: Sequence[int]) -> str:
    """Three days or more in a row are a range."""
    stretches: list[list[int]] = []
    for nth in numbers:
        if stretches and stretches[-1][-1] == nth - 1:
            stretches[-1].append(nth)
        else:
            stretches.append([nth])
    said = [
        f"{weekday(run[0], 'ccc')}–{weekday(run[-1], 'ccc')}"
        if len(run) > 2  # noqa: PLR2004 (two are named)
        else ", ".join(weekday(number, "ccc") for number in run)
        for run in stretches
    ]
    return ", ".join(said)
