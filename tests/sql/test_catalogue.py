"""The shape of the database: what `api` offers, and rules that hold for every table, view and function."""

import re
from pathlib import Path

import pytest

from tests.sql.firm import Connection, Row, all_rows, one, tables

POLICIES = Path(__file__).parents[2] / "supabase" / "policies"
VIEWS = """
    absences audit_log audit_seals broadcasts calendar_exceptions chat_health chat_invitations chat_members
    chat_messages chat_segment_accountants chat_segment_chats chat_segments chats client_requests clients
    error_log faq_items feedback_responses feedback_summary feedback_surveys ladder_steps my_profile
    notification_preferences outbox policy_list request_outcomes requests_awaiting_answer saved_views
    schedule_list settings sign_in_log sla_alerts sla_policies staff_invitations team templates users
    working_intervals working_schedules
""".split()
FUNCTIONS = [
    "acknowledge_request(request_id uuid)",
    "act_on_requests(requests uuid[], act text, assignee uuid)",
    "add_client(name text, telegram_id bigint)",
    "add_schedule(name text, copy_of uuid)",
    "add_working(schedule_id uuid, since timestamptz, amount interval)",
    "admit_admin(email text, full_name text)",
    "adopt_chat(id uuid, client_id uuid, telegram_id bigint)",
    "adopt_defaults(defaults jsonb)",
    "answer_questions(as_of timestamptz, batch integer)",
    "answer_request(request_id uuid, body text, reply_id uuid, template_id uuid)",
    "apply_policy(policy_id uuid, dry_run boolean, as_of timestamptz)",
    "apply_retention(as_of timestamptz, batch integer)",
    "archive_schedule(schedule_id uuid, archived boolean)",
    "assign_chat(id uuid, accountant_id uuid, telegram_id bigint)",
    "audit_head()",
    "bring_in_calendar(year integer, days jsonb, dry_run boolean, as_of timestamptz)",
    "bring_to_policy(policy_id uuid, dry_run boolean, as_of timestamptz)",
    "calendar_page(year integer)",
    "call_accountant(telegram_id bigint, pressed_in bigint, topic_id bigint, as_of timestamptz)",
    "cancel_absence(absence_id uuid, telegram_id bigint, as_of timestamptz)",
    "change_ladder(policy_id uuid, steps jsonb)",
    "choose_alerts_per_hour(telegram_id bigint, amount integer)",
    "choose_language(telegram_id bigint, locale text)",
    "choose_notification(telegram_id bigint, kind text, wanted boolean)",
    "choose_quiet_hours(telegram_id bigint, quiet_from time, quiet_until time)",
    "claim_due(as_of timestamptz, batch integer)",
    "claim_menus(edition text, as_of timestamptz, batch integer)",
    "claim_outbox(as_of timestamptz, batch integer)",
    "claim_unclassified(batch integer, as_of timestamptz)",
    "classification_examples(batch integer)",
    "client_menu(telegram_id bigint, pressed_in bigint, as_of timestamptz)",
    "connect_chat(token text, chat_id bigint, telegram_id bigint)",
    "coverage_report(since timestamptz, until timestamptz, as_of timestamptz)",
    "delete_view(view uuid)",
    "diagnose_chat(telegram_id bigint, id uuid, chat_id bigint)",
    "erase_client(client_id uuid, confirmation text)",
    "excuse_request(request_id uuid)",
    "explain_request(request_id uuid, as_of timestamptz)",
    "export_client(client_id uuid, part text, after jsonb, batch integer)",
    "extend_horizon(as_of timestamptz)",
    "find_clients(query text, telegram_id bigint)",
    "find_places(words text)",
    (
        "find_requests(state text, chat uuid, owner text, tier text, since date, until date, words text, "
        "after jsonb, amount integer)"
    ),
    "firm_health(as_of timestamptz)",
    "greet(telegram_id bigint)",
    "identify(telegram_id bigint, language text)",
    "identify_all(people jsonb)",
    "import_calendar(year integer, days jsonb, dry_run boolean)",
    "ingest(updates jsonb)",
    "ingest_and_identify(updates jsonb, people jsonb)",
    "ingest_asides(updates jsonb)",
    "invite_chat(client_id uuid, accountant_id uuid, policy_id uuid, telegram_id bigint)",
    "invite_staff(invitations jsonb, dry_run boolean)",
    "judge_faq_answer(answer_id uuid, verdict text, telegram_id bigint, as_of timestamptz)",
    "keep_view(page text, name text, query text)",
    "link_telegram(token text, telegram_id bigint, username text)",
    "note_bot(telegram_id bigint, username text, reads_all boolean)",
    "note_intake(as_of timestamptz)",
    "note_model_outage(as_of timestamptz)",
    "note_security_events(entries jsonb)",
    "note_sent(messages jsonb)",
    "note_sign_ins(entries jsonb)",
    "offer_clients(of_chat uuid, telegram_id bigint)",
    "offer_owners(telegram_id bigint)",
    "offer_policies(telegram_id bigint)",
    (
        "order_document(telegram_id bigint, pressed_in bigint, order_id uuid, words text, author_name text, "
        "topic_id bigint, as_of timestamptz)"
    ),
    (
        "plan_absence(telegram_id bigint, first_on date, last_on date, substitute_id uuid, reason text, as_of"
        " timestamptz)"
    ),
    "policy_page(policy_id uuid)",
    "press_alert(message_id uuid, verb text, telegram_id bigint, as_of timestamptz)",
    "press_request(request_id uuid, verb text, telegram_id bigint, as_of timestamptz)",
    "preview_template(template_id uuid, chat uuid, telegram_id bigint, as_of timestamptz)",
    (
        "reclassify_message(chat_id bigint, message_id bigint, classification text, telegram_id bigint, as_of"
        " timestamptz)"
    ),
    "reclassify_request(request_id uuid, classification text, telegram_id bigint, as_of timestamptz)",
    "remove_person(email text)",
    "rename_view(view uuid, name text)",
    "request_desk(request_id uuid)",
    "requests_of_client(telegram_id bigint, pressed_in bigint, as_of timestamptz)",
    "resend_message(message_id uuid, as_of timestamptz)",
    "resolve_alert(alert_id uuid)",
    "retry_reply(reply_id uuid)",
    "revoke_invitation(invitation_id uuid)",
    (
        "save_policy(policy_id uuid, name text, tier text, target_minutes integer, warn_percent integer, "
        "around_the_clock boolean, steps jsonb, dry_run boolean, as_of timestamptz)"
    ),
    (
        "save_schedule(schedule_id uuid, name text, timezone text, follows_firm_calendar boolean, hours "
        "jsonb, dry_run boolean, as_of timestamptz)"
    ),
    "schedule_page(schedule_id uuid, year integer)",
    "seal_audit(batch integer)",
    (
        "send_reply(chat uuid, body text, reply_id uuid, topic_id bigint, reply_to bigint, telegram_id "
        "bigint, as_of timestamptz)"
    ),
    (
        "send_template(template_id uuid, chat uuid, telegram_id bigint, preview_id bigint, seen_at "
        "timestamptz, as_of timestamptz)"
    ),
    "send_test_alert(people uuid[], as_of timestamptz)",
    "set_active(user_id uuid, active boolean)",
    (
        "set_dates(schedule_id uuid, first_on date, last_on date, says text, name text, hours jsonb, dry_run "
        "boolean, as_of timestamptz)"
    ),
    "set_invited_owner(invitation_id uuid, accountant_id uuid, telegram_id bigint)",
    "set_invited_policy(invitation_id uuid, policy_id uuid, telegram_id bigint)",
    "set_role(user_id uuid, role text)",
    "settle_classifications(results jsonb, as_of timestamptz)",
    "settle_menus(accepted jsonb)",
    "settle_outbox(results jsonb, as_of timestamptz)",
    "settle_replies(sent jsonb, as_of timestamptz)",
    "sla_report(since timestamptz, until timestamptz, by text)",
    "staff_absences(telegram_id bigint, as_of timestamptz)",
    "staff_chats(telegram_id bigint, page integer, as_of timestamptz)",
    "staff_colleagues(telegram_id bigint, page integer)",
    "staff_digest(telegram_id bigint, as_of timestamptz)",
    "staff_faq(telegram_id bigint, words text)",
    "staff_notifications(telegram_id bigint)",
    "staff_queue(telegram_id bigint, page integer, as_of timestamptz)",
    "staff_request(request_id uuid, telegram_id bigint, as_of timestamptz)",
    "staff_stats(telegram_id bigint, as_of timestamptz)",
    "staff_templates(telegram_id bigint, words text, page integer)",
    "system_state(telegram_id bigint, as_of timestamptz)",
    "telegram_link(renew boolean)",
    "template_chats(template_id uuid, telegram_id bigint, page integer, as_of timestamptz)",
    "test_alerts()",
    (
        "transcript(request_id uuid, before_at timestamptz, before_id bigint, after_at timestamptz, after_id "
        "bigint, amount integer)"
    ),
    "trust_group_voices(id uuid, telegram_id bigint)",
    "try_policy(policy_id uuid, chat uuid, said_at timestamp without time zone)",
    "undelivered_messages()",
    "unlink_telegram(user_id uuid)",
    "update_profile(full_name text, locale text, quiet_from time, quiet_until time, alerts_per_hour integer)",
    "use_faq_item(faq_item_id uuid)",
    "use_template(template_id uuid)",
    "verify_audit(anchor_number bigint, anchor_hash text, since_anchor boolean)",
    "watch_chat(id uuid, telegram_id bigint)",
    "working_between(schedule_id uuid, since timestamptz, until timestamptz)",
]


def test_the_api_is_what_it_is_on_purpose(db: Connection) -> None:
    views = all_rows(
        db, "select relname from pg_class where relnamespace = 'api'::regnamespace and relkind = 'v' order by 1"
    )
    assert [view["relname"] for view in views] == VIEWS


def test_the_functions_of_the_api_are_what_they_are_on_purpose(db: Connection) -> None:
    functions = all_rows(
        db,
        "select proname || '(' || replace(replace(pg_get_function_identity_arguments(oid),"
        " 'timestamp with time zone', 'timestamptz'), 'time without time zone', 'time') || ')' as signature"
        " from pg_proc where pronamespace = 'api'::regnamespace order by 1",
    )
    assert [function["signature"] for function in functions] == FUNCTIONS


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
        " and prokind <> 'a' and not coalesce('search_path=\"\"' = any (proconfig), false)",
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
    with db.transaction(force_rollback=True):
        for portrait in POLICIES.glob("*.sql"):
            db.execute(portrait.read_bytes())
        assert policies() == deployed


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
