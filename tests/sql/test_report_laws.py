"""Every figure equals its recount from the windows, in random small worlds (P15, P18, P19)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from math import ceil, floor
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tests.sql.firm import (
    ANNA,
    IVAN,
    LEBEDEVA,
    MOSCOW,
    NIGHT,
    OLGA,
    PETR,
    ROMASHKA,
    Connection,
    Row,
    all_rows,
    ingest,
    one,
    said,
    user_id,
)
from tests.sql.test_reports import ALL_TIME, Period

DAY = 24 * 60
GROUP = 1087968824  # who speaks as the group itself
ANSWERED, DECIDED = ("met", "met_late"), ("met", "met_late", "overdue")
COUNTS = ("met", "met_late", "overdue", "excused", "voided", "waiting")
GROUPINGS = ("person", "chat", "client", "policy", "day", "week", "month", "hour")
REPORTS = """
  select b.by, r.*
  from unnest(%s::text[]) as b (by)
  cross join lateral api.sla_report(%s, %s, b.by) as r
"""
KEYS = {"chat": "chat_id", "client": "client_id", "policy": "policy_id"}

chats = st.sampled_from([ROMASHKA, LEBEDEVA, NIGHT])
ago = st.integers(0, 40 * DAY) | st.integers(0, 90)
messages = st.lists(st.tuples(chats, ago, st.sampled_from([ANNA, ANNA, ANNA, OLGA, IVAN, PETR, GROUP])), max_size=25)
away = st.tuples(st.sampled_from([OLGA, IVAN]), st.sampled_from([PETR, None]), ago, st.integers(1, 10 * DAY))


@pytest.fixture
def firm(db: Connection) -> Connection:
    """Its chats are called as those who write in them say, so that nothing is noted of that."""
    db.execute("update public.chats set anonymous_staff = true, chat_name = 'ООО Ромашка'")
    return db


@given(
    said_so=messages,
    absence=away | st.none(),
    excused_by=st.sampled_from([OLGA, PETR]) | st.none(),
    switched_off=st.lists(chats, max_size=1),
    period=st.tuples(ago, ago),
    groupings=st.lists(st.sampled_from(GROUPINGS), min_size=3, max_size=3, unique=True),
)
@law()
def test_p15_p18_p19_the_report_is_the_recount_of_the_windows(
    firm: Connection,
    said_so: list[tuple[int, int, int]],
    absence: tuple[int, int | None, int, int] | None,
    excused_by: int | None,
    switched_off: list[int],
    period: tuple[int, int],
    groupings: list[str],
) -> None:
    with firm.transaction(force_rollback=True):
        world(firm, said_so, absence, excused_by, switched_off)
        now = one(firm, "select now()")
        away = all_rows(firm, "select * from public.absences")
        every = [judged(firm, window, away, now) for window in all_rows(firm, "select * from public.client_requests")]
        whole = compare(firm, ALL_TIME, groupings, every)
        assert whole["n"] + whole["excused"] + whole["voided"] + whole["waiting"] == len(every)
        compare(firm, (now - timedelta(minutes=max(period)), now - timedelta(minutes=min(period))), groupings, every)


def world(
    db: Connection,
    said_so: list[tuple[int, int, int]],
    absence: tuple[int, int | None, int, int] | None,
    excused_by: int | None,
    switched_off: list[int],
) -> None:
    now = one(db, "select now()").replace(microsecond=0)
    if absence:
        who, substitute, since, minutes = absence
        during = (now - timedelta(minutes=since), now - timedelta(minutes=since - minutes))
        db.execute(
            "insert into public.absences (user_id, substitute_id, during) values (%s, %s, tstzrange(%s, %s))",
            [user_id(who), substitute and user_id(substitute), *during],
        )
    records = (
        said(who, now - timedelta(minutes=since), chat=chat, on_behalf=who == GROUP) for chat, since, who in said_so
    )
    ingest(db, *records)
    # Some breaches have been told of by now, and some not.
    db.execute("select api.claim_due(%s)", [now - timedelta(days=5)])
    if excused_by:
        newest = "select id from public.client_requests where closed_as is null order by opened_at desc limit 1"
        db.execute(f"select private.excuse(array({newest}), %s, %s)".encode(), [user_id(excused_by), now])
    for chat in switched_off:
        db.execute("update public.chats set monitoring_enabled = false where chat_id = %s", [chat])


def compare(db: Connection, period: Period, groupings: list[str], every: list[Row]) -> Row:
    """Compare some groupings with the recount of the windows, and all with the whole, which is returned."""
    asked = ["firm", *groupings]
    shown: dict[str, dict[str | None, Row]] = {by: {} for by in asked}
    for row in all_rows(db, REPORTS, asked, *period):
        del row["name"]
        shown[row.pop("by")][row.pop("key")] = row
    whole = shown["firm"]["firm"]
    for by in asked:
        counted = recounted(by, period, every)
        if by == "firm":
            counted = {"firm": counted.get("firm") or figures([])}
        assert {key: plain(row) for key, row in shown[by].items()} == counted, by
        for figure in COUNTS:
            assert sum(row[figure] for row in shown[by].values()) == whole[figure]
    return whole


def plain(row: Row) -> Row:
    return {
        key: float(value) if key.endswith(("percent", "minutes")) and value is not None else value
        for key, value in row.items()
    }


def recounted(by: str, period: Period, every: list[Row]) -> dict[str | None, Row]:
    """The figures per key, from the rows of the windows alone."""
    groups: dict[str | None, list[Row]] = defaultdict(list)
    for window in every:
        if period[0] <= window["counts_at"] < period[1]:
            groups[key_of(by, window)].append(window)
    # Only of the whole are the slowest named.
    unnamed = {} if by == "firm" else {"worst": None}
    return {key: figures(rows) | unnamed for key, rows in groups.items()}


def judged(db: Connection, window: Row, away: list[Row], now: datetime) -> Row:
    """The window, and what S15 makes of it: outcome, the instant it counts at, who it counts for, how long it took."""
    late = window["due_at"] is not None and window["due_at"] < now
    outcome = window["closed_as"] or ("overdue" if late else "waiting")
    counts_at = {
        "met": window["responded_at"],
        "met_late": window["due_at"],
        "overdue": window["due_at"],
        "waiting": window["opened_at"],
    }.get(outcome, window["closed_at"])
    end = window["responded_at"] or now
    return {
        **window,
        "outcome": outcome,
        "counts_at": counts_at,
        "person": person_of(window, outcome, away),
        "calendar": (end - window["opened_at"]).total_seconds(),
        "worked": worked(db, window, end),
    }


def worked(db: Connection, window: Row, end: datetime) -> float:
    if window["working_seconds"] is not None:
        return int(window["working_seconds"])
    found = one(db, "select api.working_between(%s, %s, %s)", window["schedule_id"], window["opened_at"], end)
    return round(found.total_seconds()) if found is not None else 0


def person_of(window: Row, outcome: str, away: list[Row]) -> UUID | None:
    owner: UUID | None = window["assigned_accountant_id"]
    on_duty: UUID | None = window["on_duty_id"]
    match outcome:
        case "met":
            answered_by: UUID | None = window["responded_by"]
            return answered_by or on_duty
        case "met_late":
            return on_duty
        case "overdue":
            return on_duty or stand_in(owner, window["due_at"], away)
        case "excused":
            excused_by: UUID | None = window["closed_by"]
            return excused_by or owner
    return owner


def stand_in(person: UUID | None, at: datetime, away: list[Row]) -> UUID | None:
    for absence in away:
        if absence["user_id"] == person and at in absence["during"]:
            return stand_in(absence["substitute_id"], at, away)
    return person


def key_of(by: str, window: Row) -> str | None:
    local = window["counts_at"].astimezone(MOSCOW).date()
    match by:
        case "firm":
            return "firm"
        case "day":
            return str(local)
        case "week":
            return str(local - timedelta(days=local.weekday()))
        case "month":
            return str(local.replace(day=1))
        case "hour":
            asked_at = window["opened_at"].astimezone(MOSCOW)
            return f"{asked_at.isoweekday()}-{asked_at:%H}"
    found = window["person" if by == "person" else KEYS[by]]
    return None if found is None else str(found)


def figures(windows: list[Row]) -> Row:
    def number(*outcomes: str) -> int:
        return sum(w["outcome"] in outcomes for w in windows)

    answered = [w for w in windows if w["outcome"] in ANSWERED]
    slowest = sorted(
        (w for w in windows if w["outcome"] in DECIDED), key=lambda w: (-w["worked"], w["opened_at"], w["id"])
    )
    return {
        "n": number(*DECIDED),
        **{name: number(name) for name in COUNTS},
        "met_percent": rounded(100 * number("met") / number(*DECIDED)) if number(*DECIDED) else None,
        "p50_minutes": percentile((w["worked"] for w in answered), 0.5),
        "p90_minutes": percentile((w["worked"] for w in answered), 0.9),
        "p50_calendar_minutes": percentile((w["calendar"] for w in answered), 0.5),
        "p90_calendar_minutes": percentile((w["calendar"] for w in answered), 0.9),
        "worst": [w["id"] for w in slowest[:5]] or None,
    }


def percentile(seconds: Iterable[float], share: float) -> float | None:
    """Minutes, between the two nearest values where it falls between them."""
    values = sorted(seconds)
    if not values:
        return None
    place = share * (len(values) - 1)
    low, high = values[floor(place)], values[ceil(place)]
    return rounded((low + (high - low) * (place - floor(place))) / 60)


def rounded(value: float) -> float:
    return floor(value * 10 + 0.5 + 1e-9) / 10
