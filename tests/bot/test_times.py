"""Times in words, on the reader's clock."""

from datetime import UTC, date, datetime

import pytest

from bot.messages import times
from infra.words import speaking

MONDAY = datetime(2026, 4, 6, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minutes", "russian", "english"),
    [
        (0, "0 мин", "0 min"),
        (47, "47 мин", "47 min"),
        (60, "1 ч", "1 h"),
        (125, "2 ч 5 мин", "2 h 5 min"),
        (6000, "100 ч", "100 h"),
        (60_005, "1\u00a0000 ч 5 мин", "1,000 h 5 min"),
    ],
)
def test_minutes_read_as_people_say_them(minutes: int, russian: str, english: str) -> None:
    assert times.duration(minutes) == russian
    with speaking("en"):
        assert times.duration(minutes) == english


@pytest.mark.parametrize(
    ("at", "timezone", "russian", "english"),
    [
        ("2026-04-06T12:30:00+00:00", "Europe/Moscow", "сегодня в 15:30", "today at 15:30"),
        ("2026-04-07T06:00:00+00:00", "Europe/Moscow", "завтра в 09:00", "tomorrow at 09:00"),
        # Late in the evening of UTC it is tomorrow in Vladivostok already, for both.
        ("2026-04-06T22:00:00+00:00", "Asia/Vladivostok", "завтра в 08:00", "tomorrow at 08:00"),
        ("2026-04-05T12:00:00+00:00", "Europe/Moscow", "вчера в 15:00", "yesterday at 15:00"),
        ("2026-04-08T06:00:00+00:00", "Europe/Moscow", "в среду в 09:00", "on Wednesday at 09:00"),
        ("2026-04-12T06:00:00+00:00", "Europe/Moscow", "в воскресенье в 09:00", "on Sunday at 09:00"),
        # A week from now it would be the same name for two days.
        ("2026-04-13T06:00:00+00:00", "Europe/Moscow", "13 апреля в 09:00", "on 13 April at 09:00"),
        ("2026-04-03T06:00:00+00:00", "Europe/Moscow", "3 апреля в 09:00", "on 3 April at 09:00"),
        # In December, January is the next one; farther away, a year is named.
        ("2026-12-28T06:00:00+00:00", "Europe/Moscow", "28 декабря в 09:00", "on 28 December at 09:00"),
        ("2026-10-05T06:00:00+00:00", "Europe/Moscow", "5 октября в 09:00", "on 5 October at 09:00"),
        ("2027-01-11T06:00:00+00:00", "Europe/Moscow", "11 января 2027\u202fг. в 09:00", "on 11 January 2027 at 09:00"),
    ],
)
def test_a_moment_is_told_by_its_day_and_hour(at: str, timezone: str, russian: str, english: str) -> None:
    assert times.moment(datetime.fromisoformat(at), MONDAY, timezone) == russian
    with speaking("en"):
        assert times.moment(datetime.fromisoformat(at), MONDAY, timezone) == english


@pytest.mark.parametrize(
    ("first", "last", "russian", "english"),
    [
        (date(2026, 6, 12), date(2026, 6, 12), "12 июня", "12 June"),
        (date(2026, 5, 1), date(2026, 5, 8), "с 1 по 8 мая", "1 to 8 May"),
        (date(2026, 4, 30), date(2026, 5, 8), "с 30 апреля по 8 мая", "30 April to 8 May"),
    ],
)
def test_days_in_a_row_are_told_by_their_ends(first: date, last: date, russian: str, english: str) -> None:
    assert times.calendar_days(first, last, MONDAY.date()) == russian
    with speaking("en"):
        assert times.calendar_days(first, last, MONDAY.date()) == english
