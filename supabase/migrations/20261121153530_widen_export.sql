-- An export holds the members of a client's chats and their votes.
set lock_timeout = '5s';

create or replace function private.exported_remainder(of_client uuid, of_chats bigint[], part text)
returns setof jsonb
language sql
stable
set search_path = ''
as $$
/* The parts that are short and come as one page: the client, its chats, members and people, votes, corrections, records that could
   not be stored. */
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
  select to_jsonb(m)
  from public.chat_members as m
  where part = 'members'
    and m.chat_id = any (of_chats)
  union all
  select to_jsonb(v) || jsonb_build_object('survey', s.name, 'quarter', s.quarter)
  from public.feedback_responses as v
  join public.feedback_surveys as s on s.id = v.survey_id
  where part = 'votes'
    and v.chat_id = any (of_chats)
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

create or replace function api.export_client(client_id uuid, part text default 'client', after jsonb default null, batch integer default 1000)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
/* A page of what is stored about a client: {rows, next}; `next`, unless null, is the `after` of the page that follows. Parts: client, which
   comes first and is recorded as an export, chats, members, people, messages, requests, reactions, votes, corrections, rejects. For admins
   and the service. Refuses with not_allowed, client_not_found or unknown_part. A definer, because an export is of everything, whatever the
   policies of single tables, and is recorded where nobody may write by hand. */
declare
  chats bigint[];
  rows jsonb[];
begin
  if not private.may_handle_personal_data() then
    raise exception 'not_allowed' using errcode = 'PT403';
  elsif not exists (select from public.clients as k where k.id = export_client.client_id) then
    raise exception 'client_not_found' using errcode = 'PT404';
  elsif part not in (
    'client', 'chats', 'members', 'people', 'messages', 'requests', 'reactions', 'votes', 'corrections', 'rejects'
  ) then
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
