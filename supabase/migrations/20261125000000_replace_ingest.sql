-- A batch travels as text: nobody reads it on the way, and here it is read once.
set lock_timeout = '5s';

-- Only api.ingest called these, and it is replaced below.
-- squawk-ignore ban-drop-function
drop function private.parsed(jsonb);
-- squawk-ignore ban-drop-function
drop function private.repeated(jsonb, bigint[]);

create function private.parsed(updates json)
returns private.intake_record[]
language plpgsql
immutable
set search_path = ''
as $$
/* A batch as typed records; what says no type is a message. Raises what the first malformed value raises. */
declare
  message private.intake_record;
begin
  message.type := 'message';
  return array(select r from json_populate_recordset(message, updates) as r);
end
$$;
grant execute on function private.parsed(json) to service_role;

create function private.repeated(ids bigint[])
returns bigint[]
language sql
immutable
set search_path = ''
as $$
/* The positions of what the same list has already named. */
  select array_agg(s.position)
  from (
    select i.position, row_number() over (partition by i.id order by i.position) as nth
    from unnest(ids) with ordinality as i (id, position)
  ) as s
  where s.nth > 1
$$;
grant execute on function private.repeated(bigint[]) to service_role;

create function private.sift(updates jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
/* What private.ingest says of a batch in which something is malformed: that is set aside, and the rest is stored. */
declare
  rejected constant bigint[] := private.set_aside(updates);
  rest constant json := (
    select coalesce(jsonb_agg(u.record order by u.position), '[]')
    from jsonb_array_elements(updates) with ordinality as u (record, position)
    where u.position <> all (rejected)
  );
  answers jsonb;
begin
  -- What is malformed still would come here again.
  perform private.parsed(rest);
  answers := private.ingest(rest);
  return (
    select jsonb_agg(
      case
        when u.position = any (rejected) then jsonb_build_object('update_id', u.record -> 'update_id', 'outcome', 'rejected')
        else answers -> (u.nth_stored - 1)::integer
      end
      order by u.position
    )
    from (
      select e.position, e.record, count(*) filter (where e.position <> all (rejected)) over (order by e.position) as nth_stored
      from jsonb_array_elements(updates) with ordinality as e (record, position)
    ) as u
  );
end
$$;
grant execute on function private.sift(jsonb) to service_role;

create function private.ingest(updates json)
returns jsonb
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
/* Stores a batch of intake records and settles what they concern. Returns one {update_id, outcome} per record in the order given;
   outcome is recorded, duplicate or rejected. Not of jsonb: to build that takes longer than to read the records. */
declare
  records private.intake_record[];
  types text[];
  ids bigint[];
  repeated bigint[] := '{}';
  recorded bigint[];
  touched private.touched_topic[];
  latest private.place[];
  said private.said[];
begin
  if json_typeof(updates) is distinct from 'array' then
    raise exception 'updates_are_not_a_list' using errcode = 'PT400';
  end if;

  begin
    records := private.parsed(updates);
  exception
    when data_exception or check_violation then
      return private.sift(updates::jsonb);
  end;
  if exists (
    select
    from unnest(records) as r
    -- Most have all that any record needs.
    where (num_nulls(r.type, r.update_id, r.chat_id, r.chat_type, r.date, r.message_id, r.kind, r.is_bot) > 0 or r.type = 'edit')
      and private.missing_fields(r) is not null
  ) then
    return private.sift(updates::jsonb);
  end if;
  ids := array(select r.update_id from unnest(records) as r);
  if (select count(distinct i) from unnest(ids) as i) < cardinality(ids) then
    repeated := private.repeated(ids);
    records := array(select distinct on (r.update_id) r from unnest(records) as r order by r.update_id);
  end if;

  -- In one order, or concurrent batches deadlock. The calendar first: whoever edits it moves open deadlines, and must see ours.
  perform pg_advisory_xact_lock_shared(hashtextextended('calendar', 0));
  perform pg_advisory_xact_lock(c.chat_id)
  from (select distinct r.chat_id from unnest(records) as r order by r.chat_id) as c;

  -- A chat that is known just as the records name it has neither moved nor been renamed.
  if exists (
    select
    from unnest(records) as r
    left join public.chats as c on c.chat_id = r.chat_id and c.type = r.chat_type and c.chat_name = r.chat_name
    where c.chat_id is null
      or num_nonnulls(r.migrated_to, r.migrated_from) > 0
  ) then
    records := private.heirs_of(records);
    if exists (select from unnest(records) as r where num_nonnulls(r.migrated_to, r.migrated_from) > 0) then
      perform private.migrate_chats(records);
      records := private.heirs_of(records);
    end if;
    perform private.store_chats(records);
  end if;
  if exists (select from public.users as u where u.telegram_id is null and u.active and u.telegram_username is not null) then
    perform private.recognise_staff(records);
  end if;
  if exists (select from unnest(records) as r where r.reply_to_is_bot) then
    records := private.take_comments(records);
  end if;
  types := array(select distinct r.type from unnest(records) as r);
  if 'membership' = any (types) then
    recorded := private.note_memberships(records);
  end if;

  with stored as materialized (
    select * from private.store_messages(records)
  ),
  topics as (
    select
      s.chat_id,
      s.topic_id,
      array_agg((s.telegram_date, s.message_id)::private.place order by s.telegram_date, s.message_id) as places,
      max(s.edited_at) as edited_at
    from stored as s
    group by s.chat_id, s.topic_id
  )
  select
    array_agg(
      (
        t.chat_id, t.topic_id, t.places[1],
        t.edited_at is null
        and (k.chat_id is null or (t.places[1].at, t.places[1].message_id) > (k.last_message_at, k.last_message_id))
      )::private.touched_topic
    ),
    array_agg(
      case
        -- What an edit changed reaches to its own date.
        when t.edited_at >= t.places[cardinality(t.places)].at then (t.edited_at, 9223372036854775807)::private.place
        else t.places[cardinality(t.places)]
      end
    ),
    recorded || (select array_agg(s.update_id) from stored as s),
    (
      select array_agg(
        (s.chat_id, s.topic_id, s.telegram_date, s.message_id, s.answers, s.reach, s.user_id, s.classification)::private.said
      )
      from stored as s
      where s.counts
    )
  from topics as t
  left join public.chat_topics as k on k.chat_id = t.chat_id and k.topic_id = t.topic_id
  into touched, latest, recorded, said;

  if touched is not null then
    perform private.continue_topics(touched, latest);
    perform private.settle_windows(touched, coalesce(said, '{}'));
  end if;
  if 'reaction' = any (types) then
    recorded := recorded || private.store_reactions(records);
  end if;

  return (
    select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'update_id', u.id,
          'outcome', case when u.id = any (recorded) and u.position <> all (repeated) then 'recorded' else 'duplicate' end
        )
        order by u.position
      ),
      '[]'
    )
    from unnest(ids) with ordinality as u (id, position)
  );
end
$$;
grant execute on function private.ingest(json) to service_role;

-- Its one argument has no name: PostgREST hands over the whole body, as it came.
create function api.ingest(text)
returns jsonb
language sql
set search_path = ''
as $$
/* private.ingest, of a JSON list. */
  select private.ingest($1::json)
$$;
grant execute on function api.ingest(text) to service_role;

create or replace function api.ingest(updates jsonb)
returns jsonb
language sql
set search_path = ''
as $$
/* As the release before calls it. */
  select private.ingest(updates::json)
$$;

create or replace function api.ingest_and_identify(updates jsonb, people jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
/* {answers, people}: what private.ingest says of the updates and then, in the same round trip, what api.identify_all says of the people. */
declare
  answers jsonb := private.ingest(updates::json);
begin
  return jsonb_build_object('answers', answers, 'people', api.identify_all(people));
end
$$;
