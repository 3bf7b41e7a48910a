"""Durations and instants in the words of the pages. `static/requests.js` says durations in the same words."""

import math
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

MOSCOW = ZoneInfo("Europe/Moscow")

_WEEKDAYS = ("пн", "вт", "ср", "чт", "пт", "сб", "вс")
_MONTHS = ("янв", "фев", "мар", "апр", "мая", "июн", "июл", "авг", "сен", "окт", "ноя", "дек")
_NBSP = "\u00a0"
_SECONDS_MATTER = 5 * 60
_SECONDS_A_MINUTE = 60
_THIS_WEEK = timedelta(days=6)


def duration(seconds: int) -> str:
    """Return «1 ч 05 мин», «47 мин» or, under five minutes, «4 мин 32 с»."""
    minutes, rest = divmod(abs(seconds), 60)
    hours, minutes_of_hour = divmod(minutes, 60)
    if hours:
        words = f"{hours} ч {minutes_of_hour:02} мин"
    elif minutes * 60 >= _SECONDS_MATTER:
        words = f"{minutes} мин"
    else:
        words = f"{minutes} мин {rest:02} с" if minutes else f"{rest} с"
    return words.replace(" ", _NBSP)


def countdown(seconds_left: int) -> str:
    """Return the working time that is left, or by how much the deadline was missed (below zero)."""
    return f"просрочено на {duration(seconds_left)}" if seconds_left < 0 else f"осталось {duration(seconds_left)}"


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


class Wall:
    """The clock on the reader's wall: their browser's zone when it told us, else Moscow's, and then we say so."""

    def __init__(self, zone: str | None, now: datetime) -> None:
        is_known = zone in _zones()
        self._zone = ZoneInfo(zone) if zone and is_known else MOSCOW
        self._suffix = "" if is_known else f"{_NBSP}МСК"
        self._now = now.astimezone(self._zone)

    def moment(self, at: datetime) -> str:
        """Return «14:32» today, «пн 09:00» within the week, «17 ноя 18:05» otherwise."""
        local = at.astimezone(self._zone)
        words = f"{self._day(local)} {local:%H:%M}".strip() + self._suffix
        return words.replace(" ", _NBSP)

    def exact(self, at: datetime) -> str:
        """Return date, time and distance from UTC, for a tooltip."""
        local = at.astimezone(self._zone)
        return f"{local:%d.%m.%Y %H:%M:%S} UTC{local:%z}"

    def _day(self, local: datetime) -> str:
        days = (local.date() - self._now.date()).days
        if days == 0:
            return ""
        if days == -1:
            return "вчера"
        if abs(days) <= _THIS_WEEK.days:
            return _WEEKDAYS[local.weekday()]
        year = f" {local.year}" if local.year != self._now.year else ""
        return f"{local.day} {_MONTHS[local.month - 1]}{year}"


def plural(count: int, one: str, few: str, many: str) -> str:
    """Return the number with the noun in its Russian form: 1 сообщение, 3 сообщения, 11 сообщений."""
    tens, ones = count % 100, count % 10
    if ones == 1 and tens != 11:  # noqa: PLR2004 (Russian grammar)
        return f"{count}{_NBSP}{one}"
    return f"{count}{_NBSP}{few if ones in {2, 3, 4} and tens not in {12, 13, 14} else many}"


def pause(seconds: float) -> str:
    """Return how long to wait, rounded up, as it stands after «через»: 30 секунд, 1 минуту, 4 минуты."""
    whole = max(math.ceil(seconds), 1)
    if whole < _SECONDS_A_MINUTE:
        return plural(whole, "секунду", "секунды", "секунд")
    return plural(math.ceil(whole / _SECONDS_A_MINUTE), "минуту", "минуты", "минут")
