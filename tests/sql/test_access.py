"""Who reads what: the matrix of supabase/policies, cell by cell, in SQL and over the API."""

import httpx
import psycopg
import pytest

from tests.sql.firm import (
    ANNA,
    LEBEDEVA,
    NIGHT,
    OLGA,
    PETR,
    ROMASHKA,
    STAFF,
    VERA,
    Connection,
    acting_as,
    all_rows,
    ingest,
    monday,
    one,
    said,
    user_id,
)
from tests.stack import Stack

EVERYBODY = tuple(STAFF)

# What each reader finds, in the order admin, manager, accountant, accountant2, observer. One late window in each
# accountant's chat.
READ = {
    "users": (5, 5, 5, 5, 5),
    "chats": (3, 3, 2, 1, 3),
    "chat_messages": (2, 2, 1, 1, 0),
    "client_requests": (2, 2, 1, 1, 2),
    "sla_alerts": (2, 2, 1, 1, 2),
    "clients": (3, 3, 2, 1, 3),
    "working_schedules": (2, 2, 2, 2, 2),
    "settings": (1, 1, 1, 1, 1),
}


@pytest.fixture
def firm(db: Connection) -> Connection:
    ingest(db, said(ANNA, monday("10:00")), said(VERA, monday("10:00"), chat=LEBEDEVA, chat_name="ИП Лебедева"))
    db.execute("select api.claim_due(%s)", [monday("12:00")])
    return db


def test_i1_i2_every_role_reads_its_rows_and_no_others(firm: Connection) -> None:
    found: dict[str, list[int]] = {}
    for view in READ:
        found[view] = []
        for role in EVERYBODY:
            with acting_as(firm, role):
                found[view].append(one(firm, f"select count(*) from api.{view}"))
    assert {view: tuple(counts) for view, counts in found.items()} == READ


def test_i1_an_accountant_reads_her_own_chat_and_not_her_colleagues(firm: Connection) -> None:
    with acting_as(firm, "accountant"):
        assert {row["chat_id"] for row in all_rows(firm, "select chat_id from api.chats")} == {ROMASHKA, NIGHT}
        assert one(firm, "select count(*) from api.client_requests where chat_id = %s", LEBEDEVA) == 0


def test_i1_an_observer_reads_windows_without_their_text(firm: Connection) -> None:
    with acting_as(firm, "observer"):
        assert {row["message_text"] for row in all_rows(firm, "select message_text from api.client_requests")} == {None}
        seen = one(firm, "select api.find_requests() -> 'rows'")
        assert [row["last_message"] for row in seen] == [None, None]
    with acting_as(firm, "manager"):
        assert one(firm, "select api.find_requests() -> 'rows' -> 0 -> 'last_message' ->> 'text'") == "Где акт?"


def test_an_observer_reads_no_name_of_a_person_who_wrote_to_the_bot(firm: Connection) -> None:
    ingest(firm, said(ANNA, monday("10:00"), chat=ANNA, chat_type="private", chat_name="Анна Иванова"))
    for role, sees in (("observer", 0), ("accountant", 0), ("manager", 1)):
        with acting_as(firm, role):
            assert one(firm, "select count(*) from api.chats where type = 'private'") == sees


def test_accountants_read_names_of_colleagues_but_not_how_to_reach_them(firm: Connection) -> None:
    with acting_as(firm, "accountant"):
        rows = all_rows(firm, "select full_name, email, telegram_id from api.users order by full_name")
    assert [row["email"] for row in rows if row["email"]] == ["accountant@buhbot.test"]
    assert [row["telegram_id"] for row in rows if row["telegram_id"]] == [OLGA]
    assert len({row["full_name"] for row in rows}) == 5


@pytest.mark.parametrize("role", EVERYBODY)
def test_b7_a_deactivated_person_reads_nothing_from_the_next_statement_on(firm: Connection, role: str) -> None:
    firm.execute("update public.users set role = 'admin' where telegram_id = %s", [PETR])  # the last admin stays
    firm.execute("update public.users set active = false where telegram_id = %s", [STAFF[role]])
    with acting_as(firm, role):
        assert {view: one(firm, f"select count(*) from api.{view}") for view in READ} == dict.fromkeys(READ, 0)


def test_the_audit_log_shows_admins_everything_and_others_their_own(firm: Connection) -> None:
    with firm.transaction():
        firm.execute("""select set_config('request.jwt.claims', '{"sub": "%s"}', true)""" % user_id(PETR))  # noqa: UP031 (braces)
        firm.execute("update public.clients set tier = 'vip' where name = 'ИП Лебедева'")
        firm.execute("select set_config('request.jwt.claims', '', true)")
    with acting_as(firm, "manager"):
        assert all_rows(
            firm, "select entity, action from api.audit_log where happened_at = now() and entity = 'clients'"
        ) == [{"entity": "clients", "action": "update"}]
    with acting_as(firm, "admin"):
        assert one(firm, "select count(*) from api.audit_log") > 1
    for role in ("accountant", "observer"):
        with acting_as(firm, role):
            assert one(firm, "select count(*) from api.audit_log where happened_at = now()") == 0


@pytest.mark.parametrize("role", [*EVERYBODY, "anon"])
def test_people_write_no_hidden_column_and_call_no_function_of_the_service(firm: Connection, role: str) -> None:
    forbidden = [
        "update public.users set role = 'admin'",
        "update public.users set active = true",
        "update public.users set email = 'a@b.test'",
        "update public.users set telegram_id = 1",
        "update public.chats set chat_name = 'x'",
        "insert into public.templates (category, title, content, created_by) values ('x', 'x', 'x', gen_random_uuid())",
        "select api.ingest('[]')",
        "select api.ingest_asides('[]')",
        "select api.claim_due()",
        "select api.claim_outbox()",
        "select api.settle_outbox('[]')",
        "select api.press_alert(gen_random_uuid(), 'take', 1002)",
        "select api.apply_policy(gen_random_uuid())",
        "select api.note_bot(1, 'x', true)",
        "select api.import_calendar(2026, '[]')",
        "select api.note_intake()",
        "select api.note_sent('[]')",
        "select api.adopt_defaults('{}')",
        "select api.extend_horizon()",
        "select api.apply_retention()",
        "select api.greet(1002)",
        "select api.client_menu(2001, 2001)",
        "select api.call_accountant(2001, 2001)",
        "select api.requests_of_client(2001, 2001)",
        "select api.order_document(2001, 2001, gen_random_uuid(), 'x', 'x')",
        "select api.answer_questions()",
        "select api.judge_faq_answer(gen_random_uuid(), 'helped', 2001)",
        "select * from api.outbox",
        "select * from public.chat_messages_other",
    ]
    for statement in forbidden:
        with pytest.raises(psycopg.errors.InsufficientPrivilege), acting_as(firm, role):
            firm.execute(statement.encode())


def test_i4_anon_reads_nothing_at_all(firm: Connection) -> None:
    for view in (*READ, "audit_log", "outbox"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), acting_as(firm, "anon"):
            firm.execute(f"select * from api.{view}".encode())


# --- Over the API, with real tokens --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tokens(stack: Stack) -> dict[str, str]:
    """A real sign-in each."""
    auth = f"{stack.env['SUPABASE_URL']}/auth/v1/token?grant_type=password"
    headers = {"apikey": stack.env["SUPABASE_ANON_KEY"]}
    password = "buhbot-demo-2026"
    return {
        role: httpx.post(
            auth, headers=headers, json={"email": f"{role}@buhbot.test", "password": password}, timeout=20
        ).json()["access_token"]
        for role in EVERYBODY
    }


def get(stack: Stack, path: str, token: str, **more: str) -> httpx.Response:
    headers = {"apikey": stack.env["SUPABASE_ANON_KEY"], "Authorization": f"Bearer {token}", **more}
    return httpx.get(f"{stack.env['SUPABASE_URL']}/rest/v1/{path}", headers=headers, timeout=10)


def test_p16_rows_over_the_api_equal_rows_in_sql(stack: Stack, tokens: dict[str, str]) -> None:
    with psycopg.connect(stack.env["DATABASE_URL"]) as everything:
        for view in (*READ, "audit_log"):
            for role in EVERYBODY:
                with acting_as(everything, role):
                    expected = one(everything, f"select count(*) from api.{view}")
                counted = get(stack, f"{view}?limit=1", tokens[role], Prefer="count=exact").headers["content-range"]
                assert int(counted.split("/")[1]) == expected, (view, role)


def test_only_the_schema_api_is_served(stack: Stack, tokens: dict[str, str]) -> None:
    headers = {
        "apikey": stack.env["SUPABASE_ANON_KEY"],
        "Authorization": f"Bearer {tokens['admin']}",
        "Accept-Profile": "public",
    }
    assert httpx.get(f"{stack.env['SUPABASE_URL']}/rest/v1/users", headers=headers).status_code == 406


@pytest.mark.parametrize("view", [*READ, "audit_log", "outbox", "rpc/claim_due", "rpc/greet?telegram_id=1002"])
def test_i4_the_anon_key_alone_is_refused(stack: Stack, view: str) -> None:
    answer = get(stack, view, stack.env["SUPABASE_ANON_KEY"])
    assert answer.status_code in (401, 403, 404), answer.text
