"""Instants and dates in words, by the clock of whoever reads them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date

from infra.words import N_, _, language

_WEEKDAYS = (
    N_("в понедельник"),
    N_("во вторник"),
    N_("в среду"),
    N_("в четверг"),
    N_("в пятницу"),
    N_("в субботу"),
    N_("в воскресенье"),
)
_NEAR = {-1: N_("вчера"), 0: N_("сегодня"), 1: N_("завтра")}


def clock(at: datetime, zone: str) -> str:
    """Return the hour as clocks of the zone show it: «9:00»."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{local.hour}:{local:%M}"


def day(at: datetime, zone: str, now: datetime) -> str:
    """Return the day as somebody in the zone would say it now: «завтра», «в понедельник», «11 января»."""
    place = ZoneInfo(zone)
    then = at.astimezone(place).date()
    ahead = (then - now.astimezone(place).date()).days
    if ahead in _NEAR:
        return _(_NEAR[ahead])
    # A week from now the weekday's name would mean today.
    return _(_WEEKDAYS[then.weekday()]) if 0 < ahead < len(_WEEKDAYS) else _date(then)


def moment(at: datetime, zone: str, now: datetime) -> str:
    """Return day and hour: «сегодня в 15:05»."""
    return _("{day} в {clock}").format(day=day(at, zone, now), clock=clock(at, zone))


def days(first: date, last: date) -> str:
    """Return some days: «12 июня», «с 1 по 8 января», «с 31 декабря по 8 января»."""
    if first == last:
        return _date(first)
    is_one_month = (first.year, first.month) == (last.year, last.month)
    return _("с {first} по {last}").format(first=str(first.day) if is_one_month else _date(first), last=_date(last))


def _date(on: date) -> str:
    return format_date(on, "d MMMM", locale=language())
