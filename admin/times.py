"""Durations and instants in the words of the pages. `static/js/requests.js` says durations in the same words."""

import math
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from markupsafe import Markup

from infra.words import N_, _, ngettext, number

MOSCOW = ZoneInfo("Europe/Moscow")

_WEEKDAYS = (N_("пн"), N_("вт"), N_("ср"), N_("чт"), N_("пт"), N_("сб"), N_("вс"))
_MONTHS = (
    *(N_("янв"), N_("фев"), N_("мар"), N_("апр"), N_("мая"), N_("июн")),
    *(N_("июл"), N_("авг"), N_("сен"), N_("окт"), N_("ноя"), N_("дек")),
)
_NBSP = "\u00a0"
_SECONDS_MATTER = 5 * 60
_SECONDS_A_MINUTE = 60
_THIS_WEEK = timedelta(days=6)


def duration(seconds: int) -> str:
    """Return «1 ч 05 мин», «47 мин» or, under five minutes, «4 мин 32 с»."""
    minutes, rest = divmod(abs(seconds), 60)
    hours, minutes_of_hour = divmod(minutes, 60)
    if hours:
        words = _("{hours} ч {minutes} мин").format(hours=number(hours), minutes=f"{minutes_of_hour:02}")
    elif minutes * 60 >= _SECONDS_MATTER:
        words = _("{minutes} мин").format(minutes=minutes)
    elif minutes:
        words = _("{minutes} мин {seconds} с").format(minutes=minutes, seconds=f"{rest:02}")
    else:
        words = _("{seconds} с").format(seconds=rest)
    return words.replace(" ", _NBSP)


def countdown(seconds_left: int) -> str:
    """Return the working time that is left, or by how much the deadline was missed (below zero)."""
    words = _("просрочено на {time}") if seconds_left < 0 else _("осталось {time}")
    return words.format(time=duration(seconds_left)).replace(" ", _NBSP)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


class Wall:
    """The clock on the reader's wall: their browser's zone when it told us, else Moscow's, and then we say so."""

    def __init__(self, zone: str | None, now: datetime) -> None:
        is_known = zone in _zones()
        self._zone = ZoneInfo(zone) if zone and is_known else MOSCOW
        self._suffix = "" if is_known else _NBSP + _("МСК")
        self._now = now.astimezone(self._zone)
        self._today = self._now.toordinal()

    @property
    def zone(self) -> ZoneInfo:
        """Where the reader is."""
        return self._zone

    def moment(self, at: datetime) -> str:
        """Return «14:32» today, «пн 09:00» within the week, «17 ноя 18:05» otherwise."""
        local = at.astimezone(self._zone)
        return self._moment(local, local.isoformat())

    def exact(self, at: datetime) -> str:
        """Return date, time and distance from UTC, for a tooltip."""
        return _exact(at.astimezone(self._zone).isoformat())

    def mark(self, at: datetime) -> Markup:
        """Return the moment as an element that says exactly when; a list has hundreds, so no template is asked."""
        local = at.astimezone(self._zone)
        written = local.isoformat()
        exactly, words = _exact(written), self._moment(local, written)
        return Markup(f'<time datetime="{at.isoformat()}" title="{exactly}">{words}</time>')  # noqa: S704 (all our own)

    def _moment(self, local: datetime, written: str) -> str:
        """Return the words of an instant that is also `written` in full: its parts need not be formatted again."""
        day = self._day(local)
        words = f"{day} {written[11:16]}{self._suffix}" if day else written[11:16] + self._suffix
        return words.replace(" ", _NBSP)

    def _day(self, local: datetime) -> str:
        days = local.toordinal() - self._today
        if days == 0:
            return ""
        if days == -1:
            return _("вчера")
        if abs(days) <= _THIS_WEEK.days:
            return _(_WEEKDAYS[local.weekday()])
        year = f" {local.year}" if local.year != self._now.year else ""
        return f"{local.day} {_(_MONTHS[local.month - 1])}{year}"


def _exact(written: str) -> str:
    """Return «17.11.2026 14:32:05 UTC+0300» of an instant in ISO 8601, whose parts it is put together from."""
    day = f"{written[8:10]}.{written[5:7]}.{written[:4].lstrip('0')}"
    # Behind the seconds, or behind their millionths.
    offset = written[26 if written[19] == "." else 19 :].replace(":", "")
    return f"{day} {written[11:19]} UTC{offset}"


def pause(seconds: float) -> str:
    """Return how long to wait, rounded up, as it stands after «через»: 30 секунд, 1 минуту, 4 минуты."""
    whole = max(math.ceil(seconds), 1)
    minutes = math.ceil(whole / _SECONDS_A_MINUTE)
    if whole < _SECONDS_A_MINUTE:
        words = ngettext("{n} секунду", "{n} секунды", whole)
    else:
        words = ngettext("{n} минуту", "{n} минуты", minutes)
    return words.replace(" ", _NBSP)
