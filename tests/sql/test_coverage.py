"""What the figures do not cover stands beside them: hours without intake, unknown senders, messages nobody read."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.sql.firm import (
    ANNA,
    OLGA,
    Connection,
    Row,
    acting_as,
    all_rows,
    ingest,
    monday,
    moscow,
    one,
    said,
)
from tests.stack import Stack

MONDAY = (monday("00:00"), moscow("2026-04-07 00:00"))
UNCONNECTED = -1001000000009
GROUP = 1087968824


@pytest.fixture
def db(db: Connection) -> Connection:
    db.execute("delete from public.intake_coverage")
    return db


def note(db: Connection, *times: str) -> None:
    for time in times:
        db.execute("select api.note_intake(%s)", [monday(time)])


def stretches(db: Connection) -> list[tuple[datetime, datetime]]:
    rows = all_rows(db, "select lower(up) as since, upper(up) as until from public.intake_coverage order by 1")
    return [(row["since"], row["until"]) for row in rows]


def coverage(db: Connection, as_of: datetime, period: tuple[datetime, datetime] = MONDAY) -> Row:
    claims = {"role": "service_role"}
    with db.transaction():
        db.execute("select set_config('request.jwt.claims', %s, true)", [json.dumps(claims)])
        (row,) = all_rows(db, "select * from api.coverage_report(%s, %s, %s)", *period, as_of)
    return row


def down(db: Connection, as_of: datetime, *period: datetime) -> tuple[int, int]:
    """(minutes, pauses)."""
    row = coverage(db, as_of, (period[0], period[1]) if period else MONDAY)
    return row["down_seconds"] // 60, row["pauses"]


def test_signs_of_life_up_to_90_seconds_apart_are_one_stretch(db: Connection) -> None:
    note(db, "09:00:00", "09:00:30", "09:02:00")
    assert stretches(db) == [(monday("09:00"), monday("09:02"))]
    note(db, "09:03:31")
    assert stretches(db) == [(monday("09:00"), monday("09:02")), (monday("09:03:31"), monday("09:03:31"))]


def test_a_sign_of_life_that_comes_late_says_nothing_new(db: Connection) -> None:
    note(db, "09:00:00", "09:01:00", "09:00:30", "08:00:00", "09:01:00")
    assert stretches(db) == [(monday("09:00"), monday("09:01"))]


def test_bots_that_start_together_begin_one_stretch(stack: Stack) -> None:
    def keep_noting(_: int) -> None:
        with psycopg.connect(stack.env["DATABASE_URL"], autocommit=True) as bot:
            for _ in range(20):
                bot.execute("select api.note_intake()")

    began = datetime.now(UTC)
    with ThreadPoolExecutor(8) as bots:
        list(bots.map(keep_noting, range(8)))
    with psycopg.connect(stack.env["DATABASE_URL"]) as looking:
        assert one(looking, "select count(*) from public.intake_coverage where upper(up) >= %s", began) == 1


def test_i13_an_hour_without_intake_is_told(db: Connection) -> None:
    note(db, "09:00:00", "09:01:00", "10:01:00", "10:02:00")
    assert down(db, monday("10:03")) == (60, 1)
    assert coverage(db, monday("10:03"))["known_since"] == monday("09:00")


def test_i13_a_pause_that_lasts_is_told_while_it_does(db: Connection) -> None:
    note(db, "09:00:00")
    assert down(db, monday("09:01:30")) == (0, 0)
    assert down(db, monday("09:31:00")) == (31, 1)


def test_a_pause_counts_in_the_period_it_falls_into(db: Connection) -> None:
    note(db, "09:00:00", "11:00:00")
    assert down(db, monday("11:01"), monday("10:00"), monday("10:30")) == (30, 1)
    assert down(db, monday("11:01"), monday("11:00"), monday("12:00")) == (0, 0)
    assert down(db, monday("11:01"), monday("12:00"), monday("13:00")) == (0, 0)


def test_before_the_first_sign_of_life_nothing_is_known(db: Connection) -> None:
    assert (coverage(db, monday("12:00"))["known_since"], down(db, monday("12:00"))) == (None, (0, 0))
    note(db, "12:00:00")
    assert down(db, monday("12:01")) == (0, 0)


def test_s16_messages_that_nobody_can_place_or_read_are_counted(db: Connection) -> None:
    ingest(
        db,
        said(ANNA, monday("10:00")),
        said(ANNA, monday("10:01"), None, kind="voice"),
        said(ANNA, monday("10:02"), None, kind="photo", caption="Это счёт?"),
        said(GROUP, monday("10:03"), on_behalf=True),
        said(ANNA, monday("10:04"), chat=UNCONNECTED),
        # None of these is a client's message.
        said(OLGA, monday("10:05")),
        said(ANNA, monday("10:06"), is_bot=True),
        said(ANNA, monday("10:07"), None, kind="service"),
        said(ANNA, monday("10:08"), chat=ANNA, chat_type="private"),
        said(ANNA, moscow("2026-04-07 00:00")),
        {"update_id": 1},
    )
    row = coverage(db, monday("12:00"))
    assert (row["messages"], row["by_unknown_senders"], row["unread"]) == (5, 2, 1)
    assert float(row["unread_percent"]) == 20
    now = datetime.now(UTC)
    assert coverage(db, now, (now - timedelta(hours=1), now + timedelta(hours=1)))["rejected"] == 1


def test_everybody_of_the_firm_reads_the_same_coverage(db: Connection) -> None:
    note(db, "09:00:00", "10:00:00")
    ingest(db, said(ANNA, monday("10:00"), None, kind="voice"))
    whole = coverage(db, monday("10:01"))
    for role in ("admin", "accountant2", "observer"):
        with acting_as(db, role):
            query = "select * from api.coverage_report(%s, %s, %s)"
            assert all_rows(db, query, *MONDAY, monday("10:01")) == [whole]
            assert one(db, "select count(*) from public.intake_coverage") == 2
