"""Durations and instants in words."""

from datetime import UTC, datetime

import pytest

from admin.figures.month import Month
from admin.times import Wall, countdown, duration, pause
from infra.words import speaking

SATURDAY = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


def plain(words: str) -> str:
    return words.replace("\u00a0", " ")


@pytest.mark.parametrize(("locale", "share"), [("ru", "79,2"), ("en", "79.2")])
def test_a_share_is_written_as_the_reader_writes_numbers(locale: str, share: str) -> None:
    with speaking(locale):
        assert Month(n=24, met_percent=79.2, p50_minutes=12, waiting=0).met_words == share


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 с"),
        (59, "59 с"),
        (60, "1 мин 00 с"),
        (272, "4 мин 32 с"),
        (300, "5 мин"),
        (2879, "47 мин"),
        (3600, "1 ч 00 мин"),
        (3900, "1 ч 05 мин"),
        (360_000, "100 ч 00 мин"),
        (3_600_000, "1 000 ч 00 мин"),
    ],
)
def test_a_duration_is_exact_where_it_matters(seconds: int, expected: str) -> None:
    assert plain(duration(seconds)) == expected


@pytest.mark.parametrize(
    ("left", "expected"),
    [(2820, "осталось 47 мин"), (0, "осталось 0 с"), (-1, "просрочено на 1 с"), (-720, "просрочено на 12 мин")],
)
def test_a_countdown_says_how_late_it_is(left: int, expected: str) -> None:
    assert plain(countdown(left)) == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(2026, 11, 21, 11, 32, tzinfo=UTC), "14:32"),
        (datetime(2026, 11, 20, 15, 5, tzinfo=UTC), "вчера 18:05"),
        (datetime(2026, 11, 20, 21, 30, tzinfo=UTC), "00:30"),
        (datetime(2026, 11, 23, 6, 0, tzinfo=UTC), "пн 09:00"),
        (datetime(2026, 11, 10, 6, 0, tzinfo=UTC), "10 ноя 09:00"),
        (datetime(2025, 11, 10, 6, 0, tzinfo=UTC), "10 ноя 2025 09:00"),
    ],
)
def test_an_instant_is_as_short_as_it_can_be(at: datetime, expected: str) -> None:
    assert plain(Wall("Europe/Moscow", SATURDAY).moment(at)) == expected


@pytest.mark.parametrize("zone", [None, "", "Mars/Olympus", "../../etc/passwd", "Europe"])
def test_without_a_known_zone_it_is_moscow_and_says_so(zone: str | None) -> None:
    assert plain(Wall(zone, SATURDAY).moment(SATURDAY)) == "11:00 МСК"


@pytest.mark.parametrize(
    ("zone", "at", "expected"),
    [
        ("Europe/Moscow", datetime(2026, 11, 21, 8, 0, 5, 250, tzinfo=UTC), "21.11.2026 11:00:05 UTC+0300"),
        ("America/St_Johns", datetime(2026, 1, 2, 1, 0, tzinfo=UTC), "01.01.2026 21:30:00 UTC-0330"),
        ("Europe/Moscow", datetime(1900, 5, 6, 7, 8, tzinfo=UTC), "06.05.1900 09:38:17 UTC+023017"),
    ],
)
def test_the_exact_instant_names_its_distance_from_utc(zone: str, at: datetime, expected: str) -> None:
    assert Wall(zone, SATURDAY).exact(at) == expected


def test_a_reader_in_the_east_reads_their_own_time() -> None:
    wall = Wall("Asia/Yekaterinburg", SATURDAY)
    assert (plain(wall.moment(SATURDAY)), wall.exact(SATURDAY)) == ("13:00", "21.11.2026 13:00:00 UTC+0500")


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.2, "1 секунду"), (2, "2 секунды"), (11, "11 секунд"), (60, "1 минуту"), (61, "2 минуты"), (660, "11 минут")],
)
def test_a_pause_is_rounded_up_and_follows_its_number(seconds: float, expected: str) -> None:
    assert plain(pause(seconds)) == expected
