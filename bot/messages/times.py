"""Times in words: how long, on which day and at what hour, in the language spoken and the zone of the reader."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date

from infra.words import N_, _, language, number

_MINUTES_IN_HOUR = 60
_DAYS_IN_WEEK = 7
# In December, January is the next one.
_NEAR = timedelta(days=90)

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
    words = _("{hours} ч {minutes} мин") if rest else _("{hours} ч")
    return words.format(hours=number(hours), minutes=rest)


def moment(at: datetime, now: datetime, timezone: str) -> str:
    """Return when something is, seen from `now`: «сегодня в 15:30», «в понедельник в 09:00», «7 апреля в 09:00»."""
    local = at.astimezone(ZoneInfo(timezone))
    today = now.astimezone(ZoneInfo(timezone)).date()
    return _("{day} в {time}").format(day=day(local.date(), today), time=clock(at, timezone))


def clock(at: datetime, timezone: str) -> str:
    """Return the time on the reader's clock: «09:00»."""
    return f"{at.astimezone(ZoneInfo(timezone)):%H:%M}"


def day(on: date, today: date) -> str:
    """Return the day as it stands in a sentence: «завтра», «в среду» within a week, else «7 апреля»."""
    days = (on - today).days
    if days in _NEAR_DAYS:
        return _(_NEAR_DAYS[days])
    if 0 < days < _DAYS_IN_WEEK:
        return _(_WEEKDAYS[on.weekday()])
    # In English a date stands after «on», as a weekday does.
    return _("{date}").format(date=calendar_date(on, today))


def calendar_date(on: date, today: date) -> str:
    """Return the date by itself: «7 апреля», with the year when it is another than today's and not near."""
    is_plain = on.year == today.year or abs(on - today) < _NEAR
    return format_date(on, "d MMMM" if is_plain else "long", locale=_WRITING[language()])


def calendar_days(first: date, last: date, today: date) -> str:
    """Return some dates as one: «12 июня», «с 1 по 8 января», «с 31 декабря по 8 января»."""
    if first == last:
        return calendar_date(first, today)
    is_one_month = (first.year, first.month) == (last.year, last.month)
    since = str(first.day) if is_one_month else calendar_date(first, today)
    return _("с {first} по {last}").format(first=since, last=calendar_date(last, today))
