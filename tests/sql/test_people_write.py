"""What happens when people themselves change things: the consequences reach rows that they may not write."""

import psycopg
import pytest

from tests.sql.firm import (
    ADMIN,
    ANNA,
    IVAN,
    LEBEDEVA,
    OLGA,
    PETR,
    ROMASHKA,
    VERA,
    Connection,
    acting_as,
    all_rows,
    ingest,
    monday,
    one,
    said,
    sweep,
    user_id,
    window,
)


def refusal(db: Connection, statement: str, *values: object) -> str:
    with pytest.raises(psycopg.Error) as refused:
        db.execute(statement.encode(), values)
    return refused.value.diag.message_primary or ""


def alert(db: Connection, kind: str = "breach") -> object:
    return one(db, "select id from public.sla_alerts where kind = %s", kind)


@pytest.fixture
def told(late: Connection) -> Connection:
    """Olga and Petr were told that Anna waits."""
    sweep(late, monday("11:01"))
    return late


def test_a_manager_hands_a_chat_over_and_its_window_follows(late: Connection) -> None:
    with acting_as(late, "manager"):
        late.execute("update api.chats set assigned_accountant_id = %s where chat_id = %s", [user_id(IVAN), ROMASHKA])
        assert window(late)["assigned_accountant_id"] == user_id(IVAN)
        assert one(late, "select actor_id from public.request_events where kind = 'handed_over'") == user_id(PETR)


def test_a_manager_switches_measuring_off_and_the_window_is_void(told: Connection) -> None:
    with acting_as(told, "manager"):
        told.execute("update api.chats set monitoring_enabled = false where chat_id = %s", [ROMASHKA])
        assert window(told)["outcome"] == "voided"
        assert one(told, "select count(*) from api.sla_alerts where resolved_at is null") == 0


def test_a_manager_takes_a_chat_out_of_the_lists_and_back(late: Connection) -> None:
    with acting_as(late, "manager"):
        late.execute("update api.chats set deleted_at = now() where chat_id = %s", [ROMASHKA])
        paused = "select paused_because from api.chats where chat_id = %s"
        assert one(late, paused, ROMASHKA) == "chat_deleted"
        late.execute("update api.chats set deleted_at = null where chat_id = %s", [ROMASHKA])
        assert one(late, paused, ROMASHKA) is None


def test_d15_a_managers_holiday_moves_the_deadline(db: Connection) -> None:
    ingest(db, said(ANNA, monday("17:30")))
    due = window(db)["due_at"]
    with acting_as(db, "manager"):
        db.execute("insert into api.calendar_exceptions (on_date, name) values ('2026-04-07', 'Праздник')")
        assert window(db)["due_at"] > due
        entry = all_rows(
            db, "select actor_id from public.audit_log where entity = 'client_requests' and happened_at = now()"
        )
    assert [row["actor_id"] for row in entry] == [user_id(PETR)]


def test_a_manager_makes_a_schedule_with_hours(db: Connection) -> None:
    with acting_as(db, "manager"):
        db.execute("insert into api.working_schedules (name) values ('Вечерний')")
        db.execute(
            "insert into api.working_intervals (schedule_id, weekday, opens, closes)"
            " select s.id, 1, '18:00', '22:00' from api.working_schedules as s where s.name = 'Вечерний'"
        )
        worked = (
            "select count(*) from public.working_periods as p join api.working_schedules as s on s.id = schedule_id"
        )
        assert one(db, f"{worked} where s.name = 'Вечерний'") > 100


def test_an_admin_makes_a_policy_with_a_ladder_and_nobody_else_does(db: Connection) -> None:
    steps = '[{"kind": "breach", "recipients": ["head"]}]'
    with acting_as(db, "admin"):
        db.execute("insert into api.sla_policies (name, target_minutes) values ('Быстро', 10)")
        policy = one(db, "select id from api.sla_policies where name = 'Быстро'")
        assert one(db, "select api.change_ladder(%s, %s)", policy, steps) == 2
    policy = one(db, "select default_policy_id from public.settings")
    for role in ("manager", "accountant", "observer"):
        with acting_as(db, role):
            assert refusal(db, "select api.change_ladder(%s, %s)", policy, steps) == "not_allowed"


def test_people_edit_their_own_profile_and_no_other(db: Connection) -> None:
    for role, changed in (("admin", 5), ("manager", 1), ("accountant", 1), ("observer", 0)):
        with acting_as(db, role):
            assert db.execute("update api.users set locale = 'en'").rowcount == changed
            assert db.execute("update public.users set alerts_per_hour = 7").rowcount == changed


def test_an_accountant_takes_her_window_and_its_alert_in_her_own_name(told: Connection) -> None:
    with acting_as(told, "accountant"):
        told.execute("select api.acknowledge_request(%s)", [window(told)["id"]])
        assert window(told)["acknowledged_by"] == user_id(OLGA)
        assert {row["resolution"] for row in all_rows(told, "select * from api.sla_alerts")} == {"acknowledged"}


def test_a_manager_excuses_a_window(told: Connection) -> None:
    with acting_as(told, "manager"):
        waiting = window(told)["id"]
        told.execute("select api.excuse_request(%s)", [waiting])
        assert (window(told)["outcome"], window(told)["closed_by"]) == ("excused", user_id(PETR))
        assert refusal(told, "select api.acknowledge_request(%s)", waiting) == "request_already_closed"


@pytest.mark.parametrize("verb", ["acknowledge_request", "excuse_request"])
def test_i1_anothers_window_and_none_are_refused_alike(told: Connection, verb: str) -> None:
    waiting = window(told)["id"]
    for role, key in (("accountant2", "unknown_request"), ("observer", "not_allowed")):
        with acting_as(told, role):
            assert refusal(told, f"select api.{verb}(%s)", waiting) == key
    with acting_as(told, "accountant2"):
        assert refusal(told, f"select api.{verb}(gen_random_uuid())") == "unknown_request"


def test_managers_and_admins_resolve_an_alert_once_and_its_window_waits_on(told: Connection) -> None:
    one_alert = alert(told)
    for role, who in (("manager", PETR), ("admin", ADMIN)):
        with acting_as(told, role):
            told.execute("select api.resolve_alert(%s)", [one_alert])
            row = all_rows(told, "select * from api.sla_alerts where id = %s", one_alert)[0]
            assert (row["resolution"], row["resolved_by"]) == ("manual", user_id(who))
            assert window(told)["outcome"] == "overdue"
            assert refusal(told, "select api.resolve_alert(%s)", one_alert) == "alert_already_resolved"
    for role in ("accountant", "observer"):
        with acting_as(told, role):
            assert refusal(told, "select api.resolve_alert(%s)", one_alert) == "not_allowed"
    with acting_as(told, "manager"):
        assert refusal(told, "select api.resolve_alert(gen_random_uuid())") == "unknown_alert"


def test_templates_are_used_by_those_who_answer(db: Connection) -> None:
    db.execute("insert into public.templates (category, title, content) values ('Акты', 'Готов', 'Акт готов')")
    item = one(db, "select id from public.templates")
    for role in ("admin", "manager", "accountant"):
        with acting_as(db, role):
            db.execute("select api.use_template(%s)", [item])
            assert one(db, "select usage_count from api.templates") == 1
    with acting_as(db, "observer"):
        assert refusal(db, "select api.use_template(%s)", item) == "not_allowed"
    with acting_as(db, "accountant"):
        assert refusal(db, "select api.use_template(gen_random_uuid())") == "unknown_template"


def test_answers_are_found_by_stem_and_by_likeness(db: Connection) -> None:
    db.execute("insert into public.faq_items (question, answer) values ('Когда сдавать декларацию?', 'До 25 апреля')")
    found = "select count(*) from api.faq_items as f where {}"
    with acting_as(db, "accountant"):
        assert (
            one(db, found.format("f.search @@ websearch_to_tsquery('pg_catalog.russian', 'сдавала декларации')")) == 1
        )
        assert one(db, found.format("extensions.similarity(f.question, 'когда сдавать деклорацию') > 0.5")) == 1


def test_a_chat_with_messages_is_not_deleted_even_by_an_admin(late: Connection) -> None:
    with acting_as(late, "admin"), pytest.raises(psycopg.errors.ForeignKeyViolation):
        late.execute("delete from api.chats where chat_id = %s", [ROMASHKA])
    ingest(late, said(VERA, monday("10:00"), chat=LEBEDEVA))
    with acting_as(late, "manager"):
        assert late.execute("delete from api.chats").rowcount == 0


def test_nobody_refuses_to_be_told_of_a_breach(db: Connection) -> None:
    with acting_as(db, "accountant"):
        db.execute("insert into api.notification_preferences (kind, wanted) values ('warning', false)")
        with pytest.raises(psycopg.errors.CheckViolation, match="a_late_answer_is_always_told"):
            db.execute("insert into api.notification_preferences (kind, wanted) values ('breach', false)")
