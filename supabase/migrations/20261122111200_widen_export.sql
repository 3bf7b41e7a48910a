-- What was noted of a client who was not content is the client's data, too.
set lock_timeout = '5s';

create or replace function private.exported_remainder(of_client uuid, of_chats bigint[], part text)
returns setof jsonb
language sql
stable
set search_path = ''
as $$
/* The parts that are short and come as one page: the client, its chats, members and people, business talk with these, votes with what was noted of
   them, corrections, records that could not be stored. */
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
  select to_jsonb(e)
  from public.business_events as e
  where part = 'business'
    and e.chat_id = any (private.people_of_chats(of_chats))
  union all
  select to_jsonb(v) || jsonb_build_object('survey', s.name, 'quarter', s.quarter, 'note', n.note)
  from public.feedback_responses as v
  join public.feedback_surveys as s on s.id = v.survey_id
  left join public.feedback_cases as n on n.response_id = v.id
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
