"""Terms are changed while a message is being taken in: the window that it opens has the new ones (S8)."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from infra.local.waiting import until
from tests.sql.firm import ANNA, PETR, ingest, one, said, user_id
from tests.sql.people import speaking
from tests.stack import Stack

CHAT = -1009000000777
NAME = "Два дела сразу"


@pytest.fixture
def database(stack: Stack) -> Iterator[str]:
    """Connection string; a group of a client of its own stands there until the test ends."""
    url = stack.env["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as db:
        client = one(db, "insert into public.clients (name, tier) values (%s, 'standard') returning id", NAME)
        db.execute(
            "insert into public.chats"
            " (chat_id, type, chat_name, client_id, schedule_id, monitoring_enabled, connected_at)"
            " select %s, 'supergroup', %s, %s, f.around_the_clock_schedule_id, true, now()"
            " from public.settings as f",
            [CHAT, NAME, client],
        )
        yield url
        for table in ("client_requests", "chat_messages", "chat_topics", "chats"):
            db.execute(f"delete from public.{table} where chat_id = %s".encode(), [CHAT])
        db.execute("delete from public.clients where id = %s", [client])


def effect(url: str, call: str) -> Any:
    """What somebody's change does to those who wait; it is taken back."""
    with psycopg.connect(url, application_name="changes") as db:
        with speaking(db, user_id(PETR)):
            told = one(db, call)
            if not isinstance(told, dict):
                told = one(db, "select result -> 'effect' from api.tasks where id = %s", told)
        db.rollback()
    return told


LIST = json.dumps([{"chat": NAME, "target": "5"}])
CHANGES = {
    "chat": f"""
      select api.change_chat(c.id, '{{"sla_threshold_minutes": 5}}') from api.chats as c where c.chat_id = {CHAT}
    """,
    "client": f"select api.change_client(k.id, k.name, 'vip') from api.clients as k where k.name = '{NAME}'",
    "list": f"select api.draft_chat_import('{LIST}')",
}


@pytest.mark.parametrize("what", CHANGES)
def test_s8_a_message_that_is_being_taken_in_is_measured_by_the_new_terms(database: str, what: str) -> None:
    waits = "select count(*) from pg_stat_activity where application_name = 'changes' and wait_event = 'advisory'"
    with ThreadPoolExecutor(1) as pool, psycopg.connect(database) as intake, psycopg.connect(database) as watch:
        watch.autocommit = True
        ingest(intake, said(ANNA, datetime.now(UTC), chat=CHAT, chat_name=NAME))
        changing = pool.submit(effect, database, CHANGES[what])
        waited = until(lambda: changing.done() or one(watch, waits) == 1, 20)
        intake.commit()
        assert waited
        assert changing.result(timeout=20)["moved"] == 1
