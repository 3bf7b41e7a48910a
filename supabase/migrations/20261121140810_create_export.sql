-- Everything stored about a client, for the client: part by part, page by page, so that the largest needs no more room than the smallest.
set lock_timeout = '5s';

create function private.exported_messages(of_chats bigint[], after jsonb, batch integer)
returns setof jsonb
language sql
stable
set search_path = ''
as $$
/* Messages with all their versions, chat by chat, in order of time; from the one after `after` on. */
  select to_jsonb(x)
  from unnest(of_chats) as c (chat_id)
  cross join lateral (
    select c.chat_id is not distinct from (after ->> 'chat_id')::bigint as goes_on
  ) as s
  cross join lateral (
    select m.*
    from public.chat_messages as m
    where m.chat_id = c.chat_id
      and (m.topic_id, m.telegram_date, m.message_id, m.edit_version) > (
        case when s.goes_on then (after ->> 'topic_id')::bigint else -1 end,
        case when s.goes_on then (after ->> 'telegram_date')::timestamptz else '-infinity' end,
        case when s.goes_on then (after ->> 'message_id')::bigint else 0 end,
        case when s.goes_on then (after ->> 'edit_version')::integer else -1 end
      )
    order by m.topic_id, m.telegram_date, m.message_id, m.edit_version
    limit batch
  ) as x
  where after is null
    or c.chat_id >= (after ->> 'chat_id')::bigint
  order by x.chat_id, x.topic_id, x.telegram_date, x.message_id, x.edit_version
  limit batch
$$;

create function private.exported_requests(of_chats bigint[], after jsonb, batch integer)
returns setof jsonb
language sql
stable
set search_path = ''
as $$
/* Windows with their ledger, their alerts and who was told of them, chat by chat, in order of their keys. */
  select
    to_jsonb(w)
    || jsonb_build_object(
      'accountant', owner.full_name,
      'answered_by', answerer.full_name,
      'events', (
        select coalesce(jsonb_agg(to_jsonb(e) - 'request_id' order by e.happened_at, e.id), '[]')
        from public.request_events as e
        where e.request_id = w.id
      ),
      'alerts', (
        select coalesce(jsonb_agg(to_jsonb(a) - 'request_id' order by a.created_at, a.id), '[]')
        from public.sla_alerts as a
        where a.request_id = w.id
      ),
      'told', (
        select coalesce(jsonb_agg(distinct jsonb_build_object('alert_id', n.alert_id, 'person', u.full_name, 'kind', o.kind, 'sent_at', o.sent_at)), '[]')
        from public.notices as n
        left join public.users as u on u.id = n.user_id
        left join public.outbox as o on o.id = n.message_id
        where n.request_id = w.id
      )
    )
  from (
    select r.*
    from unnest(of_chats) as c (chat_id)
    cross join lateral (
      select q.*
      from public.client_requests as q
      where q.chat_id = c.chat_id
        and (
          after is null
          or (q.chat_id, q.topic_id, q.opened_at, q.first_message_id) > (
            (after ->> 'chat_id')::bigint, (after ->> 'topic_id')::bigint, (after ->> 'opened_at')::timestamptz,
            (after ->> 'first_message_id')::bigint
          )
        )
      order by q.topic_id, q.opened_at, q.first_message_id
      limit batch
    ) as r
    order by r.chat_id, r.topic_id, r.opened_at, r.first_message_id
    limit batch
  ) as w
  left join public.users as owner on owner.id = w.assigned_accountant_id
  left join public.users as answerer on answerer.id = w.responded_by
  order by w.chat_id, w.topic_id, w.opened_at, w.first_message_id
$$;

create function private.exported_reactions(of_chats bigint[], after jsonb, batch integer)
returns setof jsonb
language sql
stable
set search_path = ''
as $$
/* Reactions, in order of their keys. */
  select to_jsonb(r)
  from public.message_reactions as r
  where r.chat_id = any (of_chats)
    and (
      after is null
      or (r.chat_id, r.message_id, r.update_id) > (
        (after ->> 'chat_id')::bigint, (after ->> 'message_id')::bigint, (after ->> 'update_id')::bigint
      )
    )
  order by r.chat_id, r.message_id, r.update_id
  limit batch
$$;

create function private.exported_remainder(of_client uuid, of_chats bigint[], part text)
returns setof jsonb
language sql
stable
set search_path = ''
as $$
/* The parts that are short and come as one page: the client, its chats and people, corrections, records that could not be stored. */
  -- With the firm's zone, in which a person reads the times.
  select to_jsonb(k) || jsonb_build_object('timezone', s.timezone)
  from public.clients as k
  cross join public.settings as f
  join public.working_schedules as s on s.id = f.default_schedule_id
  where part = 'client'
    and k.id = of_client
  union all
  select to_jsonb(c)
  from public.chats as c
  where part = 'chats'
    and c.chat_id = any (of_chats)
  union all
  select jsonb_build_object(
    'telegram_user_id', m.telegram_user_id,
    'names', jsonb_agg(distinct m.author_name) filter (where m.author_name is not null),
    'messages', count(*),
    'first_message_at', min(m.telegram_date),
    'last_message_at', max(m.telegram_date)
  )
  from public.chat_messages as m
  where part = 'people'
    and m.chat_id = any (of_chats)
    and not m.is_staff
    and not m.is_bot
  group by m.telegram_user_id
  union all
  select to_jsonb(c)
  from public.classification_corrections as c
  where part = 'corrections'
    and c.chat_id = any (of_chats)
  union all
  select to_jsonb(r)
  from public.intake_rejects as r
  where part = 'rejects'
    and r.record ->> 'chat_id' = any (of_chats::text[])
$$;

create function api.export_client(client_id uuid, part text default 'client', after jsonb default null, batch integer default 1000)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
/* A page of what is stored about a client: {rows, next}; `next`, unless null, is the `after` of the page that follows. Parts: client, which
   comes first and is recorded as an export, chats, people, messages, requests, reactions, corrections, rejects. For admins and the
   service. Refuses with not_allowed, client_not_found or unknown_part. A definer, because an export is of everything, whatever the
   policies of single tables, and is recorded where nobody may write by hand. */
declare
  chats bigint[];
  rows jsonb[];
begin
  if not private.may_handle_personal_data() then
    raise exception 'not_allowed' using errcode = 'PT403';
  elsif not exists (select from public.clients as k where k.id = export_client.client_id) then
    raise exception 'client_not_found' using errcode = 'PT404';
  elsif part not in ('client', 'chats', 'people', 'messages', 'requests', 'reactions', 'corrections', 'rejects') then
    raise exception 'unknown_part' using errcode = 'PT400';
  end if;
  if part = 'client' then
    perform private.record_event(auth.uid(), 'export', 'clients', export_client.client_id::text, '{}');
  end if;

  -- Found once, and carried along: to find them, every message of the client is looked at.
  chats := case
    when after is null then private.chats_of_client(export_client.client_id)
    else array(select c::bigint from jsonb_array_elements_text(after -> 'chats') as c)
  end;
  rows := case part
    when 'messages' then array(select private.exported_messages(chats, after, batch))
    when 'requests' then array(select private.exported_requests(chats, after, batch))
    when 'reactions' then array(select private.exported_reactions(chats, after, batch))
    else array(select private.exported_remainder(export_client.client_id, chats, part))
  end;
  return jsonb_build_object(
    'rows', to_jsonb(rows),
    'next', case
      when part in ('messages', 'requests', 'reactions') and cardinality(rows) >= batch
      then (
        select jsonb_object_agg(k.key, rows[cardinality(rows)] -> k.key) || jsonb_build_object('chats', chats)
        from unnest(
          array['chat_id', 'topic_id', 'telegram_date', 'message_id', 'edit_version', 'opened_at', 'first_message_id', 'update_id']
        ) as k (key)
      )
    end
  );
end
$$;

grant execute on function api.export_client(uuid, text, jsonb, integer) to authenticated, service_role;
