-- Intake: what Telegram brought goes in, in one call; windows, chats and people follow from it. Repeating a batch changes nothing.
-- The domains below are no column's type: ingest only casts through them.
-- squawk-ignore-file ban-create-domain-with-constraint
set lock_timeout = '5s';

-- What a field may hold is its type: what does not fit cannot be stored, and is set aside by name.
create domain private.chat_number as bigint check (value <> 0);
create domain private.message_number as bigint check (value > 0);
create domain private.count_number as bigint check (value >= 0);
-- From Telegram's first year to 2099.
create domain private.unix_time as bigint check (value between 1380000000 and 4099999999);
create domain private.record_type as text check (value in ('message', 'edit', 'reaction', 'membership'));
create domain private.chat_type as text check (value in ('private', 'group', 'supergroup', 'channel'));
create domain private.member_status as text check (value in ('creator', 'administrator', 'member', 'restricted', 'left', 'kicked'));
create domain private.message_class as text check (value in ('request', 'clarification', 'gratitude', 'spam'));
create domain private.message_kind as text check (
  value in (
    'text', 'command', 'photo', 'document', 'voice', 'video', 'video_note', 'audio', 'animation', 'sticker', 'contact', 'location', 'poll',
    'service', 'other'
  )
);

create type private.intake_record as (
  position bigint,
  type private.record_type,
  update_id private.count_number,
  chat_id private.chat_number,
  chat_type private.chat_type,
  chat_name text,
  date private.unix_time,
  user_id private.chat_number,
  username text,
  author_name text,
  is_bot boolean,
  on_behalf boolean,
  topic_id private.count_number,
  message_id private.message_number,
  kind private.message_kind,
  text text,
  caption text,
  media_file_id text,
  media_group_id text,
  reply_to private.message_number,
  reply_to_date private.unix_time,
  reply_to_user_id private.chat_number,
  reply_to_is_bot boolean,
  classification private.message_class,
  edited_at private.unix_time,
  emoji text,
  status private.member_status,
  migrated_to private.chat_number,
  migrated_from private.chat_number
);
comment on type private.intake_record is 'One update as the bot sends it: a message, an edit, a reaction or a change of the bot''s own membership.';

create function private.missing_fields(record private.intake_record)
returns text
language plpgsql
immutable
set search_path = ''
as $$
/* The fields that a record of its type cannot do without and has not, comma-separated; null when it is complete. */
begin
  if num_nulls(record.type, record.update_id, record.chat_id, record.chat_type, record.date) = 0
    and (
      case record.type
        when 'membership' then record.status is not null
        when 'reaction' then record.message_id is not null
        when 'edit' then num_nulls(record.message_id, record.kind, record.is_bot, record.edited_at) = 0
        else num_nulls(record.message_id, record.kind, record.is_bot) = 0
      end
    )
  then
    return null;
  end if;
  return (
    select string_agg(f.name, ', ' order by f.name)
    from (
      values
        ('type', record.type is null),
        ('update_id', record.update_id is null),
        ('chat_id', record.chat_id is null),
        ('chat_type', record.chat_type is null),
        ('date', record.date is null),
        ('message_id', record.message_id is null and record.type is distinct from 'membership'),
        ('kind', record.kind is null and record.type in ('message', 'edit')),
        ('is_bot', record.is_bot is null and record.type in ('message', 'edit')),
        ('edited_at', record.edited_at is null and record.type = 'edit'),
        ('status', record.status is null and record.type = 'membership')
    ) as f (name, is_missing)
    where f.is_missing
  );
end
$$;

create function private.parsed(updates jsonb, rejected bigint[])
returns private.intake_record[]
language plpgsql
immutable
set search_path = ''
as $$
/* A batch as typed records with their positions, without those rejected; what says no type is a message. Raises what the first
   malformed value raises. */
declare
  message private.intake_record;
begin
  message.type := 'message';
  return array(
    select jsonb_populate_record(message, u.record || jsonb_build_object('position', u.position))
    from jsonb_array_elements(updates) with ordinality as u (record, position)
    where u.position <> all (rejected)
  );
end
$$;

create function private.why_malformed(record jsonb)
returns text
language plpgsql
immutable
set search_path = ''
as $$
/* The fields of a record whose values their types refuse, comma-separated; null when there is none. */
declare
  field record;
  malformed text[];
begin
  if jsonb_typeof(record) <> 'object' then
    return 'not a record';
  end if;
  for field in select f.key, f.value from jsonb_each(record) as f order by f.key loop
    begin
      perform jsonb_populate_record(null::private.intake_record, jsonb_build_object(field.key, field.value));
    exception
      when data_exception or check_violation then
        malformed := malformed || field.key;
    end;
  end loop;
  return array_to_string(malformed, ', ');
end
$$;

create function private.set_aside(updates jsonb)
returns bigint[]
language plpgsql
set search_path = ''
as $$
/* Sets aside what cannot be stored of a batch, without its texts and with the reason. Returns the positions. */
declare
  rejected bigint[];
begin
  with judged as materialized (
    select u.position, u.record, nullif(private.why_malformed(u.record), '') as malformed
    from jsonb_array_elements(updates) with ordinality as u (record, position)
  ),
  refused as materialized (
    select j.position, j.record, coalesce(j.malformed, m.missing) as reason
    from judged as j
    cross join lateral private.missing_fields(
      case when j.malformed is null then jsonb_populate_record(null::private.intake_record, '{"type": "message"}' || j.record) end
    ) as m (missing)
    where coalesce(j.malformed, m.missing) is not null
  ),
  noted as (
    insert into public.intake_rejects (record, reason)
    select case when jsonb_typeof(r.record) = 'object' then r.record - array['text', 'caption'] else 'null' end, r.reason
    from refused as r
    order by r.position
  )
  select coalesce(array_agg(r.position), '{}')
  from refused as r
  into rejected;
  return rejected;
end
$$;

create function private.heirs_of(records private.intake_record[])
returns private.intake_record[]
language plpgsql
stable
set search_path = ''
as $$
/* The records, once per update, under the ids that their chats have today: a late update may name a group by the id it had before it
   became a supergroup. */
declare
  heir record;
  known private.intake_record[] := array(
    select distinct on (r.update_id) r
    from unnest(records) as r
    order by r.update_id, r.position
  );
begin
  for heir in
    select r.ordinality as nth, c.chat_id, c.type
    from unnest(known) with ordinality as r
    join public.chats as c on c.migrated_from = r.chat_id
  loop
    known[heir.nth].chat_id := heir.chat_id;
    known[heir.nth].chat_type := heir.type;
  end loop;
  return known;
end
$$;

create function private.store_chats(records private.intake_record[])
returns void
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* Makes chats known, and keeps title and type as the latest record says. */
begin
  insert into public.chats as c (chat_id, type, chat_name)
  select distinct on (r.chat_id) r.chat_id, r.chat_type, coalesce(nullif(r.chat_name, ''), 'Без названия')
  from unnest(records) as r
  order by r.chat_id, r.date desc, r.message_id desc nulls last
  on conflict (chat_id) do update set
    type = excluded.type,
    chat_name = excluded.chat_name
  where (c.type, c.chat_name) is distinct from (excluded.type, excluded.chat_name);
end
$$;

create function private.recognise_staff(records private.intake_record[])
returns void
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* Links the Telegram id of a person of whom the firm knows only the @name (B2). The id rules from then on: who takes the name later is
   a stranger (S4). */
begin
  update public.users as u
  set telegram_id = r.user_id
  from unnest(records) as r
  where r.username is not null
    and not r.is_bot
    and not coalesce(r.on_behalf, false)
    and r.user_id > 0
    and u.telegram_id is null
    and u.active
    and lower(u.telegram_username) = lower(r.username)
    and not exists (select from public.users as other where other.telegram_id = r.user_id);
end
$$;

create function private.addressed_dates(records private.intake_record[])
returns jsonb
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* For replies that don't say whom they address: {update_id: date} of the client's message, where it is known. Telegram does say, as long
   as the message exists. */
begin
  return (
    select jsonb_object_agg(r.update_id, extract(epoch from q.telegram_date)::bigint)
    from unnest(records) as r
    join public.chat_messages as q on q.chat_id = r.chat_id and q.message_id = r.reply_to
    where r.reply_to_date is null
      and q.edit_version = 0
      and not q.is_staff
      and not q.is_bot
  );
end
$$;

create function private.addressed_at(record private.intake_record, looked_up jsonb)
returns timestamptz
language plpgsql
stable
set search_path = ''
as $$
/* Date of the client's message that a record replies to; null for a plain message, and for a reply to the firm or to a bot. */
begin
  if record.reply_to is null then
    return null;
  elsif record.reply_to_date is null then
    return to_timestamp((looked_up ->> record.update_id::text)::bigint);
  elsif record.reply_to_is_bot
    or exists (select from public.users as s where s.telegram_id = record.reply_to_user_id and s.active)
  then
    return null;
  end if;
  return to_timestamp(record.reply_to_date);
end
$$;

create function private.store_messages(records private.intake_record[])
returns table (update_id bigint, chat_id bigint, topic_id bigint, place private.place, edited_at timestamptz)
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
#variable_conflict use_column
/* Stores messages and edits that are new, and returns those. Who is staff (S4), what asks (S2) and what answers (S3) is decided here,
   once, by the rules of the day. An edit is the next version of its message, in the order of arrival. */
declare
  fresh private.intake_record[] := records;
  versions bigint[];
  looked_up jsonb;
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
    versions := array(
      select coalesce(max(v.edit_version), 0)
      from unnest(fresh) with ordinality as r
      left join public.chat_messages as v
        on r.type = 'edit' and v.chat_id = r.chat_id and v.message_id = r.message_id and v.telegram_date = to_timestamp(r.date)
      group by r.ordinality
      order by r.ordinality
    );
  end if;
  if exists (select from unnest(fresh) as r where r.reply_to is not null and r.reply_to_date is null) then
    looked_up := private.addressed_dates(fresh);
  end if;

  return query
  with known as (
    select
      r.*,
      u.id as person,
      (u.id is not null or (coalesce(r.on_behalf, false) and c.anonymous_staff)) as is_staff,
      case when r.reply_to is not null then private.addressed_at(fresh[r.ordinality], looked_up) end as addressed_at,
      case
        when r.type = 'edit'
        then versions[r.ordinality] + row_number() over (partition by r.chat_id, r.message_id, r.type order by r.edited_at, r.update_id)
        else 0
      end as version,
      c.monitoring_enabled,
      f.files_answer
    from unnest(fresh) with ordinality as r
    join public.chats as c on c.chat_id = r.chat_id
    cross join public.settings as f
    left join public.users as u on u.telegram_id = r.user_id and u.active and not coalesce(r.on_behalf, false)
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
        or (k.files_answer and k.kind in ('photo', 'document', 'voice', 'video', 'video_note', 'audio', 'animation'))
      ),
    k.monitoring_enabled
  from known as k
  on conflict do nothing
  returning update_id, chat_id, topic_id, (telegram_date, message_id)::private.place, edited_at;
end
$$;

create function private.store_reactions(records private.intake_record[])
returns bigint[]
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* Stores reactions, and puts the windows in hand that the firm's ones touch (S5). Returns the updates that were new. */
declare
  stored bigint[];
  concerned uuid[];
begin
  with given as (
    insert into public.message_reactions (chat_id, message_id, update_id, telegram_user_id, user_id, is_staff, emoji, reacted_at)
    select
      r.chat_id, r.message_id, r.update_id, r.user_id, u.id,
      u.id is not null or (coalesce(r.on_behalf, false) and c.anonymous_staff), left(r.emoji, 200), to_timestamp(r.date)
    from unnest(records) as r
    join public.chats as c on c.chat_id = r.chat_id
    left join public.users as u on u.telegram_id = r.user_id and u.active and not coalesce(r.on_behalf, false)
    where r.type = 'reaction'
      and r.emoji is not null
    on conflict do nothing
    returning chat_id, message_id, update_id, is_staff
  )
  select
    (select array_agg(g.update_id) from given as g),
    array_agg(distinct w.id)
  from given as g
  join public.chat_messages as m on m.chat_id = g.chat_id and m.message_id = g.message_id and m.edit_version = 0
  cross join lateral (
    select w.id
    from public.client_requests as w
    where w.chat_id = m.chat_id
      and w.topic_id = m.topic_id
      and w.begins_at <= m.telegram_date
    -- The latest, or the one before it where an edit has moved the opening of the latest.
    order by w.opened_at desc, w.first_message_id desc
    limit 2
  ) as w
  where g.is_staff
  into stored, concerned;

  if concerned is not null then
    perform private.settle_acknowledgements(concerned);
    perform private.revise_messages(concerned);
  end if;
  return stored;
end
$$;

create function private.continue_topics(touched private.touched_topic[], latest private.place[])
returns void
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* Remembers the latest message of each touched topic. For a caller who holds the chats' locks. */
begin
  insert into public.chat_topics (chat_id, topic_id, last_message_at, last_message_id)
  select n.chat_id, n.topic_id, n.at, n.message_id
  from rows from (unnest(touched), unnest(latest)) as n (chat_id, topic_id, since, continues, at, message_id)
  where not exists (select from public.chat_topics as k where k.chat_id = n.chat_id and k.topic_id = n.topic_id);

  update public.chat_topics as k
  set last_message_at = n.at, last_message_id = n.message_id
  from rows from (unnest(touched), unnest(latest)) as n (chat_id, topic_id, since, continues, at, message_id)
  where k.chat_id = n.chat_id
    and k.topic_id = n.topic_id
    and (k.last_message_at, k.last_message_id) < (n.at, n.message_id);
end
$$;

create function api.ingest(updates jsonb)
returns jsonb
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* Stores a batch of intake records and settles what they concern. Returns one {update_id, outcome} per record in the order given;
   outcome is recorded, duplicate or rejected. */
declare
  records private.intake_record[];
  rejected bigint[] := '{}';
  recorded bigint[];
  touched private.touched_topic[];
  latest private.place[];
begin
  if jsonb_typeof(updates) is distinct from 'array' then
    raise exception 'updates_are_not_a_list' using errcode = 'PT400';
  end if;

  begin
    records := private.parsed(updates, rejected);
  exception
    when data_exception or check_violation then
      null;
  end;
  if records is null or exists (select from unnest(records) as r where private.missing_fields(r) is not null) then
    rejected := private.set_aside(updates);
    records := private.parsed(updates, rejected);
  end if;

  -- In one order, or concurrent batches deadlock. The calendar first: whoever edits it moves open deadlines, and must see ours.
  perform pg_advisory_xact_lock_shared(hashtextextended('calendar', 0));
  perform pg_advisory_xact_lock(c.chat_id)
  from (select distinct r.chat_id from unnest(records) as r order by r.chat_id) as c;

  records := private.heirs_of(records);
  if exists (select from unnest(records) as r where coalesce(r.migrated_to, r.migrated_from) is not null) then
    perform private.migrate_chats(records);
    records := private.heirs_of(records);
  end if;
  perform private.store_chats(records);
  perform private.recognise_staff(records);
  recorded := private.note_memberships(records);

  with stored as materialized (
    select * from private.store_messages(records)
  ),
  topics as (
    select
      s.chat_id,
      s.topic_id,
      (array_agg(s.place order by s.place))[1] as first,
      -- What an edit changed reaches to its own date.
      (array_agg(s.latest order by s.latest desc))[1] as last,
      bool_and(s.edited_at is null) as only_originals
    from (
      select
        x.*,
        case
          when x.edited_at is null then x.place
          else (x.edited_at, 9223372036854775807)::private.place
        end as latest
      from stored as x
    ) as s
    group by s.chat_id, s.topic_id
  )
  select
    array_agg(
      (
        t.chat_id, t.topic_id, t.first,
        t.only_originals
        and (k.chat_id is null or ((t.first).at, (t.first).message_id) > (k.last_message_at, k.last_message_id))
      )::private.touched_topic
    ),
    array_agg(t.last),
    recorded || (select array_agg(s.update_id) from stored as s)
  from topics as t
  left join public.chat_topics as k on k.chat_id = t.chat_id and k.topic_id = t.topic_id
  into touched, latest, recorded;

  if touched is not null then
    perform private.continue_topics(touched, latest);
    perform private.settle_windows(array(
      select t
      from unnest(touched) as t
      join public.chats as c on c.chat_id = t.chat_id
      where c.monitoring_enabled
    ));
  end if;
  recorded := recorded || private.store_reactions(records);

  return (
    select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'update_id', u.record -> 'update_id',
          'outcome', case
            when r.position is not null and r.update_id = any (recorded) then 'recorded'
            when u.position = any (rejected) then 'rejected'
            else 'duplicate'
          end
        )
        order by u.position
      ),
      '[]'
    )
    from jsonb_array_elements(updates) with ordinality as u (record, position)
    left join unnest(records) as r on r.position = u.position
  );
end
$$;

grant usage on type private.intake_record to service_role;
grant execute on function
  private.missing_fields(private.intake_record),
  private.parsed(jsonb, bigint[]),
  private.why_malformed(jsonb),
  private.set_aside(jsonb),
  private.heirs_of(private.intake_record[]),
  private.store_chats(private.intake_record[]),
  private.recognise_staff(private.intake_record[]),
  private.addressed_dates(private.intake_record[]),
  private.addressed_at(private.intake_record, jsonb),
  private.store_messages(private.intake_record[]),
  private.store_reactions(private.intake_record[]),
  private.continue_topics(private.touched_topic[], private.place[]),
  api.ingest(jsonb)
to service_role;
