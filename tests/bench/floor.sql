-- What the floor of intake calls: the same rows into the same table, and nothing that follows from them.
create or replace function api.bench_ingest(updates jsonb)
returns void
language sql
set search_path = ''
as $$
/* Rows as tests/bench/floor.py makes them. */
  insert into public.chat_messages (
    chat_id, message_id, update_id, telegram_user_id, author_name, is_staff, is_bot, kind, message_text, caption, media_file_id,
    reply_to_message_id, telegram_date, classification
  )
  select
    r.chat_id, r.message_id, r.update_id, r.telegram_user_id, r.author_name, r.is_staff, false, r.kind, r.message_text, r.caption,
    r.media_file_id, r.reply_to_message_id, to_timestamp(r.date), r.classification
  from jsonb_to_recordset(updates) as r (
    chat_id bigint, message_id bigint, update_id bigint, telegram_user_id bigint, author_name text, is_staff boolean, kind text,
    message_text text, caption text, media_file_id text, reply_to_message_id bigint, date bigint, classification text
  )
$$;
grant execute on function api.bench_ingest(jsonb) to service_role;
