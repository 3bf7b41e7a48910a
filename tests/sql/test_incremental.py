"""What arrives is settled by what it touches; reading a topic again from its beginning changes nothing."""

from uuid import UUID

import pytest
from hypothesis import given

from tests.laws import law
from tests.sql.firm import Connection, Row, all_rows
from tests.sql.model import story
from tests.sql.model.telling import Telling, set_up

ROWS = "select to_jsonb(w) - 'updated_at' as fact from public.client_requests as w order by w.id"
EVENTS = "select to_jsonb(e) as fact from public.request_events as e order by e.id"
ALERTS = "select to_jsonb(a) as fact from public.sla_alerts as a order by a.id"
MESSAGES = "select to_jsonb(o) as fact from public.outbox as o order by o.id"
FROM_THE_BEGINNING = """
  select private.settle_windows(array_agg(
    (t.chat_id, t.topic_id, ('-infinity', 0)::private.place, false)::private.touched_topic
  ))
  from (select distinct m.chat_id, m.topic_id from public.chat_messages as m) as t
"""


@pytest.fixture
def schedules(db: Connection) -> dict[str, UUID]:
    return set_up(db)


def facts(db: Connection) -> dict[str, list[Row]]:
    return {query: all_rows(db, query) for query in (ROWS, EVENTS, ALERTS, MESSAGES)}


@given(world=story.worlds)
@law(150)
def test_a_replay_from_the_beginning_changes_no_window_and_notes_no_event(
    db: Connection, schedules: dict[str, UUID], world: list[story.Action]
) -> None:
    with db.transaction(force_rollback=True):
        telling = Telling(db, schedules)
        for action in world:
            telling.tell(action)
        telling.finish()
        before = facts(db)
        db.execute(FROM_THE_BEGINNING)
        assert facts(db) == before
