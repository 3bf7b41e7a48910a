"""Times in words: how long, on which day and at what hour, in the language spoken and the zone of the reader."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date

from infra.words import N_, _, language

_MINUTES_IN_HOUR = 60
_HALF_A_YEAR = timedelta(days=183)

_NEAR_DAYS = {-1: N_("вчера"), 0: N_("сегодня"), 1: N_("завтра")}
_WEEKDAYS = (
    N_("в понедельник"),
    N_("во вторник"),
    N_("в среду"),
    N_("в четверг"),
    N_("в пятницу"),
    N_("в субботу"),
    N_("в воскресенье"),
)
# Days before months and hours up to 24, as everybody in the firm's country writes them.
_WRITING = {"ru": "ru", "en": "en_GB"}


def duration(minutes: int) -> str:
    """Return minutes as people read them: «47 мин», «2 ч», «2 ч 5 мин»."""
    hours, rest = divmod(minutes, _MINUTES_IN_HOUR)
    if not hours:
        return _("{minutes} мин").format(minutes=rest)
    return (
        _("{hours} ч {minutes} мин").format(hours=hours, minutes=rest) if rest else _("{hours} ч").format(hours=hours)
    )


def moment(at: datetime, zone: str, now: datetime) -> str:
    """Return when something is, seen from `now`: «сегодня в 15:30», «в понедельник в 9:00», «7 апреля в 9:00»."""
    return _("{day} в {time}").format(day=day(at, zone, now), time=clock(at, zone))


def clock(at: datetime, zone: str) -> str:
    """Return the hour as clocks of the zone show it: «9:00»."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{local.hour}:{local:%M}"


def day(at: datetime, zone: str, now: datetime) -> str:
    """Return the day as it stands in a sentence: «завтра», «в среду» within a week, else «7 апреля»."""
    place = ZoneInfo(zone)
    on, today = at.astimezone(place).date(), now.astimezone(place).date()
    ahead = (on - today).days
    if ahead in _NEAR_DAYS:
        return _(_NEAR_DAYS[ahead])
    # A week from now the weekday's name would mean today.
    if 0 < ahead < len(_WEEKDAYS):
        return _(_WEEKDAYS[on.weekday()])
    # In English a date stands after «on», as a weekday does.
    return _("{date}").format(date=calendar_date(on, today))


def days(first: date, last: date) -> str:
    """Return some days: «12 июня», «с 1 по 8 января», «с 31 декабря по 8 января»."""
    if first == last:
        return calendar_date(first)
    is_one_month = (first.year, first.month) == (last.year, last.month)
    start = str(first.day) if is_one_month else calendar_date(first)
    return _("с {first} по {last}").format(first=start, last=calendar_date(last))


def calendar_date(on: date, today: date | None = None) -> str:
    """Return the date by itself: «7 апреля»; half a year from today it names its year."""
    is_near = today is None or abs(on - today) < _HALF_A_YEAR
    return format_date(on, "d MMMM" if is_near else "long", locale=_WRITING[language()])
