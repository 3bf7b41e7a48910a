"""The erasure of a client as a task: asked for by an admin who typed the name, done once by a job, whatever dies."""

from typing import Any

import psycopg
import pytest

from tests.sql.asking import asked, refusal
from tests.sql.firm import (
    ADMIN,
    ANNA,
    OLGA,
    PETR,
    ROMASHKA,
    STAFF,
    Connection,
    Row,
    all_rows,
    ingest,
    monday,
    one,
    said,
    user_id,
)
from tests.sql.people import speaking

CLIENT = "00000000-0000-4000-8000-000000000001"
NAME = "ООО Ромашка"


@pytest.fixture
def firm(db: Connection) -> Connection:
    """Anna of Romashka asked, and was answered."""
    ingest(db, said(ANNA, monday("10:00"), "Где акт?"), said(OLGA, monday("10:10"), "Вот"))
    return db


def queue(db: Connection) -> Any:
    return asked(db, ADMIN, "queue_erasure(%s, %s)", CLIENT, f" {NAME} ")


def work(db: Connection, minutes: int = 0) -> list[str]:
    """What the job does, so many minutes from now."""
    states = []
    with speaking(db, None):
        while task := one(db, "select api.claim_task(now() + make_interval(mins => %s))", minutes):
            states.append(one(db, "select api.carry_out_task(%s)", task))
    return states


def state(db: Connection, task: Any, who: int = ADMIN) -> Row:
    with speaking(db, user_id(who)):
        (row,) = all_rows(db, "select * from api.tasks where id = %s", task)
    return row


def words(db: Connection) -> list[str]:
    return [row["message_text"] for row in all_rows(db, "select message_text from public.chat_messages order by 1")]


def test_an_erasure_is_queued_then_done_and_counts_what_is_gone(firm: Connection) -> None:
    task = queue(firm)
    assert (state(firm, task)["state"], state(firm, task)["client"], state(firm, task)["total"]) == ("queued", NAME, 1)
    assert words(firm) == ["Вот", "Где акт?"]
    assert work(firm) == ["done"]
    done = state(firm, task)
    assert (done["result"], done["client"]) == ({"chats": 1, "messages": 2}, "Удалённый клиент")
    assert words(firm) == ["", ""]
    log = "select actor_id, details from public.audit_log where action = 'erase' and entity_id = %s order by id"
    assert [tuple(row.values()) for row in all_rows(firm, log, CLIENT)] == [
        (user_id(ADMIN), {"task_id": str(task)}),
        (user_id(ADMIN), done["result"]),
    ]


def test_only_an_admin_who_writes_the_name_has_a_client_erased(firm: Connection) -> None:
    for role in set(STAFF) - {"admin"}:
        assert refusal(firm, STAFF[role], "queue_erasure(%s, %s)", CLIENT, NAME) == "not_allowed"
    assert refusal(firm, ADMIN, "queue_erasure(%s, 'Ромашка')", CLIENT) == "name_differs"
    assert refusal(firm, ADMIN, "queue_erasure(%s, null)", CLIENT) == "name_differs"
    assert refusal(firm, ADMIN, "queue_erasure(gen_random_uuid(), '')") == "client_not_found"
    with pytest.raises(psycopg.errors.InsufficientPrivilege), speaking(firm, None):
        one(firm, "select api.queue_erasure(%s, %s)", CLIENT, NAME)
    assert one(firm, "select count(*) from public.tasks") == 0


def test_admins_alone_find_an_erasure_again(firm: Connection) -> None:
    task = queue(firm)
    for who in STAFF.values():
        with speaking(firm, user_id(who)):
            found = one(firm, "select count(*) from api.tasks where id = %s", task)
        assert found == (who == ADMIN)
    # It was wanted by name: there is no draft to start or to take back.
    for act in ("start_task", "discard_task"):
        assert refusal(firm, ADMIN, f"{act}(%s)", task) == "task_is_started"


def test_two_presses_are_one_erasure_and_one_entry_of_the_log(firm: Connection) -> None:
    assert queue(firm) == queue(firm)
    assert one(firm, "select count(*) from public.audit_log where action = 'erase'") == 1


def test_b7_a_manager_who_was_an_admin_erases_nobody(firm: Connection) -> None:
    task = queue(firm)
    firm.execute("update public.users set role = 'admin' where telegram_id = %s", [PETR])
    firm.execute("update public.users set role = 'manager' where telegram_id = %s", [ADMIN])
    assert work(firm) == ["failed"]
    assert (state(firm, task)["problem"], words(firm)) == ("not_allowed", ["Вот", "Где акт?"])


def test_an_erasure_whose_process_dies_in_the_middle_is_done_again_from_the_beginning(firm: Connection) -> None:
    task = queue(firm)
    with speaking(firm, None):
        assert one(firm, "select api.claim_task()") == task
    with firm.transaction(force_rollback=True), speaking(firm, None):
        assert one(firm, "select api.carry_out_task(%s)", task) == "done"
        assert words(firm) == ["", ""]
    assert (state(firm, task)["state"], words(firm)) == ("running", ["Вот", "Где акт?"])
    assert work(firm) == []
    assert work(firm, minutes=11) == ["done"]
    assert state(firm, task)["result"] == {"chats": 1, "messages": 2}
    assert one(firm, "select count(*) from public.chats where chat_id = %s", ROMASHKA) == 0


def test_a_client_called_otherwise_meanwhile_is_the_one_that_was_meant(firm: Connection) -> None:
    task = queue(firm)
    firm.execute("update public.clients set name = 'ООО Ромашка и партнёры' where id = %s", [CLIENT])
    assert work(firm) == ["done"]
    assert state(firm, task)["client"] == "Удалённый клиент"
