-- Clients call for an accountant. Whose client somebody is: in a group everybody in it, in private whoever is a member of one.
set lock_timeout = '5s';

create table public.accountant_calls (
  id uuid primary key default gen_random_uuid(),
  chat_id bigint not null references public.chats (chat_id) on update cascade on delete cascade,
  topic_id bigint not null,
  called_at timestamptz not null
);

create index accountant_calls_of_a_chat on public.accountant_calls (chat_id, called_at);

comment on table public.accountant_calls is 'When clients called for somebody by the button: at most once in half an hour per chat. By whom is not kept.';
comment on column public.accountant_calls.id is 'Key.';
comment on column public.accountant_calls.chat_id is 'Telegram''s id of the chat that somebody is wanted in.';
comment on column public.accountant_calls.topic_id is 'Forum topic; 0 without topics, and when it was pressed in private.';
comment on column public.accountant_calls.called_at is 'When.';

alter table public.accountant_calls enable row level security;
grant select on public.accountant_calls to authenticated;
grant select, insert, delete on public.accountant_calls to service_role;

-- A member list is short, and grows by a row per person and chat.
-- squawk-ignore require-concurrent-index-creation
create index chat_members_by_person on public.chat_members (telegram_user_id);

create function private.groups_of_client(telegram_id bigint, as_of timestamptz)
returns setof public.chats
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* The measured groups that a client is a member of, the one in which the client wrote last first; what was written a season ago is as
   good as nothing. */
begin
  return query
  select c.*
  from public.chat_members as k
  join public.chats as c on c.chat_id = k.chat_id
  left join lateral (
    select max(m.telegram_date) as wrote_at
    from public.chat_messages as m
    where m.chat_id = c.chat_id
      and m.telegram_user_id = k.telegram_user_id
      and m.telegram_date between as_of - interval '90 days' and as_of
  ) as latest on true
  where k.telegram_user_id = groups_of_client.telegram_id
    and not k.is_bot
    and k.status not in ('left', 'kicked')
    and c.monitoring_enabled
    and not exists (select from public.users as u where u.telegram_id = k.telegram_user_id and u.active)
  order by latest.wrote_at desc nulls last, k.status_at desc;
end
$$;

create function private.chat_of_client(telegram_id bigint, pressed_in bigint, as_of timestamptz)
returns public.chats
language plpgsql
stable
set search_path = ''
as $$
/* The chat that somebody speaks of: the group itself, or in private the latest of the client's groups. Refuses with chat_is_not_served
   a group that is not measured, and with not_a_client whoever is in none. */
declare
  chat public.chats;
begin
  if pressed_in = telegram_id then
    select g.* into chat from private.groups_of_client(telegram_id, as_of) as g limit 1;
    if chat.id is null then
      raise exception 'not_a_client' using errcode = 'PT403';
    end if;
    return chat;
  end if;
  select c.* into chat from public.chats as c where c.chat_id = pressed_in and c.monitoring_enabled;
  if chat.id is null then
    raise exception 'chat_is_not_served' using errcode = 'PT409';
  end if;
  return chat;
end
$$;

create function private.tell_of_call(of_call uuid, as_of timestamptz)
returns boolean
language plpgsql
set search_path = ''
as $$
/* Owes the chat's owner, or whoever stands in or comes next in line, word of a call: at once in working time, else when it begins, and
   never in quiet hours. Says whether there is anybody to tell. */
begin
  insert into public.outbox (kind, recipient_chat_id, subject_id, next_attempt_at, created_at)
  select
    'accountant_call', p.telegram_id, a.id,
    greatest(as_of, closed.opens_at, private.quiet_until(p.user_id, greatest(as_of, closed.opens_at))), as_of
  from public.accountant_calls as a
  join private.chat_terms as t on t.chat_id = a.chat_id
  left join lateral private.closed_period(t.schedule_id, as_of) as closed on true
  cross join lateral private.line_of(t.assigned_accountant_id, array['owner'], as_of) as p
  where a.id = of_call
  on conflict (recipient_chat_id, subject_id, kind) where finished_at is null do nothing;
  return found;
end
$$;

create function private.call_facts(of_call uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
/* What a person needs to know of a call: which chat, since when, and how many wait there. */
  select jsonb_build_object(
    'chat_name', c.chat_name,
    'chat_url', private.chat_link(a.chat_id, a.topic_id, k.last_message_id),
    'called_at', a.called_at,
    'timezone', (
      select s.timezone
      from public.settings as f
      join public.working_schedules as s on s.id = f.default_schedule_id
    ),
    'asks_since', (
      select min(w.opened_at) from public.client_requests as w where w.chat_id = a.chat_id and w.closed_as is null
    )
  )
  from public.accountant_calls as a
  join public.chats as c on c.chat_id = a.chat_id
  left join public.chat_topics as k on k.chat_id = a.chat_id and k.topic_id = a.topic_id
  where a.id = of_call
$$;

create function api.call_accountant(telegram_id bigint, pressed_in bigint, topic_id bigint default 0, as_of timestamptz default now())
returns jsonb
language plpgsql
set search_path = ''
as $$
/* A client calls for somebody, from the group or in private: {outcome, chat_name, called_at, opens_at, timezone}; outcome is called,
   called_before (within half an hour) or nobody (no one of the firm can be reached). opens_at says when the call is passed on, where that
   is not now. Refuses with chat_is_not_served or not_a_client. */
declare
  chat constant public.chats := private.chat_of_client(telegram_id, pressed_in, as_of);
  call public.accountant_calls;
  opens_at timestamptz;
  zone text;
  outcome text := 'called';
begin
  -- One press at a time: two at once are one call.
  perform pg_advisory_xact_lock(hashtextextended('accountant_call', chat.chat_id));
  select closed.opens_at, s.timezone
  from private.chat_terms as t
  join public.working_schedules as s on s.id = t.schedule_id
  left join lateral private.closed_period(t.schedule_id, as_of) as closed on true
  where t.chat_id = chat.chat_id
  into opens_at, zone;

  select a.*
  from public.accountant_calls as a
  where a.chat_id = chat.chat_id
    and a.called_at > as_of - interval '30 minutes'
  order by a.called_at desc
  limit 1
  into call;
  if call.id is not null then
    outcome := 'called_before';
  else
    insert into public.accountant_calls (chat_id, topic_id, called_at)
    values (chat.chat_id, case when pressed_in = telegram_id then 0 else coalesce(call_accountant.topic_id, 0) end, as_of)
    returning * into call;
    if not private.tell_of_call(call.id, as_of) then
      -- Whoever hears that nobody is there may try again.
      delete from public.accountant_calls as a where a.id = call.id;
      outcome := 'nobody';
    end if;
  end if;
  return jsonb_build_object(
    'outcome', outcome, 'chat_name', chat.chat_name, 'called_at', call.called_at, 'opens_at', opens_at, 'timezone', zone
  );
end
$$;

create function api.client_menu(telegram_id bigint, pressed_in bigint, as_of timestamptz default now())
returns jsonb
language sql
stable
set search_path = ''
as $$
/* {chat, chat_name}: the chat that the menu speaks of. Refuses with chat_is_not_served or not_a_client. */
  select jsonb_build_object('chat', c.id, 'chat_name', c.chat_name)
  from private.chat_of_client(telegram_id, pressed_in, as_of) as c
$$;

create function api.requests_of_client(telegram_id bigint, pressed_in bigint, as_of timestamptz default now())
returns jsonb
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* What a client waits for, oldest first, and what was answered within a day: {timezone, requests: [{chat_name, number, opened_at, due_at,
   state, answered_at, words}]}. In a group that chat's; in private those of all the client's groups, with the words of the question. state
   is waiting, in_hand, late or answered. Refuses with chat_is_not_served or not_a_client. */
declare
  chat constant public.chats := private.chat_of_client(telegram_id, pressed_in, as_of);
  is_private constant boolean := pressed_in = telegram_id;
  chats bigint[] := array[chat.chat_id];
begin
  if is_private then
    chats := array(select g.chat_id from private.groups_of_client(telegram_id, as_of) as g);
  end if;
  return (
    with found as (
      select w.*, c.chat_name
      from public.client_requests as w
      join public.chats as c on c.chat_id = w.chat_id
      where w.chat_id = any (chats)
        and (w.closed_as is null or (w.closed_because = 'answered' and w.closed_at > as_of - interval '24 hours'))
      order by w.closed_at desc nulls first, w.opened_at
      limit 10
    )
    select jsonb_build_object(
      'timezone', (
        select s.timezone
        from private.chat_terms as t
        join public.working_schedules as s on s.id = t.schedule_id
        where t.chat_id = chat.chat_id
      ),
      'requests', coalesce(
        jsonb_agg(
          jsonb_build_object(
            'chat_name', f.chat_name,
            'number', f.number,
            'opened_at', f.opened_at,
            'due_at', f.due_at,
            'state', case
              when f.closed_as is not null then 'answered'
              when as_of > f.due_at then 'late'
              when f.acknowledged_at >= f.last_message_at then 'in_hand'
              else 'waiting'
            end,
            'answered_at', f.responded_at,
            'words', case
              when is_private then (
                select left(coalesce(m.message_text, m.caption), 300)
                from public.chat_messages as m
                where m.chat_id = f.chat_id
                  and m.message_id = f.first_message_id
                  and m.telegram_date between f.opened_at - interval '48 hours' and f.opened_at
                order by m.edited_at desc nulls last, m.update_id desc
                limit 1
              )
            end
          )
          order by f.closed_at nulls first, f.opened_at
        ),
        '[]'
      )
    )
    from found as f
  );
end
$$;

grant execute on function
  private.groups_of_client(bigint, timestamptz),
  private.chat_of_client(bigint, bigint, timestamptz),
  private.tell_of_call(uuid, timestamptz),
  private.call_facts(uuid),
  api.call_accountant(bigint, bigint, bigint, timestamptz),
  api.client_menu(bigint, bigint, timestamptz),
  api.requests_of_client(bigint, bigint, timestamptz)
to service_role;
