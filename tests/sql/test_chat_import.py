"""A list of chats from a file: checked row by row, then taken whole or not at all, by whoever may (I1)."""

import json
from typing import Any

import psycopg
import pytest

from tests.sql.audited import entries
from tests.sql.firm import (
    ADMIN,
    ANNA,
    IVAN,
    LEBEDEVA,
    MARIA,
    OLGA,
    PETR,
    ROMASHKA,
    Connection,
    Row,
    all_rows,
    ingest,
    membership,
    monday,
    moscow,
    one,
    said,
    user_id,
    window,
)
from tests.sql.people import speaking

GROUP = -1001000000081
IVANS = "accountant2@buhbot.test"


def draft(db: Connection, *rows: Row, who: int = PETR) -> Row:
    """Send a list; return the task as its author finds it."""
    with speaking(db, user_id(who)):
        task = one(db, "select api.draft_chat_import(%s)", json.dumps(rows))
        (found,) = all_rows(db, "select * from api.tasks where id = %s", task)
    return found


def errors(task: Row) -> list[tuple[int, str, str]]:
    return [(error["line"], error["column"], error["reason"]) for error in task["result"]["errors"]]


def start(db: Connection, task: Row, who: int = PETR) -> None:
    with speaking(db, user_id(who)):
        db.execute("select api.start_task(%s)", [task["id"]])


def work(db: Connection) -> list[str | None]:
    """What the job does: one task after another."""
    states = []
    with speaking(db, None):
        while task := one(db, "select api.claim_task()"):
            states.append(one(db, "select api.carry_out_task(%s)", task))
    return states


def state(db: Connection, task: Row) -> Row:
    (row,) = all_rows(db, "select * from public.tasks where id = %s", task["id"])
    return row


def chat(db: Connection, number: int) -> Row:
    (row,) = all_rows(db, "select * from public.chats where chat_id = %s", number)
    return row


def imported(db: Connection, *rows: Row, who: int = PETR) -> Row:
    task = draft(db, *rows, who=who)
    assert errors(task) == []
    start(db, task, who)
    assert work(db) == ["done"]
    return state(db, task)


def test_a_list_gives_chats_their_owners_and_terms_and_makes_links_for_the_rest(db: Connection, seen: int) -> None:
    ingest(db, {**membership("administrator", moscow("2026-04-06 09:00"), GROUP), "chat_name": "Новый чат"})
    task = imported(
        db,
        {"chat": "ооо ромашка", "owner": IVANS.upper(), "policy": "круглосуточно", "target": "30"},
        {"chat": "Новый чат", "client": "ИП Лебедева", "owner": IVANS},
        {"chat": "Ещё не чат", "client": "ООО Ромашка", "target": "45"},
        {"client": "ООО Круглосуточно", "tier": "vip"},
    )
    moved = chat(db, ROMASHKA)
    assert (moved["assigned_accountant_id"], moved["sla_threshold_minutes"]) == (user_id(IVAN), 30)
    joined = chat(db, GROUP)
    assert (joined["monitoring_enabled"], joined["assigned_accountant_id"]) == (True, user_id(IVAN))
    with speaking(db, user_id(PETR)):
        links = one(db, "select api.chat_links()")
    assert {(link["chat_name"], link["client"], link["accountant"]) for link in links} == {
        ("Ещё не чат", "ООО Ромашка", "Иван Кузнецов"),
        (None, "ООО Круглосуточно", "Ольга Петрова"),
    }
    assert one(db, "select tier from public.clients where name = 'ООО Круглосуточно'") == "vip"
    assert {name: task["result"][name] for name in ("changed", "connected", "links", "clients")} == {
        "changed": 1,
        "connected": 1,
        "links": 2,
        "clients": 0,
    }
    assert {entry["actor_id"] for entry in entries(db, seen, "chats") if entry["action"] == "update"} >= {user_id(PETR)}
    assert task["input"] is None


def test_a_link_from_a_list_binds_all_its_terms(db: Connection) -> None:
    imported(db, {"chat": "Наш чат", "client": "ООО Ромашка", "target": "45", "owner": IVANS})
    with speaking(db, user_id(PETR)):
        (link,) = one(db, "select api.chat_links()")
    ingest(db, membership("administrator", moscow("2026-04-06 09:00"), GROUP))
    with speaking(db, None):
        db.execute("select api.connect_chat(%s, %s, %s)", [link["token"], GROUP, ANNA])
    row = chat(db, GROUP)
    assert (row["sla_threshold_minutes"], row["assigned_accountant_id"]) == (45, user_id(IVAN))
    assert one(db, "select chat_name from public.chat_invitations where chat_id = %s", GROUP) is None


def test_every_error_names_its_row_and_column_and_then_nothing_is_done(db: Connection) -> None:
    db.execute("update public.chats set chat_name = 'ИП Лебедева' where chat_id = -1001000000003")
    task = draft(
        db,
        {},
        {"chat": "ООО Ромашка", "owner": "nobody@buhbot.test", "target": "0"},
        {"chat": "ООО Ромашка", "policy": "Такого нет", "schedule": "И такого"},
        {"chat": "ИП Лебедева"},
        {"chat": str(LEBEDEVA), "owner": IVANS},
        {"chat": "Где-то"},
        {"chat": "Где-то ещё", "client": "ООО Новый", "tier": "gold", "owner": "observer@buhbot.test"},
    )
    assert errors(task) == [
        (1, "chat", "nothing_named"),
        (2, "chat", "chat_repeats"),
        (2, "owner", "owner_is_unknown"),
        (2, "target", "target_is_wrong"),
        (3, "chat", "chat_repeats"),
        (3, "policy", "policy_is_unknown"),
        (3, "schedule", "schedule_is_unknown"),
        (4, "chat", "chat_has_namesakes"),
        (6, "client", "client_is_missing"),
        (7, "client", "client_is_unknown"),
        (7, "tier", "tier_is_unknown"),
        (7, "owner", "owner_is_not_in_team"),
    ]
    assert task["result"]["wrong"] == 6
    with pytest.raises(psycopg.Error, match="task_has_errors"), db.transaction():
        start(db, task)
    assert work(db) == []


def test_an_admins_list_makes_the_clients_it_names(db: Connection) -> None:
    task = imported(db, {"client": "ООО Новый", "tier": "vip"}, {"chat": "Второй", "client": "ооо новый"}, who=ADMIN)
    assert task["result"]["clients"] == 1
    assert one(db, "select tier from public.clients where name = 'ООО Новый'") == "vip"


def test_a_draft_changes_nothing_and_foretells_what_moves(late: Connection) -> None:
    before = window(late)
    task = draft(late, {"chat": "ООО Ромашка", "target": "5"})
    assert (window(late), task["state"], task["result"]["effect"]["sooner"]) == (before, "draft", 1)
    assert one(late, "select count(*) from public.chat_invitations") == 0
    start(late, task)
    work(late)
    assert window(late)["due_at"] == monday("10:05")


def test_s8_a_list_that_leaves_the_terms_leaves_what_waits(late: Connection) -> None:
    late.execute("update public.sla_policies set target_minutes = 15")
    before = window(late)
    assert imported(late, {"chat": "ООО Ромашка", "tier": "standard"})["result"]["effect"]["moved"] == 0
    assert window(late) == before


def test_a_list_that_fits_no_longer_fails_as_a_whole(db: Connection) -> None:
    task = draft(db, {"chat": "ООО Ромашка", "target": "5"}, {"chat": "ИП Лебедева", "owner": IVANS})
    start(db, task)
    db.execute("update public.users set active = false where email = %s", [IVANS])
    assert work(db) == ["failed"]
    assert (state(db, task)["problem"], chat(db, ROMASHKA)["sla_threshold_minutes"]) == ("list_has_errors", None)


@pytest.mark.parametrize("change", ["active = false", "role = 'accountant'"])
def test_b7_nothing_is_done_for_who_lost_the_right_meanwhile(db: Connection, change: str) -> None:
    task = draft(db, {"chat": "ООО Ромашка", "target": "5"})
    start(db, task)
    db.execute(f"update public.users set {change} where telegram_id = {PETR}".encode())
    assert work(db) == ["failed"]
    assert (state(db, task)["problem"], chat(db, ROMASHKA)["sla_threshold_minutes"]) == ("not_allowed", None)


@pytest.mark.parametrize("who", [OLGA, MARIA])
def test_accountants_and_observers_import_nothing(db: Connection, who: int) -> None:
    with pytest.raises(psycopg.Error, match="not_allowed"):
        draft(db, {"chat": "ООО Ромашка"}, who=who)


def test_each_finds_the_own_tasks_again_and_an_admin_all(db: Connection) -> None:
    mine, admins = draft(db, {"chat": "ООО Ромашка"}), draft(db, {"chat": "ООО Ромашка"}, who=ADMIN)
    for who, expected in ((PETR, {mine["id"]}), (ADMIN, {mine["id"], admins["id"]}), (OLGA, set()), (MARIA, set())):
        with speaking(db, user_id(who)):
            assert {row["id"] for row in all_rows(db, "select id from api.tasks")} == expected
    for act in ("start_task", "discard_task"):
        with pytest.raises(psycopg.Error, match="unknown_task"), speaking(db, user_id(ADMIN)):
            db.execute(f"select api.{act}(%s)".encode(), [mine["id"]])
    with pytest.raises(psycopg.errors.InsufficientPrivilege), speaking(db, user_id(ADMIN)):
        db.execute("select input from public.tasks")
    with speaking(db, user_id(PETR)):
        db.execute("select api.discard_task(%s)", [mine["id"]])


def test_a_task_is_done_once_and_begun_again_when_its_process_dies(db: Connection) -> None:
    task = draft(db, {"chat": "ООО Ромашка", "target": "5"})
    start(db, task)
    with pytest.raises(psycopg.Error, match="task_is_started"), db.transaction():
        start(db, task)
    with speaking(db, None):
        assert one(db, "select api.claim_task()") == task["id"]
        assert one(db, "select api.claim_task()") is None
        assert one(db, "select api.claim_task(now() + interval '11 minutes')") == task["id"]
        assert one(db, "select api.carry_out_task(%s)", task["id"]) == "done"
        assert one(db, "select api.carry_out_task(%s)", task["id"]) is None


def test_a_task_that_kills_its_process_is_given_up(db: Connection) -> None:
    task = draft(db, {"chat": "ООО Ромашка"})
    start(db, task)
    with speaking(db, None):
        for minutes in (0, 11, 22, 33):
            claimed = one(db, "select api.claim_task(now() + make_interval(mins => %s))", minutes)
            assert (claimed is None) == (minutes == 33)
    assert (state(db, task)["state"], state(db, task)["problem"]) == ("failed", "task_gave_up")


def test_rows_of_a_draft_are_gone_after_a_day(db: Connection) -> None:
    draft(db, {"chat": "ООО Ромашка"})
    with speaking(db, None):
        db.execute("select api.claim_task(now() + interval '25 hours')")
    assert one(db, "select count(*) from public.tasks") == 0


@pytest.mark.parametrize(("rows", "key"), [("[]", "list_is_empty"), ("{}", "list_is_empty")])
def test_what_is_no_list_is_refused(db: Connection, rows: str, key: str) -> None:
    with pytest.raises(psycopg.Error, match=key), speaking(db, user_id(PETR)):
        db.execute("select api.draft_chat_import(%s)", [rows])


def test_five_thousand_rows_are_tried_and_one_more_is_not(db: Connection) -> None:
    rows: list[dict[str, Any]] = [{"chat": f"Чат {n}", "client": "ООО Ромашка", "owner": IVANS} for n in range(5000)]
    assert draft(db, *rows)["result"]["links"] == 5000
    with pytest.raises(psycopg.Error, match="list_is_too_long"), db.transaction():
        draft(db, *rows, {"chat": "Лишний"})


def test_a_chat_that_speaks_on_is_not_held_up_for_ever(late: Connection) -> None:
    """What was said meanwhile is measured by the new terms."""
    imported(late, {"chat": "ООО Ромашка", "target": "5"})
    ingest(late, said(OLGA, monday("10:02"), "Да"), said(ANNA, monday("12:00"), "Ещё вопрос"))
    assert one(late, "select target_minutes from public.client_requests where closed_as is null") == 5
