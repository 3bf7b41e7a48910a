"""What the operator chose for a new firm is taken over once, whole or not at all (S13)."""

import json
from typing import Any

import psycopg
import pytest

from tests.sql.firm import ANNA, ROMASHKA, Connection, all_rows, ingest, monday, moscow, one, said, window


@pytest.fixture
def new(db: Connection) -> Connection:
    """A firm that has not started yet; its client has no tier."""
    db.execute("update public.settings set defaults_adopted_at = null")
    db.execute("update public.chats set client_id = null where chat_id = %s", [ROMASHKA])
    return db


def adopt(db: Connection, **defaults: Any) -> bool:
    adopted: bool = one(db, "select api.adopt_defaults(%s)", json.dumps(defaults))
    return adopted


def ladder(db: Connection) -> list[tuple[str, int | None]]:
    rows = all_rows(
        db,
        "select s.kind, s.after_minutes from public.ladder_steps as s"
        " join public.sla_policies as p on p.id = s.policy_id"
        " and p.version = s.version"
        " join public.settings as f on f.default_policy_id = p.id order by s.level, s.kind desc",
    )
    return [(row["kind"], row["after_minutes"]) for row in rows]


def test_a_new_firm_starts_with_what_its_operator_chose(new: Connection) -> None:
    assert adopt(
        new, target_minutes=30, escalation_minutes=20, escalations=2, timezone="Asia/Yekaterinburg", weekdays=[1, 6],
        opens="10:00:00", closes="19:00:00",
    )  # fmt: skip
    ingest(new, said(ANNA, monday("16:45")))
    assert window(new)["due_at"] == moscow("2026-04-11 08:15")
    assert ladder(new) == [("warning", None), ("breach", None), ("escalation", 20), ("escalation", 40)]


def test_what_is_not_chosen_stays_and_a_second_start_changes_nothing(new: Connection) -> None:
    before = ladder(new)
    assert adopt(new)
    assert ladder(new) == before
    assert not adopt(new, target_minutes=5, escalations=0)
    ingest(new, said(ANNA, monday("10:00")))
    assert window(new)["due_at"] == monday("11:00")


@pytest.mark.parametrize("odd", [{"timezone": "Moon/Base"}, {"weekdays": [8]}, {"target_minutes": 0}, {"opens": "x"}])
def test_an_odd_choice_is_refused_whole(new: Connection, odd: dict[str, Any]) -> None:
    with pytest.raises(psycopg.Error), new.transaction():
        adopt(new, escalations=1, **odd)
    assert len(ladder(new)) == 7
