-- What people of the firm answer through the bot: owed to the client's group, sent like every other message, and an answer like any other.
set lock_timeout = '5s';

-- squawk-ignore ban-drop-constraint
alter table public.outbox drop constraint kind_is_known;
-- squawk-ignore constraint-missing-not-valid
alter table public.outbox add constraint kind_is_known check (
  kind in (
    'sla_alert', 'sla_digest', 'chat_notice', 'accountant_call', 'off_hours_reply', 'receipt', 'faq_answer', 'document_order', 'chat_reply'
  )
);
alter table public.outbox alter column is_internal set expression as (
  case when kind not in ('off_hours_reply', 'receipt', 'faq_answer', 'document_order', 'chat_reply') then true end
);

comment on column public.outbox.kind is
  'sla_alert: one chat''s windows for one person; sla_digest: several chats'' in one; chat_notice: what became of a chat; accountant_call: a client asks for somebody. In the client''s chat: off_hours_reply, receipt, faq_answer, document_order, chat_reply (what a person answers).';
comment on column public.outbox.subject_id is
  'What it is about: the chat (sla_alert, chat_notice), the recipient (sla_digest), the call, the window, the answer; an order or a reply is its own.';
comment on column public.outbox.payload is
  'What cannot be read from the subject when it is sent; the words of a reply only until it is sent or given up.';
comment on column public.chat_messages.telegram_user_id is
  'Author, where Telegram says so; the account of the person, where the bot wrote in somebody''s name.';

create function private.asking_staff(telegram_id bigint)
returns public.users
language plpgsql
set search_path = ''
as $$
/* Who asks: the person of the token, or, when the service asks, the one behind a Telegram account. Refuses observers and strangers with
   not_allowed. */
declare
  person public.users;
begin
  if (select auth.role()) is distinct from 'authenticated' then
    return private.acting_staff(telegram_id);
  end if;
  select u.* into person from public.users as u where u.id = (select auth.uid()) and u.active and u.role <> 'observer';
  if person.id is null then
    raise exception 'not_allowed' using errcode = 'PT403';
  end if;
  return person;
end
$$;

create function private.chat_to_answer(of_chat uuid, person public.users, at timestamptz)
returns public.chats
language plpgsql
stable
set search_path = ''
as $$
/* A client's group into which the person may answer through the bot. Refuses with unknown_chat, also another's, and bot_is_not_in_chat. */
declare
  chat public.chats;
begin
  select c.*
  from public.chats as c
  where c.id = of_chat
    and c.connected_at is not null
    and c.deleted_at is null
    and not c.internal
    and c.type in ('group', 'supergroup')
  into chat;
  if chat.id is null or not private.may_act_on(person, chat.chat_id, at) then
    raise exception 'unknown_chat' using errcode = 'PT404';
  elsif chat.bot_status in ('left', 'kicked') then
    raise exception 'bot_is_not_in_chat' using errcode = 'PT409';
  end if;
  return chat;
end
$$;

create function private.owe_reply(
  reply_id uuid, chat public.chats, person uuid, body text, topic_id bigint, reply_to bigint, as_of timestamptz
)
returns boolean
language plpgsql
set search_path = ''
as $$
/* Owes a client's group what a person answers, once for each reply_id; says whether this was the first time. Refuses with reply_is_empty
   and reply_is_too_long. */
begin
  if (body ~ '\S') is not true then
    raise exception 'reply_is_empty' using errcode = 'PT422';
  elsif length(body) > 4096 then
    raise exception 'reply_is_too_long' using errcode = 'PT422';
  end if;
  insert into public.outbox (id, kind, recipient_chat_id, subject_id, payload, next_attempt_at, created_at)
  values (
    owe_reply.reply_id,
    'chat_reply',
    chat.chat_id,
    owe_reply.reply_id,
    jsonb_build_object(
      'chat', chat.id, 'person', owe_reply.person, 'text', body, 'topic_id', nullif(owe_reply.topic_id, 0), 'message_id', owe_reply.reply_to
    ),
    as_of,
    as_of
  )
  on conflict (id) do nothing;
  return found;
end
$$;

create function api.send_reply(
  chat uuid, body text, reply_id uuid, topic_id bigint default 0, reply_to bigint default null, telegram_id bigint default null,
  as_of timestamptz default now()
)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
/* Answers a client through the bot, in the name of whoever asks (telegram_id when the service asks for somebody): it is sent by the outbox,
   and closes what it answers when Telegram has taken it (S3). The caller makes up reply_id, so that asking twice sends once; true the first
   time. Refuses with not_allowed, unknown_chat, bot_is_not_in_chat, reply_is_empty and reply_is_too_long. A definer, because nobody but the
   service may write the outbox. */
declare
  person constant public.users := private.asking_staff(telegram_id);
begin
  return private.owe_reply(
    reply_id, private.chat_to_answer(chat, person, as_of), person.id, body, coalesce(topic_id, 0), reply_to, as_of
  );
end
$$;

create function private.record_replies(sent jsonb)
returns void
language plpgsql
security definer
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* Puts what Telegram took of people's replies on the line of their topic, as messages of those people, dated as Telegram dated them, and
   settles what they answer (S3): [{id, telegram_message_id, telegram_date}]. For a caller who holds the chats. A definer, because what was
   noted meanwhile as the bot's own becomes the person's, and messages are append-only. */
declare
  touched private.touched_topic[];
  latest private.place[];
begin
  with replies as (
    select
      o.recipient_chat_id as chat_id,
      s.telegram_message_id as message_id,
      to_timestamp(s.telegram_date) as sent_at,
      coalesce((o.payload ->> 'topic_id')::bigint, 0) as topic_id,
      (o.payload ->> 'message_id')::bigint as reply_to,
      o.payload ->> 'text' as body,
      u.id as person,
      u.telegram_id,
      case when u.telegram_id is not null then u.full_name end as author_name,
      c.monitoring_enabled
    from jsonb_to_recordset(sent) as s (id uuid, telegram_message_id bigint, telegram_date bigint)
    join public.outbox as o on o.id = s.id
    join public.users as u on u.id = (o.payload ->> 'person')::uuid
    join public.chats as c on c.chat_id = o.recipient_chat_id
  ),
  stored as (
    insert into public.chat_messages (
      chat_id, message_id, update_id, topic_id, telegram_user_id, author_name, is_staff, user_id, is_bot, kind, message_text,
      reply_to_message_id, addressed_at, telegram_date, answers, is_measured
    )
    select
      r.chat_id, r.message_id, 0, r.topic_id, r.telegram_id, r.author_name, true, r.person, false, 'text', r.body,
      r.reply_to,
      (
        select min(q.telegram_date)
        from public.chat_messages as q
        where q.chat_id = r.chat_id
          and q.message_id = r.reply_to
          and not q.is_staff
          and not q.is_bot
      ),
      r.sent_at, true, r.monitoring_enabled
    from replies as r
    on conflict (chat_id, message_id, edit_version, telegram_date) do update set
      topic_id = excluded.topic_id,
      telegram_user_id = excluded.telegram_user_id,
      author_name = excluded.author_name,
      is_staff = true,
      user_id = excluded.user_id,
      is_bot = false,
      message_text = excluded.message_text,
      reply_to_message_id = excluded.reply_to_message_id,
      addressed_at = excluded.addressed_at,
      answers = true
    returning chat_id, topic_id, (telegram_date, message_id)::private.place as place
  ),
  topics as (
    select
      s.chat_id,
      s.topic_id,
      (array_agg(s.place order by s.place))[1] as first,
      (array_agg(s.place order by s.place desc))[1] as last
    from stored as s
    group by s.chat_id, s.topic_id
  )
  select
    array_agg(
      (
        t.chat_id, t.topic_id, t.first,
        k.chat_id is null or ((t.first).at, (t.first).message_id) > (k.last_message_at, k.last_message_id)
      )::private.touched_topic
    ),
    array_agg(t.last)
  from topics as t
  left join public.chat_topics as k on k.chat_id = t.chat_id and k.topic_id = t.topic_id
  into touched, latest;

  if touched is not null then
    perform private.continue_topics(touched, latest);
    perform private.settle_windows(touched);
  end if;
end
$$;

create function api.settle_replies(sent jsonb, as_of timestamptz default now())
returns void
language plpgsql
set search_path = ''
as $$
/* What settle_outbox is to every other message, for people's replies that Telegram took: [{id, telegram_message_id, telegram_date}]. They
   answer in the same transaction, once, and their words leave the outbox. */
declare
  fresh jsonb;
begin
  -- In the order of ingest, and before any row is locked, or the two would wait for each other.
  perform pg_advisory_xact_lock_shared(hashtextextended('calendar', 0));
  perform pg_advisory_xact_lock(c.recipient_chat_id)
  from (
    select distinct o.recipient_chat_id
    from jsonb_to_recordset(sent) as s (id uuid)
    join public.outbox as o on o.id = s.id
    order by o.recipient_chat_id
  ) as c;

  with settled as (
    update public.outbox as o
    set
      status = 'sent',
      sent_revision = o.revision,
      sent_at = as_of,
      finished_at = as_of,
      telegram_message_id = s.telegram_message_id,
      last_error = null,
      attempts = 0
    from jsonb_to_recordset(sent) as s (id uuid, telegram_message_id bigint)
    where o.id = s.id
      and o.kind = 'chat_reply'
      and o.finished_at is null
    returning o.id
  )
  select jsonb_agg(r)
  from jsonb_array_elements(sent) as r
  where (r ->> 'id')::uuid in (select s.id from settled as s)
  into fresh;

  if fresh is not null then
    perform private.record_replies(fresh);
    update public.outbox as o
    set payload = o.payload - 'text'
    from jsonb_to_recordset(fresh) as s (id uuid)
    where o.id = s.id;
  end if;
end
$$;

create function private.give_up_reply()
returns trigger
language plpgsql
set search_path = ''
as $$
/* A reply that cannot be sent is over, and its words leave the outbox; whoever wrote it is told, and may send it again. */
begin
  new.status := 'cancelled';
  new.finished_at := coalesce(new.finished_at, now());
  new.payload := new.payload - 'text';
  insert into public.outbox (kind, recipient_chat_id, subject_id, payload)
  select 'chat_notice', u.telegram_id, (new.payload ->> 'chat')::uuid, jsonb_build_object('event', 'reply_not_sent')
  from public.users as u
  where u.id = (new.payload ->> 'person')::uuid
    and u.active
    and u.telegram_id is not null
  on conflict (recipient_chat_id, subject_id, kind) where finished_at is null do nothing;
  return new;
end
$$;

create trigger outbox_gives_up_replies
before update of status on public.outbox
for each row when (new.kind = 'chat_reply' and new.status = 'failed')
execute function private.give_up_reply();

grant execute on function
  private.asking_staff(bigint),
  private.chat_to_answer(uuid, public.users, timestamptz),
  private.owe_reply(uuid, public.chats, uuid, text, bigint, bigint, timestamptz),
  private.record_replies(jsonb),
  api.settle_replies(jsonb, timestamptz)
to service_role;
grant execute on function api.send_reply(uuid, text, uuid, bigint, bigint, bigint, timestamptz) to authenticated, service_role;
