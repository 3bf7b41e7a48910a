-- Intake in fewer steps: what a batch does not bring is not looked for, and what is looked for is found by key.
set lock_timeout = '5s';

-- The one row of settings is read as such: joined, the planner takes it for hundreds, and then reads whole tables.
create or replace view private.chat_terms with (security_invoker = true) as
select
  c.chat_id,
  c.client_id,
  c.assigned_accountant_id,
  p.id as policy_id,
  p.version as policy_version,
  p.warn_percent,
  coalesce(c.sla_threshold_minutes, p.target_minutes) as target_minutes,
  s.id as schedule_id,
  s.version as schedule_version
from public.chats as c
left join public.clients as k on k.id = c.client_id
left join public.sla_policies as of_tier on of_tier.tier = k.tier
join public.sla_policies as p on p.id = coalesce(c.policy_id, of_tier.id, (select f.default_policy_id from public.settings as f where f.id))
join public.working_schedules as s
  on s.id = case
    when p.around_the_clock then (select f.around_the_clock_schedule_id from public.settings as f where f.id)
    else coalesce(c.schedule_id, (select f.default_schedule_id from public.settings as f where f.id))
  end;

alter type private.topic_stretch add attribute alone boolean;
comment on type private.topic_stretch is
  'A topic from a place to its latest message, the window that is open there, whether there are several, and whether one message alone is new.';

create function private.continued_windows(stretches private.topic_stretch[])
returns table (
  chat_id bigint,
  topic_id bigint,
  carried uuid,
  members bigint[],
  begins private.place,
  ends private.place,
  first_message_id bigint,
  last_message_id bigint,
  message_count integer,
  classification text,
  opened_at timestamptz,
  last_message_at timestamptz,
  responded_at timestamptz,
  response_message_id bigint,
  responded_by uuid,
  withdrawn_at timestamptz
)
language plpgsql
stable
rows 20
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* What private.windows_of says of the commonest stretch, one more message after all others, without walking the line: a question opens
   a window or joins the open one, an answer that reaches it closes it. */
#variable_conflict use_column
declare
  earliest constant timestamptz := (select min(s.until) from unnest(stretches) as s where s.alone);
  latest constant timestamptz := (select max(s.until) from unnest(stretches) as s where s.alone);
begin
  if earliest is null then
    return;
  end if;
  return query
  select
    m.chat_id,
    m.topic_id,
    s.carried,
    array[m.message_id],
    case when m.answers or s.carried is not null then (w.begins_at, w.begins_message_id)::private.place else s.since end,
    case when m.answers then (w.ends_at, w.ends_message_id)::private.place else s.since end,
    coalesce(w.first_message_id, m.message_id),
    case when m.answers then w.last_message_id else m.message_id end,
    coalesce(w.message_count, 0) + case when m.answers then 0 else 1 end,
    coalesce(w.classification, m.classification),
    coalesce(w.opened_at, m.telegram_date),
    case when m.answers then w.last_message_at else m.telegram_date end,
    case when m.answers then m.telegram_date end,
    case when m.answers then m.message_id end,
    case when m.answers then m.user_id end,
    null::timestamptz
  from unnest(stretches) as s
  join public.chat_messages as m
    on m.chat_id = s.chat_id
    and m.topic_id = s.topic_id
    and m.telegram_date = s.until
    and m.message_id = (s.since).message_id
    and m.telegram_date between earliest and latest
  left join public.client_requests as w on w.id = s.carried
  where s.alone
    and m.is_measured
    and (
      m.classification in ('request', 'clarification')
      or (
        m.answers
        and w.id is not null
        and (m.addressed_at is null or (w.opened_at, w.first_message_id) <= (m.addressed_at, m.reply_to_message_id))
      )
    );
end
$$;
grant execute on function private.continued_windows(private.topic_stretch[]) to service_role;

create or replace function private.on_duty(person uuid, at timestamptz)
returns uuid
language plpgsql
stable
set search_path = ''
as $$
/* Who answers for a person at an instant: the person, or the last of the substitutes in line; null when nobody does. Nobody is away
   twice at a time and substitutes form no circle, so the line is one and ends. */
declare
  in_line uuid := person;
  stand_in uuid;
begin
  loop
    select a.substitute_id
    from public.absences as a
    where a.user_id = in_line
      and a.during @> at
    into stand_in;
    if not found then
      return in_line;
    end if;
    in_line := stand_in;
  end loop;
end
$$;

create or replace function private.store_reactions(records private.intake_record[])
returns bigint[]
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
/* Stores reactions, and puts the windows in hand that the firm's ones touch (S5). Returns the updates that were new. */
declare
  stored bigint[];
  concerned uuid[];
begin
  if not exists (select from unnest(records) as r where r.type = 'reaction') then
    return null;
  end if;

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


create or replace function private.stretches_of(touched private.touched_topic[])
returns private.topic_stretch[]
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
/* From where each touched topic of a measured chat has to be looked at. What continues a topic with at most one open window, of which nothing was taken back,
   starts there with that window in hand; anything else starts at the first window that the new messages can concern. */
begin
  return (
    select array_agg(
      (
        t.chat_id,
        t.topic_id,
        case
          when t.continues and o.windows <= 1 and o.plain then t.since
          else least(t.since, o.first, c.first)
        end,
        k.last_message_at,
        case when t.continues and o.windows = 1 and o.plain then o.id end,
        o.windows > 1,
        t.continues
        and o.windows <= 1
        and o.plain
        and (k.last_message_at, k.last_message_id) = ((t.since).at, (t.since).message_id)
      )::private.topic_stretch
    )
    from unnest(touched) as t
    join public.chats as m on m.chat_id = t.chat_id and m.monitoring_enabled
    join public.chat_topics as k on k.chat_id = t.chat_id and k.topic_id = t.topic_id
    cross join lateral (
      select
        count(*) as windows,
        (array_agg(w.id))[1] as id,
        (min(w.begins_at), 0)::private.place as first,
        coalesce(bool_and((w.begins_at, w.begins_message_id) = (w.opened_at, w.first_message_id)), true) as plain
      from public.client_requests as w
      where w.chat_id = t.chat_id
        and w.topic_id = t.topic_id
        and w.closed_as is null
    ) as o
    left join lateral (
      select (min(w.begins_at), 0)::private.place as first
      from public.client_requests as w
      where not (t.continues and o.windows <= 1 and o.plain)
        and w.chat_id = t.chat_id
        and w.topic_id = t.topic_id
        and w.closed_at >= (t.since).at
    ) as c on true
  );
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
  rejected bigint[] := '{}';
  recorded bigint[];
  kept bigint[];
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
    perform private.settle_windows(touched);
  end if;
  recorded := recorded || private.store_reactions(records);
  kept := array(select r.position from unnest(records) as r);

  return (
    select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'update_id', u.record -> 'update_id',
          'outcome', case
            when u.position = any (rejected) then 'rejected'
            when u.position = any (kept) and (u.record ->> 'update_id')::bigint = any (recorded) then 'recorded'
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

-- What touches a few rows finds them by key, however large or small the planner believes a table to be.
alter function private.heirs_of(private.intake_record[]) set plan_cache_mode = 'force_generic_plan';
alter function private.heirs_of(private.intake_record[]) set enable_seqscan = off;
alter function private.heirs_of(private.intake_record[]) set enable_hashjoin = off;
alter function private.heirs_of(private.intake_record[]) set enable_mergejoin = off;
alter function private.note_memberships(private.intake_record[]) set plan_cache_mode = 'force_generic_plan';
alter function private.note_memberships(private.intake_record[]) set enable_seqscan = off;
alter function private.continue_topics(private.touched_topic[], private.place[]) set enable_hashjoin = off;
alter function private.continue_topics(private.touched_topic[], private.place[]) set enable_mergejoin = off;
alter function private.recognise_staff(private.intake_record[]) set enable_hashjoin = off;
alter function private.recognise_staff(private.intake_record[]) set enable_mergejoin = off;
alter function private.addressed_dates(private.intake_record[]) set enable_hashjoin = off;
alter function private.addressed_dates(private.intake_record[]) set enable_mergejoin = off;
alter function private.resolve_alerts(uuid[]) set enable_hashjoin = off;
alter function private.resolve_alerts(uuid[]) set enable_mergejoin = off;
alter function private.revise_messages(uuid[]) set enable_hashjoin = off;
alter function private.revise_messages(uuid[]) set enable_mergejoin = off;
