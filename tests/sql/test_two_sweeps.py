"""Two copies of jobs sweep at once (E5): nothing is told twice, nothing is lost."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import psycopg
import pytest

from tests.sql.firm import ANNA, all_rows, ingest, monday, one, said, sweep
from tests.stack import Stack

TOLD = """
select count(*) as windows, min(alerts) as fewest, max(alerts) as most, max(messages) as messages
from (
  select
    (select count(*) from public.sla_alerts as a where a.request_id = w.id and kind = 'breach') as alerts,
    (
      select max(c)
      from (
        select count(*) as c
        from public.notices as n
        join public.sla_alerts as a on a.id = n.alert_id and a.kind = 'breach'
        where n.request_id = w.id
        group by n.user_id
      ) as x
    ) as messages
  from public.client_requests as w
  where w.chat_id between %s and %s
) as of_each
"""


@pytest.fixture
def committed_chats(stack: Stack) -> Iterator[range]:
    """Chats that several connections see; they go afterwards, with all that was about them."""
    chats = range(-1009000000500, -1009000000000)
    ends = [chats[0], chats[-1]]
    with psycopg.connect(stack.env["DATABASE_URL"], autocommit=True) as db:
        db.execute(
            "insert into public.chats (chat_id, type, chat_name, schedule_id, monitoring_enabled, connected_at)"
            " select n, 'supergroup', 'Два обхода', f.around_the_clock_schedule_id, true, now()"
            " from public.settings as f, generate_series(%s::bigint, %s) as n",
            ends,
        )
        yield chats
        inside = "chat_id between %s and %s"
        db.execute(
            "delete from public.outbox where id in (select message_id from public.notices as n"
            f" join public.client_requests as w on w.id = n.request_id where w.{inside})".encode(),
            ends,
        )
        for table in ("client_requests", "chat_messages", "chat_topics", "chats"):
            db.execute(f"delete from public.{table} where {inside}".encode(), ends)


def test_e5_two_sweeps_at_once_share_five_hundred_windows(stack: Stack, committed_chats: range) -> None:
    def run(_: int) -> None:
        with psycopg.connect(stack.env["DATABASE_URL"], autocommit=True) as own:
            for _ in range(12):
                sweep(own, datetime.now().astimezone(), batch=50)

    with psycopg.connect(stack.env["DATABASE_URL"], autocommit=True) as db:
        ingest(db, *(said(ANNA, monday("10:00"), chat=chat) for chat in committed_chats))
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(run, range(2)))
        counted = all_rows(db, TOLD, committed_chats[0], committed_chats[-1])
    assert counted == [{"windows": 500, "fewest": 1, "most": 1, "messages": 1}]


def test_a_window_stays_while_a_notice_of_it_is_being_written_and_takes_it_along_then(
    stack: Stack, committed_chats: range
) -> None:
    chat, url = committed_chats[0], stack.env["DATABASE_URL"]
    with psycopg.connect(url) as writer, psycopg.connect(url, autocommit=True) as other:
        ingest(other, said(ANNA, datetime.now().astimezone(), chat=chat))
        window = one(other, "select id from public.client_requests where chat_id = %s", chat)
        writer.execute("insert into public.notices (message_id, request_id) values (gen_random_uuid(), %s)", [window])
        other.execute("set lock_timeout = '300ms'")
        delete = "delete from public.client_requests where id = %s"
        with pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute(delete, [window])
        writer.commit()
        assert one(other, "select count(*) from public.notices where request_id = %s", window)
        other.execute(delete, [window])
        assert not one(other, "select count(*) from public.notices where request_id = %s", window)
