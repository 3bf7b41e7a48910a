-- What the bot itself says in its chats stands among the messages (A2).
set lock_timeout = '5s';

comment on column public.chat_messages.update_id is 'The update that brought it; 0 for what the bot said itself, which no update brings.';

create function private.heir_of(chat bigint)
returns bigint
language sql
stable
set search_path = ''
as $$
/* The id that a chat has today: something late may name a group by the id it had before it became a supergroup. */
  select coalesce((select c.chat_id from public.chats as c where c.migrated_from = chat), chat)
$$;

create function api.note_sent(messages jsonb)
returns integer
language sql
set search_path = ''
as $$
/* Records what the bot has sent, as a bot's, which opens and closes nothing; returns how many were new. Whoever the bot speaks to as the
   firm's own, in private or in a chat of the firm, reads there of clients: that is not recorded, or their words would outlive them. */
  with stored as (
    insert into public.chat_messages (
      chat_id, message_id, update_id, topic_id, telegram_user_id, author_name, is_staff, is_bot, kind, message_text, caption, media_file_id,
      media_group_id, reply_to_message_id, telegram_date, is_measured
    )
    select
      c.chat_id, m.message_id, 0, coalesce(m.topic_id, 0), m.user_id, m.author_name, false, true, m.kind, m.text, m.caption,
      m.media_file_id, m.media_group_id, m.reply_to, to_timestamp(m.date), c.monitoring_enabled
    from jsonb_to_recordset(note_sent.messages) as m (
      chat_id bigint,
      message_id bigint,
      topic_id bigint,
      date bigint,
      user_id bigint,
      author_name text,
      kind text,
      text text,
      caption text,
      media_file_id text,
      media_group_id text,
      reply_to bigint
    )
    join public.chats as c on c.chat_id = private.heir_of(m.chat_id)
    where not c.internal
      and not exists (select from public.users as u where u.telegram_id = c.chat_id)
    order by c.chat_id, m.message_id
    on conflict do nothing
    returning 1
  )
  select count(*)::integer
  from stored
$$;

grant execute on function private.heir_of(bigint), api.note_sent(jsonb) to service_role;
