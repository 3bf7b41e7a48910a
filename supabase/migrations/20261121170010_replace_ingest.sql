-- A batch is looked at as a whole: what it does not bring is not asked for one by one.
set lock_timeout = '5s';

-- Only api.ingest and each other called these, and it is replaced below.
-- squawk-ignore ban-drop-function
drop function private.parsed(jsonb, bigint[]);
-- squawk-ignore ban-drop-function
drop function private.store_messages(private.intake_record[]);
-- squawk-ignore ban-drop-function
drop function private.addressed_at(private.intake_record, jsonb);

-- A type of variables only.
-- squawk-ignore ban-drop-column
alter type private.intake_record drop attribute position;

create function private.parsed(updates jsonb)
returns private.intake_record[]
language plpgsql
immutable
set search_path = ''
as $$
/* A batch as typed records, once per update; what says no type is a message. Raises what the first malformed value raises. */
declare
  message private.intake_record;
begin
  message.type := 'message';
  return array(
    select distinct on (r.update_id) r
    from jsonb_populate_recordset(message, updates) as r
    order by r.update_id
  );
end
$$;
grant execute on function private.parsed(jsonb) to service_role;

create function private.repeated(updates jsonb, rejected bigint[])
returns bigint[]
language sql
immutable
set search_path = ''
as $$
/* The positions of updates that the same batch has already brought. */
  select array_agg(s.position)
  from (
    select u.position, row_number() over (partition by u.record -> 'update_id' order by u.position) as nth
    from jsonb_array_elements(updates) with ordinality as u (record, position)
    where u.position <> all (rejected)
  ) as s
  where s.nth > 1
$$;
grant execute on function private.repeated(jsonb, bigint[]) to service_role;

create or replace function private.heirs_of(records private.intake_record[])
returns private.intake_record[]
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
/* The records under the ids that their chats have today: a late update may name a group by the id it had before it became a supergroup. */
declare
  heir record;
begin
  for heir in
    select r.ordinality as nth, c.chat_id, c.type
    from unnest(records) with ordinality as r
    join public.chats as c on c.migrated_from = r.chat_id
  loop
    records[heir.nth].chat_id := heir.chat_id;
    records[heir.nth].chat_type := heir.type;
  end loop;
  return records;
end
$$;

create function private.store_messages(records private.intake_record[])
returns table (update_id bigint, chat_id bigint, topic_id bigint, telegram_date timestamptz, message_id bigint, edited_at timestamptz)
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
#variable_conflict use_column
/* Stores messages and edits that are new, and returns those. Who is staff (S4), what asks (S2) and what answers (S3) is decided here,
   once, by the rules of the day. An edit is the next version of its message, in the order of arrival, and whose it is was decided with the
   message. */
declare
  fresh private.intake_record[] := records;
  versions bigint[];
  by_staff boolean[];
  people uuid[];
  looked_up jsonb;
  files_answer constant boolean := (select f.files_answer from public.settings as f where f.id);
begin
  if exists (select from unnest(records) as r where r.type = 'edit') then
    fresh := array(
      select r
      from unnest(records) as r
      where r.type <> 'edit'
        or not exists (
          select
          from public.chat_messages as v
          where v.chat_id = r.chat_id
            and v.message_id = r.message_id
            and v.telegram_date = to_timestamp(r.date)
            and v.update_id = r.update_id
        )
    );
    select array_agg(k.version order by k.nth), array_agg(k.is_staff order by k.nth), array_agg(k.person order by k.nth)
    from (
      select
        r.ordinality as nth,
        coalesce(max(v.edit_version), 0)
          + row_number() over (partition by r.chat_id, r.message_id, r.type order by r.edited_at, r.update_id) as version,
        bool_or(v.is_staff) filter (where v.edit_version = 0) as is_staff,
        (array_agg(v.user_id) filter (where v.edit_version = 0))[1] as person
      from unnest(fresh) with ordinality as r
      left join public.chat_messages as v
        on r.type = 'edit' and v.chat_id = r.chat_id and v.message_id = r.message_id and v.telegram_date = to_timestamp(r.date)
      group by r.ordinality, r.chat_id, r.message_id, r.type, r.edited_at, r.update_id
    ) as k
    into versions, by_staff, people;
  end if;
  if exists (select from unnest(fresh) as r where r.reply_to is not null and r.reply_to_date is null) then
    looked_up := private.addressed_dates(fresh);
  end if;

  return query
  with known as (
    select
      r.*,
      case when by_staff[r.ordinality] is null then u.id else people[r.ordinality] end as person,
      coalesce(by_staff[r.ordinality], u.id is not null or (coalesce(r.on_behalf, false) and c.anonymous_staff)) as is_staff,
      -- The client's message that a reply addresses: neither the firm's nor a bot's.
      case
        when r.reply_to is not null and r.reply_to_date is null then to_timestamp((looked_up ->> r.update_id::text)::bigint)
        when r.reply_to_is_bot or q.id is not null then null
        else to_timestamp(r.reply_to_date)
      end as addressed_at,
      case when r.type = 'edit' then versions[r.ordinality] else 0 end as version,
      c.monitoring_enabled
    from unnest(fresh) with ordinality as r
    join public.chats as c on c.chat_id = r.chat_id
    left join public.users as u on u.telegram_id = r.user_id and u.active and not coalesce(r.on_behalf, false)
    left join public.users as q on q.telegram_id = r.reply_to_user_id and q.active
    where r.type in ('message', 'edit')
  )
  insert into public.chat_messages (
    chat_id, message_id, edit_version, update_id, topic_id, telegram_user_id, author_name, is_staff, user_id, is_bot, on_behalf, kind,
    message_text, caption, media_file_id, media_group_id, reply_to_message_id, addressed_at, telegram_date, edited_at, classification,
    answers, is_measured
  )
  select
    k.chat_id, k.message_id, k.version, k.update_id, coalesce(k.topic_id, 0), k.user_id, k.author_name, k.is_staff, k.person, k.is_bot,
    coalesce(k.on_behalf, false), k.kind, k.text, k.caption, k.media_file_id, k.media_group_id, k.reply_to, k.addressed_at,
    to_timestamp(k.date),
    case when k.type = 'edit' then to_timestamp(k.edited_at) end,
    case
      when not k.is_staff and not k.is_bot and k.kind not in ('service', 'command') then coalesce(k.classification, 'request')
    end,
    k.is_staff
      and not k.is_bot
      and k.kind not in ('service', 'command')
      and (
        num_nonnulls(k.text, k.caption) > 0
        or (files_answer and k.kind in ('photo', 'document', 'voice', 'video', 'video_note', 'audio', 'animation'))
      ),
    k.monitoring_enabled
  from known as k
  on conflict do nothing
  returning update_id, chat_id, topic_id, telegram_date, message_id, edited_at;
end
$$;
grant execute on function private.store_messages(private.intake_record[]) to service_role;

create or replace function private.continue_topics(touched private.touched_topic[], latest private.place[])
returns void
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
/* Remembers the latest message of each touched topic. For a caller who holds the chats' locks. */
declare
  moved bigint;
begin
  update public.chat_topics as k
  set last_message_at = n.at, last_message_id = n.message_id
  from rows from (unnest(touched), unnest(latest)) as n (chat_id, topic_id, since, continues, at, message_id)
  where k.chat_id = n.chat_id
    and k.topic_id = n.topic_id
    and (k.last_message_at, k.last_message_id) < (n.at, n.message_id);

  get diagnostics moved = row_count;
  if moved < cardinality(touched) then
    -- Some are late, or new.
    insert into public.chat_topics (chat_id, topic_id, last_message_at, last_message_id)
    select n.chat_id, n.topic_id, n.at, n.message_id
    from rows from (unnest(touched), unnest(latest)) as n (chat_id, topic_id, since, continues, at, message_id)
    where not exists (select from public.chat_topics as k where k.chat_id = n.chat_id and k.topic_id = n.topic_id);
  end if;
end
$$;

create or replace function api.ingest(updates jsonb)
returns jsonb
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
/* Stores a batch of intake records and settles what they concern. Returns one {update_id, outcome} per record in the order given;
   outcome is recorded, duplicate or rejected. */
declare
  records private.intake_record[];
  types text[];
  rejected bigint[] := '{}';
  repeated bigint[] := '{}';
  recorded bigint[];
  touched private.touched_topic[];
  latest private.place[];
begin
  if jsonb_typeof(updates) is distinct from 'array' then
    raise exception 'updates_are_not_a_list' using errcode = 'PT400';
  end if;

  begin
    records := private.parsed(updates);
  exception
    when data_exception or check_violation then
      null;
  end;
  if records is null or exists (
    select
    from unnest(records) as r
    -- Most have all that any record needs.
    where (num_nulls(r.type, r.update_id, r.chat_id, r.chat_type, r.date, r.message_id, r.kind, r.is_bot) > 0 or r.type = 'edit')
      and private.missing_fields(r) is not null
  ) then
    rejected := private.set_aside(updates);
    records := private.parsed((
      select coalesce(jsonb_agg(u.record), '[]')
      from jsonb_array_elements(updates) with ordinality as u (record, position)
      where u.position <> all (rejected)
    ));
  end if;
  if cardinality(records) < jsonb_array_length(updates) - cardinality(rejected) then
    repeated := private.repeated(updates, rejected);
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
    recorded || (select array_agg(s.update_id) from stored as s)
  from topics as t
  left join public.chat_topics as k on k.chat_id = t.chat_id and k.topic_id = t.topic_id
  into touched, latest, recorded;

  if touched is not null then
    perform private.continue_topics(touched, latest);
    perform private.settle_windows(touched);
  end if;
  if 'reaction' = any (types) then
    recorded := recorded || private.store_reactions(records);
  end if;

  return (
    select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'update_id', u.record -> 'update_id',
          'outcome', case
            when u.position = any (rejected) then 'rejected'
            when u.position = any (repeated) then 'duplicate'
            when (u.record ->> 'update_id')::bigint = any (recorded) then 'recorded'
            else 'duplicate'
          end
        )
        order by u.position
      ),
      '[]'
    )
    from jsonb_array_elements(updates) with ordinality as u (record, position)
  );
end
$$;
