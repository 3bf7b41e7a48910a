"""What runs all day finds its rows by index. `make bench` asks the same with a million windows."""

import time
from collections.abc import Iterator

import pytest

from tests.bench import seed
from tests.bench.plans import Question, questions, sequential_scans
from tests.bench.rig import Connection, superuser
from tests.bench.traffic import Traffic
from tests.stack import Stack

# Most windows are history, as in a real firm: what is open is few.
SMALL = seed.Scale(crowded_chats=20, topics=100, busy_chats=20, history=1000, due=500)
GROWING = "client_requests, chat_messages, request_events, sla_alerts, outbox"


@pytest.fixture(scope="module")
def grown(stack: Stack) -> Iterator[tuple[Connection, seed.Firm]]:
    """Some thousand windows that nobody else sees."""
    with superuser(stack) as db, db.transaction(force_rollback=True):
        firm = seed.build(db, SMALL, first_chat=1_095_000_000_000)
        for table in GROWING.split(", "):
            db.execute(f"analyze public.{table}".encode())
        yield db, firm


def test_no_growing_table_is_read_whole(grown: tuple[Connection, seed.Firm]) -> None:
    db, firm = grown
    assert not sequential_scans(db, questions(Traffic(firm.busy, int(time.time()) - 3600), firm.due_at[0]))


def test_a_growing_table_that_is_read_whole_is_found(grown: tuple[Connection, seed.Firm]) -> None:
    db, _ = grown
    careless = [
        Question("by target", "select count(*) from public.client_requests where target_minutes = 7"),
        Question("by kind", "select count(*) from public.chat_messages where kind = 'poll'"),
    ]
    found = sequential_scans(db, careless)
    assert any(line.startswith("by target reads all of client_requests") for line in found)
    assert any(line.startswith("by kind reads all of chat_messages_") for line in found)
