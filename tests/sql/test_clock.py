"""Working time (S6, S7): the scenarios of group D by name."""

from datetime import UTC, date, datetime, timedelta

import httpx
import psycopg
import pytest

from tests.sql.firm import ANNA, Connection, ingest, moscow, one, said, windows
from tests.sql.oracle import Exceptional, Interval, Schedule
from tests.sql.schedules import EVERY_DAY, OFFICE, WORKDAYS, add, between, store
from tests.stack import Stack

HOUR = timedelta(hours=1)
NOON = Interval(720, 780)


@pytest.mark.parametrize(
    ("since", "minutes", "due"),
    [
        ("2026-04-10 17:55", 10, "2026-04-13 09:05"),
        ("2026-04-10 17:00", 60, "2026-04-10 18:00"),
        ("2026-04-11 12:00", 60, "2026-04-13 10:00"),  # D2
        ("2026-04-06 10:00", 60, "2026-04-06 11:00"),
    ],
)
def test_d1_d2_d9_the_office_works_weekdays_nine_to_six(db: Connection, since: str, minutes: int, due: str) -> None:
    default = one(db, "select default_schedule_id from public.settings")
    assert add(db, default, moscow(since), minutes) == moscow(due)


def test_d1_closing_time_is_closed_and_the_second_before_is_open(db: Connection) -> None:
    office = store(db, OFFICE)
    evening = moscow("2026-04-06 18:00")
    assert between(db, office, evening - timedelta(seconds=1), evening) == timedelta(seconds=1)
    assert between(db, office, evening, evening + HOUR) == timedelta(0)


def test_d3_holidays_of_the_firm_and_of_the_schedule_both_count(db: Connection) -> None:
    holidays = (
        Exceptional(date(2026, 4, 7), own=False),
        Exceptional(date(2026, 4, 8), own=True),
    )
    office = store(db, Schedule("Europe/Moscow", WORKDAYS, holidays))
    assert add(db, office, moscow("2026-04-06 17:30"), 60) == moscow("2026-04-09 09:30")


def test_d4_a_holiday_closes_days_that_otherwise_never_close(db: Connection) -> None:
    schedule = Schedule("Europe/Moscow", EVERY_DAY, (Exceptional(date(2027, 1, 1), own=True),))
    always = store(db, schedule)
    assert add(db, always, datetime(2026, 12, 31, 20, 30, tzinfo=UTC), 60) == datetime(2027, 1, 1, 21, 30, tzinfo=UTC)
    assert add(db, always, datetime(2027, 1, 1, 21, 0, tzinfo=UTC), 60) == datetime(2027, 1, 1, 22, 0, tzinfo=UTC)


def test_d5_sunday_is_day_seven_and_may_work(db: Connection) -> None:
    office = store(db, Schedule("Europe/Moscow", (*WORKDAYS, (7, Interval(600, 720)))))
    assert add(db, office, moscow("2026-04-12 10:30"), 60) == moscow("2026-04-12 11:30")


def test_d6_a_short_friday_in_any_order(db: Connection) -> None:
    office = store(db, Schedule("Europe/Moscow", ((5, Interval(540, 1020)), *WORKDAYS[:4])))
    assert add(db, office, moscow("2026-04-10 16:30"), 60) == moscow("2026-04-13 09:30")


def test_d7_lunch_is_closed_time(db: Connection) -> None:
    halves = tuple((day, half) for day in range(1, 6) for half in (Interval(540, 780), Interval(840, 1080)))
    office = store(db, Schedule("Europe/Moscow", halves))
    assert add(db, office, moscow("2026-04-06 12:30"), 60) == moscow("2026-04-06 14:30")


def test_d8_a_short_day_and_a_moved_saturday(db: Connection) -> None:
    moved = (
        Exceptional(date(2026, 4, 10), own=False, interval=Interval(540, 1020)),
        Exceptional(date(2026, 4, 11), own=False, interval=Interval(540, 1080)),
    )
    office = store(db, Schedule("Europe/Moscow", WORKDAYS, moved))
    assert add(db, office, moscow("2026-04-10 16:40"), 60) == moscow("2026-04-11 09:40")


def test_d9_a_chat_without_a_schedule_has_the_firms_and_ten_to_seven_stays_ten_to_seven(db: Connection) -> None:
    db.execute(
        "update public.working_intervals set opens = '10:00', closes = '19:00'"
        " where schedule_id = (select default_schedule_id from public.settings)"
    )
    ingest(db, said(ANNA, moscow("2026-04-06 09:30")), said(ANNA, moscow("2026-04-06 18:30"), topic_id=7))
    due = [opened["due_at"] for opened in windows(db)]
    assert due == [moscow("2026-04-06 11:00"), moscow("2026-04-07 10:30")]


def test_d10_around_the_clock_ignores_the_change_of_clocks(db: Connection) -> None:
    always = store(db, Schedule("Europe/Berlin"), around_the_clock=True)
    assert add(db, always, datetime(2026, 3, 28, 22, 30, tzinfo=UTC), 240) == datetime(2026, 3, 29, 2, 30, tzinfo=UTC)


def test_d11_nine_is_nine_after_the_change_of_clocks(db: Connection) -> None:
    office = store(db, Schedule("Europe/Berlin", WORKDAYS))
    friday = datetime.fromisoformat("2026-03-27T17:30+01:00")
    assert add(db, office, friday, 60) == datetime(2026, 3, 30, 7, 30, tzinfo=UTC)


def test_d12_seconds_are_counted(db: Connection) -> None:
    office = store(db, OFFICE)
    assert between(db, office, moscow("2026-04-10 17:59:30"), moscow("2026-04-13 09:00:30")) == timedelta(seconds=60)


@pytest.mark.parametrize(("minutes", "accepted"), [(0, False), (1, True), (10080, True), (10081, False)])
def test_d13_targets_are_one_minute_to_one_week(db: Connection, minutes: int, *, accepted: bool) -> None:
    def save() -> None:
        db.execute("update public.sla_policies set target_minutes = %s", [minutes])

    if accepted:
        save()
    else:
        with pytest.raises(psycopg.errors.CheckViolation, match="target_is_between_a_minute_and_a_week"):
            save()


def test_p8_a_schedule_without_working_time_answers_null(db: Connection) -> None:
    never = store(db, Schedule("Europe/Moscow"))
    assert add(db, never, moscow("2026-04-06 10:00"), 60) is None
    assert between(db, never, moscow("2026-04-06 10:00"), moscow("2026-04-07 10:00")) is None


def test_before_the_first_working_time_there_is_nothing_to_count_and_something_to_add(db: Connection) -> None:
    once = store(db, Schedule("Europe/Moscow", exceptions=(Exceptional(date(2026, 6, 4), own=True, interval=NOON),)))
    spring, opens = moscow("2026-04-06 10:00"), moscow("2026-06-04 12:00")
    assert between(db, once, spring, opens) == between(db, once, spring, spring + HOUR) == timedelta(0)
    assert add(db, once, spring, 15) == opens + HOUR / 4
    assert add(db, once, spring, 0) == spring
    assert between(db, once, spring, opens + 2 * HOUR) == HOUR
    assert add(db, once, opens + 2 * HOUR, 1) is None


@pytest.mark.parametrize("since", ["2026-04-06 08:00", "2026-04-06 10:00", "2026-04-06 18:00", "2026-04-06 20:00"])
def test_no_time_added_is_the_same_instant_and_less_than_none_is_null(db: Connection, since: str) -> None:
    for office in (store(db, OFFICE), store(db, OFFICE, around_the_clock=True)):
        assert add(db, office, moscow(since), 0) == moscow(since)
        assert add(db, office, moscow(since), -1) is None


def test_outside_the_materialised_span_the_clock_says_so(db: Connection) -> None:
    office = store(db, OFFICE)
    assert add(db, office, moscow("2010-04-06 10:00"), 60) is None
    assert between(db, office, moscow("2026-04-06 10:00"), moscow("2040-04-06 10:00")) is None


def test_p10_the_zone_of_the_session_does_not_matter(db: Connection) -> None:
    office = store(db, Schedule("Europe/Berlin", EVERY_DAY))
    since = datetime(2026, 3, 20, 10, 0, tzinfo=UTC)
    expected = add(db, office, since, 10080)
    for zone in ("America/New_York", "Pacific/Chatham", "Europe/Berlin"):
        db.execute("select set_config('timezone', %s, true)", [zone])
        assert add(db, office, since, 10080) == expected == since + timedelta(days=7)


def test_around_the_clock_the_calendar_does_not_matter_and_without_it_does(db: Connection) -> None:
    holiday = Exceptional(date(2026, 4, 7), own=True)
    office = store(db, Schedule("Europe/Moscow", WORKDAYS, (holiday,)))
    evening = moscow("2026-04-06 17:30")
    db.execute("update public.working_schedules set around_the_clock = true where id = %s", [office])
    assert add(db, office, evening, 60) == evening + HOUR
    assert one(db, "select private.is_working_time(%s, '2040-01-01')", office)
    db.execute("update public.working_schedules set around_the_clock = false where id = %s", [office])
    assert add(db, office, evening, 60) == moscow("2026-04-08 09:30")


@pytest.mark.parametrize(
    ("schedule", "around_the_clock", "answer"),
    [
        (OFFICE, False, True),
        (Schedule("Europe/Moscow"), False, False),
        (Schedule("Europe/Moscow"), True, True),
        (Schedule("Europe/Moscow", exceptions=(Exceptional(date(2026, 6, 4), own=True, interval=NOON),)), False, True),
        (Schedule("Europe/Moscow", exceptions=(Exceptional(date(2026, 6, 6), own=True, interval=NOON),)), False, False),
        (Schedule("Europe/Moscow", exceptions=(Exceptional(date(2026, 4, 5), own=True, interval=NOON),)), False, False),
    ],
)
def test_a_schedule_works_that_works_within_60_days(
    db: Connection, schedule: Schedule, *, around_the_clock: bool, answer: bool
) -> None:
    number = store(db, schedule, around_the_clock=around_the_clock)
    assert one(db, "select private.has_working_time(%s, '2026-04-06 10:00+03')", number) == answer


@pytest.mark.parametrize("zone", ["MSK-3", "Nowhere/City", "", "europe moscow"])
def test_a_zone_is_one_of_ianas(db: Connection, zone: str) -> None:
    with pytest.raises((psycopg.errors.CheckViolation, psycopg.errors.InvalidParameterValue)):
        store(db, Schedule(zone))


def test_the_clock_answers_over_the_api_in_seconds_and_instants(stack: Stack) -> None:
    key = stack.env["SUPABASE_SERVICE_ROLE_KEY"]
    with httpx.Client(
        base_url=f"{stack.env['SUPABASE_URL']}/rest/v1", headers={"apikey": key, "Authorization": f"Bearer {key}"}
    ) as rest:
        default = rest.get("/settings?select=default_schedule_id").json()[0]["default_schedule_id"]
        asked = {"schedule_id": default, "since": "2026-04-10T17:55:00+03:00", "amount": "10 minutes"}
        answer = rest.post("/rpc/add_working", json=asked).json()
        assert datetime.fromisoformat(answer) == moscow("2026-04-13 09:05")
        span = {"schedule_id": default, "since": "2026-04-10T17:59:30+03:00", "until": "2026-04-13T09:00:30+03:00"}
        assert rest.post("/rpc/working_between", json=span).json() == "00:01:00"


def test_the_clock_does_not_plan_its_look_ups_anew_for_each_deadline(db: Connection) -> None:
    """A session that first asks before there are statistics would do so for as long as it lives."""
    functions = ["api.add_working", "api.working_between"]
    planned_once = "select count(*) from pg_proc where oid = any (%s::regproc[]) and %s = any (proconfig)"
    assert one(db, planned_once, functions, "plan_cache_mode=force_generic_plan") == len(functions)
