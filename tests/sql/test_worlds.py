"""Random worlds end alike in the database and in the reference model, and whatever the order in which they are told."""

from uuid import UUID

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from tests.laws import law
from tests.sql.firm import Connection, Row, ingest
from tests.sql.model import story
from tests.sql.model.ledger import FROM_THE_BEGINNING, facts, in_database, in_model
from tests.sql.model.scribe import Scribe
from tests.sql.model.telling import Telling, demo_world, set_up, shuffled


@pytest.fixture
def schedules(db: Connection) -> dict[str, UUID]:
    return set_up(db)


@given(world=story.worlds)
@law()
def test_windows_alerts_and_notices_are_those_of_the_model_and_a_replay_changes_none(
    db: Connection, schedules: dict[str, UUID], world: list[story.Action]
) -> None:
    with db.transaction(force_rollback=True):
        telling = Telling(db, schedules)
        for action in world:
            telling.tell(action)
            note(f"{telling.now} {action}")
            assert in_database(db) == in_model(telling.world)
        telling.finish()
        assert in_database(db) == in_model(telling.world)
        before = facts(db)
        db.execute(FROM_THE_BEGINNING)
        assert facts(db) == before


@given(talk=story.talks, seed=st.integers(1, 999))
@law()
def test_p12_p13_any_order_any_portions_and_any_repetition_end_in_the_same_windows(
    db: Connection, schedules: dict[str, UUID], talk: list[story.Talk], seed: int
) -> None:
    scribe = Scribe()
    records = [record for action in talk if (record := scribe.write(action))]
    told_at_once = ledger_of(db, [records])
    assert ledger_of(db, shuffled(records, seed)) == told_at_once
    model = demo_world()
    model.ingest(records)
    assert told_at_once == in_model(model)


def ledger_of(db: Connection, portions: list[list[Row]]) -> list[Row]:
    with db.transaction(force_rollback=True):
        for portion in portions:
            assert "rejected" not in ingest(db, *portion)
        return in_database(db)
