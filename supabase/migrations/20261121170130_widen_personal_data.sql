-- What stands beside the messages is erased, kept no longer, exported and moved along with them.
set lock_timeout = '5s';

create or replace function private.erase_traces(of_chats bigint[], of_people bigint[])
returns void
language plpgsql
set search_path = ''
as $$
/* Erases what stands beside the messages: who reacted, who voted and what they added, who is a member and who was invited, whose words
   were forwarded or quoted, what these people said in business chats and what was said through theirs, records that could not be stored,
   and what Telegram said of alerts. That they existed is a figure and stays, except for what no figure needs: members, invitations,
   sources and business talk. */
begin
  update public.message_reactions as r
  set telegram_user_id = null
  where r.chat_id = any (of_chats)
    and r.telegram_user_id is not null;

  perform private.erase_votes(of_chats, 'infinity');

  delete from public.chat_members as k
  where k.chat_id = any (of_chats);

  delete from public.chat_invitations as i
  where i.chat_id = any (of_chats)
    or i.client_id in (select c.client_id from public.chats as c where c.chat_id = any (of_chats));

  delete from public.message_sources as s
  where s.chat_id = any (of_chats);

  update public.message_sources as s
  set forwarded_from = null, forwarded_from_telegram_id = null
  where s.forwarded_from_telegram_id = any (of_people);

  delete from public.business_events as e
  where e.chat_id = any (of_people)
    or e.telegram_user_id = any (of_people)
    or e.connection_id in (
      select c.connection_id
      from public.business_events as c
      where c.event = 'connected'
        and c.telegram_user_id = any (of_people)
    );

  update public.intake_rejects as r
  set record = '{}'
  where r.record ->> 'chat_id' = any (of_chats::text[])
    or r.record ->> 'user_id' = any (of_people::text[]);

  update public.outbox as o
  set last_error = null
  from public.chats as c
  where c.chat_id = any (of_chats)
    and o.subject_id = c.id
    and o.last_error is not null;
end
$$;

create or replace function private.erase_old_traces(until timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
/* Erases votes' names and comments, whose words were forwarded or quoted, business talk, records that could not be stored, and what Telegram
   said of messages that failed, where they are older; returns how many rows. */
declare
  votes constant integer := private.erase_votes(null, until);
  rejects integer;
  failures integer;
  sources integer;
  talk integer;
begin
  delete from public.message_sources as s
  where s.telegram_date < until;
  get diagnostics sources = row_count;

  delete from public.business_events as e
  where e.happened_at < until;
  get diagnostics talk = row_count;

  update public.intake_rejects as r
  set record = '{}'
  where r.recorded_at < until
    and r.record <> '{}';
  get diagnostics rejects = row_count;

  update public.outbox as o
  set last_error = null
  where o.status = 'failed'
    and o.created_at < until
    and o.last_error is not null;
  get diagnostics failures = row_count;
  return votes + sources + talk + rejects + failures;
end
$$;

create or replace function private.exported_messages(of_chats bigint[], after jsonb, batch integer)
returns setof jsonb
language sql
stable
set search_path = ''
as $$
/* Messages with all their versions, and whose words they hold, chat by chat, in order of time; from the one after `after` on. */
  select
    to_jsonb(x)
    || case
      when s.chat_id is null then '{}'
      else jsonb_build_object(
        'forwarded_from', s.forwarded_from,
        'forwarded_from_telegram_id', s.forwarded_from_telegram_id,
        'forwarded_at', s.forwarded_at,
        'quote', s.quote
      )
    end
  from unnest(of_chats) as c (chat_id)
  cross join lateral (
    select c.chat_id is not distinct from (after ->> 'chat_id')::bigint as goes_on
  ) as place
  cross join lateral (
    select m.*
    from public.chat_messages as m
    where m.chat_id = c.chat_id
      and (m.topic_id, m.telegram_date, m.message_id, m.edit_version) > (
        case when place.goes_on then (after ->> 'topic_id')::bigint else -1 end,
        case when place.goes_on then (after ->> 'telegram_date')::timestamptz else '-infinity' end,
        case when place.goes_on then (after ->> 'message_id')::bigint else 0 end,
        case when place.goes_on then (after ->> 'edit_version')::integer else -1 end
      )
    order by m.topic_id, m.telegram_date, m.message_id, m.edit_version
    limit batch
  ) as x
  left join public.message_sources as s on s.chat_id = x.chat_id and s.message_id = x.message_id
  where after is null
    or c.chat_id >= (after ->> 'chat_id')::bigint
  order by x.chat_id, x.topic_id, x.telegram_date, x.message_id, x.edit_version
  limit batch
$$;

create or replace function private.exported_remainder(of_client uuid, of_chats bigint[], part text)
returns setof jsonb
language sql
stable
set search_path = ''
as $$
/* The parts that are short and come as one page: the client, its chats, members and people, business talk with these, votes, corrections,
   records that could not be stored. */
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
   comes first and is recorded as an export, chats, members, people, messages, requests, reactions, business, votes, corrections, rejects. For
   admins and the service. Refuses with not_allowed, client_not_found or unknown_part. A definer, because an export is of everything, whatever the
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
    'client', 'chats', 'members', 'people', 'messages', 'requests', 'reactions', 'business', 'votes', 'corrections', 'rejects'
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

create or replace function private.migrate_chats(records private.intake_record[])
returns void
language plpgsql
security definer
set search_path = ''
as $$
/* A group became a supergroup: everything it has goes on under the new id, in one transaction. Either side's service message will do,
   and the second finds nothing left to move. Messages that came under the new id first are kept. A definer, because nobody else may
   touch a message that is stored. */
declare
  move record;
  waiting_room bigint;
begin
  for move in
    select distinct
      case when r.migrated_to is not null then r.chat_id else r.migrated_from end as old_id,
      coalesce(r.migrated_to, r.chat_id) as new_id
    from unnest(records) as r
    where r.type = 'message'
      and (r.migrated_to is not null or r.migrated_from is not null)
    order by 1
  loop
    if not exists (select from public.chats as c where c.chat_id = move.old_id) or move.old_id = move.new_id then
      continue;
    end if;
    perform pg_advisory_xact_lock(c.id)
    from (values (least(move.old_id, move.new_id)), (greatest(move.old_id, move.new_id))) as c (id);
    set constraints all deferred;

    waiting_room := null;
    if exists (select from public.chats as c where c.chat_id = move.new_id) then
      -- What already arrived under the new id steps aside, and joins the old chat's rows when they have come.
      waiting_room := move.new_id - 1000000000000000;
      update public.chats as c set chat_id = waiting_room where c.chat_id = move.new_id;
    end if;
    update public.chats as c
    set chat_id = move.new_id, migrated_from = move.old_id, type = 'supergroup'
    where c.chat_id = move.old_id;
    update public.outbox as o set recipient_chat_id = move.new_id where o.recipient_chat_id = move.old_id;

    if waiting_room is not null then
      update public.chat_messages as m
      set chat_id = move.new_id, is_measured = c.monitoring_enabled
      from public.chats as c
      where m.chat_id = waiting_room
        and c.chat_id = move.new_id;
      update public.message_reactions as r set chat_id = move.new_id where r.chat_id = waiting_room;
      update public.message_sources as s set chat_id = move.new_id where s.chat_id = waiting_room;
      update public.chat_members as k
      set chat_id = move.new_id
      where k.chat_id = waiting_room
        and not exists (
          select from public.chat_members as o where o.chat_id = move.new_id and o.telegram_user_id = k.telegram_user_id
        );
      delete from public.client_requests as w where w.chat_id = waiting_room;
      delete from public.chat_topics as t where t.chat_id = waiting_room;
      delete from public.chats as c where c.chat_id = waiting_room;
      perform private.continue_topics(array_agg(t.topic), array_agg(t.latest))
      from (
        select
          (m.chat_id, m.topic_id, (array_agg((m.telegram_date, m.message_id)::private.place order by m.telegram_date, m.message_id))[1], false)::private.touched_topic as topic,
          (max(x.latest), 9223372036854775807)::private.place as latest
        from public.chat_messages as m
        cross join lateral (select greatest(m.telegram_date, m.edited_at) as latest) as x
        where m.chat_id = move.new_id
        group by m.chat_id, m.topic_id
      ) as t;
      perform private.settle_windows(array(
        select distinct (m.chat_id, m.topic_id, (timestamptz '-infinity', 0)::private.place, false)::private.touched_topic
        from public.chat_messages as m
        join public.chats as c on c.chat_id = m.chat_id and c.monitoring_enabled
        where m.chat_id = move.new_id
      ));
    end if;
  end loop;
end
$$;
