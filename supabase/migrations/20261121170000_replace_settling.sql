-- Most messages continue their topic: for them windows are written narrowly, and only what comes late or was edited is merged by replay.
set lock_timeout = '5s';

-- Only settle_windows called it.
-- squawk-ignore ban-drop-function
drop function private.continued_windows(private.topic_stretch[]);

-- A type of variables only: no table has a column of it, and all functions that read it are below.
-- squawk-ignore renaming-column
alter type private.topic_stretch rename attribute alone to continues;
comment on type private.topic_stretch is
  'A topic from a place to its latest message, the window that is open there, whether there are several, and whether all there is new.';

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
        o.chat_id,
        o.topic_id,
        case
          when o.continues then o.since
          else least(
            o.since,
            (o.first, 0)::private.place,
            (
              select (min(w.begins_at), 0)::private.place
              from public.client_requests as w
              where w.chat_id = o.chat_id
                and w.topic_id = o.topic_id
                and w.closed_at >= (o.since).at
            )
          )
        end,
        k.last_message_at,
        case when o.continues then o.id end,
        o.windows > 1,
        o.continues
      )::private.topic_stretch
    )
    from (
      select
        t.chat_id,
        t.topic_id,
        t.since,
        count(w.id) as windows,
        (array_agg(w.id))[1] as id,
        min(w.begins_at) as first,
        t.continues
        and count(w.id) <= 1
        and coalesce(bool_and((w.begins_at, w.begins_message_id) = (w.opened_at, w.first_message_id)), true) as continues
      from unnest(touched) as t
      join public.chats as c on c.chat_id = t.chat_id and c.monitoring_enabled
      left join public.client_requests as w on w.chat_id = t.chat_id and w.topic_id = t.topic_id and w.closed_as is null
      group by t.chat_id, t.topic_id, t.since, t.continues
    ) as o
    join public.chat_topics as k on k.chat_id = o.chat_id and k.topic_id = o.topic_id
  );
end
$$;

create function private.deadlines(
  schedule_id uuid, since timestamptz, target_minutes integer, warn_percent integer, out warn_at timestamptz, out due_at timestamptz
)
language plpgsql
stable
set search_path = ''
as $$
/* When somebody is warned, and when the target is used up (S7). What is left after the warning is counted from there on: to the same end,
   and mostly within the period of work where the clock already is. */
declare
  target constant numeric := target_minutes * 60;
  share constant numeric := target * warn_percent / 100;
begin
  warn_at := api.add_working(schedule_id, since, make_interval(secs => share));
  due_at := api.add_working(schedule_id, warn_at, make_interval(secs => target - share));
end
$$;
grant execute on function private.deadlines(uuid, timestamptz, integer, integer) to service_role;

create function private.continue_windows(stretches private.topic_stretch[], out settled uuid[], out closed uuid[], out taken uuid[])
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
/* Adds to each line the messages that come after all others, with the open window in hand. Snapshots of policy and schedule are taken when
   a window opens (S8). Returns the windows that are other than before, those that are closed, and those that somebody may have in hand. */
declare
  -- Known before the query starts, so that it opens only the partitions between them.
  earliest constant timestamptz := (select min((s.since).at) from unnest(stretches) as s);
  latest constant timestamptz := (select max(s.until) from unnest(stretches) as s);
begin
  if earliest is null then
    return;
  end if;

  with line as (
    select
      m.chat_id,
      m.topic_id,
      m.telegram_date as at,
      m.message_id,
      not m.answers as asks,
      case when m.addressed_at is not null then (m.addressed_at, m.reply_to_message_id)::private.place end as reach,
      m.user_id,
      m.classification,
      null::uuid as carried
    from unnest(stretches) as s
    join public.chat_messages as m
      on m.chat_id = s.chat_id
      and m.topic_id = s.topic_id
      and m.telegram_date between (s.since).at and s.until
      and m.telegram_date between earliest and latest
      and (m.telegram_date, m.message_id) >= ((s.since).at, (s.since).message_id)
      and m.is_measured
      and (m.answers or m.classification in ('request', 'clarification'))
    union all
    select w.chat_id, w.topic_id, w.opened_at, w.first_message_id, true, null, null, null, w.id
    from unnest(stretches) as s
    join public.client_requests as w on w.id = s.carried
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
grant execute on function private.continue_windows(private.topic_stretch[]) to service_role;

create function private.replay_windows(stretches private.topic_stretch[], out settled uuid[], out closed uuid[])
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
/* Brings windows in line with messages that came late, were edited or met several windows: their stretches are walked again. What neither
   opening nor answer moved stays as it was measured, whatever became of the calendar since. Returns the windows that are other than
   before, and those that are closed. */
declare
  unmoved public.client_requests[];
  reopened uuid[];
begin
  with derived as materialized (
    select
      d.*,
      w.id as window_id,
      coalesce(w.message_count, 0) as known_messages,
      w.response_message_id as known_answer,
      w.closed_as as known_closure,
      t.client_id, t.assigned_accountant_id, t.policy_id, t.policy_version, t.schedule_version,
      k.schedule_id, k.target_minutes, k.warn_percent,
      case
        when w.opened_at = d.opened_at then w.due_at
        when k.is_past then private.add_in_version(w.schedule_id, w.schedule_version, d.opened_at, k.target_minutes * 60.0)
        else api.add_working(k.schedule_id, d.opened_at, make_interval(secs => k.target_minutes * 60))
      end as due_at,
      case
        when w.opened_at = d.opened_at then w.warn_at
        when k.is_past
        then private.add_in_version(w.schedule_id, w.schedule_version, d.opened_at, k.target_minutes * 60 * k.warn_percent / 100.0)
        else api.add_working(k.schedule_id, d.opened_at, make_interval(secs => k.target_minutes * 60 * k.warn_percent / 100.0))
      end as warn_at,
      case
        when w.opened_at = d.opened_at and w.response_message_id = d.response_message_id then w.working_seconds
        when k.is_past and d.responded_at is not null
        then private.worked_in_version(w.schedule_id, w.schedule_version, d.opened_at, d.responded_at)
        when d.responded_at is not null
        then extract(epoch from api.working_between(k.schedule_id, d.opened_at, d.responded_at))::bigint
      end as working_seconds
    from private.windows_of(stretches) as d
    join private.chat_terms as t on t.chat_id = d.chat_id
    left join lateral (
      select w.*
      from public.client_requests as w
      where w.id = d.carried
      union all
      (
        select w.*
        from public.client_requests as w
        where d.carried is null
          and w.chat_id = d.chat_id
          and w.topic_id = d.topic_id
          -- By message: a second holds several, and one that asks by an edit has moved.
          and w.first_message_id = any (d.members)
          and w.opened_at between (d.begins).at and (d.ends).at + interval '48 hours'
          and coalesce(w.closed_because, 'open') not in ('no_answer_needed', 'monitoring_off', 'bot_removed', 'chat_deleted')
        order by w.opened_at, w.first_message_id
        limit 1
      )
    ) as w on true
    cross join lateral (
      select
        coalesce(w.schedule_id, t.schedule_id) as schedule_id,
        coalesce(w.target_minutes, t.target_minutes) as target_minutes,
        coalesce(w.warn_percent, t.warn_percent) as warn_percent,
        -- What is closed stays measured by the calendar it was closed under, also when a late update moves its opening or its answer.
        w.closed_as is not null and private.is_past_version(w.schedule_id, w.schedule_version) as is_past
    ) as k
  ),
  wanted as (
    select
      d.*,
      coalesce(d.withdrawn_at, d.responded_at) as closed_at,
      case when d.withdrawn_at is not null then 'edited' when d.responded_at is not null then 'answered' end as closed_because,
      case
        when d.withdrawn_at is not null then 'excused'
        when d.responded_at is not null then private.answer_outcome(d.responded_at, d.due_at)
      end as closed_as
    from derived as d
  ),
  swallowed as (
    -- A late question may join what an edit had ended with what came after it: one window then, and not two.
    delete from public.client_requests as x
    using derived as d, public.client_requests as w
    where w.id = d.window_id
      and d.carried is null
      and x.chat_id = d.chat_id
      and x.topic_id = d.topic_id
      and x.first_message_id = any (d.members)
      and x.opened_at between (d.begins).at and (d.ends).at + interval '48 hours'
      and x.id <> w.id
      and 'edited' in (x.closed_because, w.closed_because)
  ),
  merged as (
    merge into public.client_requests as w
    using wanted as d on w.id = d.window_id
    when matched
      and (
        w.begins_at, w.begins_message_id, w.ends_at, w.ends_message_id, w.opened_at, w.first_message_id, w.last_message_id,
        w.message_count, w.response_message_id, w.closed_at
      )
        is distinct from (
          (d.begins).at, (d.begins).message_id, (d.ends).at, (d.ends).message_id, d.opened_at, d.first_message_id, d.last_message_id,
          d.message_count, d.response_message_id, d.closed_at
        )
    then update set
      first_message_id = d.first_message_id,
      last_message_id = d.last_message_id,
      message_count = d.message_count,
      classification = d.classification,
      begins_at = (d.begins).at,
      begins_message_id = (d.begins).message_id,
      ends_at = (d.ends).at,
      ends_message_id = (d.ends).message_id,
      opened_at = d.opened_at,
      last_message_at = d.last_message_at,
      warn_at = d.warn_at,
      due_at = d.due_at,
      responded_at = d.responded_at,
      responded_by = d.responded_by,
      response_message_id = d.response_message_id,
      working_seconds = d.working_seconds,
      on_duty_id = case
        when w.breached_at is not null and w.due_at = d.due_at and not coalesce(d.responded_at <= d.due_at, false) then w.on_duty_id
        when d.responded_at is not null then private.on_duty(w.assigned_accountant_id, least(d.responded_at, d.due_at))
        when w.breached_at is not null then w.on_duty_id
      end,
      closed_as = d.closed_as,
      closed_at = d.closed_at,
      closed_because = d.closed_because
    when not matched then insert (
      chat_id, topic_id, client_id, assigned_accountant_id, on_duty_id, first_message_id, last_message_id, message_count, classification,
      begins_at, begins_message_id, ends_at, ends_message_id, opened_at, last_message_at, policy_id, policy_version, schedule_id,
      schedule_version, target_minutes, warn_percent, warn_at, due_at, responded_at, responded_by, response_message_id, working_seconds,
      closed_as, closed_at, closed_because, next_alert, next_alert_at
    )
    values (
      d.chat_id, d.topic_id, d.client_id, d.assigned_accountant_id,
      case when d.responded_at is not null then private.on_duty(d.assigned_accountant_id, least(d.responded_at, d.due_at)) end,
      d.first_message_id, d.last_message_id, d.message_count,
      d.classification, (d.begins).at, (d.begins).message_id, (d.ends).at, (d.ends).message_id, d.opened_at, d.last_message_at,
      d.policy_id, d.policy_version, d.schedule_id, d.schedule_version, d.target_minutes, d.warn_percent, d.warn_at, d.due_at,
      d.responded_at, d.responded_by, d.response_message_id, d.working_seconds, d.closed_as, d.closed_at, d.closed_because,
      case when d.warn_at is not null then 'warning' end,
      d.warn_at
    )
    returning
      w.id, w.opened_at, w.first_message_id, w.last_message_id, w.last_message_at, w.responded_at, w.responded_by, w.response_message_id,
      w.closed_as, w.closed_at, w.closed_because, d.known_messages, d.known_answer, d.known_closure
  ),
  ledger as (
    insert into public.request_events (request_id, kind, happened_at, actor_id, message_id)
    select m.id, e.kind, e.happened_at, e.actor_id, e.message_id
    from merged as m
    cross join lateral (
      values
        ('opened', m.opened_at, null::uuid, m.first_message_id, m.known_messages = 0),
        ('answered', m.responded_at, m.responded_by, m.response_message_id, m.response_message_id is distinct from m.known_answer),
        ('excused', m.closed_at, null, m.last_message_id, m.closed_because = 'edited' and m.known_closure is distinct from 'excused'),
        ('reopened', m.last_message_at, null, m.last_message_id, m.closed_as is null and m.known_closure is not null)
    ) as e (kind, happened_at, actor_id, message_id, is_new)
    where e.is_new
      and e.happened_at is not null
  )
  select
    array_agg(m.id),
    array_agg(m.id) filter (where m.closed_as is not null),
    array_agg(m.id) filter (where m.closed_as is null and m.known_closure is not null),
    array(
      select w
      from wanted as d
      join public.client_requests as w on w.id = d.window_id
      where not exists (select from merged as m where m.id = w.id)
    )
  from merged as m
  into settled, closed, reopened, unmoved;

  if reopened is not null then
    -- What opens again goes by the calendar of today, like everything that is open.
    perform private.reschedule(reopened, 'reopened');
  end if;

  if exists (select from unnest(stretches) as s where s.crowded) then
    closed := closed || private.answer_others(stretches);
  end if;
  perform private.settle_acknowledgements(settled || array(select u.id from unnest(unmoved) as u));
  -- What kept its figures may have lost the question that was in hand.
  settled := settled || array(
    select w.id
    from unnest(unmoved) as u
    join public.client_requests as w on w.id = u.id
    where (w.acknowledged_at, w.acknowledged_by) is distinct from (u.acknowledged_at, u.acknowledged_by)
  );
end
$$;
grant execute on function private.replay_windows(private.topic_stretch[]) to service_role;

create or replace function private.settle_windows(touched private.touched_topic[])
returns void
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
/* Brings client_requests in line with the messages of the touched topics. */
declare
  stretches constant private.topic_stretch[] := private.stretches_of(touched);
  settled uuid[];
  closed uuid[];
  taken uuid[];
  replayed record;
begin
  select c.settled, c.closed, c.taken
  from private.continue_windows(array(select s from unnest(stretches) as s where s.continues)) as c
  into settled, closed, taken;
  if taken is not null then
    perform private.settle_acknowledgements(taken);
  end if;

  if exists (select from unnest(stretches) as s where not s.continues) then
    replayed := private.replay_windows(array(select s from unnest(stretches) as s where not s.continues));
    settled := settled || replayed.settled;
    closed := closed || replayed.closed;
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
