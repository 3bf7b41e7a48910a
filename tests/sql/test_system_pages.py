"""`/settings`, `/audit`, `/errors` and `/system`: who may, what is found, and what a refusal says."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.sql.asking import asked, refusal
from tests.sql.firm import (
    ADMIN,
    OLGA,
    PETR,
    STAFF,
    Connection,
    Row,
    all_rows,
    claim,
    monday,
    one,
    settle,
    user_id,
)
from tests.sql.people import speaking

FINGERPRINT = "0123456789abcdef"


def settings_call(db: Connection, **changes: Any) -> tuple[str, list[Any]]:
    row = all_rows(
        db,
        "select firm_name, default_schedule_id, default_policy_id, head_id, files_answer, off_hours_reply,"
        " silent_after_days, retention_years from public.settings",
    )[0]
    return f"change_settings({', '.join(f'{name} => %s' for name in row)})", [*(row | changes).values()]


def test_settings_are_changed_by_admins_and_say_who_did(db: Connection) -> None:
    call, values = settings_call(db, firm_name=" Первая бухгалтерия ", retention_years=None)
    for role in set(STAFF) - {"admin"}:
        assert refusal(db, STAFF[role], call, *values) == "not_allowed"
    asked(db, ADMIN, call, *values)
    page = asked(db, ADMIN, "settings_page()")
    assert page["settings"]["firm_name"] == "Первая бухгалтерия"
    assert page["changes"]["firm_name"]["by"]["id"] == str(user_id(ADMIN))


@pytest.mark.parametrize(
    ("changes", "promise"),
    [
        ({"firm_name": " "}, "firm_name_is_written"),
        ({"silent_after_days": 0}, "silence_is_counted_in_days"),
        ({"retention_years": 101}, "retention_is_counted_in_years"),
        ({"default_policy_id": uuid4()}, "settings_default_policy_id_fkey"),
        ({"silent_after_days": None}, "silent_after_days_is_chosen"),
    ],
)
def test_a_setting_that_does_not_fit_is_named(db: Connection, changes: Row, promise: str) -> None:
    call, values = settings_call(db, **changes)
    assert refusal(db, ADMIN, call, *values) == promise


def test_a_schedule_that_is_put_away_is_no_default_and_one_that_is_stays_named(db: Connection) -> None:
    old = one(db, "insert into public.working_schedules (name, archived_at) values ('Старый', now()) returning id")
    call, values = settings_call(db, default_schedule_id=old)
    assert refusal(db, ADMIN, call, *values) == "settings_default_schedule_id_fkey"
    db.execute("update public.settings set default_schedule_id = %s", [old])
    asked(db, ADMIN, call, *values)
    assert str(old) in {schedule["id"] for schedule in asked(db, ADMIN, "settings_page()")["schedules"]}


def test_the_audit_is_found_by_who_what_and_when(db: Connection) -> None:
    text = asked(db, PETR, "save_template('Акты', 'Готов', 'Текст')")
    page = asked(db, ADMIN, "audit_page(entity => 'templates', entity_id => %s)", str(text))
    (entry,) = page["entries"]
    assert (entry["action"], entry["actor_id"], entry["seal"]) == ("insert", str(user_id(PETR)), None)
    assert page["head"]["unsealed"] > 0
    one(db, "select api.seal_audit()")
    (entry,) = asked(db, ADMIN, "audit_page(actor => %s, entity => 'templates')", user_id(PETR))["entries"]
    assert entry["seal"]
    assert page["names"][str(user_id(PETR))]
    assert asked(db, ADMIN, "audit_page(entity_id => %s, before_id => %s)", str(text), entry["id"])["entries"] == []
    assert asked(db, ADMIN, "audit_page(request => 'no-such-call')")["entries"] == []
    mine = asked(db, OLGA, "audit_page()")
    assert mine["head"] is None
    assert {e["actor_id"] for e in mine["entries"]} <= {str(user_id(OLGA))}


def test_the_latest_of_the_audit_comes_page_by_page_as_everything_does(db: Connection) -> None:
    for n in range(4):
        asked(db, PETR, "save_template('Акты', %s, 'Текст')", f"Готов {n}")
    everything = asked(db, ADMIN, "audit_page(batch => 5)")
    # A filter that leaves nothing out is answered by the other of the two searches.
    assert asked(db, ADMIN, "audit_page(since => '-infinity', batch => 5)") == everything
    first = asked(db, ADMIN, "audit_page(batch => 2)")["entries"]
    later = asked(db, ADMIN, "audit_page(before_id => %s, batch => 3)", first[-1]["id"])["entries"]
    assert first + later == everything["entries"]


def test_only_a_search_of_the_audit_is_planned_anew(db: Connection) -> None:
    """What a function is set to holds for all that it calls: a page took twice as long to plan as to find."""
    settings = one(db, "select proconfig from pg_proc where oid = 'api.audit_page'::regproc")
    assert not [setting for setting in settings if setting.startswith("plan_cache_mode")]


def test_the_audit_is_taken_along_by_admins_and_says_so_once(db: Connection) -> None:
    asked(db, PETR, "save_template('Акты', 'Готов', 'Текст')")
    for role in set(STAFF) - {"admin"}:
        assert refusal(db, STAFF[role], "export_audit()") == "not_allowed"
    shown = asked(db, ADMIN, "audit_page(entity => 'templates')")
    taken = asked(db, ADMIN, "export_audit(entity => 'templates')")
    assert shown["entries"] and taken["entries"] == shown["entries"]
    asked(db, ADMIN, "export_audit(entity => 'templates', before_id => %s)", taken["entries"][-1]["id"])
    # Whatever else was taken along by other tests: of texts, once.
    exports = asked(db, ADMIN, "audit_page(action => 'export')")["entries"]
    (entry,) = (one for one in exports if one["details"] == {"entity": "templates"})
    assert (entry["actor_id"], entry["entity"], entry["details"]) == (
        str(user_id(ADMIN)),
        "audit_log",
        {"entity": "templates"},
    )


def fault(**more: Any) -> Row:
    told = {
        "id": str(uuid4()),
        "at": monday("10:00").isoformat(),
        "component": "bot",
        "event": "handler_failed",
        "fingerprint": FINGERPRINT,
        "place": "ValueError",
        "trace": "Traceback",
        "amount": 3,
        "references": [{"reference": "AB12CD", "at": monday("10:00").isoformat()}],
    }
    return told | more


def note(db: Connection, *faults: Row) -> int:
    with speaking(db, None):
        noted: int = one(db, "select api.note_errors(%s::jsonb)", json.dumps(faults))
        return noted


def test_faults_of_a_kind_are_one_row_told_once(db: Connection) -> None:
    first = fault()
    assert note(db, first, fault(amount=2, references=[])) == 2
    assert note(db, first) == 0
    page = asked(db, ADMIN, "errors_page(reference => 'ab12cd')")
    (group,) = page["groups"]
    assert group["amount"] == 5
    assert [r["reference"] for r in group["references"]] == ["AB12CD"]
    for role in set(STAFF) - {"admin"}:
        assert asked(db, STAFF[role], "errors_page()")["groups"] == []
        assert refusal(db, STAFF[role], "resolve_error(%s)", FINGERPRINT) == "not_allowed"


def test_a_resolved_fault_that_comes_back_is_open_again(db: Connection) -> None:
    note(db, fault())
    asked(db, ADMIN, "resolve_error(%s)", FINGERPRINT)
    assert asked(db, ADMIN, "errors_page('resolved')")["groups"][0]["resolved_by"]["id"] == str(user_id(ADMIN))
    later = one(db, "select (now() + interval '1 minute')::text")
    note(db, fault(at=later))
    (group,) = asked(db, ADMIN, "errors_page('open')")["groups"]
    assert group["recurred_at"]
    assert group["resolved_by"] is None
    assert refusal(db, ADMIN, "resolve_error('fedcba9876543210')") == "unknown_error"


def test_an_outage_does_not_fill_the_database_with_itself(db: Connection) -> None:
    now = one(db, "select now()::text")
    numbers = [{"reference": f"{n:06X}", "at": now} for n in range(90)]
    note(db, *(fault(at=now, amount=90, references=numbers) for _ in range(4)))
    assert one(db, "select count(*) from public.error_log where fingerprint = %s", FINGERPRINT) == 200
    assert one(db, "select amount from public.error_groups where fingerprint = %s", FINGERPRINT) == 360


def test_the_system_is_shown_to_admins(db: Connection) -> None:
    with speaking(db, None):
        one(db, "select api.note_process('jobs', 'abcdef01', '0.1.0', now(), '{\"breaker\": \"off\"}')")
    page = asked(db, ADMIN, "system_page()")
    assert [(p["component"], p["facts"]) for p in page["processes"]] == [("jobs", {"breaker": "off"})]
    assert page["test"] is None
    for role in set(STAFF) - {"admin"}:
        assert refusal(db, STAFF[role], "system_page()") == "not_allowed"


def test_a_silent_process_is_forgotten_after_a_day(db: Connection) -> None:
    with speaking(db, None):
        one(db, "select api.note_process('bot', 'abcdef02', '1', now(), '{}', now() - interval '2 days')")
        one(db, "select api.note_process('jobs', 'abcdef01', '1', now(), '{}')")
    assert one(db, "select count(*) from public.process_reports where instance = 'abcdef02'") == 0


def test_the_fate_of_ones_own_test_alert_is_shown(db: Connection) -> None:
    at = one(db, "select now()")
    asked(db, ADMIN, "send_test_alert(null, %s)", at)
    (owed,) = [m for m in claim(db, at + timedelta(seconds=1)) if m["recipient_chat_id"] == ADMIN]
    settle(db, at + timedelta(seconds=2), owed)
    assert asked(db, ADMIN, "system_page()")["test"]["status"] == "sent"
    assert asked(db, ADMIN, "system_page(%s)", at + timedelta(hours=1))["test"] is None
