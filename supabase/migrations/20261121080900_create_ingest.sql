-- Intake: messages in, waiting windows out. Windows are a function of the messages, so any order of arrival ends the same (S9).
set lock_timeout = '5s';

create type private.topic_stretch as (chat_id bigint, topic_id bigint, since timestamptz);
comment on type private.topic_stretch is 'A chat''s topic from an instant on.';

create function private.why_unstorable(record jsonb)
returns text
language sql
immutable
set search_path = ''
as $$
/* The fields of an intake record that are missing or malformed, comma-separated; null when it can be stored. */
  select case
    when jsonb_typeof(record) <> 'object' then 'not a record'
    else (
      select string_agg(f.name, ', ' order by f.name)
      from (
        values
          ('update_id', '^[0-9]{1,18}$', true),
          ('chat_id', '^-?[1-9][0-9]{0,17}$', true),
          ('message_id', '^[1-9][0-9]{0,17}$', true),
          ('topic_id', '^[0-9]{1,18}$', false),
          ('user_id', '^-?[1-9][0-9]{0,17}$', false),
          ('reply_to', '^[1-9][0-9]{0,17}$', false),
          -- From Telegram's first year to 2099.
          ('date', '^(13[89]|1[4-9]\d|[23]\d\d|40\d)[0-9]{7}$', true),
          ('is_bot', '^(true|false)$', true),
          ('chat_type', '^(private|group|supergroup|channel)$', true),
          (
            'kind',
            '^(text|command|photo|document|voice|video|video_note|audio|animation|sticker|contact|location|poll|service|other)$',
            true
          ),
          ('classification', '^(request|clarification|gratitude|spam)$', false)
      ) as f (name, pattern, required)
      where (f.required and record ->> f.name is null)
        or record ->> f.name !~ f.pattern
    )
  end
$$;

create function private.intake_records(updates jsonb)
returns table (
  update_id bigint,
  chat_id bigint,
  chat_type text,
  chat_name text,
  topic_id bigint,
  message_id bigint,
  date bigint,
  user_id bigint,
  author_name text,
  is_bot boolean,
  kind text,
  text text,
  caption text,
  media_file_id text,
  reply_to bigint,
  classification text
)
language sql
immutable
set search_path = ''
as $$
/* The storable records of a batch, one row each. */
  select r.*
  from jsonb_array_elements(updates) as u (record)
  cross join lateral jsonb_to_record(u.record) as r (
    update_id bigint, chat_id bigint, chat_type text, chat_name text, topic_id bigint, message_id bigint, date bigint,
    user_id bigint, author_name text, is_bot boolean, kind text, text text, caption text, media_file_id text, reply_to bigint,
    classification text
  )
  where private.why_unstorable(u.record) is null
$$;

create function private.answer_outcome(responded_at timestamptz, due_at timestamptz)
returns text
language sql
immutable
set search_path = ''
as $$
/* Met or late: the one comparison (S7). Without a deadline nothing was measured; null without an answer. */
  select case
    when responded_at is null then null
    when due_at is null then 'voided'
    when responded_at <= due_at then 'met'
    else 'met_late'
  end
$$;

create function private.windows_of(stretches private.topic_stretch[])
returns table (
  chat_id bigint,
  topic_id bigint,
  first_message_id bigint,
  last_message_id bigint,
  message_count integer,
  classification text,
  opened_at timestamptz,
  last_message_at timestamptz,
  responded_at timestamptz,
  response_message_id bigint,
  responded_by uuid
)
language sql
stable
set search_path = ''
as $$
/* The waiting windows that the messages of some stretches amount to (S1–S4). Each answer of the firm ends a run of questions; every
   run that holds a question is a window. Order is Telegram's date, then message id. */
  with line as (
    select
      m.*,
      m.is_staff and not m.is_bot and m.kind not in ('service', 'command') and num_nonnulls(m.message_text, m.caption) > 0 as answers,
      m.classification in ('request', 'clarification') as asks
    from unnest(stretches) as s
    join public.chat_messages as m on m.chat_id = s.chat_id and m.topic_id = s.topic_id and m.telegram_date >= s.since
    where m.edit_version = 0
  ),
  numbered as (
    select
      l.*,
      count(*) filter (where l.answers) over (partition by l.chat_id, l.topic_id order by l.telegram_date, l.message_id) as answers_so_far
    from line as l
  ),
  runs as (
    select
      n.chat_id,
      n.topic_id,
      n.answers_so_far,
      (array_agg(n.message_id order by n.telegram_date, n.message_id))[1] as first_message_id,
      (array_agg(n.message_id order by n.telegram_date desc, n.message_id desc))[1] as last_message_id,
      (array_agg(n.classification order by n.telegram_date, n.message_id))[1] as classification,
      count(*)::integer as message_count,
      min(n.telegram_date) as opened_at,
      max(n.telegram_date) as last_message_at
    from numbered as n
    where n.asks
    group by n.chat_id, n.topic_id, n.answers_so_far
  )
  select
    r.chat_id, r.topic_id, r.first_message_id, r.last_message_id, r.message_count, r.classification, r.opened_at, r.last_message_at,
    a.telegram_date, a.message_id, u.id
  from runs as r
  left join numbered as a
    on a.chat_id = r.chat_id and a.topic_id = r.topic_id and a.answers and a.answers_so_far = r.answers_so_far + 1
  left join public.users as u on u.telegram_id = a.telegram_user_id
$$;

create function private.settle_windows(touched private.topic_stretch[])
returns void
language plpgsql
set search_path = ''
as $$
/* Brings client_requests in line with the messages of the touched topics: from the first window that the new messages can concern
   to the end. Snapshots of policy and schedule are taken when a window opens (S8). */
declare
  answered uuid[];
begin
  with topics as (
    select
      c.chat_id, t.topic_id, c.client_id, c.assigned_accountant_id,
      p.id as policy_id, p.version as policy_version, p.warn_percent, coalesce(c.sla_threshold_minutes, p.target_minutes) as target_minutes,
      s.id as schedule_id, s.version as schedule_version,
      least(t.since, (
        select min(w.opened_at)
        from public.client_requests as w
        where w.chat_id = t.chat_id
          and w.topic_id = t.topic_id
          and (w.closed_as is null or w.responded_at >= t.since)
      )) as since
    from unnest(touched) as t
    join public.chats as c on c.chat_id = t.chat_id and c.monitoring_enabled
    cross join public.settings as f
    join public.sla_policies as p on p.id = coalesce(c.policy_id, f.default_policy_id)
    join public.working_schedules as s on s.id = coalesce(c.schedule_id, f.default_schedule_id)
  ),
  wanted as (
    select
      d.*,
      w.id as window_id,
      coalesce(w.message_count, 0) as known_messages,
      w.response_message_id as known_answer,
      t.client_id, t.assigned_accountant_id, t.policy_id, t.policy_version, t.schedule_version,
      k.schedule_id, k.target_minutes, k.warn_percent,
      -- What neither opening nor answer moved stays as it was measured, whatever became of the calendar since (S8).
      case
        when w.opened_at = d.opened_at then w.due_at
        else api.add_working(k.schedule_id, d.opened_at, make_interval(secs => k.target_minutes * 60))
      end as due_at,
      case
        when w.opened_at = d.opened_at then w.warn_at
        else api.add_working(k.schedule_id, d.opened_at, make_interval(secs => k.target_minutes * 60 * k.warn_percent / 100.0))
      end as warn_at,
      case
        when w.opened_at = d.opened_at and w.response_message_id = d.response_message_id then w.working_seconds
        else extract(epoch from api.working_between(k.schedule_id, d.opened_at, d.responded_at))::bigint
      end as working_seconds
    from (select array_agg((t.chat_id, t.topic_id, t.since)::private.topic_stretch) as stretches from topics as t) as all_topics
    cross join lateral private.windows_of(all_topics.stretches) as d
    join topics as t on t.chat_id = d.chat_id and t.topic_id = d.topic_id
    left join lateral (
      select w.*
      from public.client_requests as w
      where w.chat_id = d.chat_id
        and w.topic_id = d.topic_id
        and w.opened_at between d.opened_at and d.last_message_at
        -- By message and not by date alone: a second holds a question, its answer and the next question.
        and (w.opened_at, w.first_message_id) >= (d.opened_at, d.first_message_id)
        and (w.opened_at, w.first_message_id) <= (d.last_message_at, d.last_message_id)
      order by w.opened_at, w.first_message_id
      limit 1
    ) as w on true
    cross join lateral (
      select
        coalesce(w.schedule_id, t.schedule_id) as schedule_id,
        coalesce(w.target_minutes, t.target_minutes) as target_minutes,
        coalesce(w.warn_percent, t.warn_percent) as warn_percent
    ) as k
  ),
  settled as (
    merge into public.client_requests as w
    using wanted as d on w.id = d.window_id
    when matched
      and (w.first_message_id, w.last_message_id, w.message_count, w.response_message_id)
        is distinct from (d.first_message_id, d.last_message_id, d.message_count, d.response_message_id)
    then update set
      first_message_id = d.first_message_id,
      last_message_id = d.last_message_id,
      message_count = d.message_count,
      classification = d.classification,
      opened_at = d.opened_at,
      last_message_at = d.last_message_at,
      warn_at = d.warn_at,
      due_at = d.due_at,
      responded_at = d.responded_at,
      responded_by = d.responded_by,
      response_message_id = d.response_message_id,
      working_seconds = d.working_seconds,
      closed_as = private.answer_outcome(d.responded_at, d.due_at)
    when not matched then insert (
      chat_id, topic_id, client_id, assigned_accountant_id, first_message_id, last_message_id, message_count, classification,
      opened_at, last_message_at, policy_id, policy_version, schedule_id, schedule_version, target_minutes, warn_percent,
      warn_at, due_at, responded_at, responded_by, response_message_id, working_seconds, closed_as
    )
    values (
      d.chat_id, d.topic_id, d.client_id, d.assigned_accountant_id, d.first_message_id, d.last_message_id, d.message_count,
      d.classification, d.opened_at, d.last_message_at, d.policy_id, d.policy_version, d.schedule_id, d.schedule_version,
      d.target_minutes, d.warn_percent, d.warn_at, d.due_at, d.responded_at, d.responded_by, d.response_message_id,
      d.working_seconds, private.answer_outcome(d.responded_at, d.due_at)
    )
    returning w.*, d.known_messages, d.known_answer
  ),
  ledger as (
    insert into public.request_events (request_id, kind, happened_at, actor_id, message_id)
    select s.id, e.kind, e.happened_at, e.actor_id, e.message_id
    from settled as s
    cross join lateral (
      values
        ('opened', s.opened_at, null::uuid, s.first_message_id, s.known_messages = 0),
        ('attached', s.last_message_at, null, s.last_message_id, s.message_count > greatest(s.known_messages, 1)),
        ('answered', s.responded_at, s.responded_by, s.response_message_id, s.response_message_id is distinct from s.known_answer)
    ) as e (kind, happened_at, actor_id, message_id, is_new)
    where e.is_new
      and e.happened_at is not null
  )
  select array_agg(s.id)
  from settled as s
  where s.closed_as is not null
  into answered;

  -- A statement of its own: a sweep that held a window until now may have raised an alert which the statement above cannot see.
  perform private.resolve_alerts(answered);
end
$$;

create function private.resolve_alerts(answered uuid[])
returns void
language sql
set search_path = ''
as $$
/* Alerts of answered windows need nobody any more; one whose window turns out to have been met was raised for nothing (S9). What
   was not sent yet is not sent; what is being sent just now may still be recorded as sent. */
  update public.sla_alerts as a
  set
    resolved_at = now(),
    resolved_by = w.responded_by,
    resolution = case when w.closed_as = 'met' then 'voided' else 'answered' end
  from public.client_requests as w
  where w.id = a.request_id
    and w.id = any (answered)
    and (a.resolved_at is null or (w.closed_as = 'met' and a.resolution in ('answered', 'acknowledged')));

  update public.outbox as o
  set status = 'cancelled'
  from public.sla_alerts as a
  where a.request_id = any (answered)
    and o.subject_id = a.id
    and o.kind = 'sla_alert'
    and o.status in ('pending', 'sending')
$$;

create function api.ingest(updates jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
/* Stores a batch of intake records and settles the windows they concern; repeating a batch changes nothing. Returns one
   {update_id, outcome} per record in the order given; outcome is recorded, duplicate or rejected. */
declare
  recorded bigint[];
  touched private.topic_stretch[];
begin
  if jsonb_typeof(updates) is distinct from 'array' then
    raise exception 'updates_are_not_a_list' using errcode = 'PT400';
  end if;

  insert into public.intake_rejects (record, reason)
  select case when jsonb_typeof(u.record) = 'object' then u.record - array['text', 'caption'] else 'null' end, w.reason
  from jsonb_array_elements(updates) as u (record)
  cross join lateral private.why_unstorable(u.record) as w (reason)
  where w.reason is not null;

  -- In one order, or concurrent batches deadlock.
  perform pg_advisory_xact_lock(c.chat_id)
  from (select distinct r.chat_id from private.intake_records(updates) as r order by r.chat_id) as c;

  insert into public.chats as c (chat_id, type, chat_name)
  select distinct on (r.chat_id) r.chat_id, r.chat_type, coalesce(nullif(r.chat_name, ''), 'Без названия')
  from private.intake_records(updates) as r
  order by r.chat_id, r.date desc, r.message_id desc
  on conflict (chat_id) do update set
    type = excluded.type,
    chat_name = excluded.chat_name
  where (c.type, c.chat_name) is distinct from (excluded.type, excluded.chat_name);

  with stored as (
    insert into public.chat_messages (
      chat_id, message_id, update_id, topic_id, telegram_user_id, author_name, is_staff, is_bot, kind, message_text, caption,
      media_file_id, reply_to_message_id, telegram_date, classification
    )
    select
      r.chat_id, r.message_id, r.update_id, coalesce(r.topic_id, 0), r.user_id, r.author_name, u.id is not null, r.is_bot, r.kind,
      r.text, r.caption, r.media_file_id, r.reply_to, to_timestamp(r.date),
      case when u.id is null and not r.is_bot and r.kind not in ('service', 'command') then coalesce(r.classification, 'request') end
    from private.intake_records(updates) as r
    left join public.users as u on u.telegram_id = r.user_id and u.active
    on conflict do nothing
    returning update_id, chat_id, topic_id, telegram_date
  ),
  stretches as (
    select (s.chat_id, s.topic_id, min(s.telegram_date))::private.topic_stretch as stretch, array_agg(s.update_id) as ids
    from stored as s
    group by s.chat_id, s.topic_id
  )
  select array_agg(s.stretch), (select array_agg(i) from stretches as x, unnest(x.ids) as i)
  from stretches as s
  into touched, recorded;

  perform private.settle_windows(touched);

  return (
    select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'update_id', u.record -> 'update_id',
          'outcome', case
            when private.why_unstorable(u.record) is not null then 'rejected'
            when (u.record ->> 'update_id')::bigint <> all (coalesce(recorded, '{}')) then 'duplicate'
            when u.nth > 1 then 'duplicate'
            else 'recorded'
          end
        )
        order by u.position
      ),
      '[]'
    )
    from (
      select x.record, x.position, row_number() over (partition by x.record -> 'update_id' order by x.position) as nth
      from jsonb_array_elements(updates) with ordinality as x (record, position)
    ) as u
  );
end
$$;

grant usage on type private.topic_stretch to service_role;
grant execute on function
  private.why_unstorable(jsonb),
  private.intake_records(jsonb),
  private.answer_outcome(timestamptz, timestamptz),
  private.windows_of(private.topic_stretch[]),
  private.settle_windows(private.topic_stretch[]),
  private.resolve_alerts(uuid[]),
  api.ingest(jsonb)
to service_role;
