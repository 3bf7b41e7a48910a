-- What random worlds have shown: questions lost, windows doubled and hands forgotten where edits meet what was closed for good. And the
-- rest of the fewer steps: partitions are pruned before a query starts, and a wait finds its end without a join.
set lock_timeout = '5s';

create or replace function private.windows_of(stretches private.topic_stretch[])
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
declare
  -- Known before the query starts, so that it opens only the partitions between them.
  earliest constant timestamptz := (select min((s.since).at) from unnest(stretches) as s);
  latest constant timestamptz := (select max(s.until) from unnest(stretches) as s);
begin
  if earliest is null then
    return;
  end if;
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
        and m.telegram_date between earliest and latest
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
        when f.asks_anew_at is not null then (f.asks_anew_at, o.message_id)::private.place
        when o.asks or e.asked_at is null or f.closed_at is not null or not (
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
      case
        when (o.asks or e.asked_at is not null) and (f.closed_at is null or f.asks_anew_at is not null) then e.withdrawn_at
      end as withdrawn_at,
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
    left join lateral (
      -- What was closed for good keeps its messages: an edit takes none of them back. But one that did not ask when it was closed, and
      -- does since, is a question of its own.
      select
        g.closed_at,
        (
          select case
            when not (
              array_agg(v.asks order by v.edited_at desc nulls last, v.update_id desc)
              filter (where v.edited_at is null or v.edited_at < g.closed_at)
            )[1]
            then min(v.edited_at) filter (where v.asks and v.edited_at >= g.closed_at)
          end
          from written as v
          where v.chat_id = o.chat_id
            and v.message_id = o.message_id
            and v.telegram_date = o.telegram_date
        ) as asks_anew_at
      from public.client_requests as g
      where e.chat_id is not null
        and g.chat_id = o.chat_id
        and g.topic_id = o.topic_id
        and g.closed_because in ('no_answer_needed', 'monitoring_off', 'bot_removed', 'chat_deleted')
        and (o.telegram_date, o.message_id) >= (g.begins_at, g.begins_message_id)
        and (o.telegram_date, o.message_id) <= (g.ends_at, g.ends_message_id)
      order by g.closed_at desc
      limit 1
    ) as f on true
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
  ended as (
    -- Each question, and each answer that ended a wait, with the question that the wait began with.
    select
      e.*,
      first_value(e.at) over latest_first as last_at,
      first_value(e.user_id) over latest_first as last_by,
      first_value(e.ends_a_wait) over latest_first as has_ended,
      first_value(e.for_good) over latest_first as has_ended_for_good
    from (
      select
        k.*,
        k.answers and k.waiting_since is null as ends_a_wait,
        coalesce(k.waiting_since, (k.waited).since) as run
      from steps as k
      where k.asks
        or (k.answers and k.waiting_since is null and (k.waited).until >= (k.at).at)
    ) as e
    window latest_first as (partition by e.chat_id, e.topic_id, e.run order by e.ends_a_wait desc)
  ),
  asked as (
    select
      q.*,
      q.withdrawn_at is null or (q.has_ended and (q.last_at).at <= q.withdrawn_at) as counts,
      case when q.has_ended then q.last_at end as answered,
      case when q.has_ended then q.last_by end as answered_by
    from ended as q
    where q.asks
      and not (q.has_ended and q.has_ended_for_good)
  ),
  runs as (
    select
      q.chat_id,
      q.topic_id,
      (array_agg(q.carried) filter (where q.carried is not null))[1] as carried,
      array_agg((q.last).message_id) as members,
      (array_agg(q.begins order by q.begins))[1] as begins,
      (array_agg(q.ends order by q.ends desc))[1] as ends,
      coalesce((array_agg(q.at order by q.at) filter (where q.counts))[1], q.run) as opened,
      coalesce(
        (array_agg(q.last order by q.last desc) filter (where q.counts))[1],
        (array_agg(q.last order by q.last desc))[1]
      ) as last,
      coalesce(max((q.at).at) filter (where q.counts), max((q.at).at)) as last_asked_at,
      coalesce(sum(q.messages) filter (where q.counts), sum(q.messages))::integer as message_count,
      coalesce(
        (array_agg(q.classification order by q.at) filter (where q.counts))[1],
        (array_agg(q.classification order by q.at))[1]
      ) as classification,
      q.answered,
      q.answered_by,
      case when not bool_or(q.counts) then max(q.withdrawn_at) end as withdrawn_at
    from asked as q
    group by q.chat_id, q.topic_id, q.run, q.answered, q.answered_by
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
    greatest((r.last).at, r.last_asked_at),
    case when r.withdrawn_at is null then (r.answered).at end,
    case when r.withdrawn_at is null then (r.answered).message_id end,
    case when r.withdrawn_at is null then r.answered_by end,
    r.withdrawn_at
  from runs as r;
end
$$;

create or replace function private.settle_windows(touched private.touched_topic[])
returns void
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
/* Brings client_requests in line with the messages of the touched topics. Snapshots of policy and schedule are taken when a window
   opens (S8); what neither opening nor answer moved stays as it was measured, whatever became of the calendar since. */
declare
  stretches constant private.topic_stretch[] := private.stretches_of(touched);
  settled uuid[];
  unmoved public.client_requests[];
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
    from (
      select * from private.continued_windows(stretches)
      union all
      select * from private.windows_of(array(select s from unnest(stretches) as s where s.alone is not true))
    ) as d
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
  -- A statement of its own: a sweep that held a window until now may have raised an alert which the statement above cannot see.
  perform private.resolve_alerts(closed);
  perform private.revise_messages(settled || closed);
end
$$;

create or replace function private.settle_acknowledgements(of_windows uuid[])
returns void
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
/* Who has a window in hand (S5): of all buttons pressed and of all reactions that the firm gave to the client's questions in it while it
   was open, the first since the client last wrote, else the first at all. What was closed for good changes no more (S8). */
begin
  if not exists (
    select
    from unnest(of_windows) as o (id)
    join public.client_requests as w on w.id = o.id
    where w.acknowledged_at is not null
      or exists (select from public.request_events as e where e.request_id = w.id and e.kind = 'acknowledged')
      or exists (
        select
        from public.message_reactions as r
        where r.chat_id = w.chat_id
          and r.message_id between least(w.begins_message_id, w.first_message_id) and greatest(w.last_message_id, w.first_message_id)
      )
  ) then
    -- As nearly always: nobody has said that they have one in hand.
    return;
  end if;

  with windows as (
    select w.*
    from unnest(of_windows) as o (id)
    join public.client_requests as w on w.id = o.id
    where coalesce(w.closed_because, 'open') not in ('no_answer_needed', 'monitoring_off', 'bot_removed', 'chat_deleted')
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
      -- A question that counts: it was taken back, if ever, when the window had ended, or all of them were.
      and exists (
        select
        from (
          select m.telegram_date, m.edited_at, m.update_id
          from public.chat_messages as m
          where m.chat_id = r.chat_id
            and m.message_id = r.message_id
            and m.topic_id = w.topic_id
            and m.telegram_date between w.begins_at and w.last_message_at
            and m.is_measured
            and m.classification in ('request', 'clarification')
          order by m.edited_at desc nulls last, m.update_id desc
          limit 1
        ) as asked
        where w.closed_because = 'edited'
          or not exists (
            select
            from public.chat_messages as v
            where v.chat_id = r.chat_id
              and v.message_id = r.message_id
              and v.telegram_date = asked.telegram_date
              and (v.edited_at, v.update_id) > (coalesce(asked.edited_at, '-infinity'), asked.update_id)
              and (w.closed_at is null or v.edited_at < w.closed_at)
          )
      )
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

create or replace function private.due_moved()
returns trigger
language plpgsql
set search_path = ''
as $$
/* The ladder follows the deadline. A breach told before the new deadline was told too early: it counts as never raised (S8, S9);
   and whoever was on duty at a deadline was so at the one that holds. */
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
  elsif new.closed_as is null then
    new.on_duty_id := private.on_duty(new.assigned_accountant_id, new.due_at);
  end if;
  if new.next_alert_at is null then
    new.next_alert := null;
  end if;
  return new;
end
$$;

create or replace function private.store_messages(records private.intake_record[])
returns table (update_id bigint, chat_id bigint, topic_id bigint, place private.place, edited_at timestamptz)
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
        coalesce(max(v.edit_version), 0) as version,
        bool_or(v.is_staff) filter (where v.edit_version = 0) as is_staff,
        (array_agg(v.user_id) filter (where v.edit_version = 0))[1] as person
      from unnest(fresh) with ordinality as r
      left join public.chat_messages as v
        on r.type = 'edit' and v.chat_id = r.chat_id and v.message_id = r.message_id and v.telegram_date = to_timestamp(r.date)
      group by r.ordinality
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
      case when r.reply_to is not null then private.addressed_at(fresh[r.ordinality], looked_up) end as addressed_at,
      case
        when r.type = 'edit'
        then versions[r.ordinality] + row_number() over (partition by r.chat_id, r.message_id, r.type order by r.edited_at, r.update_id)
        else 0
      end as version,
      c.monitoring_enabled
    from unnest(fresh) with ordinality as r
    join public.chats as c on c.chat_id = r.chat_id
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
        or (files_answer and k.kind in ('photo', 'document', 'voice', 'video', 'video_note', 'audio', 'animation'))
      ),
    k.monitoring_enabled
  from known as k
  on conflict do nothing
  returning update_id, chat_id, topic_id, (telegram_date, message_id)::private.place, edited_at;
end
$$;

create or replace function private.take_due(as_of timestamptz, batch integer)
returns uuid[]
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* Locks the windows whose next step is due, those that are due longest first and at most `batch`; what another sweep holds is skipped.
   Outside working time nothing is due (S14). */
begin
  return array(
    select w.id
    from public.client_requests as w
    where w.escalates_at <= as_of
      -- The deadline itself is not late yet, and nobody is warned of what is in hand.
      and (
        w.due_at < as_of
        or (w.next_alert <> 'breach' and (w.next_alert <> 'warning' or coalesce(w.acknowledged_at < w.last_message_at, true)))
      )
      and w.schedule_id = any (array(select o.schedule_id from private.open_schedules(as_of) as o))
    order by w.escalates_at
    limit batch
    for update of w skip locked
  );
end
$$;
