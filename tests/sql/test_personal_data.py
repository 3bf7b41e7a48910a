"""Each column that could hold a name, words or ids of somebody is erased in the end, or kept for a reason (152-FZ)."""

import json

import pytest

from tests.sql.firm import ANNA, BORIS, LEBEDEVA, OLGA, Connection, all_rows, ingest, monday, one, said, tables
from tests.sql.people import speaking
from tests.sql.traces import CANARIES, CLIENT, NOW, PERSON, act, leave_traces, vote

# By which act a column loses what it says of somebody: a client's erasure, a person's removal, or the end of a term.
ERASED = {
    "business_events.author_name": {"client", "person", "term"},
    "business_events.caption": {"client", "person", "term"},
    "business_events.chat_id": {"client", "person", "term"},
    "business_events.media_file_id": {"client", "person", "term"},
    "business_events.message_text": {"client", "person", "term"},
    "business_events.telegram_user_id": {"client", "person", "term"},
    "chat_invitations.chat_name": {"client"},
    "chat_invitations.used_by_telegram_id": {"client", "person"},
    "chat_members.full_name": {"client", "person"},
    "chat_members.telegram_user_id": {"client", "person"},
    "chat_members.telegram_username": {"client", "person"},
    "chat_messages.author_name": {"client", "person", "term"},
    "chat_messages.caption": {"client", "term"},
    "chat_messages.media_file_id": {"client", "term"},
    "chat_messages.media_group_id": {"client", "term"},
    "chat_messages.message_text": {"client", "term"},
    "chat_messages.telegram_user_id": {"client", "person", "term"},
    "chats.chat_id": {"client", "person"},
    "chats.chat_name": {"client", "person"},
    "chats.migrated_from": {"client"},
    "clients.name": {"client"},
    "error_log.detail": {"term"},
    "feedback_cases.note": {"client", "term"},
    "feedback_responses.comment": {"client", "term"},
    "feedback_responses.telegram_user_id": {"client", "term"},
    "feedback_responses.voter_name": {"client", "term"},
    "intake_rejects.record": {"client", "person", "term"},
    "message_reactions.telegram_user_id": {"client", "person", "term"},
    "message_sources.forwarded_from": {"client", "person", "term"},
    "message_sources.forwarded_from_telegram_id": {"client", "person", "term"},
    "message_sources.quote": {"client", "term"},
    "outbox.last_error": {"client", "person", "term"},
    "outbox.recipient_chat_id": {"person"},
    "saved_views.name": {"person"},
    "saved_views.query": {"person"},
    "sign_in_log.address": {"person", "term"},
    "sign_in_log.device": {"person", "term"},
    "sign_in_log.email_hash": {"term"},
    "staff_invitations.email": {"person", "term"},
    "staff_invitations.full_name": {"person", "term"},
    "staff_invitations.telegram_username": {"person", "term"},
    "users.email": {"person"},
    "users.full_name": {"person"},
    "users.telegram_id": {"person"},
    "users.telegram_username": {"person"},
}
_FIRMS = "the firm's own words, about nobody"
_EVIDENCE = "the audit log is for good, and masked: it proves who did what from where; old months are taken out whole"
_CHAIN = "a hash of masked entries"
_PLACES = "ids of rows and causes, never words of people"
KEPT = {
    **dict.fromkeys(
        (f"audit_log.{name}" for name in ("action", "actor_role", "address", "after", "before", "changed", "details")),
        _EVIDENCE,
    ),
    **dict.fromkeys(
        (f"audit_log.{name}" for name in ("entity", "entity_id", "forwarded_for", "request_id")), _EVIDENCE
    ),
    **dict.fromkeys(("audit_seals.hash", "audit_seals.prev_hash"), _CHAIN),
    **dict.fromkeys(("broadcasts.content", "broadcasts.title", "chat_segments.name"), _FIRMS),
    **dict.fromkeys(("calendar_exceptions.name", "calendar_exceptions.source", "feedback_surveys.name"), _FIRMS),
    **dict.fromkeys(("faq_items.answer", "faq_items.keywords", "faq_items.question"), _FIRMS),
    **dict.fromkeys(("settings.bot_username", "settings.firm_name", "sla_policies.name"), _FIRMS),
    **dict.fromkeys(("templates.category", "templates.content", "templates.title"), _FIRMS),
    **dict.fromkeys(("working_schedules.name", "working_schedules.timezone", "schedule_versions.timezone"), _FIRMS),
    **dict.fromkeys(("schedule_versions.named_dates", "schedule_versions.hours"), _FIRMS),
    **dict.fromkeys(("error_log.event", "error_log.fingerprint", "error_log.reference"), _PLACES),
    **dict.fromkeys(
        (f"error_groups.{name}" for name in ("event", "fingerprint", "place", "trace")),
        "places in the code, without values; deleted a year after the last one",
    ),
    **dict.fromkeys(
        (f"process_reports.{name}" for name in ("facts", "instance", "version")), "states of parts, deleted after a day"
    ),
    **dict.fromkeys(("classification_corrections.became", "classification_corrections.was"), "a class"),
    **dict.fromkeys(("request_events.detail", "intake_rejects.reason"), _PLACES),
    **dict.fromkeys(("command_menus.attempted", "command_menus.told"), "a release, a role and a language"),
    "command_menus.telegram_id": "deleted as soon as Telegram lists nothing there, seconds after the person is gone",
    "outbox.payload": "ids of rows and causes; the words of a reply leave with it, or a week after it failed",
    "business_events.kind": "a content type",
    "business_events.connection_id": "Telegram's own, which leads to nobody; goes with its row",
    "feedback_surveys.quarter": "a date",
    "ladder_steps.recipients": "names of roles, or ids of people of the firm",
    "outbox.telegram_message_id": "a number that means nothing without its chat",
    "survey_deliveries.telegram_message_id": "a number that means nothing without its chat",
    "published_groups.figures": "counts of three people or more, whom they do not name",
    "outbox_sends.recipient_chat_id": "deleted after a minute",
    "message_reactions.emoji": "one sign, by nobody once the id is gone",
    "saved_views.page": "a page of the admin",
    "settings.bot_telegram_id": "the bot's",
    "tasks.input": "rows of a list; leave it with the work, or within a day",
    "tasks.problem": "a key",
    "tasks.result": "counts; of a draft also the cells that are wrong, which leave within a day",
}


@pytest.fixture
def full(db: Connection) -> Connection:
    leave_traces(db)
    return db


def columns(db: Connection) -> set[str]:
    """Columns that hold words or ids of Telegram; not one of a few words, nor an id that follows another table."""
    return {
        row["name"]
        for row in all_rows(
            db,
            r"""
            select c.relname || '.' || a.attname as name
            from pg_class as c
            join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
            where c.relname = any (%s) and c.relnamespace = 'public'::regnamespace
              and (
                a.atttypid = any ('{text,json,jsonb,inet,bytea,text[],varchar}'::regtype[])
                or a.atttypid = 'bigint'::regtype and a.attname ~ 'telegram|chat_id|migrated|recipient|user'
              )
              and not exists (
                select from pg_constraint as k
                where k.conrelid = c.oid and k.conkey = array[a.attnum]
                  and (k.contype = 'f' or k.contype = 'c' and pg_get_constraintdef(k.oid) ~ '= ANY \(ARRAY\[')
              )
            """,
            tables(db),
        )
    }


def holds(db: Connection, column: str, words: tuple[str, ...]) -> bool:
    """Whether any row has one of these words there."""
    table, name = column.split(".")
    return bool(
        one(
            db,
            f"select exists (select from public.{table} where {name}::text like any (%s))",
            [f"%{word}%" for word in words],
        )
    )


def test_every_column_that_could_name_somebody_is_erased_or_kept_for_a_reason(db: Connection) -> None:
    assert ERASED.keys() | KEPT.keys() == columns(db)
    assert ERASED.keys() & KEPT.keys() == set()


@pytest.mark.parametrize("which", CANARIES)
def test_i21_i8_each_act_empties_the_columns_that_it_is_said_to(full: Connection, which: str) -> None:
    concerned = [column for column, acts in ERASED.items() if which in acts]
    assert [column for column in concerned if not holds(full, column, CANARIES[which])] == []
    act(full, which)
    assert [column for column in concerned if holds(full, column, CANARIES[which])] == []


@pytest.mark.parametrize("which", ["client", "person"])
def test_i21_i8_nothing_is_left_anywhere_but_in_the_masked_audit(full: Connection, which: str) -> None:
    act(full, which)
    left = [
        column
        for column in sorted(columns(full))
        if not column.startswith("audit_log.") and holds(full, column, CANARIES[which])
    ]
    assert left == []
    words = [word for word in CANARIES[which] if word != "203.0.113.77"]
    rows = all_rows(full, "select to_jsonb(a) - 'details' as entry from public.audit_log as a")
    log = json.dumps(rows, default=str)
    assert [word for word in words if word in log] == []


def test_i8_what_a_removed_person_wrote_to_clients_stays_and_names_nobody(full: Connection) -> None:
    """Also under an account that was linked before."""
    ingest(full, said(ANNA, monday("10:00")), said(PERSON, monday("10:10"), "Отправила", author_name="zzperson"))
    full.execute("update public.users set telegram_id = 1 where telegram_id = %s", [PERSON])
    act(full, "person")
    rows = all_rows(
        full, "select * from public.chat_messages where is_staff and message_text in ('Готово', 'Отправила')"
    )
    assert {(row["author_name"], row["telegram_user_id"]) for row in rows} == {("Удалённый сотрудник", None)}
    assert len(rows) == 2


def test_i8_what_was_still_to_be_sent_to_a_removed_person_is_not(full: Connection) -> None:
    full.execute("update public.outbox set status = 'pending', last_error = null")
    act(full, "person")
    assert one(full, "select count(*) from public.outbox where status <> 'cancelled' or finished_at is null") == 0
    assert one(full, "select api.claim_outbox()") == []


def test_the_account_of_a_colleague_is_not_taken_for_a_removed_persons(full: Connection) -> None:
    ingest(full, said(ANNA, monday("10:00")), said(PERSON, monday("10:10"), "Отправила", author_name="zzperson"))
    full.execute("update public.users set telegram_id = null where telegram_id = %s", [PERSON])
    full.execute("update public.users set telegram_id = %s where telegram_id = %s", [PERSON, OLGA])
    act(full, "person")
    assert one(full, "select telegram_user_id from public.chat_messages where message_text = 'Отправила'") == PERSON


def test_a_years_log_stays(full: Connection) -> None:
    full.execute("update public.sign_in_log set happened_at = %s", [NOW.replace(year=2025, month=5)])
    act(full, "term")
    assert one(full, "select count(*) from public.sign_in_log") >= 2


def test_an_export_holds_members_and_votes_of_the_client_alone(full: Connection) -> None:
    vote(full, LEBEDEVA, BORIS, 1)
    with speaking(full, None):
        members = one(full, "select api.export_client(%s, 'members') -> 'rows'", CLIENT)
        votes = one(full, "select api.export_client(%s, 'votes') -> 'rows'", CLIENT)
    assert {row["full_name"] for row in members} == {"zzclient", "zzperson"}
    assert [(row["survey"], row["rating"], row["comment"], row["note"]) for row in votes] == [
        ("Опрос", 4, "zzclient", "zzclient")
    ]
