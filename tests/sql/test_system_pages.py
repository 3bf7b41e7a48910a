"""What the pages of rules and of the system ask: who may, what is found, and what a refusal says."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.sql.firm import (
    ADMIN,
    ANNA,
    BORIS,
    IVAN,
    LEBEDEVA,
    MARIA,
    OLGA,
    PETR,
    STAFF,
    Connection,
    Row,
    all_rows,
    claim,
    ingest,
    monday,
    one,
    said,
    settle,
    sweep,
    user_id,
)
from tests.sql.people import speaking

FINGERPRINT = "0123456789abcdef"


def asked(db: Connection, who: int, call: str, *values: Any) -> Any:
    """What a call of `api` answers to a signed-in person."""
    with speaking(db, user_id(who)):
        return one(db, f"select api.{call}", *values)


def refusal(db: Connection, who: int, call: str, *values: Any) -> str:
    """The key with which it is refused."""
    with pytest.raises(psycopg.Error) as error, speaking(db, user_id(who)):
        one(db, f"select api.{call}", *values)
    return error.value.diag.message_primary or ""


@pytest.fixture
def overdue(db: Connection) -> Connection:
    """Anna asked Olga, Boris asked Ivan; both are late, and their owners were told."""
    ingest(db, said(ANNA, monday("10:00")), said(BORIS, monday("10:10"), chat=LEBEDEVA))
    sweep(db, monday("10:50"))
    sweep(db, monday("11:11"))
    sweep(db, monday("14:00"))
    return db


def kinds(page: Row) -> list[str]:
    return [alert["kind"] for alert in page["alerts"]]


def owners(page: Row) -> set[str]:
    return {alert["owner"]["id"] for alert in page["alerts"]}


def test_alerts_are_shown_to_those_who_see_the_window(overdue: Connection) -> None:
    everything = asked(overdue, PETR, "alerts_page()")
    assert owners(everything) == {str(user_id(OLGA)), str(user_id(IVAN))}
    assert everything["open"] == len(everything["alerts"])
    for who in (OLGA, IVAN):
        assert owners(asked(overdue, who, "alerts_page()")) == {str(user_id(who))}
    assert asked(overdue, MARIA, "alerts_page()")["open"] == everything["open"]
    with speaking(overdue, uuid4()):
        assert one(overdue, "select api.alerts_page()")["alerts"] == []


def test_an_alert_tells_who_was_told_and_what_they_did(overdue: Connection) -> None:
    (message,) = [m for m in claim(overdue, monday("14:01")) if m["recipient_chat_id"] == OLGA]
    settle(overdue, monday("14:01"), message)
    overdue.execute("select api.press_alert(%s, 'remind_30', %s, %s)", [message["id"], OLGA, monday("14:02")])
    overdue.execute("select api.press_alert(%s, 'take', %s, %s)", [message["id"], OLGA, monday("14:03")])
    page = asked(overdue, OLGA, "alerts_page(kind => 'breach')")
    (alert,) = page["alerts"]
    (told,) = [copy for copy in alert["told"] if copy["to"]["id"] == str(user_id(OLGA))]
    assert told["sent_at"]
    assert told["remind_at"]
    assert [(act["kind"], act["by"]["id"]) for act in alert["acts"]] == [("acknowledged", str(user_id(OLGA)))]
    assert alert["is_taken"]


def test_alerts_are_found_by_state_level_person_and_time(overdue: Connection) -> None:
    admin = asked(overdue, ADMIN, "alerts_page()")["alerts"]
    breach = next(alert for alert in admin if alert["kind"] == "breach")
    asked(overdue, ADMIN, "resolve_alert(%s)", UUID(breach["id"]))
    resolved = asked(overdue, ADMIN, "alerts_page(state => 'resolved')")["alerts"]
    assert [(alert["id"], alert["resolved_by"]["id"]) for alert in resolved] == [(breach["id"], str(user_id(ADMIN)))]
    assert breach["id"] not in {
        alert["id"] for alert in asked(overdue, ADMIN, "alerts_page(state => 'open')")["alerts"]
    }
    assert set(kinds(asked(overdue, ADMIN, "alerts_page(kind => 'warning', level => 0)"))) == {"warning"}
    ivans = asked(overdue, ADMIN, "alerts_page(person => %s)", user_id(IVAN))["alerts"]
    assert {alert["owner"]["id"] for alert in ivans} == {str(user_id(IVAN))}
    assert asked(overdue, ADMIN, "alerts_page(since => %s)", monday("23:00"))["alerts"] == []
    assert asked(overdue, ADMIN, "alerts_page(until => %s)", monday("09:00"))["alerts"] == []


def test_pages_of_alerts_meet_without_a_gap(overdue: Connection) -> None:
    whole = [alert["id"] for alert in asked(overdue, ADMIN, "alerts_page()")["alerts"]]
    first = asked(overdue, ADMIN, "alerts_page(batch => 2)")["alerts"]
    rest = asked(
        overdue, ADMIN, "alerts_page(after_at => %s, after_id => %s)", first[-1]["created_at"], UUID(first[-1]["id"])
    )["alerts"]
    assert [alert["id"] for alert in first + rest] == whole


@pytest.mark.parametrize("role", STAFF)
def test_texts_are_written_by_keepers_alone(db: Connection, role: str) -> None:
    who = STAFF[role]
    calls = (
        "save_template('Акты', 'Готов', 'Здравствуйте')",
        "save_faq_item('Где акт?', 'В чате', '{акт, Акт, \"\"}')",
    )
    for call in calls:
        if role in {"admin", "manager"}:
            assert asked(db, who, call)
        else:
            assert refusal(db, who, call) == "not_allowed"


def test_a_text_is_put_away_and_comes_back(db: Connection) -> None:
    text = asked(db, PETR, "save_template('Акты', 'Готов', 'Здравствуйте, {{ client_name }}')")
    asked(db, PETR, "archive_template(%s)", text)
    assert [t["id"] for t in asked(db, OLGA, "templates_page(archived => true)")["templates"]] == [str(text)]
    assert asked(db, OLGA, "templates_page()")["templates"] == []
    assert one(db, "select api.staff_templates(%s)", OLGA)["total"] == 0
    with pytest.raises(psycopg.ProgrammingError, match="unknown_template"), db.transaction():
        one(db, "select private.template_to_send(%s)", text)
    asked(db, PETR, "archive_template(%s, false)", text)
    assert one(db, "select api.staff_templates(%s)", OLGA)["total"] == 1
    changed = asked(db, PETR, "save_template('Акты', 'Готов', 'Иначе', %s)", text)
    (found,) = asked(db, OLGA, "templates_page('инач', 'Акты')")["templates"]
    assert (found["id"], changed) == (str(text), text)


def test_a_text_that_could_not_be_sent_is_not_kept(db: Connection) -> None:
    assert refusal(db, PETR, "save_template('Акты', 'Готов', 'Здравствуйте, {{ имя }}')") == "template_is_unfinished"
    assert refusal(db, PETR, "save_template('', 'Готов', 'Текст')") == "template_has_a_category"
    assert refusal(db, PETR, "save_template('Акты', 'Готов', 'Текст', %s)", uuid4()) == "unknown_template"
    assert refusal(db, PETR, "save_faq_item('', 'Ответ')") == "question_is_written"


def test_a_text_is_tried_in_a_chat_of_the_readers(db: Connection) -> None:
    tried = asked(db, OLGA, "try_template('Чат {{ chat_title }}, {{accountant_name}}')")
    assert tried["text"].startswith(f"Чат {tried['chat_name']}, ")
    assert refusal(db, MARIA, "try_template('Текст')") == "not_allowed"


def test_the_test_box_answers_as_the_bot_would(db: Connection) -> None:
    item = asked(db, PETR, "save_faq_item('Как получить акт сверки', 'Напишите нам', '{акт сверки, акт}')")
    tried = asked(db, MARIA, "try_faq('Как получить акт сверки?')")
    assert tried["answers"]
    assert tried["candidates"][0]["id"] == str(item)
    assert tried["candidates"][0]["score"] >= tried["threshold"]
    far = "Вчера прислали какой-то странный акт, посмотрите пожалуйста всю переписку с поставщиком и договор"
    assert not asked(db, MARIA, "try_faq(%s)", far)["answers"]
    assert asked(db, MARIA, "try_faq('Спасибо')")["candidates"] == []
    asked(db, PETR, "archive_faq_item(%s)", item)
    assert asked(db, MARIA, "try_faq('Как получить акт сверки?')")["candidates"] == []
    assert asked(db, MARIA, "faq_page(archived => true)")["items"][0]["keywords"] == ["акт сверки", "акт"]


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


def test_a_test_message_goes_to_oneself_and_its_fate_is_shown(db: Connection) -> None:
    at = monday("12:00")
    message = asked(db, ADMIN, "send_test_notice(%s)", at)
    assert asked(db, ADMIN, "send_test_notice(%s)", at) == message
    (owed,) = [m for m in claim(db, at + timedelta(seconds=1)) if m["id"] == str(message)]
    assert (owed["recipient_chat_id"], owed["facts"]["event"]) == (ADMIN, "test")
    settle(db, at + timedelta(seconds=2), owed)
    assert asked(db, ADMIN, "system_page(%s)", message)["test"]["status"] == "sent"
    db.execute("update public.users set telegram_id = null where id = %s", [user_id(ADMIN)])
    assert refusal(db, ADMIN, "send_test_notice()") == "telegram_not_linked"
    assert refusal(db, PETR, "send_test_notice()") == "not_allowed"
