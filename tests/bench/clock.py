"""The working clock: deadlines a second in one statement, near and far."""

import time

from tests.bench.results import Measure, Target, beside
from tests.bench.rig import Connection, one

DEADLINES = 50_000
PAIRS = 5

# What Postgres takes to make an instant of two values, whatever lies between.
TRIVIAL = """
create or replace function pg_temp.trivial(schedule_id uuid, since timestamptz, amount interval)
returns table (at timestamptz)
language sql
stable
as $$
  select since + amount
$$
"""
# As the engine asks it about many windows.
STATEMENT = """
select max(a.at)
from generate_series(1, {count}) as n, public.settings as f
cross join lateral {function}(f.default_schedule_id, {since}, {amount}) as a
"""
QUARTER_OF_AN_HOUR = "interval '15 minutes' * (1 + n % 8)"


def deadlines(db: Connection) -> Measure:
    """Openings all over the coming month, a quarter of an hour to two hours allowed."""
    db.execute(TRIVIAL.encode())
    since = "now() + interval '1 minute' * (n * 7919 % 43200)"
    pairs = [
        (
            DEADLINES / _seconds(db, "private.worked_after", since, QUARTER_OF_AN_HOUR),
            DEADLINES / _seconds(db, "pg_temp.trivial", since, QUARTER_OF_AN_HOUR),
        )
        for _ in range(PAIRS)
    ]
    return beside("clock", "deadlines/s", Target("value", ">=", 50_000), pairs)


def flatness(db: Connection) -> Measure:
    """A deadline one day away beside one 800 days away: the calendar reaches 800 days from its last rebuild."""
    near, far = (_working_time_within(db, days) for days in (1, 795))
    pairs = [(_microseconds(db, far), _microseconds(db, near)) for _ in range(PAIRS)]
    return beside("clock 800 days ahead, beside 1 day", "µs", Target("ratio", "<=", 1.5), pairs)


def _working_time_within(db: Connection, days: int) -> str:
    seconds = one(
        db,
        "select extract(epoch from api.working_between(f.default_schedule_id, now(), now() + interval '1 day' * %s))"
        " from public.settings as f",
        days,
    )
    # At night before a weekend there may be none tomorrow.
    return f"interval '{max(int(seconds), 3600)} seconds' - interval '1 millisecond' * (n % 1000)"


def _microseconds(db: Connection, amount: str) -> float:
    return _seconds(db, "private.worked_after", "now()", amount) * 1e6 / DEADLINES


def _seconds(db: Connection, function: str, since: str, amount: str) -> float:
    statement = STATEMENT.format(function=function, since=since, amount=amount, count=DEADLINES)
    began = time.perf_counter()
    assert one(db, statement), "no deadline at all"
    return time.perf_counter() - began
