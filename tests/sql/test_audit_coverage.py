"""What comes into the audit log: acts of people, decisions that move a deadline, and nothing from intake as usual."""

import json

from tests.sql.audited import entries, sign
from tests.sql.firm import (
    ANNA,
    MARIA,
    OLGA,
    PETR,
    ROMASHKA,
    Connection,
    all_rows,
    edited,
    ingest,
    monday,
    moscow,
    one,
    press,
    said,
    sweep,
    tables,
    user_id,
    window,
)

# Tables without a trigger of their own, and why.
UNWATCHED = {
    "accountant_calls": "what clients press is no act of the firm",
    "audit_log": "is the audit",
    "audit_seals": "is the audit",
    "business_events": "append-only itself; what is said in Telegram",
    "chat_members": "follows from what Telegram tells",
    "chat_messages": "append-only itself; what clients write is no act of the firm",
    "chat_topics": "follows from messages",
    "client_requests": "its ledger, request_events, is watched: people's acts and decisions about deadlines",
    "command_menus": "the machine's own diary",
    "error_groups": "the machine's own diary; who resolved a kind stands in it",
    "error_log": "the machine's own diary",
    "faq_answers": "what the bot offers and clients say of it is no act of the firm",
    "feedback_responses": "append-only itself; clients' votes are no act of the firm",
    "intake_coverage": "the machine's own diary",
    "intake_rejects": "the machine's own diary",
    "message_reactions": "append-only itself; follows from what clients and staff do in Telegram",
    "message_sources": "append-only itself; whose words a message holds",
    "notices": "follows from alerts",
    "outbox": "what the machine sends; people do not write it",
    "outbox_sends": "the machine's own pace",
    "process_reports": "the machine's own diary",
    "retention_progress": "the machine's own diary",
    "saved_views": "a person's own filters, which change nothing for others",
    "tasks": "what a task changes is in the log where it is changed, by who started it",
    "schedule_openings": "the machine's own diary",
    "schedule_versions": "follows from schedules, which are watched",
    "published_groups": "follows from the end of a survey, which is watched",
    "survey_deliveries": "follows from surveys, which are watched",
    "working_periods": "follows from schedules, which are watched",
}


def test_every_table_is_audited_or_left_out_for_a_reason(db: Connection) -> None:
    audited = all_rows(
        db,
        "select distinct c.relname from pg_trigger as t join pg_class as c on c.oid = t.tgrelid"
        " where t.tgname = c.relname || '_audited' and t.tgenabled = 'O'",
    )
    names = {row["relname"] for row in audited}
    assert names | UNWATCHED.keys() == set(tables(db))
    assert names & UNWATCHED.keys() == set()


def test_intake_as_usual_writes_no_entry(db: Connection, seen: int) -> None:
    question = said(ANNA, monday("10:00"))
    ingest(db, question, said(ANNA, monday("10:01"), "Ау"), said(OLGA, monday("10:05"), "Готово"))
    ingest(db, said(ANNA, monday("11:00")), edited(question, monday("11:05"), "Где же акт?"))
    assert entries(db, seen) == []


def test_the_machines_own_verdict_is_no_entry_but_a_persons_is(db: Connection, seen: int) -> None:
    ingest(db, said(ANNA, monday("10:00")))
    sweep(db, monday("11:00:01"))
    press(db, OLGA, "take")
    press(db, OLGA, "no_answer_needed")
    found = [(entry["entity"], entry["action"], entry["actor_id"], entry["actor_role"]) for entry in entries(db, seen)]
    assert sorted(found) == [
        ("classification_corrections", "insert", user_id(OLGA), "accountant"),
        ("client_requests", "acknowledged", user_id(OLGA), "accountant"),
        ("client_requests", "excused", user_id(OLGA), "accountant"),
    ]
    assert {entry["entity_id"] for entry in entries(db, seen, "client_requests")} == {str(window(db)["id"])}


def test_d15_a_moved_deadline_is_recorded_with_its_cause_and_nobody(db: Connection, seen: int) -> None:
    ingest(db, said(ANNA, moscow("2026-04-03 17:50")))
    db.execute("insert into public.calendar_exceptions (on_date, name) values ('2026-04-06', 'Праздник')")
    (entry,) = entries(db, seen, "client_requests")
    assert (entry["action"], entry["actor_id"], entry["after"]["cause"]) == ("update", None, "calendar")
    assert entry["before"]["due_at"] < entry["after"]["due_at"]


def test_d15_the_service_moves_deadlines_though_it_may_not_write_the_log(db: Connection, seen: int) -> None:
    ingest(db, said(ANNA, monday("10:00")))
    policy = one(db, "select policy_id from public.client_requests")
    db.execute("update public.sla_policies set target_minutes = 30 where id = %s", [policy])
    db.execute("set local role service_role")
    db.execute("select api.apply_policy(%s, false)", [policy])
    db.execute("reset role")
    (entry,) = entries(db, seen, "client_requests")
    assert (entry["actor_role"], entry["after"]["cause"]) == ("service_role", "policy")


def test_a_hand_over_and_an_end_of_measuring_are_recorded_with_who_did_it(db: Connection, seen: int) -> None:
    ingest(db, said(ANNA, monday("10:00")))
    sign(db, PETR)
    ivan = user_id(1004)
    db.execute("update public.chats set assigned_accountant_id = %s where chat_id = %s", [ivan, ROMASHKA])
    db.execute("update public.chats set monitoring_enabled = false where chat_id = %s", [ROMASHKA])
    handed, voided = entries(db, seen, "client_requests")
    assert (handed["action"], handed["details"]["to"], handed["actor_id"]) == ("handed_over", str(ivan), user_id(PETR))
    assert (voided["action"], voided["actor_role"]) == ("voided", "manager")
    assert voided["details"]["cause"]


def test_c12_a_voided_breach_is_recorded_once_with_its_cause(db: Connection, seen: int) -> None:
    ingest(db, said(ANNA, monday("10:00")))
    sweep(db, monday("11:00:01"))
    ingest(db, said(OLGA, monday("10:59"), "Готово"))
    (entry,) = entries(db, seen, "sla_alerts")
    assert (entry["before"]["resolution"], entry["after"]["resolution"]) == (None, "voided")
    assert entry["details"] == {"request_id": str(window(db)["id"]), "cause": "answered_in_time"}
    assert entry["actor_id"] is None


def test_a_breach_voided_by_the_calendar_says_so(db: Connection, seen: int) -> None:
    ingest(db, said(ANNA, monday("16:50")))
    sweep(db, monday("17:50:01"))
    db.execute("insert into public.calendar_exceptions (on_date, name) values ('2026-04-06', 'Праздник')")
    assert [entry["details"]["cause"] for entry in entries(db, seen, "sla_alerts")] == ["deadline_moved"]


def test_i8_a_person_goes_and_what_the_person_did_stays(db: Connection, seen: int) -> None:
    maria = user_id(MARIA)
    name = one(db, "select full_name from public.users where id = %s", maria)
    db.execute("select private.record_event(%s, 'export', 'clients', 'x', null)", [maria])
    db.execute("delete from public.users where id = %s", [maria])
    found = entries(db, seen)
    (exported,) = (entry for entry in found if entry["action"] == "export")
    assert (exported["actor_id"], exported["actor_role"]) == (maria, "observer")
    assert ("users", "delete", str(maria)) in [
        (entry["entity"], entry["action"], entry["entity_id"]) for entry in found
    ]
    assert name not in json.dumps(found, default=str, ensure_ascii=False)


def test_an_edit_of_ten_thousand_dates_is_recorded_whole_and_in_bearable_time(db: Connection, seen: int) -> None:
    db.execute("set local statement_timeout = '60s'")
    db.execute(
        "insert into public.calendar_exceptions (on_date, name)"
        " select '2027-01-01'::date + i, 'x' from generate_series(1, 10000) as i"
    )
    assert (
        one(db, "select count(*) from public.audit_log where id > %s and entity = 'calendar_exceptions'", seen) == 10000
    )
