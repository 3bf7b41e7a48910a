-- People answer from the panel as they do from the bot: the words go through the outbox, and what became of them can be seen and tried again.
set lock_timeout = '5s';

-- Rows of replies are few among messages, and nobody waits for them.
-- squawk-ignore require-concurrent-index-creation
create index replies_to_a_request on public.outbox ((payload ->> 'request')) where kind = 'chat_reply';

comment on column public.outbox.payload is
  'What cannot be read from the subject when it is sent; the words of a reply until it is sent or given up, those of one from the panel that could not be sent a week longer.';

create function api.answer_request(request_id uuid, body text, reply_id uuid, template_id uuid default null)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
/* Answers a window through the bot, in the name of whoever asks, under the client's last message: as api.send_reply, which it refuses like,
   or with unknown_request. Counts a use of the template. The caller makes up reply_id, so that asking twice sends once; true the first
   time. A definer, because nobody but the service may write the outbox. */
declare
  person constant public.users := private.asking_staff(null);
  asked constant public.client_requests := private.wait_to_act_on(request_id, person, now());
  chat constant uuid := (select c.id from public.chats as c where c.chat_id = asked.chat_id);
begin
  if not private.owe_reply(
    reply_id, private.chat_to_answer(chat, person, now()), person.id, body, asked.topic_id,
    case when asked.last_message_id > 0 then asked.last_message_id end, now()
  ) then
    return false;
  end if;
  update public.outbox as o
  set payload = o.payload || jsonb_build_object('request', asked.id)
  where o.id = reply_id;
  if template_id is not null then
    perform api.use_template(template_id);
  end if;
  return true;
end
$$;

create or replace function private.give_up_reply()
returns trigger
language plpgsql
set search_path = ''
as $$
/* A reply that cannot be sent is over; whoever wrote it is told, and may send it again. Its words leave the outbox, unless the page of its
   window shows it: there they can be tried again for a week. */
begin
  new.status := 'cancelled';
  new.finished_at := coalesce(new.finished_at, now());
  if not new.payload ? 'request' then
    new.payload := new.payload - 'text';
  end if;
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

create function private.forget_unsent_replies(as_of timestamptz)
returns integer
language sql
set search_path = ''
as $$
/* Takes the words from replies of the panel that could not be sent for a week; returns how many. */
  with forgotten as (
    update public.outbox as o
    set payload = o.payload - 'text'
    where o.kind = 'chat_reply'
      and o.payload ->> 'request' is not null
      and o.status = 'cancelled'
      and o.payload ? 'text'
      and o.finished_at < as_of - interval '7 days'
    returning 1
  )
  select count(*)::integer from forgotten
$$;

create or replace function api.apply_retention(as_of timestamptz default now(), batch integer default 5000)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
/* Erases what is older than the firm's term: at most `batch` messages of one month, from where the last call stopped; logs that are
   older than a year, and the words of replies that could not be sent for a week. Returns {messages, others, done}; call again until it is done, then once in a while. Windows and figures do not
   change. A definer, because nobody else may touch a message that is stored. */
declare
  cutoff constant timestamptz := (select as_of - make_interval(years => f.retention_years) from public.settings as f);
  progress public.retention_progress;
  month_ends timestamptz;
  messages integer := 0;
  others integer := private.forget_old_logs(as_of);
begin
  if cutoff is null then
    others := others + private.forget_unsent_replies(as_of);
    return jsonb_build_object('messages', 0, 'others', others, 'done', true);
  end if;
  select p.* into progress from public.retention_progress as p for update;
  if progress.looked_from_start_at < as_of - interval '1 month' then
    progress.erased_until := '2013-09-01 00:00+00';
    progress.looked_from_start_at := as_of;
  end if;

  -- A month without anything to erase costs next to nothing, but a whole year in one call may not be nothing.
  for step in 1 .. 12 loop
    exit when messages > 0 or progress.erased_until >= cutoff;
    month_ends := least(cutoff, timezone('UTC', date_trunc('month', timezone('UTC', progress.erased_until)) + interval '1 month'));
    messages := private.erase_messages(null, progress.erased_until, month_ends, batch);
    if messages < batch then
      progress.erased_until := month_ends;
    end if;
  end loop;
  if progress.erased_until >= cutoff then
    others := others + private.erase_old_traces(cutoff) + private.forget_unsent_replies(as_of);
  end if;

  update public.retention_progress as p
  set erased_until = progress.erased_until, looked_from_start_at = progress.looked_from_start_at;
  return jsonb_build_object('messages', messages, 'others', others, 'done', progress.erased_until >= cutoff);
end
$$;

create function api.retry_reply(reply_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
/* Tries a reply of the panel again that could not be sent, in the name of whoever wrote it. For who may act on its window. Refuses with
   not_allowed, unknown_request and reply_is_not_failed. A definer, because nobody but the service may write the outbox. */
declare
  person constant public.users := private.asking_staff(null);
begin
  perform private.wait_to_act_on(
    (select (o.payload ->> 'request')::uuid from public.outbox as o where o.id = reply_id and o.kind = 'chat_reply'), person, now()
  );
  update public.outbox as o
  set status = 'pending', attempts = 0, next_attempt_at = now(), finished_at = null
  where o.id = reply_id
    and o.kind = 'chat_reply'
    and o.status = 'cancelled'
    and o.payload ? 'text';
  if not found then
    raise exception 'reply_is_not_failed' using errcode = 'PT409';
  end if;
end
$$;

create function private.replies_of(of_request uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
/* What was answered to a window from the panel and what became of it, the latest first: [{id, by, text, status, at, sent_at, error}]; text
   only while it has not been sent. A definer, because nobody but the service may read the outbox; for callers who may read the chat. */
#variable_conflict use_column
begin
  return (
    select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'id', o.id,
          'by', u.full_name,
          'text', o.payload ->> 'text',
          'status', o.status,
          'at', o.created_at,
          'sent_at', o.sent_at,
          'error', o.last_error
        )
        order by o.created_at desc, o.position desc
      ),
      '[]'
    )
    from public.outbox as o
    left join public.users as u on u.id = (o.payload ->> 'person')::uuid
    where o.kind = 'chat_reply'
      and o.payload ->> 'request' = of_request::text
  );
end
$$;

create function private.is_reachable(chat public.chats)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
/* Whether the bot can write into a chat, as private.chat_to_answer would say. */
#variable_conflict use_column
begin
  return (
    select chat.connected_at is not null
      and chat.deleted_at is null
      and not chat.internal
      and chat.type in ('group', 'supergroup')
      and coalesce(chat.bot_status not in ('left', 'kicked'), true)
  );
end
$$;

create function api.request_desk(request_id uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
/* What the page of a window shows beside its story: {number, chat, client, client_name, tier, chat_url, owner_name, assignee,
   is_reachable, replies, templates, people}. Replies and templates are empty to observers. Refuses with unknown_request. */
declare
  w public.client_requests;
  c public.chats;
  may_act constant boolean := private.role() in ('admin', 'manager', 'accountant');
begin
  select r.* into w from public.client_requests as r where r.id = request_desk.request_id;
  if w.id is null then
    raise exception 'unknown_request' using errcode = 'PT404';
  end if;
  select k.* into c from public.chats as k where k.chat_id = w.chat_id;
  return (
    select jsonb_build_object(
      'number', w.number,
      'chat', c.id,
      'client', w.client_id,
      'client_name', (select k.name from public.clients as k where k.id = w.client_id),
      'tier', (select k.tier from public.clients as k where k.id = w.client_id),
      'chat_url', private.chat_link(w.chat_id, w.topic_id, w.last_message_id),
      'owner_name', (
        select u.full_name
        from public.users as u
        where u.id = case when w.closed_as is null then coalesce(w.assignee_id, c.assigned_accountant_id) else w.assigned_accountant_id end
      ),
      'assignee', w.assignee_id,
      'is_reachable', private.is_reachable(c),
      'replies', case when may_act then private.replies_of(w.id) else '[]' end,
      'templates', case
        when may_act
        then (
          select coalesce(
            jsonb_agg(jsonb_build_object('id', t.id, 'category', t.category, 'title', t.title) order by t.category, t.usage_count desc, t.title),
            '[]'
          )
          from public.templates as t
          where t.archived_at is null
        )
        else '[]'
      end,
      'people', (
        select coalesce(jsonb_agg(jsonb_build_object('id', u.id, 'name', u.full_name) order by u.full_name, u.id), '[]')
        from public.users as u
        where u.active
          and u.role <> 'observer'
      )
    )
  );
end
$$;

-- The same for the person of the token as for the one whom the bot names.
-- squawk-ignore ban-drop-function
drop function api.preview_template(uuid, uuid, bigint, timestamptz);

create function api.preview_template(
  template_id uuid, chat uuid, telegram_id bigint default null, as_of timestamptz default now()
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
/* What a chat would read: {template, chat, title, chat_name, text}. Refuses with not_allowed, unknown_template, as chat_to_answer and as
   filled do. A definer, because what decides who may answer where is nobody's to read. */
declare
  person constant public.users := private.asking_staff(telegram_id);
  template constant public.templates := private.template_to_send(template_id);
  place constant public.chats := private.chat_to_answer(chat, person, as_of);
begin
  return jsonb_build_object(
    'template', template.id,
    'chat', place.id,
    'title', template.title,
    'chat_name', place.chat_name,
    'text', private.filled(template.content, place, person, as_of)
  );
end
$$;

grant execute on function
  api.answer_request(uuid, text, uuid, uuid),
  api.retry_reply(uuid),
  private.replies_of(uuid),
  private.is_reachable(public.chats),
  private.chat_link(bigint, bigint, bigint),
  api.request_desk(uuid)
to authenticated;
grant execute on function api.preview_template(uuid, uuid, bigint, timestamptz) to authenticated, service_role;
