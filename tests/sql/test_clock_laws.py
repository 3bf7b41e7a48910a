"""The laws of working time (P1 to P7) as property tests, against an oracle that shares nothing with the SQL."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tests.sql import oracle
from tests.sql.firm import Connection, Row, all_rows, one
from tests.sql.oracle import Exceptional, Interval, Schedule
from tests.sql.schedules import add, between, rebuild, store

# Half-hour offsets, a half-hour change of clocks, changes in the evening, at midnight, and in the other hemisphere.
ZONES = [
    "Europe/Moscow", "Europe/Berlin", "America/New_York", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe",
    "Pacific/Chatham", "America/Santiago", "Africa/Casablanca", "Atlantic/Azores",
]  # fmt: skip
SPAN = timedelta(days=9)

intervals = st.builds(
    lambda opens, length: Interval(opens, (opens + length) % 1440 or 1440), st.integers(0, 1439), st.integers(1, 1439)
).filter(lambda i: i.opens != i.closes)
# What a date may say, as (interval, works_as, shortened): closed; intervals of its own; a weekday's hours or fewer.
rules: st.SearchStrategy[list[tuple[Interval | None, int | None, int | None]]] = st.one_of(
    st.just([(None, None, None)]),
    st.lists(intervals.map(lambda i: (i, None, None)), min_size=1, max_size=2, unique_by=lambda row: row[0].opens),
    st.tuples(st.none(), st.integers(1, 7), st.none() | st.integers(1, 1439)).map(lambda row: [row]),
    st.tuples(st.none(), st.none(), st.integers(1, 1439)).map(lambda row: [row]),
)


def january(year: int) -> datetime:
    return datetime(year, 1, 1, tzinfo=UTC)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Schedule, datetime]:
    """A schedule, and the start of the days that are looked at, often at a change of clocks."""
    year = draw(st.integers(2024, 2030))
    start = draw(
        st.one_of(
            st.integers(0, 480_000).map(lambda minutes: january(year) + timedelta(minutes=minutes)),
            st.sampled_from([(3, 5), (3, 24), (4, 1), (9, 4), (10, 24)]).map(
                lambda on: january(year).replace(month=on[0], day=on[1])
            ),
        )
    )
    weekly = draw(st.lists(st.tuples(st.integers(1, 7), intervals), max_size=8, unique_by=lambda w: (w[0], w[1].opens)))
    dates = st.integers(-1, SPAN.days + 1).map(lambda n: start.date() + timedelta(days=n))
    # The rows of a date, for the schedule and for the firm apart.
    special = draw(st.dictionaries(st.tuples(dates, st.booleans()), rules, max_size=5))
    exceptions = [
        Exceptional(day, own, interval, *weekday) for (day, own), rows in special.items() for interval, *weekday in rows
    ]
    return Schedule(draw(st.sampled_from(ZONES)), tuple(weekly), tuple(exceptions), draw(st.booleans())), start


@given(
    world=worlds(),
    points=st.lists(st.integers(0, int(SPAN.total_seconds()) // 60), min_size=3, max_size=3),
    amount=st.integers(1, 3000),
    percent=st.integers(1, 99),
)
@law()
def test_p1_to_p7_the_clock_keeps_its_laws_and_equals_the_oracle(
    still: Connection, world: tuple[Schedule, datetime], points: list[int], amount: int, percent: int
) -> None:
    schedule, start = world
    a, b, c = (start + timedelta(minutes=m) for m in sorted(points))
    with still.transaction(force_rollback=True):
        number = store(still, schedule, as_of=start)
        if not one(still, "select exists (select from public.working_periods where schedule_id = %s)", number):
            assert between(still, number, a, c) is None
            return
        w_ab, w_bc, w_ac = between(still, number, a, b), between(still, number, b, c), between(still, number, a, c)
        assert w_ab is not None and w_bc is not None and w_ac is not None
        assert w_ac == w_ab + w_bc
        assert timedelta(0) <= w_ac <= c - a
        assert w_ac == timedelta(minutes=oracle.worked(schedule, a, c))

        due = add(still, number, a, amount)
        if due is not None:
            assert between(still, number, a, due) == timedelta(minutes=amount)
        if (expected := oracle.used_up(schedule, a, amount, start + SPAN)) is not None:
            assert due == expected
        # A window's warning and deadline together are what the clock says of each.
        both = "select warn_at, due_at from private.deadlines(%s, %s, %s, %s)"
        (found,) = all_rows(still, both, number, a, amount, percent)
        assert found == {"warn_at": add(still, number, a, amount * percent / 100), "due_at": due}


def without(schedule: Schedule, on_date: date) -> Schedule:
    """The schedule with nothing special on a date."""
    rest = tuple(e for e in schedule.exceptions if e.on_date != on_date)
    return Schedule(schedule.zone, schedule.weekly, rest, schedule.follows_firm)


@given(
    world=worlds(),
    day=st.integers(0, SPAN.days),
    amount=st.integers(1, 3000),
    shortened=st.none() | st.integers(1, 1439),
    by_a_word=st.booleans(),
)
@law()
def test_p6_a_holiday_or_a_short_day_never_gives_time_and_its_end_restores_it(
    still: Connection,
    world: tuple[Schedule, datetime],
    day: int,
    amount: int,
    shortened: int | None,
    *,
    by_a_word: bool,
) -> None:
    """It ends when nothing special is said of the date any more, or by a word that it works as its weekday does."""
    schedule, start = world
    on_date = start.date() + timedelta(days=day)
    with still.transaction(force_rollback=True):
        number = store(still, without(schedule, on_date))
        ordinary, worked, due = figures(still, number, start, amount)
        say(still, number, on_date, shortened=shortened)
        _, less, later = figures(still, number, start, amount)
        if worked is not None and less is not None:
            assert less <= worked
        if due is not None and later is not None:
            assert later >= due
        still.execute(
            "delete from public.calendar_exceptions where schedule_id = %s and on_date = %s", [number, on_date]
        )
        if by_a_word:
            say(still, number, on_date, works_as=on_date.isoweekday())
        assert figures(still, number, start, amount) == (ordinary, worked, due)


def say(
    db: Connection, schedule: UUID, on_date: date, shortened: int | None = None, works_as: int | None = None
) -> None:
    """Make a date special: closed, shorter than its weekday, or like some weekday."""
    db.execute(
        "insert into public.calendar_exceptions (schedule_id, on_date, name, shortened_minutes, works_as)"
        " values (%s, %s, 'x', %s, %s)",
        [schedule, on_date, shortened, works_as],
    )


def figures(
    db: Connection, schedule: UUID, start: datetime, amount: int
) -> tuple[list[Row], timedelta | None, datetime | None]:
    """Write the schedule's periods down anew. Returns them, what is worked in the span, and a deadline."""
    rebuild(db, schedule, start)
    periods = "select period, starts_after from public.working_periods where schedule_id = %s order by period"
    return all_rows(db, periods, schedule), between(db, schedule, start, start + SPAN), add(db, schedule, start, amount)


@given(since=st.integers(0, 60 * 24 * 365 * 3), length=st.integers(0, 60 * 24 * 400), zone=st.sampled_from(ZONES))
@law()
def test_p5_around_the_clock_every_instant_is_worked_far_beyond_the_span_too(
    db: Connection, since: int, length: int, zone: str
) -> None:
    start = january(2024) + timedelta(minutes=since, seconds=1)
    end = start + timedelta(minutes=length)
    with db.transaction(force_rollback=True):
        always = store(db, Schedule(zone), around_the_clock=True)
        assert between(db, always, start, end) == end - start
        assert add(db, always, start, length) == end


@given(world=worlds(), points=st.tuples(*[st.integers(0, int(SPAN.total_seconds()) // 60)] * 2))
@law()
def test_the_face_of_the_clock_shows_what_the_oracle_counts(
    still: Connection, world: tuple[Schedule, datetime], points: tuple[int, int]
) -> None:
    schedule, start = world
    due, now = (start + timedelta(minutes=m) for m in points)
    with still.transaction(force_rollback=True):
        number = store(still, schedule, as_of=start)
        (face,) = all_rows(still, "select * from private.clock_face(%s, %s, %s)", number, due, now)
        assert face["runs"] == schedule.is_worked(now)
        if (left := between(still, number, min(due, now), max(due, now))) is None:
            assert face["seconds_left"] is None
        else:
            assert face["seconds_left"] == left.total_seconds() * (1 if due > now else -1)
        if turn := face["changes_at"]:
            assert schedule.is_worked(turn) != face["runs"] == schedule.is_worked(turn - oracle.MINUTE)
            assert not any(schedule.is_worked(at) != face["runs"] for at in oracle.minutes_of(now, min(turn, due)))
