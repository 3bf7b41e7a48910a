"""Rows of everybody's in every table that somebody may read, with words that betray a leak."""

import psycopg

from tests.sql.firm import ANNA, BORIS, VERA, Connection, acting_as, ingest, monday, said

OLGAS, IVANS, PRIVATE = -1007770000001, -1007770000002, 7770000003
# Words that only some may read: of messages, of Ivan's chats, of voters, of what another person keeps.
TEXT, FOREIGN, VOTER, PRIVATELY = "ТЕКСТ-КЛИЕНТА", "ЧУЖОЙ-ЧАТ", "ГОЛОС-АННЫ", "ЛИЧНОЕ-ИВАНА"

_FIRM = f"""
  insert into public.clients (id, name) values
    ('77700000-0000-4000-8000-000000000001', 'ООО Своё'),
    ('77700000-0000-4000-8000-000000000002', 'ООО {FOREIGN}');
  insert into public.chats (
    chat_id, type, chat_name, client_id, assigned_accountant_id, monitoring_enabled, connected_at
  )
  select x.chat_id, x.type, x.name, x.client, u.id, x.type <> 'private', now()
  from (values
    ({OLGAS}, 'supergroup', 'Свой', '77700000-0000-4000-8000-000000000001'::uuid, 1003),
    ({IVANS}, 'supergroup', '{FOREIGN}', '77700000-0000-4000-8000-000000000002', 1004),
    ({PRIVATE}, 'private', '{FOREIGN}', null, null)
  ) as x (chat_id, type, name, client, owner)
  left join public.users as u on u.telegram_id = x.owner;
"""
_REST = f"""
  insert into public.chat_members (chat_id, telegram_user_id, full_name)
  values ({OLGAS}, {ANNA}, '{TEXT}'), ({IVANS}, {VERA}, '{TEXT} {FOREIGN}');
  insert into public.message_reactions (chat_id, message_id, update_id, is_staff, emoji, reacted_at)
  values ({OLGAS}, 1, 1, false, '👍', now()), ({IVANS}, 1, 2, false, '👍', now());
  insert into public.message_sources (chat_id, message_id, telegram_date, quote)
  values ({OLGAS}, 1, now(), '{TEXT}'), ({IVANS}, 1, now(), '{TEXT} {FOREIGN}');
  insert into public.business_events (update_id, message_id, event, connection_id, chat_id, message_text, happened_at)
  values (777, 1, 'said', '777', {ANNA}, '{FOREIGN}', now());
  insert into public.classification_corrections (chat_id, message_id, telegram_date, was, became, corrected_at)
  select c.chat_id, 1, now(), 'request', 'no_answer_needed', now()
  from public.chats as c where c.chat_id in ({OLGAS}, {IVANS});
  insert into public.absences (user_id, during)
  select u.id, tstzrange('1999-01-01', '1999-01-02') from public.users as u where u.telegram_id = 1004;
  insert into public.intake_rejects (record, reason) values ('{{}}', 'test 777');
  insert into public.intake_coverage (up) values (tstzrange('1999-01-01', '1999-01-02'));
  insert into public.calendar_exceptions (on_date, name) values ('1999-01-01', 'Праздник 777');
  insert into public.templates (category, title, content) values ('777', 'Акт', 'Готов');
  insert into public.faq_items (question, answer, keywords) values ('Где акт 777', 'Здесь', '{{акт}}');

  insert into public.accountant_calls (chat_id, topic_id, called_at) values ({OLGAS}, 0, now()), ({IVANS}, 0, now());
  insert into public.faq_answers (request_id, asked_at)
  select w.id, now() from public.client_requests as w where w.chat_id in ({OLGAS}, {IVANS});

  insert into public.chat_segments (id, name, created_by)
  select ('77700000-0000-4000-8000-00000000000' || u.telegram_id % 10)::uuid, 'Сегмент 777 ' || u.telegram_id, u.id
  from public.users as u where u.telegram_id in (1001, 1002);
  insert into public.chat_segment_chats (segment_id, chat_id)
  select s.id, {IVANS} from public.chat_segments as s where s.name like 'Сегмент 777 %';
  insert into public.chat_segment_accountants (segment_id, user_id)
  select s.id, u.id from public.chat_segments as s, public.users as u
  where s.name like 'Сегмент 777 %' and u.telegram_id = 1004;
  insert into public.chat_invitations (id, created_by)
  select ('77700000-0000-4000-8000-00000000000' || u.telegram_id % 10)::uuid, u.id
  from public.users as u where u.telegram_id in (1001, 1002);
  insert into public.broadcasts (title, content, created_by)
  select 'Рассылка 777', 'Привет', u.id from public.users as u where u.telegram_id in (1001, 1002);
  insert into public.notification_preferences (user_id, kind)
  select u.id, 'digest' from public.users as u where u.telegram_id between 1001 and 1005;
  insert into public.saved_views (user_id, page, name, query)
  select u.id, '/requests', case u.telegram_id when 1004 then '{PRIVATELY}' else 'Мои' end, '777'
  from public.users as u where u.telegram_id between 1001 and 1005;
  insert into public.tasks (id, kind, input, total, created_by)
  select ('77700000-0000-4000-8000-00000000000' || u.telegram_id % 10)::uuid, 'import_chats', '[]', 0, u.id
  from public.users as u where u.telegram_id between 1001 and 1005;
  insert into public.staff_invitations (id, email, role, full_name, invited_by)
  select
    ('77700000-0000-4000-8000-00000000000' || u.telegram_id % 10)::uuid, 'invited-777-' || u.telegram_id || '@b.test',
    'observer', '{FOREIGN}', u.id
  from public.users as u where u.telegram_id in (1001, 1002);
  insert into public.telegram_links (id, user_id, used_at)
  select ('77700000-0000-4000-8000-00000000000' || u.telegram_id % 10)::uuid, u.id, now()
  from public.users as u where u.telegram_id between 1001 and 1005;
  insert into public.sign_in_log (id, happened_at, user_id, outcome, device)
  select
    ('77700000-0000-4000-8000-00000000000' || u.telegram_id % 10)::uuid, now(), u.id, 'signed_in',
    case u.telegram_id when 1004 then '{FOREIGN}' else 'Firefox' end
  from public.users as u where u.telegram_id between 1001 and 1005;
  insert into public.error_groups (fingerprint, component, event, first_at, last_at)
  values ('7777777777777777', 'admin', 'broke', now(), now());
  insert into public.process_reports (component, instance, version, started_at, seen_at)
  values ('jobs', '77777777', '0', now(), now());
  insert into public.error_log (reference, component, event, fingerprint, user_id)
  select '777', 'admin', 'broke', '777', u.id from public.users as u where u.telegram_id between 1001 and 1005;

  insert into public.feedback_surveys (id, name, starts_on, ends_on, status, starts_at)
  values ('77700000-0000-4000-8000-000000000001', 'Опрос 777', '1999-01-01', '1999-03-31', 'active', '1999-04-01');
  insert into public.feedback_responses (survey_id, chat_id, telegram_user_id, voter_name, rating, comment)
  values
    ('77700000-0000-4000-8000-000000000001', {OLGAS}, {ANNA}, '{VOTER}', 5, '{VOTER}'),
    ('77700000-0000-4000-8000-000000000001', {IVANS}, {BORIS}, '{VOTER}', 1, '{VOTER}');
  insert into public.survey_deliveries (survey_id, chat_id, status, due_at, sent_at)
  select '77700000-0000-4000-8000-000000000001', c.chat_id, 'sent', now(), now()
  from public.chats as c where c.chat_id in ({OLGAS}, {IVANS});
  insert into public.published_groups (survey_id, scope, figures)
  values ('77700000-0000-4000-8000-000000000001', 'firm', '{{}}');
"""
_FORGET = f"""
  delete from public.feedback_cases where survey_id::text like '77700000-0000-4000-8000-%';
  delete from public.survey_deliveries where survey_id::text like '77700000-0000-4000-8000-%';
  delete from public.published_groups where survey_id::text like '77700000-0000-4000-8000-%';
  delete from public.outbox where kind = 'low_rating';
  delete from public.feedback_responses where survey_id::text like '77700000-0000-4000-8000-%';
  delete from public.feedback_surveys where id::text like '77700000-0000-4000-8000-%';
  delete from public.error_log where reference = '777';
  delete from public.error_groups where fingerprint = '7777777777777777';
  delete from public.process_reports where instance = '77777777';
  delete from public.sign_in_log where id::text like '77700000-0000-4000-8000-%';
  delete from public.telegram_links where id::text like '77700000-0000-4000-8000-%';
  delete from public.staff_invitations where id::text like '77700000-0000-4000-8000-%';
  delete from public.saved_views where query = '777';
  delete from public.tasks where id::text like '77700000-0000-4000-8000-%';
  delete from public.notification_preferences where kind = 'digest';
  delete from public.broadcasts where title = 'Рассылка 777';
  delete from public.chat_invitations
  where id::text like '77700000-0000-4000-8000-%' or client_id is null and accountant_id is null;
  delete from public.chat_segments where name like 'Сегмент 777 %';
  delete from public.faq_items where question = 'Где акт 777';
  delete from public.templates where category = '777';
  delete from public.calendar_exceptions where name = 'Праздник 777';
  delete from public.intake_coverage where upper(up) < '2000-01-01';
  delete from public.intake_rejects where reason = 'test 777';
  delete from public.absences where upper(during) < '2000-01-01';
  delete from public.client_requests where chat_id in ({OLGAS}, {IVANS});
  delete from public.classification_corrections where chat_id in ({OLGAS}, {IVANS});
  delete from public.message_reactions where chat_id in ({OLGAS}, {IVANS});
  delete from public.message_sources where chat_id in ({OLGAS}, {IVANS});
  delete from public.business_events where connection_id = '777';
  delete from public.chat_topics where chat_id in ({OLGAS}, {IVANS});
  delete from public.chat_messages where chat_id in ({OLGAS}, {IVANS});
  delete from public.accountant_calls where chat_id in ({OLGAS}, {IVANS});
  delete from public.chats where chat_id in ({OLGAS}, {IVANS}, {PRIVATE});
  delete from public.clients where id::text like '77700000-0000-4000-8000-%';
  delete from public.manager_accountants;
"""
# Nobody can take an entry back, so this one is for a transaction that is undone.
_ENTRIES = """
  insert into public.audit_log (actor_id, action, entity, entity_id)
  select u.id, 'update', 'clients', '777' from public.users as u where u.telegram_id between 1001 and 1005;
  select api.seal_audit();
"""


def add_rows(db: Connection) -> None:
    """Two clients wrote and nobody answered in time; people were told, voted, kept things."""
    db.execute(_FIRM.encode())
    # Ivan is Petr's, Olga nobody's: both are of his team. An admin is not.
    with_manager = "insert into public.manager_accountants (manager_id, accountant_id) select m.id, a.id"
    db.execute(
        f"{with_manager} from public.users as m, public.users as a"
        " where m.telegram_id = 1002 and a.telegram_id = 1004".encode()
    )
    ingest(
        db,
        said(ANNA, monday("10:00"), TEXT, OLGAS, chat_name="Свой", author_name=TEXT),
        said(VERA, monday("10:00"), f"{TEXT} {FOREIGN}", IVANS, chat_name=FOREIGN, author_name=TEXT),
    )
    db.execute("select api.claim_due(%s)", [monday("12:00")])
    db.execute(_REST.encode())


def add_entries(db: Connection) -> None:
    """Entries of the audit log, by everybody, and their seals."""
    db.execute(_ENTRIES.encode())


def remove_rows(db: Connection) -> None:
    """Everything that add_rows added."""
    db.execute(_FORGET.encode())


def counted(db: Connection, role: str, relation: str) -> int | None:
    """How many rows somebody reads; None when refused."""
    try:
        with acting_as(db, role):
            row = db.execute(f"select count(*) from {relation}".encode()).fetchone()
            return int(row[0]) if row else None
    except psycopg.errors.InsufficientPrivilege:
        return None
