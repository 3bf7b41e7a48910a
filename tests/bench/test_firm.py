"""The large firm is one that the product could have made."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from tests.bench import firm
from tests.bench.progress import Progress
from tests.bench.rig import Connection, one, superuser
from tests.bench.week import MOSCOW
from tests.stack import Stack

MESSAGES = 120_000


def last_wednesday() -> datetime:
    """Return an hour at which some wait in every firm: the same dice say the same at the same hour of the week."""
    now = datetime.now(MOSCOW)
    day = now - timedelta(days=(now.isoweekday() - 3) % 7 or 7)
    return day.replace(hour=15, minute=0)


@pytest.fixture(scope="module")
def large(stack: Stack) -> Iterator[Connection]:
    """As small as it gets, and seen by nobody else."""
    with superuser(stack) as db, db.transaction(force_rollback=True):
        firm.grow(db, MESSAGES, Progress(), last_wednesday())
        yield db


OURS = f"chat_id between {firm.FIRST_CHAT - firm.CHATS + 1} and {firm.FIRST_CHAT}"


def test_it_is_as_large_as_asked_and_lasts_two_years(large: Connection) -> None:
    messages = one(large, f"select count(*) from public.chat_messages where {OURS}")
    assert 0.95 * MESSAGES < messages < 1.05 * MESSAGES
    assert (
        one(large, f"select count(distinct date_trunc('month', opened_at)) from public.client_requests where {OURS}")
        > 22
    )
    assert not one(large, f"select count(*) from public.chat_messages_other where {OURS}")


def test_every_outcome_is_there_and_people_were_told(large: Connection) -> None:
    found = large.execute(
        "select distinct private.outcome_at(closed_as, warn_at, due_at, now()) from public.client_requests as r"
        f" where r.{OURS}"
    )
    assert {outcome for (outcome,) in found} >= {"met", "met_late", "excused", "voided", "overdue"}
    assert one(
        large,
        f"select count(*) from public.sla_alerts as a join public.client_requests as w"
        f" on w.id = a.request_id where w.{OURS} and a.resolved_at is null",
    )


def test_what_a_window_points_to_is_there(large: Connection) -> None:
    lost = one(
        large,
        "select count(*) from public.client_requests as w join public.chats as c using (chat_id)"
        " left join public.chat_messages as q on q.chat_id = w.chat_id and q.message_id = w.first_message_id"
        " and q.telegram_date = w.opened_at"
        " left join public.chat_messages as a on a.chat_id = w.chat_id and a.message_id = w.response_message_id"
        " and a.telegram_date = w.responded_at"
        f" where w.{OURS} and (q.chat_id is null or w.responded_at > w.opened_at and a.user_id <> w.responded_by"
        " or w.responded_at is not null and a.chat_id is null"
        " or w.client_id is distinct from c.client_id or w.assigned_accountant_id <> c.assigned_accountant_id)",
    )
    assert lost == 0


def test_asked_for_more_it_adds_and_asked_for_the_same_it_does_not(large: Connection) -> None:
    counted = f"select count(*) from public.chat_messages where {OURS}"
    before = one(large, counted)
    firm.grow(large, MESSAGES, Progress())
    assert one(large, counted) == before
    firm.grow(large, MESSAGES + 10_000, Progress())
    assert 8000 < one(large, counted) - before < 12_000
