"""The shape of the database: what `api` offers, and rules that hold for every table, view and function."""

import re
from pathlib import Path

import pytest

from tests.sql.firm import Connection, Row, all_rows, one, tables

POLICIES = Path(__file__).parents[2] / "supabase" / "policies"
# What `api` offers, a line each: a change of it is a decision, and shows as one.
CATALOGUE = (Path(__file__).parent / "catalogue.txt").read_text().splitlines()


def test_the_api_is_what_it_is_on_purpose(db: Connection) -> None:
    offered = all_rows(
        db,
        "select 'view ' || relname as line from pg_class where relnamespace = 'api'::regnamespace and relkind = 'v'"
        " union all select 'function ' || proname || '(' || replace(replace(pg_get_function_identity_arguments(oid),"
        " 'timestamp with time zone', 'timestamptz'), 'time without time zone', 'time') || ')'"
        " from pg_proc where pronamespace = 'api'::regnamespace order by 1",
    )
    assert [row["line"] for row in offered] == CATALOGUE


CONTRACT = {
    "client_requests": """id chat_id topic_id thread_id client_id message_text message_count classification
        classified_by opened_at last_message_at target_minutes warn_at due_at acknowledged_at acknowledged_by
        responded_at responded_by response_message_id working_minutes outcome assigned_accountant_id created_at
        updated_at""",
    "sla_alerts": "id request_id kind level created_at resolved_at resolved_by resolution",
    "outbox": """id kind recipient_chat_id subject_id payload status attempts next_attempt_at sent_at
        telegram_message_id last_error""",
    "chat_messages": """chat_id message_id edit_version topic_id telegram_user_id is_staff kind message_text
        caption media_file_id reply_to_message_id telegram_date classification""",
    "chats": "chat_id chat_name assigned_accountant_id sla_threshold_minutes monitoring_enabled",
    "users": "email role full_name telegram_id",
    "feedback_responses": "quarter rating comment",
    "templates": "category title content usage_count",
    "faq_items": "question answer keywords usage_count",
}


@pytest.mark.parametrize("view", CONTRACT)
def test_the_contract_columns_are_there(db: Connection, view: str) -> None:
    there = {
        row["column_name"]
        for row in all_rows(
            db,
            "select column_name from information_schema.columns where table_schema = 'api' and table_name = %s",
            view,
        )
    }
    assert set(CONTRACT[view].split()) <= there


def test_every_table_and_partition_has_row_security(db: Connection) -> None:
    bare = all_rows(
        db,
        "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')"
        " and not relrowsecurity",
    )
    assert bare == []


def test_partitions_are_granted_to_nobody(db: Connection) -> None:
    granted = all_rows(
        db,
        "select c.relname, a.grantee::regrole::text from pg_class as c, aclexplode(c.relacl) as a"
        " where c.relispartition and a.grantee not in (c.relowner, 'postgres'::regrole)",
    )
    assert granted == []


def test_every_view_runs_as_its_reader(db: Connection) -> None:
    wrong = all_rows(
        db,
        "select relname from pg_class where relnamespace = 'api'::regnamespace and relkind = 'v'"
        " and not coalesce('security_invoker=true' = any (reloptions), false)",
    )
    assert wrong == []


def test_every_function_pins_its_search_path(db: Connection) -> None:
    wrong = all_rows(
        db,
        "select proname from pg_proc where pronamespace in ('api'::regnamespace, 'private'::regnamespace)"
        " and prokind <> 'a' and prosqlbody is null and not coalesce('search_path=\"\"' = any (proconfig), false)",
    )
    assert wrong == []


def test_every_table_and_column_is_explained(db: Connection) -> None:
    silent = all_rows(
        db,
        "select c.relname, a.attname from pg_class as c left join pg_attribute as a"
        " on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and col_description(c.oid, a.attnum) is null"
        " where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition"
        " and (a.attname is not null or obj_description(c.oid) is null)",
    )
    assert silent == []


def test_nothing_is_granted_to_anon(db: Connection) -> None:
    for kind, query in {
        "tables": "select relname from pg_class, aclexplode(relacl) as a"
        " where relnamespace in ('api'::regnamespace, 'public'::regnamespace)"
        " and a.grantee in (0, 'anon'::regrole)",
        "functions": "select proname from pg_proc where pronamespace in ('api'::regnamespace, 'private'::regnamespace)"
        " and has_function_privilege('anon', oid, 'execute')",
    }.items():
        assert all_rows(db, query) == [], kind


def test_i3_policies_in_the_database_equal_the_portraits(db: Connection) -> None:
    def policies() -> list[Row]:
        return all_rows(
            db,
            "select tablename, policyname, permissive, roles, cmd, qual, with_check from pg_policies"
            " where schemaname = 'public' order by 1, 2",
        )

    deployed = policies()
    assert deployed
    for portrait in POLICIES.glob("*.sql"):
        with db.transaction(force_rollback=True):
            db.execute(portrait.read_bytes())
            assert policies() == deployed, portrait.name


def test_a_policy_added_by_hand_does_not_survive_a_restatement(db: Connection) -> None:
    db.execute("create policy rogue on public.users for all to authenticated using (true)")
    db.execute((POLICIES / "users.sql").read_bytes())
    assert one(db, "select count(*) from pg_policies where policyname = 'rogue'") == 0


def test_every_portrait_belongs_to_a_table_and_every_table_has_one(db: Connection) -> None:
    assert sorted(portrait.stem for portrait in POLICIES.glob("*.sql")) == tables(db)


def test_no_definer_without_an_excuse(db: Connection) -> None:
    for function in all_rows(
        db,
        "select proname, prosrc from pg_proc"
        " where prosecdef and pronamespace in ('api'::regnamespace, 'private'::regnamespace)",
    ):
        assert re.search(r"/\*.*definer.*\*/", function["prosrc"], re.IGNORECASE | re.DOTALL), function["proname"]
