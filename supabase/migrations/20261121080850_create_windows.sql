-- Waiting windows as a function of the messages (S1–S5, S9): the same rows in whatever order updates arrive.
--
-- A topic is a line of messages, ordered by Telegram's date and then by message id: a place on it. Along the line one thing is known:
-- since which place the client has been waiting. `private.next_waiting` says how a message changes that; everything else follows.
-- What continues the line is added to the open window; anything else replays the stretch that it can concern. Both use these functions.
--
-- They are plpgsql with one generic plan each, because planning a query over all partitions takes longer than running it; without
-- sequential scans, because a session may make that plan while the tables are still empty, and keep it while they grow.
set lock_timeout = '5s';

create type private.place as (at timestamptz, message_id bigint);
comment on type private.place is 'Position of a message on the line of its topic.';

create type private.touched_topic as (chat_id bigint, topic_id bigint, since private.place, continues boolean);
comment on type private.touched_topic is
  'A topic with new messages: the earliest of them, and whether all of them come after everything known before.';

create type private.topic_stretch as (
  chat_id bigint, topic_id bigint, since private.place, until timestamptz, carried uuid, crowded boolean
);
comment on type private.topic_stretch is 'A topic from a place to its latest message, the window that is open there, and whether there are several.';

create view private.chat_terms with (security_invoker = true) as
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
cross join public.settings as f
left join public.clients as k on k.id = c.client_id
left join public.sla_policies as of_tier on of_tier.tier = k.tier
join public.sla_policies as p on p.id = coalesce(c.policy_id, of_tier.id, f.default_policy_id)
join public.working_schedules as s
  on s.id = case
    when p.around_the_clock then f.around_the_clock_schedule_id
    else coalesce(c.schedule_id, f.default_schedule_id)
  end;
comment on view private.chat_terms is 'By what each chat is measured now: its own terms, else those of its client''s tier, else the firm''s (S8).';

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

create type private.waiting as (since private.place, until timestamptz);
comment on type private.waiting is 'Since which question the client has been waiting, and until when one of them stands: an edit may take it back.';

create function private.next_waiting(
  waiting private.waiting, at private.place, asks boolean, withdrawn_at timestamptz, answers boolean, reach private.place
)
returns private.waiting
language plpgsql
immutable
set search_path = ''
as $$
/* Since when the client has been waiting, after one more message: a question starts the wait where there is none (S1); an answer ends
   it, but a reply ends only what began at or before the message it addresses (S3). A wait ends as well when its last question is taken
   back. */
begin
  if waiting.until < at.at or (asks and waiting.until = at.at) then
    waiting := null;
  end if;
  if asks then
    return (coalesce(waiting.since, at), greatest(waiting.until, coalesce(withdrawn_at, 'infinity')))::private.waiting;
  end if;
  if answers and (reach is null or waiting.since <= reach) then
    return null;
  end if;
  return waiting;
end
$$;

create aggregate private.waiting_after(
  at private.place, asks boolean, withdrawn_at timestamptz, answers boolean, reach private.place
) (
  sfunc = private.next_waiting,
  stype = private.waiting
);

create function private.windows_of(stretches private.topic_stretch[])
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
/* The windows that the messages of some stretches amount to. A message asks if any of its versions did; one that no longer does when
   its window closes is not counted, and a window of which nothing is left was withdrawn. */
#variable_conflict use_column
begin
  return query
  with written as materialized (
    select m.*
    from unnest(stretches) as s
    cross join lateral (
      select
        m.chat_id, m.topic_id, m.telegram_date, m.message_id, m.edit_version, m.edited_at, m.update_id, m.answers, m.addressed_at,
        m.reply_to_message_id, m.user_id, m.classification, coalesce(m.classification in ('request', 'clarification'), false) as asks
      from public.chat_messages as m
      where m.chat_id = s.chat_id
        and m.topic_id = s.topic_id
        and m.telegram_date between (s.since).at and s.until
        and (m.telegram_date, m.message_id) >= ((s.since).at, (s.since).message_id)
        and m.is_measured
      order by m.telegram_date, m.message_id
    ) as m
  ),
  edited as (
    select
      v.chat_id,
      v.message_id,
      v.telegram_date,
      bool_or(v.answers) as answers,
      min(v.edited_at) filter (where v.asks) as asked_at,
      -- Since the first version after which it never asked again.
      min(v.edited_at) filter (where not v.asks_yet) as withdrawn_at
    from (
      select
        e.*,
        bool_or(e.asks) over (
          partition by e.chat_id, e.message_id, e.telegram_date
          order by e.edited_at, e.update_id rows between current row and unbounded following
        ) as asks_yet
      from written as e
      where e.edit_version > 0
    ) as v
    group by v.chat_id, v.message_id, v.telegram_date
  ),
  line as (
    select
      o.chat_id,
      o.topic_id,
      -- A question that an edit put under an answer already given, or into what was closed for good, is asked when it is edited, or
      -- nobody would ever see it.
      case
        when o.asks or e.asked_at is null or not (
          exists (
            select
            from written as a
            where a.chat_id = o.chat_id
              and a.topic_id = o.topic_id
              and a.answers
              and (a.telegram_date, a.message_id) > (o.telegram_date, o.message_id)
              and a.telegram_date <= e.asked_at
          )
          or exists (
            select
            from public.client_requests as g
            where g.chat_id = o.chat_id
              and g.topic_id = o.topic_id
              and g.closed_because in ('no_answer_needed', 'monitoring_off', 'bot_removed', 'chat_deleted')
              and g.closed_at > o.telegram_date
              and g.closed_at <= e.asked_at
          )
        )
        then (o.telegram_date, o.message_id)::private.place
        else (e.asked_at, o.message_id)::private.place
      end as at,
      o.asks or e.asked_at is not null as asks,
      o.answers or coalesce(e.answers, false) as answers,
      case when o.addressed_at is not null then (o.addressed_at, o.reply_to_message_id)::private.place end as reach,
      case when o.asks or e.asked_at is not null then e.withdrawn_at end as withdrawn_at,
      o.user_id,
      case when o.asks then o.classification else 'request' end as classification,
      1 as messages,
      (o.telegram_date, o.message_id)::private.place as last,
      (o.telegram_date, o.message_id)::private.place as begins,
      (o.telegram_date, o.message_id)::private.place as ends,
      null::uuid as carried,
      false as for_good
    from written as o
    left join edited as e on e.chat_id = o.chat_id and e.message_id = o.message_id and e.telegram_date = o.telegram_date
    where o.edit_version = 0
      and (o.asks or o.answers or e.chat_id is not null)
    union all
    select
      w.chat_id, w.topic_id, (w.opened_at, w.first_message_id)::private.place, true, false, null, null, null, w.classification,
      w.message_count, (w.last_message_at, w.last_message_id)::private.place,
      (w.begins_at, w.begins_message_id)::private.place, (w.ends_at, w.ends_message_id)::private.place, w.id, false
    from unnest(stretches) as s
    join public.client_requests as w on w.id = s.carried
    union all
    -- What a person or a switch has closed stays closed, with every question up to its last message.
    select
      w.chat_id, w.topic_id, (w.ends_at, w.ends_message_id)::private.place, false, true, null, null, null, null, 0, null, null, null, null,
      true
    from unnest(stretches) as s
    join public.client_requests as w on w.chat_id = s.chat_id and w.topic_id = s.topic_id
    where w.closed_because in ('no_answer_needed', 'monitoring_off', 'bot_removed', 'chat_deleted')
      and w.ends_at >= (s.since).at
  ),
  walked as (
    select
      l.*,
      private.waiting_after(l.at, l.asks, l.withdrawn_at, l.answers, l.reach) over (
        partition by l.chat_id, l.topic_id order by l.at, l.for_good rows between unbounded preceding and current row
      ) as waiting
    from line as l
  ),
  steps as (
    select
      k.*,
      (k.waiting).since as waiting_since,
      lag(k.waiting) over (partition by k.chat_id, k.topic_id order by k.at, k.for_good) as waited
    from walked as k
  ),
  answers as (
    select a.chat_id, a.topic_id, (a.waited).since as run, a.at, a.user_id, a.for_good
    from steps as a
    where a.answers
      and a.waiting_since is null
      and (a.waited).until >= (a.at).at
  ),
  asked as (
    select q.*, q.withdrawn_at is null or coalesce((a.at).at <= q.withdrawn_at, false) as counts, a.at as answered, a.user_id as answered_by
    from steps as q
    left join answers as a on a.chat_id = q.chat_id and a.topic_id = q.topic_id and a.run = q.waiting_since
    where q.asks
      and a.for_good is not true
  ),
  runs as (
    select
      q.chat_id,
      q.topic_id,
      (array_agg(q.carried) filter (where q.carried is not null))[1] as carried,
      array_agg((q.last).message_id) as members,
      (array_agg(q.begins order by q.begins))[1] as begins,
      (array_agg(q.ends order by q.ends desc))[1] as ends,
      coalesce((array_agg(q.at order by q.at) filter (where q.counts))[1], q.waiting_since) as opened,
      coalesce(
        (array_agg(q.last order by q.last desc) filter (where q.counts))[1],
        (array_agg(q.last order by q.last desc))[1]
      ) as last,
      coalesce(sum(q.messages) filter (where q.counts), sum(q.messages))::integer as message_count,
      coalesce(
        (array_agg(q.classification order by q.at) filter (where q.counts))[1],
        (array_agg(q.classification order by q.at))[1]
      ) as classification,
      q.answered,
      q.answered_by,
      case when not bool_or(q.counts) then max(q.withdrawn_at) end as withdrawn_at
    from asked as q
    group by q.chat_id, q.topic_id, q.waiting_since, q.answered, q.answered_by
  )
  select
    r.chat_id,
    r.topic_id,
    r.carried,
    r.members,
    r.begins,
    r.ends,
    (r.opened).message_id,
    (r.last).message_id,
    r.message_count,
    r.classification,
    (r.opened).at,
    greatest((r.last).at, (r.opened).at),
    case when r.withdrawn_at is null then (r.answered).at end,
    case when r.withdrawn_at is null then (r.answered).message_id end,
    case when r.withdrawn_at is null then r.answered_by end,
    r.withdrawn_at
  from runs as r;
end
$$;

create function private.stretches_of(touched private.touched_topic[])
returns private.topic_stretch[]
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* From where each touched topic has to be looked at. What continues a topic with at most one open window, of which nothing was taken back,
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
        o.windows > 1
      )::private.topic_stretch
    )
    from unnest(touched) as t
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

create function private.settle_windows(touched private.touched_topic[])
returns void
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* Brings client_requests in line with the messages of the touched topics. Snapshots of policy and schedule are taken when a window
   opens (S8); what neither opening nor answer moved stays as it was measured, whatever became of the calendar since. */
declare
  stretches constant private.topic_stretch[] := private.stretches_of(touched);
  settled uuid[];
  closed uuid[];
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
        or (
          d.carried is null
          and w.chat_id = d.chat_id
          and w.topic_id = d.topic_id
          -- By message: a second holds several, and one that asks by an edit has moved.
          and w.first_message_id = any (d.members)
          and w.opened_at between (d.begins).at and (d.ends).at + interval '48 hours'
          and coalesce(w.closed_because, 'open') not in ('no_answer_needed', 'monitoring_off', 'bot_removed', 'chat_deleted')
        )
      order by w.opened_at, w.first_message_id
      limit 1
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
      case when d.withdrawn_at is not null then 'excused' else private.answer_outcome(d.responded_at, d.due_at) end as closed_as
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
        when w.breached_at is not null and not coalesce(d.responded_at <= d.due_at, false) then w.on_duty_id
        when d.responded_at is not null then private.on_duty(w.assigned_accountant_id, least(d.responded_at, d.due_at))
      end,
      closed_as = d.closed_as,
      closed_at = d.closed_at,
      closed_because = d.closed_because
    when not matched then insert (
      chat_id, topic_id, client_id, assigned_accountant_id, on_duty_id, first_message_id, last_message_id, message_count, classification,
      begins_at, begins_message_id, ends_at, ends_message_id, opened_at, last_message_at, policy_id, policy_version, schedule_id, schedule_version, target_minutes, warn_percent,
      warn_at, due_at, responded_at, responded_by, response_message_id, working_seconds, closed_as, closed_at, closed_because,
      next_alert, next_alert_at
    )
    values (
      d.chat_id, d.topic_id, d.client_id, d.assigned_accountant_id,
      case when d.responded_at is not null then private.on_duty(d.assigned_accountant_id, least(d.responded_at, d.due_at)) end,
      d.first_message_id, d.last_message_id, d.message_count,
      d.classification, (d.begins).at, (d.begins).message_id, (d.ends).at, (d.ends).message_id, d.opened_at, d.last_message_at, d.policy_id, d.policy_version, d.schedule_id, d.schedule_version,
      d.target_minutes, d.warn_percent, d.warn_at, d.due_at, d.responded_at, d.responded_by, d.response_message_id,
      d.working_seconds, d.closed_as, d.closed_at, d.closed_because,
      case when d.warn_at is not null then 'warning' end,
      d.warn_at
    )
    returning w.*, d.known_messages, d.known_answer, d.known_closure
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
    array_agg(m.id) filter (where m.closed_as is null and m.known_closure is not null)
  from merged as m
  into settled, closed, reopened;

  if reopened is not null then
    -- What opens again goes by the calendar of today, like everything that is open.
    perform private.reschedule(reopened, 'reopened');
  end if;

  if exists (select from unnest(stretches) as s where s.crowded) then
    closed := closed || private.answer_others(stretches);
  end if;
  perform private.settle_acknowledgements(settled);
  -- A statement of its own: a sweep that held a window until now may have raised an alert which the statement above cannot see.
  perform private.resolve_alerts(closed);
  perform private.revise_messages(settled || closed);
end
$$;

create function private.answer_others(stretches private.topic_stretch[])
returns uuid[]
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* A topic normally has one open window. Where a person's correction left several, a plain answer closes them all, and a reply the
   addressed one and all older ones (S3). Returns those closed. */
declare
  others uuid[];
begin
  with answered as (
    select w.id, m.telegram_date, m.message_id, m.user_id
    from unnest(stretches) as s
    join public.client_requests as w on w.chat_id = s.chat_id and w.topic_id = s.topic_id and w.closed_as is null
    cross join lateral (
      select m.telegram_date, m.message_id, m.user_id
      from public.chat_messages as m
      where m.chat_id = w.chat_id
        and m.topic_id = w.topic_id
        and m.telegram_date >= w.opened_at
        and (m.telegram_date, m.message_id) > (w.opened_at, w.first_message_id)
        and m.answers
        and m.is_measured
        and (
          m.addressed_at is null
          or (m.addressed_at, m.reply_to_message_id) >= (w.opened_at, w.first_message_id)
        )
      order by m.telegram_date, m.message_id
      limit 1
    ) as m
    where s.crowded
  ),
  closed as (
    update public.client_requests as w
    set
      responded_at = a.telegram_date,
      responded_by = a.user_id,
      response_message_id = a.message_id,
      working_seconds = extract(epoch from api.working_between(w.schedule_id, w.opened_at, a.telegram_date))::bigint,
      on_duty_id = coalesce(w.on_duty_id, private.on_duty(w.assigned_accountant_id, least(a.telegram_date, w.due_at))),
      closed_as = private.answer_outcome(a.telegram_date, w.due_at),
      closed_at = a.telegram_date,
      closed_because = 'answered'
    from answered as a
    where w.id = a.id
    returning w.id, w.responded_at, w.responded_by, w.response_message_id
  ),
  ledger as (
    insert into public.request_events (request_id, kind, happened_at, actor_id, message_id)
    select c.id, 'answered', c.responded_at, c.responded_by, c.response_message_id
    from closed as c
  )
  select array_agg(c.id)
  from closed as c
  into others;
  return others;
end
$$;

create function private.settle_acknowledgements(of_windows uuid[])
returns void
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* Who has a window in hand (S5): of all buttons pressed and of all reactions that the firm gave to the client's questions in it while it
   was open, the first since the client last wrote, else the first at all. */
begin
  with windows as (
    select w.*
    from unnest(of_windows) as o (id)
    join public.client_requests as w on w.id = o.id
  ),
  acts as (
    select w.id, w.last_message_at, e.happened_at as at, e.actor_id as by
    from windows as w
    join public.request_events as e on e.request_id = w.id and e.kind = 'acknowledged'
    union all
    select w.id, w.last_message_at, r.reacted_at, r.user_id
    from windows as w
    join public.message_reactions as r on r.chat_id = w.chat_id and r.is_staff
    where r.reacted_at >= w.opened_at
      and r.message_id between least(w.begins_message_id, w.first_message_id) and greatest(w.last_message_id, w.first_message_id)
      and (w.closed_at is null or r.reacted_at <= w.closed_at)
      -- A question that counts: its latest version before the end of the window still asks.
      and (
        select m.classification
        from public.chat_messages as m
        where m.chat_id = r.chat_id
          and m.message_id = r.message_id
          and m.topic_id = w.topic_id
          and m.telegram_date between w.begins_at and w.last_message_at
          and (m.edited_at is null or w.closed_at is null or m.edited_at < w.closed_at)
        order by m.edited_at desc nulls last, m.update_id desc
        limit 1
      ) in ('request', 'clarification')
  ),
  first as (
    select distinct on (a.id) a.id, a.at, a.by
    from acts as a
    order by a.id, a.at >= a.last_message_at desc, a.at
  ),
  taken as (
    update public.client_requests as w
    set acknowledged_at = f.at, acknowledged_by = f.by
    from windows as o
    left join first as f on f.id = o.id
    where w.id = o.id
      and (w.acknowledged_at, w.acknowledged_by) is distinct from (f.at, f.by)
    returning w.id, w.acknowledged_at, w.acknowledged_by
  )
  update public.sla_alerts as a
  set resolved_at = t.acknowledged_at, resolved_by = t.acknowledged_by, resolution = 'acknowledged'
  from taken as t
  where a.request_id = t.id
    and t.acknowledged_at is not null
    and a.resolved_at is null;
end
$$;

create function private.resolve_alerts(closed uuid[])
returns void
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* Alerts of closed windows need nobody any more; one whose window turns out to have been met was raised for nothing (S9). */
begin
  update public.sla_alerts as a
  set
    resolved_at = now(),
    resolved_by = coalesce(w.responded_by, w.closed_by),
    resolution = case
      when w.closed_as = 'met' and a.kind <> 'warning' then 'voided'
      when w.closed_as in ('excused', 'voided') and w.closed_because <> 'answered' then w.closed_as
      else 'answered'
    end
  from public.client_requests as w
  where w.id = a.request_id
    and w.id = any (closed)
    and (
      a.resolved_at is null
      or (w.closed_as = 'met' and a.kind <> 'warning' and a.resolution in ('answered', 'acknowledged', 'expired'))
    );
end
$$;

create function private.revise_messages(of_windows uuid[])
returns void
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* Every message that tells of one of these windows has to say something else now: it is edited in place. One that was never sent and
   has nobody left to wait for is not sent at all; one that is under way is edited afterwards. */
begin
  with told as (
    select n.message_id, bool_or(w.closed_as is null) as waits
    from public.notices as n
    join public.client_requests as w on w.id = n.request_id
    where n.message_id in (select t.message_id from public.notices as t where t.request_id = any (of_windows))
    group by n.message_id
  )
  update public.outbox as o
  set
    revision = o.revision + 1,
    rings = o.rings and t.waits,
    finished_at = case when t.waits then o.finished_at else coalesce(o.finished_at, now()) end,
    attempts = case when o.status = 'sent' then 0 else o.attempts end,
    next_attempt_at = case when o.status = 'sent' then o.sent_at else o.next_attempt_at end,
    remind_at = case when t.waits then o.remind_at end,
    status = case
      when o.status = 'pending' and o.telegram_message_id is null and not t.waits then 'cancelled'
      when o.status = 'sent' then 'pending'
      else o.status
    end
  from told as t
  where o.id = t.message_id
    and o.kind in ('sla_alert', 'sla_digest');
end
$$;

create function private.due_moved()
returns trigger
language plpgsql
set search_path = ''
as $$
/* The ladder follows the deadline. A breach told before the new deadline was told too early: it counts as never raised (S8, S9). */
begin
  if old.breached_at is null then
    new.next_alert_at := case new.next_alert when 'warning' then new.warn_at when 'breach' then new.due_at else new.next_alert_at end;
    if new.next_alert is null and old.due_at is null then
      new.next_alert := 'warning';
      new.next_alert_at := new.warn_at;
    end if;
  elsif new.due_at is null or old.breached_at <= new.due_at then
    new.breached_at := null;
    new.on_duty_id := null;
    new.next_alert := 'breach';
    new.next_level := 0;
    new.next_alert_at := new.due_at;
  end if;
  if new.next_alert_at is null then
    new.next_alert := null;
  end if;
  return new;
end
$$;

create trigger client_requests_due_moved
before update of due_at on public.client_requests
for each row when (new.due_at is distinct from old.due_at)
execute function private.due_moved();

create function private.breach_undone()
returns trigger
language plpgsql
set search_path = ''
as $$
/* Alerts of a breach that has become none are void, and the messages say so. */
begin
  update public.sla_alerts as a
  set resolved_at = now(), resolved_by = null, resolution = 'voided'
  where a.request_id = new.id
    and a.kind <> 'warning'
    and a.resolution is distinct from 'voided';
  perform private.revise_messages(array[new.id]);
  return null;
end
$$;

create trigger client_requests_breach_undone
after update on public.client_requests
for each row when (old.breached_at is not null and new.breached_at is null)
execute function private.breach_undone();

grant usage on type private.place, private.waiting, private.touched_topic, private.topic_stretch to service_role;
grant select on private.chat_terms to service_role;
grant execute on function
  private.answer_outcome(timestamptz, timestamptz),
  private.next_waiting(private.waiting, private.place, boolean, timestamptz, boolean, private.place),
  private.waiting_after(private.place, boolean, timestamptz, boolean, private.place),
  private.windows_of(private.topic_stretch[]),
  private.stretches_of(private.touched_topic[]),
  private.settle_windows(private.touched_topic[]),
  private.answer_others(private.topic_stretch[]),
  private.settle_acknowledgements(uuid[]),
  private.resolve_alerts(uuid[]),
  private.revise_messages(uuid[])
to service_role;
