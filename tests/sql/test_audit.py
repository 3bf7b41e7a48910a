"""What an entry of the audit log tells, and what it hides."""

import json

import pytest

from tests.sql.audited import entries, sign
from tests.sql.firm import (
    ADMIN,
    ANNA,
    OLGA,
    PETR,
    ROMASHKA,
    Connection,
    all_rows,
    ingest,
    monday,
    one,
    press,
    said,
    sweep,
    user_id,
)

HIDDEN = "[hidden]"


def test_a_change_tells_who_in_which_role_from_where_and_what(db: Connection, seen: int) -> None:
    headers = {"x-request-id": "abcdef01", "x-client-address": "2001:db8::7", "x-forwarded-for": "10.0.0.9, 10.0.0.1"}
    sign(db, PETR, **headers)
    db.execute("update public.clients set tier = 'vip' where name = 'ИП Лебедева'")
    (entry,) = entries(db, seen)
    assert (entry["actor_id"], entry["actor_role"]) == (user_id(PETR), "manager")
    assert (entry["action"], entry["entity"], entry["changed"]) == ("update", "clients", ["tier"])
    assert entry["before"]["tier"] != entry["after"]["tier"] == "vip"
    assert (entry["request_id"], entry["address"]) == ("abcdef01", "2001:db8::7")
    assert entry["forwarded_for"] == "10.0.0.9, 10.0.0.1"


@pytest.mark.parametrize(
    "headers", [{}, {"x-request-id": "a b", "x-client-address": "<script>"}, {"x-request-id": "a" * 65}]
)
def test_what_is_no_id_and_no_address_is_not_kept(db: Connection, seen: int, headers: dict[str, str]) -> None:
    sign(db, PETR, **headers)
    db.execute("update public.clients set tier = 'vip' where name = 'ИП Лебедева'")
    (entry,) = entries(db, seen)
    assert (entry["request_id"], entry["address"]) == (None, None)


def test_the_role_is_the_one_of_that_moment(db: Connection, seen: int) -> None:
    sign(db, PETR)
    db.execute("update public.clients set tier = 'vip' where name = 'ИП Лебедева'")
    db.execute("update public.users set role = 'observer' where telegram_id = %s", [PETR])
    assert [entry["actor_role"] for entry in entries(db, seen, "clients")] == ["manager"]


def test_the_service_and_an_operator_act_as_nobody_under_their_own_role(db: Connection, seen: int) -> None:
    db.execute("set local role service_role")
    db.execute("select api.note_bot(1, 'x', true)")
    db.execute("reset role")
    db.execute("update public.settings set firm_name = 'Другая'")
    found = [(entry["actor_id"], entry["actor_role"]) for entry in entries(db, seen, "settings")]
    assert found == [(None, "service_role"), (None, one(db, "select session_user"))]


def test_the_service_may_act_for_a_person(db: Connection, seen: int) -> None:
    db.execute("select set_config('buhbot.acting_for', %s, true)", [str(user_id(OLGA))])
    db.execute("update public.users set locale = 'en' where telegram_id = %s", [OLGA])
    (entry,) = entries(db, seen)
    assert (entry["actor_id"], entry["actor_role"]) == (user_id(OLGA), "accountant")
    sign(db, ADMIN)
    db.execute("update public.users set locale = 'ru' where telegram_id = %s", [OLGA])
    assert entries(db, seen)[-1]["actor_id"] == user_id(ADMIN)


def test_a_touch_that_changes_nothing_is_no_entry(db: Connection, seen: int) -> None:
    db.execute("update public.clients set tier = tier")
    assert entries(db, seen) == []


def test_rows_without_an_id_are_named_by_their_whole_key(db: Connection, seen: int) -> None:
    db.execute("insert into public.manager_accountants values (%s, %s)", [user_id(PETR), user_id(OLGA)])
    assert [entry["entity_id"] for entry in entries(db, seen)] == [f"{user_id(PETR)}:{user_id(OLGA)}"]


def test_i10_names_and_telegrams_ids_of_chats_are_hidden_and_the_change_is_told(db: Connection, seen: int) -> None:
    db.execute("update public.chats set chat_name = 'Новое имя' where chat_id = %s", [ROMASHKA])
    db.execute("update public.users set full_name = 'Новое имя', email = 'new@buhbot.test' where telegram_id = 1003")
    db.execute("update public.clients set name = 'Новое имя' where name = 'ИП Лебедева'")
    found = entries(db, seen)
    assert [entry["changed"] for entry in found] == [["chat_name"], ["email", "full_name"], ["name"]]
    assert found[0]["after"]["chat_id"] == found[0]["after"]["chat_name"] == HIDDEN
    assert found[1]["before"]["email"] == found[1]["after"]["email"] == HIDDEN
    text = json.dumps(found, default=str, ensure_ascii=False)
    for private in ("Новое имя", "buhbot.test", "Лебедева", "Ромашка", str(ROMASHKA), "Ольга"):
        assert private not in text


def test_i10_no_text_of_a_message_comes_into_the_audit(db: Connection, seen: int) -> None:
    ingest(db, said(ANNA, monday("10:00"), "Совершенно особые слова"))
    sweep(db, monday("12:00"))
    press(db, OLGA, "no_answer_needed", monday("12:01"))
    db.execute("select private.record_event(null, 'import', 'x', 'y', %s)", ['{"text": "Совершенно особые слова"}'])
    assert len(entries(db, seen)) >= 3
    assert "особые" not in json.dumps(entries(db, seen), default=str, ensure_ascii=False)


# Columns of text that may be read in the audit: they hold words of the firm about its work, or words of a fixed list.
OPEN = {
    "broadcasts.title",
    "chat_segments.name",
    "faq_items.answer",
    "faq_items.question",
    "feedback_surveys.name",
    "templates.content",
    "templates.title",
    "calendar_exceptions.name",
    "classification_corrections.became",
    "classification_corrections.was",
    "working_schedules.name",
    "sla_policies.name",
}
SUSPECT = (
    "text|caption|comment|token|hash|secret|password|email|name|reason|note|body|content|phone|title|question|answer"
)


def test_every_column_with_words_in_an_audited_table_is_hidden_or_open_on_purpose(db: Connection) -> None:
    columns = all_rows(
        db,
        "select c.relname || '.' || a.attname as name from pg_trigger as t"
        " join pg_class as c on c.oid = t.tgrelid join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0"
        " where t.tgfoid = 'private.record_change'::regproc and a.atttypid in ('text'::regtype, 'jsonb'::regtype)"
        " and a.attname ~ %s and not c.relispartition"
        " and private.masked(jsonb_build_object(a.attname, 'x'), string_to_array(encode(t.tgargs, 'escape'), '\\000'))"
        " ->> a.attname = 'x' order by 1",
        SUSPECT,
    )
    settings = {"settings.firm_name", "settings.bot_username"}
    assert {row["name"] for row in columns} <= OPEN | settings
