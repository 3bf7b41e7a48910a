"""What a message costs, counted by Postgres and Redis themselves."""

import time

from tests.bench import round_trips
from tests.bench.rig import superuser
from tests.bench.traffic import Traffic
from tests.stack import Stack

MESSAGES, EARLIER = 400, 1200


def test_a_message_costs_one_round_trip_per_batch_and_nothing_else(stack: Stack) -> None:
    with superuser(stack) as db:
        traffic = Traffic(range(1_093_000_000_000, 1_093_000_000_040), int(time.time()) - 3600)
        # Whoever writes for the first time is made known, which is another call; here everybody has written before.
        round_trips.count(stack, db, traffic, EARLIER)
        cost = round_trips.count(stack, db, traffic, MESSAGES)
        recorded = db.execute(
            "select count(*) from public.chat_messages where chat_id between -1093000000039 and -1093000000000"
        ).fetchone()
    assert recorded == (EARLIER + MESSAGES,)
    assert cost.calls == {"ingest": cost.batches}
    # They travelled together: a hundred were under way.
    assert cost.batches < MESSAGES / 4
    assert cost.commands.total() == cost.commands["publish"] <= cost.batches
