"""One batch of messages: what is wrong with one is nobody else's trouble."""

from dataclasses import replace
from typing import Any

import pytest
from postgrest.types import JSON
from pydantic import ValidationError

from infra.supabase import Database, Unavailable
from jobs import outbox
from jobs.connections import Connections
from jobs.sending import Owed

SECRET = "Секретный вопрос"

Row = dict[str, Any]


def row(**changes: Any) -> Row:
    """A notice, as `api.claim_outbox` returns it."""
    facts: Row = {"chat_name": SECRET, "event": "bot_removed", "waiting": 0, "closed": 0, "windows": []}
    known: Row = {"id": "7d9c4bb0-8c0f-4a39-9d52-f9aa2b1c0001", "kind": "chat_notice", "recipient_chat_id": 1002}
    return {
        **known,
        "attempts": 1,
        "revision": 3,
        "telegram_message_id": None,
        "rings": True,
        "locale": "ru",
        "facts": facts,
        **changes,
    }


class Ledger(Database):
    """Hands out these messages once, is away when told to be, and keeps what it is told became of them."""

    def __init__(self, *claimed: Row, away: int = 0) -> None:
        self.settled: list[Row] = []
        self._claimed, self._away = list(claimed), away

    async def call(self, function: str, **arguments: Any) -> JSON:
        if function == "claim_outbox":
            return self._claimed
        self._away -= 1
        if self._away >= 0:
            raise Unavailable("503")
        self.settled += arguments["results"]
        return None


async def test_a_message_nobody_understands_is_tried_again_and_costs_no_other(connections: Connections) -> None:
    ledger = Ledger(row(facts={"chat_name": SECRET}), row())
    await outbox.deliver(replace(connections, database=ledger))
    unread, unsent = ledger.settled
    assert (unread["outcome"], unread["error"]) == ("retry", "ValidationError")
    assert unsent["outcome"] == "retry"
    assert "ClientConnectorError" in unsent["error"]


def test_what_is_not_understood_is_not_quoted() -> None:
    """The complaint goes to the log."""
    for bad in (row(facts={"chat_name": SECRET}), row(kind=SECRET)):
        with pytest.raises(ValidationError) as complaint:
            Owed.model_validate(bad)
        assert SECRET not in str(complaint.value)


async def test_results_carry_what_was_claimed_and_outlast_a_database_that_is_away(connections: Connections) -> None:
    ledger = Ledger(row(revision=7, rings=False), away=1)
    await outbox.deliver(replace(connections, database=ledger))
    assert [(one["revision"], one["rings"]) for one in ledger.settled] == [(7, False)]
