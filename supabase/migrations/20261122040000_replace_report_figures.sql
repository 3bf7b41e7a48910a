-- Figures of any part of the firm, fast enough to be asked for at every look: one narrow index holds all that they count.
set lock_timeout = '5s';

-- Intake waits while the index is made, as for one on numbers: seconds on a million windows, and nothing is lost meanwhile.
-- squawk-ignore require-concurrent-index-creation
create index requests_decided on public.client_requests (decides_at) include (
  id, closed_as, chat_id, client_id, policy_id, responded_by, on_duty_id, closed_by, assigned_accountant_id, working_seconds, responded_at,
  opened_at
) where closed_as is not null;
-- squawk-ignore require-concurrent-index-deletion
drop index public.requests_by_decision;

create or replace view api.request_outcomes with (security_invoker = true) as
select
  w.id,
  w.chat_id,
  w.topic_id,
  w.client_id,
  k.tier,
  w.policy_id,
  w.schedule_id,
  w.outcome,
  w.counts_at,
  w.decided_at,
  w.person_id,
  w.assigned_accountant_id,
  w.on_duty_id,
  w.responded_by,
  w.target_minutes,
  w.opened_at,
  w.due_at,
  w.acknowledged_at,
  w.responded_at,
  w.closed_at,
  w.closed_because,
  -- Asked of the calendar only where it is read: of few windows, and of none by the counts.
  case
    when w.outcome in ('overdue', 'waiting', 'at_risk') then extract(epoch from api.working_between(w.clock_id, w.opened_at, now()))::bigint
    else w.wait_worked
  end as working_seconds,
  case
    when w.outcome in ('overdue', 'waiting', 'at_risk') then extract(epoch from now() - w.opened_at)::bigint
    else extract(epoch from w.responded_at - w.opened_at)::bigint
  end as calendar_seconds
from (
  -- Closed: what requests_decided holds is enough for every count of these.
  select
    r.*,
    r.decides_at as counts_at,
    r.decides_at as decided_at,
    r.closed_as as outcome,
    -- Who is to be named for it: of an answer in time who gave it, of a late one who had to give it when it fell due, of a question
    -- that needed none who said so. Nobody, when the owner was away without a substitute.
    case r.closed_as
      when 'met' then coalesce(r.responded_by, r.on_duty_id)
      when 'met_late' then r.on_duty_id
      when 'excused' then coalesce(r.closed_by, r.on_duty_id, r.assigned_accountant_id)
      else r.assigned_accountant_id
    end as person_id,
    -- Written with the answer and only then.
    r.working_seconds as wait_worked,
    null::uuid as clock_id
  from public.client_requests as r
  where r.closed_as is not null
  union all
  -- Open beyond the deadline: decided, against who had to answer then.
  select
    r.*,
    r.decides_at,
    r.decides_at,
    'overdue',
    coalesce(r.on_duty_id, private.on_duty(r.assigned_accountant_id, r.due_at)),
    null,
    r.schedule_id
  from public.client_requests as r
  where r.closed_as is null
    and r.due_at < now()
  union all
  -- Open in time: not decided.
  select
    r.*,
    r.opened_at,
    null,
    private.outcome_at(r.closed_as, r.warn_at, r.due_at, now()),
    r.assigned_accountant_id,
    null,
    r.schedule_id
  from public.client_requests as r
  where r.closed_as is null
    and (r.due_at is null or r.due_at >= now())
) as w
left join public.clients as k on k.id = w.client_id;

-- Its successor takes what it took.
-- squawk-ignore ban-drop-function
drop function api.sla_report(timestamptz, timestamptz, text);

create function api.sla_report(
  since timestamptz,
  until timestamptz,
  by text default 'firm',
  chat bigint default null,
  client uuid default null,
  person uuid default null,
  policy uuid default null,
  tier text default null,
  waits boolean default true
)
returns table (
  key text,
  name text,
  n integer,
  met integer,
  met_late integer,
  overdue integer,
  excused integer,
  voided integer,
  waiting integer,
  met_percent numeric,
  p50_minutes numeric,
  p90_minutes numeric,
  p50_calendar_minutes numeric,
  p90_calendar_minutes numeric,
  worst uuid[]
)
language plpgsql
stable
set search_path = ''
-- What is asked for decides the plan: most of the conditions below fall away, and every grouping but one.
set plan_cache_mode = force_custom_plan
-- So that nothing closed is looked through for what is overdue.
set constraint_exclusion = on
set work_mem = '32MB'
as $$
/* The figures of [since, until), of all or of one chat, client, person, policy or tier; as a whole or by person, chat, client, policy, day,
   week, month (of counts_at) or hour (in which the client asked: «1-09» is Monday from nine to ten); days and hours are the firm's. One row
   per key, null for windows that have none (the nil UUID asks for those): `n` windows decided, met_percent of these (null without any),
   excused, voided and still waiting beside it; with `waits` the percentiles of the time until the answer, in minutes of working time and of
   the calendar, and of the whole the five that took longest. Times come in their order, all else with the most breaches first. Refuses
   with unknown_grouping. */
#variable_conflict use_column
declare
  nobody constant uuid := '00000000-0000-0000-0000-000000000000';
  firm_zone constant text := private.firm_zone();
begin
  if by in ('firm', 'person', 'chat', 'client', 'policy', 'day', 'week', 'month', 'hour') is not true then
    raise exception 'unknown_grouping' using errcode = 'PT400';
  end if;
  return query
  with counted as not materialized (
    select
      case by when 'person' then o.person_id when 'client' then o.client_id when 'policy' then o.policy_id end as id_key,
      case by
        when 'chat' then o.chat_id
        -- Hours since Monday; the first day of the epoch was a Thursday.
        when 'hour' then (date_part('epoch', timezone(firm_zone, o.opened_at))::bigint / 3600 + 72) % 168
      end as number_key,
      case when by in ('day', 'week', 'month') then date_trunc(by, timezone(firm_zone, o.counts_at)) end as time_key,
      o.*
    from api.request_outcomes as o
    where o.counts_at >= sla_report.since
      and o.counts_at < sla_report.until
      and (sla_report.chat is null or o.chat_id = sla_report.chat)
      and (sla_report.client is null or coalesce(o.client_id, nobody) = sla_report.client)
      and (sla_report.person is null or coalesce(o.person_id, nobody) = sla_report.person)
      and (sla_report.policy is null or o.policy_id = sla_report.policy)
      and (sla_report.tier is null or o.tier = sla_report.tier)
  ),
  -- Many windows become few rows here; texts are made of the few.
  tallied as (
    select
      c.id_key,
      c.number_key,
      c.time_key,
      (count(*) filter (where c.outcome = 'met'))::integer as met,
      (count(*) filter (where c.outcome = 'met_late'))::integer as met_late,
      (count(*) filter (where c.outcome = 'overdue'))::integer as overdue,
      (count(*) filter (where c.outcome = 'excused'))::integer as excused,
      (count(*) filter (where c.outcome = 'voided'))::integer as voided,
      (count(*) filter (where c.decided_at is null))::integer as waiting,
      array_agg(c.working_seconds) filter (where waits and c.outcome in ('met', 'met_late')) as worked,
      array_agg(c.calendar_seconds) filter (where waits and c.outcome in ('met', 'met_late')) as passed
    from counted as c
    group by c.id_key, c.number_key, c.time_key
  ),
  -- Of those still open on one schedule, who asked first has waited longest: the clock is asked of these only.
  still_open as (
    select c.*, row_number() over (partition by c.schedule_id order by c.opened_at, c.id) as place
    from counted as c
    where c.outcome = 'overdue'
  ),
  slowest as (
    (
      select c.id, c.working_seconds, c.opened_at
      from counted as c
      where c.outcome in ('met', 'met_late')
      order by c.working_seconds desc, c.opened_at, c.id
      limit 5
    )
    union all
    select o.id, o.working_seconds, o.opened_at
    from still_open as o
    where o.place <= 5
  ),
  named as (
    select
      case
        when by = 'firm' then 'firm'
        when by = 'hour' then format('%s-%s', 1 + t.number_key / 24, lpad((t.number_key % 24)::text, 2, '0'))
        when by in ('day', 'week', 'month') then t.time_key::date::text
        else coalesce(t.id_key::text, t.number_key::text)
      end as key,
      t.met + t.met_late + t.overdue as decided,
      t.*
    from tallied as t
  )
  select
    s.key,
    case by
      when 'firm' then (select f.firm_name from public.settings as f)
      when 'person' then (select u.full_name from public.users as u where u.id = s.id_key)
      when 'chat' then (select c.chat_name from public.chats as c where c.chat_id = s.number_key)
      when 'client' then (select k.name from public.clients as k where k.id = s.id_key)
      when 'policy' then (select p.name from public.sla_policies as p where p.id = s.id_key)
      else s.key
    end,
    s.decided,
    s.met,
    s.met_late,
    s.overdue,
    s.excused,
    s.voided,
    s.waiting,
    round(100.0 * s.met / nullif(s.decided, 0), 1),
    round(worked.p[1]::numeric / 60, 1),
    round(worked.p[2]::numeric / 60, 1),
    round(passed.p[1]::numeric / 60, 1),
    round(passed.p[2]::numeric / 60, 1),
    case
      when by = 'firm' and waits then (
        select array_agg(w.id order by w.working_seconds desc, w.opened_at, w.id)
        from (select * from slowest as l order by l.working_seconds desc, l.opened_at, l.id limit 5) as w
      )
    end
  from named as s
  cross join lateral (
    select percentile_cont(array[0.5, 0.9]) within group (order by x.seconds) as p from unnest(s.worked) as x (seconds)
  ) as worked
  cross join lateral (
    select percentile_cont(array[0.5, 0.9]) within group (order by x.seconds) as p from unnest(s.passed) as x (seconds)
  ) as passed
  order by
    case when by in ('day', 'week', 'month', 'hour') then s.key end, s.met_late + s.overdue desc, s.decided desc, s.key;

  -- The whole of an empty period is nothing, and says so.
  if not found and by = 'firm' then
    return query
    select 'firm', f.firm_name, 0, 0, 0, 0, 0, 0, 0, null::numeric, null::numeric, null::numeric, null::numeric, null::numeric, null::uuid[]
    from public.settings as f;
  end if;
end
$$;

grant execute on function api.sla_report(timestamptz, timestamptz, text, bigint, uuid, uuid, uuid, text, boolean)
to authenticated, service_role;
