-- Messages go to their windows as they are stored: nobody looks for them among all messages of the month, nor a second time for the window
-- that is open.
set lock_timeout = '5s';

-- Only these called each other, settle_windows was called by name from functions, and all three come back below.
-- squawk-ignore ban-drop-function
drop function private.store_messages(private.intake_record[]);
-- squawk-ignore ban-drop-function
drop function private.continue_windows(private.topic_stretch[]);
-- squawk-ignore ban-drop-function
drop function private.settle_windows(private.touched_topic[]);

create type private.said as (
  chat_id bigint, topic_id bigint, at timestamptz, message_id bigint, answers boolean, reach private.place, user_id uuid, classification text
);
comment on type private.said is 'A measured message that asks or answers, on the line of its topic; reach is the message that a reply addresses.';

-- A type of variables only.
alter type private.topic_stretch add attribute asked private.place;
comment on type private.topic_stretch is
  'A topic from a place to its latest message, the window that is open there, whether there are several, whether all there is new, and '
  'what opened that window. Of one where all is new the latest message is not looked up.';

create function private.store_messages(records private.intake_record[])
returns table (
  update_id bigint,
  edited_at timestamptz,
  chat_id bigint,
  topic_id bigint,
  telegram_date timestamptz,
  message_id bigint,
  answers boolean,
  reach private.place,
  user_id uuid,
  classification text,
  counts boolean
)
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
#variable_conflict use_column
/* Stores messages and edits that are new, and returns those; what counts asks or answers. Who is staff (S4), what asks (S2) and what answers (S3) is decided here,
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
  returning
    update_id, edited_at, chat_id, topic_id, telegram_date, message_id, answers,
    case when addressed_at is not null then (addressed_at, reply_to_message_id)::private.place end,
    user_id, classification,
    is_measured and (answers or classification in ('request', 'clarification'));
end
$$;
grant execute on function private.store_messages(private.intake_record[]) to service_role;

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
/* From where each touched topic of a measured chat has to be looked at. What continues a topic with at most one open window, of which
   nothing was taken back, starts there with that window in hand; anything else starts at the first window that the new messages can
   concern. */
begin
  return (
    select array_agg(
      (
        t.chat_id,
        t.topic_id,
        case
          when o.continues then t.since
          else least(
            t.since,
            (o.first, 0)::private.place,
            (
              select (min(w.begins_at), 0)::private.place
              from public.client_requests as w
              where w.chat_id = t.chat_id
                and w.topic_id = t.topic_id
                and w.closed_at >= (t.since).at
            )
          )
        end,
        case
          when not o.continues
          then (select k.last_message_at from public.chat_topics as k where k.chat_id = t.chat_id and k.topic_id = t.topic_id)
        end,
        case when o.continues then o.windows[1] end,
        coalesce(cardinality(o.windows) > 1, false),
        o.continues,
        case when o.continues then o.asked end
      )::private.topic_stretch
    )
    from unnest(touched) as t
    join public.chats as c on c.chat_id = t.chat_id and c.monitoring_enabled
    cross join lateral (
      select
        array_agg(w.id) as windows,
        min(w.begins_at) as first,
        (min(w.opened_at), min(w.first_message_id))::private.place as asked,
        t.continues
        and count(*) <= 1
        and coalesce(bool_and((w.begins_at, w.begins_message_id) = (w.opened_at, w.first_message_id)), true) as continues
      from public.client_requests as w
      where w.chat_id = t.chat_id
        and w.topic_id = t.topic_id
        and w.closed_as is null
    ) as o
  );
end
$$;

create function private.said_in(stretches private.topic_stretch[])
returns private.said[]
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
/* What was asked and answered from where each stretch begins, for a caller who has not stored it just now. */
declare
  -- Known before the query starts, so that it opens only the partitions from there on.
  earliest constant timestamptz := (select min((s.since).at) from unnest(stretches) as s);
begin
  return array(
    select
      (
        m.chat_id, m.topic_id, m.telegram_date, m.message_id, m.answers,
        case when m.addressed_at is not null then (m.addressed_at, m.reply_to_message_id)::private.place end,
        m.user_id, m.classification
      )::private.said
    from unnest(stretches) as s
    join public.chat_messages as m
      on m.chat_id = s.chat_id
      and m.topic_id = s.topic_id
      and m.telegram_date >= (s.since).at
      and m.telegram_date >= earliest
      and (m.telegram_date, m.message_id) >= ((s.since).at, (s.since).message_id)
      and m.is_measured
      and (m.answers or m.classification in ('request', 'clarification'))
  );
end
$$;
grant execute on function private.said_in(private.topic_stretch[]) to service_role;

create function private.continue_windows(
  stretches private.topic_stretch[], said private.said[], out settled uuid[], out closed uuid[], out taken uuid[]
)
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
/* Adds to each line what was said after all else, with the open window in hand. Snapshots of policy and schedule are taken when
   a window opens (S8). Returns the windows that are other than before, those that are closed, and those that somebody may have in hand. */
begin
  with line as (
    select
      m.chat_id, m.topic_id, m.at, m.message_id, not m.answers as asks, m.reach, m.user_id, m.classification, null::uuid as carried
    from unnest(said) as m
    union all
    select s.chat_id, s.topic_id, (s.asked).at, (s.asked).message_id, true, null, null, null, s.carried
    from unnest(stretches) as s
    where s.carried is not null
  ),
  walked as (
    select
      l.*,
      private.waiting_after((l.at, l.message_id)::private.place, l.asks, null, not l.asks, l.reach) over (
        partition by l.chat_id, l.topic_id order by l.at, l.message_id rows between unbounded preceding and 1 preceding
      ) as waited
    from line as l
  ),
  waits as materialized (
    -- The questions of each wait, and the answer that ended it.
    select
      k.chat_id,
      k.topic_id,
      k.opened_at,
      k.first_message_id,
      (array_agg(k.carried) filter (where k.carried is not null))[1] as carried,
      count(*) filter (where k.asks and k.carried is null)::integer as questions,
      max(k.at) filter (where k.asks and k.carried is null) as last_at,
      (array_agg(k.message_id order by k.at desc, k.message_id desc) filter (where k.asks and k.carried is null))[1] as last_message_id,
      max(k.classification) filter (where k.message_id = k.first_message_id) as classification,
      max(k.at) filter (where not k.asks) as answered_at,
      max(k.message_id) filter (where not k.asks) as answer_id,
      (array_agg(k.user_id) filter (where not k.asks))[1] as answered_by
    from (
      select
        w.*,
        coalesce(((w.waited).since).at, w.at) as opened_at,
        coalesce(((w.waited).since).message_id, w.message_id) as first_message_id
      from walked as w
      where w.asks
        or (
          w.waited is not null
          and private.next_waiting(w.waited, (w.at, w.message_id)::private.place, false, null, true, w.reach) is null
        )
    ) as k
    group by k.chat_id, k.topic_id, k.opened_at, k.first_message_id
  ),
  fresh as materialized (
    select
      n.*,
      t.client_id, t.assigned_accountant_id, t.policy_id, t.policy_version, t.schedule_id, t.schedule_version, t.target_minutes,
      t.warn_percent,
      d.warn_at, d.due_at
    from waits as n
    join private.chat_terms as t on t.chat_id = n.chat_id
    cross join lateral private.deadlines(t.schedule_id, n.opened_at, t.target_minutes, t.warn_percent) as d
    where n.carried is null
  ),
  opened as (
    insert into public.client_requests (
      chat_id, topic_id, client_id, assigned_accountant_id, first_message_id, last_message_id, message_count, classification,
      begins_at, begins_message_id, ends_at, ends_message_id, opened_at, last_message_at,
      policy_id, policy_version, schedule_id, schedule_version, target_minutes, warn_percent, warn_at, due_at, next_alert, next_alert_at,
      responded_at, responded_by, response_message_id, working_seconds, on_duty_id, closed_as, closed_at, closed_because
    )
    select
      f.chat_id, f.topic_id, f.client_id, f.assigned_accountant_id, f.first_message_id, f.last_message_id, f.questions, f.classification,
      f.opened_at, f.first_message_id, f.last_at, f.last_message_id, f.opened_at, f.last_at,
      f.policy_id, f.policy_version, f.schedule_id, f.schedule_version, f.target_minutes, f.warn_percent, f.warn_at, f.due_at,
      case when f.warn_at is not null then 'warning' end, f.warn_at,
      f.answered_at, f.answered_by, f.answer_id,
      case
        when f.answered_at is not null then extract(epoch from api.working_between(f.schedule_id, f.opened_at, f.answered_at))::bigint
      end,
      case when f.answered_at is not null then private.on_duty(f.assigned_accountant_id, least(f.answered_at, f.due_at)) end,
      case when f.answered_at is not null then private.answer_outcome(f.answered_at, f.due_at) end,
      f.answered_at,
      case when f.answered_at is not null then 'answered' end
    from fresh as f
    returning id, chat_id, opened_at, first_message_id, last_message_id, responded_at, responded_by, response_message_id, acknowledged_at
  ),
  continued as (
    update public.client_requests as w
    set
      last_message_id = coalesce(c.last_message_id, w.last_message_id),
      last_message_at = coalesce(c.last_at, w.last_message_at),
      ends_at = coalesce(c.last_at, w.ends_at),
      ends_message_id = coalesce(c.last_message_id, w.ends_message_id),
      message_count = w.message_count + c.questions,
      responded_at = c.answered_at,
      responded_by = c.answered_by,
      response_message_id = c.answer_id,
      working_seconds = case
        when c.answered_at is not null then extract(epoch from api.working_between(w.schedule_id, w.opened_at, c.answered_at))::bigint
      end,
      on_duty_id = case
        when c.answered_at is null or (w.breached_at is not null and c.answered_at > w.due_at) then w.on_duty_id
        else private.on_duty(w.assigned_accountant_id, least(c.answered_at, w.due_at))
      end,
      closed_as = case when c.answered_at is not null then private.answer_outcome(c.answered_at, w.due_at) end,
      closed_at = c.answered_at,
      closed_because = case when c.answered_at is not null then 'answered' end
    from waits as c
    where w.id = c.carried
      and (c.questions > 0 or c.answered_at is not null)
    returning
      w.id, w.chat_id, w.opened_at, w.first_message_id, w.last_message_id, w.responded_at, w.responded_by, w.response_message_id,
      w.acknowledged_at
  ),
  changed as (
    select * from opened
    union all
    select * from continued
  ),
  ledger as (
    insert into public.request_events (request_id, kind, happened_at, actor_id, message_id)
    select o.id, 'opened', o.opened_at, null, o.first_message_id
    from opened as o
    union all
    select c.id, 'answered', c.responded_at, c.responded_by, c.response_message_id
    from changed as c
    where c.responded_at is not null
  )
  select
    array_agg(c.id),
    array_agg(c.id) filter (where c.responded_at is not null),
    array_agg(c.id) filter (
      where c.acknowledged_at is not null
        or exists (
          select
          from public.message_reactions as r
          where r.chat_id = c.chat_id
            and r.message_id between c.first_message_id and c.last_message_id
        )
    )
  from changed as c
  into settled, closed, taken;
end
$$;
grant execute on function private.continue_windows(private.topic_stretch[], private.said[]) to service_role;

create function private.settle_windows(touched private.touched_topic[], said private.said[] default null)
returns void
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
/* Brings client_requests in line with the messages of the touched topics. Whoever has just stored these hands over what counts of them. */
declare
  continuing private.topic_stretch[] := private.stretches_of(touched);
  others constant private.topic_stretch[] := array(select s from unnest(continuing) as s where not s.continues);
  at_hand private.said[] := said;
  settled uuid[];
  closed uuid[];
  taken uuid[];
  replayed record;
begin
  if cardinality(others) > 0 then
    continuing := array(select s from unnest(continuing) as s where s.continues);
  end if;
  if at_hand is null then
    at_hand := private.said_in(continuing);
  elsif cardinality(continuing) is distinct from cardinality(touched) then
    at_hand := array(
      select m
      from unnest(at_hand) as m
      join unnest(continuing) as s on s.chat_id = m.chat_id and s.topic_id = m.topic_id
    );
  end if;
  if cardinality(at_hand) > 0 then
    select c.settled, c.closed, c.taken
    from private.continue_windows(continuing, at_hand) as c
    into settled, closed, taken;
  end if;
  if taken is not null then
    perform private.settle_acknowledgements(taken);
  end if;

  if cardinality(others) > 0 then
    replayed := private.replay_windows(others);
    settled := settled || replayed.settled;
    closed := closed || replayed.closed;
  end if;
  if settled is null and closed is null then
    return;
  end if;
  -- Of most nobody was told. Statements of their own: a sweep that held a window until now may have raised an alert which those above
  -- cannot see.
  if exists (select from public.sla_alerts as a where a.request_id = any (closed)) then
    perform private.resolve_alerts(closed);
  end if;
  if exists (select from public.notices as n where n.request_id = any (settled || closed)) then
    perform private.revise_messages(settled || closed);
  end if;
end
$$;
grant execute on function private.settle_windows(private.touched_topic[], private.said[]) to service_role;

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
  said private.said[];
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
