"""Who asked while the firm worked and writes on after it closed is told when it opens."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.sql.firm import ANNA, BORIS, Connection, ingest, one, said
from tests.sql.test_replies import replies

PERIODS = """
  insert into public.working_periods (schedule_id, period, starts_after)
  select f.default_schedule_id, tstzrange(%(opens)s + d.gap, %(closes)s + d.gap), d.done
  from public.settings as f, (values (interval '0', interval '0'), ('2 days', %(closes)s - %(opens)s)) as d (gap, done)
"""


def works(db: Connection, opens: datetime, closes: datetime) -> None:
    """The firm works from then till then, and two days later again."""
    db.execute("delete from public.working_periods")
    db.execute(PERIODS.encode(), {"opens": opens, "closes": closes})


@pytest.mark.parametrize(("asked", "opened", "closed"), [(2, 120, 0.5), (200, 300, 60)])
def test_who_asked_before_the_close_and_writes_on_after_it_is_told_once(
    db: Connection, asked: float, opened: float, closed: float
) -> None:
    """At two minutes to six on the eve of a holiday; or long ago, and waits too long already."""
    now = datetime.now(UTC).replace(microsecond=0)
    works(db, now - timedelta(minutes=opened), now - timedelta(minutes=closed))
    db.execute("set local role service_role")
    ingest(db, said(ANNA, now - timedelta(minutes=asked)))
    assert replies(db) == []
    ingest(db, said(ANNA, now - timedelta(seconds=20), "Вы ещё здесь?"))
    ingest(db, said(BORIS, now, "Ау"))
    db.execute("reset role")
    assert one(db, "select message_count from public.client_requests") == 3
    (reply,) = replies(db)
    assert datetime.fromisoformat(reply["payload"]["opens_at"]) == now + timedelta(days=2, minutes=-opened)


def test_a_reply_that_waits_to_be_sent_names_the_opening_that_became_known_since(db: Connection) -> None:
    """Telegram was away, and meanwhile another day off was entered."""
    now = datetime.now(UTC).replace(microsecond=0)
    works(db, now - timedelta(minutes=120), now - timedelta(minutes=1))
    ingest(db, said(ANNA, now - timedelta(minutes=2)), said(ANNA, now - timedelta(seconds=20)))
    works(db, now - timedelta(minutes=110), now - timedelta(minutes=1))
    ingest(db, said(ANNA, now))
    (reply,) = replies(db)
    assert datetime.fromisoformat(reply["payload"]["opens_at"]) == now + timedelta(days=2, minutes=-110)


def test_who_writes_on_while_the_firm_works_is_told_nothing(db: Connection) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    works(db, now - timedelta(hours=5), now + timedelta(minutes=1))
    for minutes in (200, 2, 1):
        ingest(db, said(ANNA, now - timedelta(minutes=minutes)))
    assert replies(db) == []
