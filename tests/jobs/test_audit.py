"""Seals, and the anchors that the log keeps of them."""

import json
from typing import Any

import psycopg

from infra.local.waiting import until
from tests.stack import Stack


def logged(stack: Stack, event: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in stack.log("jobs").splitlines() if line.startswith("{")]
    return [line["metadata"] for line in lines if line["message"] == event]


def test_what_is_recorded_is_sealed_within_seconds_and_the_log_keeps_the_anchor(stack: Stack) -> None:
    with psycopg.connect(stack.env["DATABASE_URL"], autocommit=True) as db:
        db.execute("select private.record_event(null, 'export', 'clients', 'to be sealed', null)")

        def seals() -> list[tuple[int, str]]:
            return db.execute(
                "select s.number, encode(s.hash, 'hex') from public.audit_seals as s"
                " join public.audit_log as a on a.id = s.entry_id where a.entity_id = 'to be sealed'"
            ).fetchall()

        assert until(lambda: bool(seals()), 20)
        ((number, _),) = seals()

        def anchors() -> list[tuple[int, str]]:
            return [(line["number"], line["hash"]) for line in logged(stack, "audit_sealed")]

        assert until(lambda: any(anchor[0] >= number for anchor in anchors()), 10)
        kept = db.execute("select number, encode(hash, 'hex') from public.audit_seals").fetchall()
        assert set(anchors()) <= set(kept)


def test_a_quiet_firm_has_an_anchor_of_every_start(stack: Stack) -> None:
    assert until(lambda: bool(logged(stack, "audit_head")), 20)
    assert logged(stack, "audit_head")[0].keys() == {"number", "hash", "unsealed"}
