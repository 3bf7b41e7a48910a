"""The office of `make demo` is open for the day that is played, whatever the hour and the weekday."""

from datetime import datetime, timedelta
from datetime import time as clock

import pytest

from infra.local.demo.day import DAY_MINUTES
from infra.local.demo.play import LEFT, open_office
from tests.sql.firm import MOSCOW, Connection, one
from tests.sql.schedules import add, between


def coming(weekday: int, time: str) -> datetime:
    """Return the next such hour of a Moscow clock; Monday is 1."""
    today = datetime.now(MOSCOW)
    day = today + timedelta(days=(weekday - today.isoweekday()) % 7)
    return datetime.combine(day, clock.fromisoformat(time), MOSCOW)


@pytest.mark.parametrize(("weekday", "time"), [(5, "12:00"), (1, "23:54"), (1, "23:55"), (1, "23:57"), (2, "02:00")])
def test_the_demo_ends_five_minutes_before_a_holiday_at_any_hour(db: Connection, weekday: int, time: str) -> None:
    now = coming(weekday, time)
    opens, closes = open_office(db, now)
    schedule = one(db, "select id from public.working_schedules where name = 'Демонстрация'")
    assert between(db, schedule, opens, closes) == timedelta(minutes=DAY_MINUTES) + LEFT
    reopens = add(db, schedule, closes, 1)
    assert reopens and reopens - closes > timedelta(days=1)
    assert between(db, schedule, opens - timedelta(hours=1), opens) == timedelta()
