"""What two people leave wherever people can, and the acts that take it away: for tests of personal data."""

from typing import Any

from tests.sql.firm import IVAN, LEBEDEVA, ROMASHKA, Connection, all_rows, ingest, moscow, one, reacted, said
from tests.sql.people import speaking

CLIENT = "00000000-0000-4000-8000-000000000001"
SURVEY = "77700000-0000-4000-8000-000000000001"
OLD, NOW = moscow("2020-03-02 10:00"), moscow("2026-04-30 03:00")
# Ids that are part of no other number: a client's person, and a person of the firm.
ZOYA, PERSON = 7_719_203_846, 8_825_314_957
EMAIL = "zzperson@buhbot.test"
# What may not be found any more after an act.
CANARIES = {
    "client": ("zzclient", str(ZOYA)),
    "person": ("zzperson", str(PERSON), "203.0.113.77"),
    "term": ("zzclient", str(ZOYA), "zzperson", str(PERSON), "203.0.113.77", "zzfault", "feedfacefeedface"),
}

_PERSON = f"""
  update public.users
  set telegram_id = {PERSON}, telegram_username = 'zzperson', full_name = 'zzperson', email = '{EMAIL}'
  where telegram_id = {IVAN};
"""
_LEFT_BEHIND = f"""
  insert into public.message_sources (
    chat_id, message_id, telegram_date, forwarded_from, forwarded_from_telegram_id, quote
  )
  values
    ({ROMASHKA}, 1, '{OLD}', 'zzclient', {ZOYA}, 'zzclient'), ({LEBEDEVA}, 2, '{OLD}', 'zzclient', {ZOYA}, null),
    ({LEBEDEVA}, 3, '{OLD}', 'zzperson', {PERSON}, null);
  insert into public.business_events (
    update_id, message_id, event, connection_id, chat_id, telegram_user_id, author_name, message_text, caption,
    media_file_id, happened_at
  )
  values
    (1, 0, 'connected', 'zz', {PERSON}, {PERSON}, 'zzperson', null, null, null, '{OLD}'),
    (2, 5, 'said', 'zz', {ZOYA}, {ZOYA}, 'zzclient', 'zzclient zzperson', 'zzclient zzperson', 'zzclient zzperson',
      '{OLD}');
  update public.chats set assigned_accountant_id = null where chat_id = {LEBEDEVA};
  update public.chats set migrated_from = -{ZOYA} where chat_id = {ROMASHKA};
  update public.clients set name = 'zzclient' where id = '{CLIENT}';
  insert into public.chat_members (chat_id, telegram_user_id, full_name, telegram_username)
  values
    ({ROMASHKA}, {ZOYA}, 'zzclient', 'zzclient'), ({ROMASHKA}, {PERSON}, 'zzperson', 'zzperson'),
    ({LEBEDEVA}, {PERSON}, 'zzperson', 'zzperson');
  insert into public.chat_invitations (client_id, chat_id, used_at, used_by_telegram_id, chat_name)
  values ('{CLIENT}', {ROMASHKA}, now(), {ZOYA}, 'zzclient'), (null, {LEBEDEVA}, now(), {PERSON}, null);
  insert into public.feedback_surveys (id, name, starts_on, ends_on, status, starts_at)
  values ('{SURVEY}', 'Опрос', '2020-01-01', '2020-03-31', 'active', '2020-04-01');
  insert into public.feedback_responses (survey_id, chat_id, telegram_user_id, voter_name, rating, comment, created_at)
  values ('{SURVEY}', {ROMASHKA}, {ZOYA}, 'zzclient', 4, 'zzclient', '{OLD}');
  insert into public.feedback_cases (survey_id, chat_id, response_id, lowest, opened_at, alerted_at, note)
  select r.survey_id, r.chat_id, r.id, 3, r.created_at, r.created_at, 'zzclient'
  from public.feedback_responses as r where r.survey_id = '{SURVEY}';
  insert into public.outbox (kind, recipient_chat_id, subject_id, status, last_error, created_at)
  select 'chat_notice', {PERSON}, c.id, 'failed', 'zzclient zzperson', '{OLD}'
  from public.chats as c where c.chat_id = {ROMASHKA};
  insert into public.saved_views (user_id, page, name, query)
  select u.id, '/requests', 'zzperson', 'zzperson' from public.users as u where u.telegram_id = {PERSON};
  insert into public.sign_in_log (id, happened_at, user_id, outcome, reason, email_hash, address, device)
  select gen_random_uuid(), '{OLD}'::timestamptz, u.id, 'signed_in', null, null, '203.0.113.77'::inet, 'zzperson'
  from public.users as u where u.telegram_id = {PERSON}
  union all
  select gen_random_uuid(), '{OLD}', null, 'refused', 'credentials', 'feedfacefeedface', null, null;
  insert into public.staff_invitations (email, role, full_name, telegram_username, created_at, expires_at)
  values ('{EMAIL}', 'observer', 'zzperson', 'zzperson', '{OLD}', '{OLD}'::timestamptz + interval '7 days');
  insert into public.error_log (happened_at, reference, component, event, fingerprint, detail)
  values ('{OLD}', 'x', 'admin', 'broke', 'x', '{{"page": "zzfault"}}');
  update public.intake_rejects set recorded_at = '{OLD}';
  update public.retention_progress set erased_until = '2013-09-01 00:00+00', looked_from_start_at = '{NOW}';
"""


def leave_traces(db: Connection) -> None:
    """Zoya of a client and a person of the firm, who both left something wherever people can, years ago."""
    db.execute(_PERSON.encode())
    zoya: dict[str, Any] = {"author_name": "zzclient", "chat_name": "zzclient"}
    person: dict[str, Any] = {"author_name": "zzperson", "chat_name": "zzclient"}
    question = said(ZOYA, OLD, "zzclient", **zoya)
    media: dict[str, Any] = {"caption": "zzclient", "media_file_id": "zzclient", "media_group_id": "zzclient"}
    answer = said(PERSON, OLD, "Готово", **person)
    ingest(db, question, said(ZOYA, OLD, None, kind="photo", **media, **zoya), answer)
    ingest(db, reacted(ZOYA, answer, OLD), reacted(PERSON, question, OLD))
    for who, words in ((ZOYA, zoya), (PERSON, person)):
        own: dict[str, Any] = {**words, "chat_name": words["author_name"]}
        ingest(db, said(who, OLD, "/start", chat=who, chat_type="private", **own))
        ingest(db, {**said(who, OLD, **words), "date": 1})
    db.execute(_LEFT_BEHIND.encode())


def act(db: Connection, which: str) -> None:
    with speaking(db, None):
        if which == "client":
            db.execute("select api.erase_client(%s, 'zzclient')", [CLIENT])
        elif which == "person":
            assert all_rows(db, "select * from api.remove_person(%s)", EMAIL) == []
        else:
            while not one(db, "select (api.apply_retention(%s) ->> 'done')::boolean", NOW):
                continue


def vote(db: Connection, chat: int, who: int, rating: int) -> None:
    db.execute(
        "insert into public.feedback_responses (survey_id, chat_id, telegram_user_id, voter_name, rating, comment)"
        " values (%s, %s, %s, 'zzclient', %s, 'zzclient')",
        [SURVEY, chat, who, rating],
    )
