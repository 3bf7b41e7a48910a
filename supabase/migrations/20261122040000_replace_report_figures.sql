-- Figures of any part of the firm, fast enough to be asked for at every look: one narrow index holds all that they count.
set lock_timeout = '5s';

-- Intake waits while the index is made, as for one on numbers: seconds on a million windows, and nothing is lost meanwhile.
-- squawk-ignore require-concurrent-index-creation
create index requests_decided on public.client_requests (decides_at) include (
  id, closed_as, chat_id, client_id, policy_id, responded_by, on_duty_id, closed_by, assigned_accountant_id, working_seconds, responded_at,
  opened_at
) where closed_as is not null;
-- One chat's, or those of an accountant's chats, without a look at all the others.
-- squawk-ignore require-concurrent-index-creation
create index requests_decided_in_a_chat on public.client_requests (chat_id, decides_at) where closed_as is not null;
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
    when w.is_open then date_part('epoch', api.working_between(w.clock_id, w.opened_at, now()))::bigint
    else w.wait_worked
  end as working_seconds,
  date_part('epoch', case when w.is_open then now() else w.responded_at end - w.opened_at)::bigint as calendar_seconds,
  -- Who asks for one kind alone has only that looked at, and what is open is little.
  w.is_open
from (
  -- Closed: what requests_decided holds is enough for every count of these. Columns are named, for each that is not read costs as well, as
  -- many times as there are windows.
  select
    r.id,
    r.chat_id,
    r.topic_id,
    r.client_id,
    r.policy_id,
    r.schedule_id,
    r.assigned_accountant_id,
    r.on_duty_id,
    r.responded_by,
    r.target_minutes,
    r.opened_at,
    r.due_at,
    r.acknowledged_at,
    r.responded_at,
    r.closed_at,
    r.closed_because,
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
    null::uuid as clock_id,
    false as is_open
  from public.client_requests as r
  where r.closed_as is not null
  union all
  -- Open: beyond the deadline it is decided, against who had to answer then; in time it is not.
  select
    r.id,
    r.chat_id,
    r.topic_id,
    r.client_id,
    r.policy_id,
    r.schedule_id,
    r.assigned_accountant_id,
    r.on_duty_id,
    r.responded_by,
    r.target_minutes,
    r.opened_at,
    r.due_at,
    r.acknowledged_at,
    r.responded_at,
    r.closed_at,
    r.closed_because,
    case when r.due_at < now() then r.decides_at else r.opened_at end,
    case when r.due_at < now() then r.decides_at end,
    -- As private.outcome_at says, which costs more than all the rest when it is called.
    case when r.due_at < now() then 'overdue' when r.warn_at <= now() then 'at_risk' else 'waiting' end,
    case
      when r.due_at >= now() or r.due_at is null then r.assigned_accountant_id
      when r.on_duty_id is not null then r.on_duty_id
      -- Mostly nobody was away, and no line of substitutes need be walked.
      when exists (select from public.absences as a where a.user_id = r.assigned_accountant_id and a.during @> r.due_at)
      then private.on_duty(r.assigned_accountant_id, r.due_at)
      else r.assigned_accountant_id
    end,
    null,
    r.schedule_id,
    true
  from public.client_requests as r
  where r.closed_as is null
) as w
left join public.clients as k on k.id = w.client_id;

-- Its successor takes what it took.
-- squawk-ignore ban-drop-function
drop function api.sla_report(timestamptz, timestamptz, text);

create function api.find_longest_waits(
  since timestamptz,
  until timestamptz,
  chat bigint default null,
  client uuid default null,
  person uuid default null,
  policy uuid default null,
  tier text default null
)
returns table (id uuid, outcome text, chat_name text, person_name text, opened_at timestamptz, working_seconds bigint, calendar_seconds bigint)
language plpgsql
stable
set search_path = ''
set plan_cache_mode = force_custom_plan
as $$
/* Of the windows that api.sla_report counts when it is asked the same, the five that waited longest, those that still wait included. */
#variable_conflict use_column
declare
  nobody constant uuid := '00000000-0000-0000-0000-000000000000';
  -- What the policies would leave anyway, said where the plan can use it.
  own constant bigint[] := case when private.role() = 'accountant' then private.own_chat_ids() end;
begin
  return query
  with counted as not materialized (
    select o.*
    from api.request_outcomes as o
    where o.counts_at >= find_longest_waits.since
      and o.counts_at < find_longest_waits.until
      and (own is null or o.chat_id = any (own))
      and (find_longest_waits.chat is null or o.chat_id = find_longest_waits.chat)
      and (find_longest_waits.client is null or coalesce(o.client_id, nobody) = find_longest_waits.client)
      and (find_longest_waits.person is null or coalesce(o.person_id, nobody) = find_longest_waits.person)
      and (find_longest_waits.policy is null or o.policy_id = find_longest_waits.policy)
      and (find_longest_waits.tier is null or o.tier = find_longest_waits.tier)
  ),
  -- Of those still open on one schedule, who asked first has waited longest: the clock is asked of these only.
  still_open as (
    select c.*, row_number() over (partition by c.schedule_id order by c.opened_at, c.id) as place
    from counted as c
    where c.is_open
      and c.outcome = 'overdue'
  ),
  candidates as (
    (
      select c.id, c.working_seconds, c.opened_at
      from counted as c
      where not c.is_open
        and c.outcome in ('met', 'met_late')
      order by c.working_seconds desc nulls last, c.opened_at, c.id
      limit 5
    )
    union all
    select o.id, o.working_seconds, o.opened_at
    from still_open as o
    where o.place <= 5
  )
  select o.id, o.outcome, c.chat_name, u.full_name, o.opened_at, o.working_seconds, o.calendar_seconds
  from (select * from candidates as l order by l.working_seconds desc nulls last, l.opened_at, l.id limit 5) as l
  -- One by one: joined, all windows there are would be looked through for these five.
  cross join lateral (select * from api.request_outcomes as o where o.id = l.id offset 0) as o
  join public.chats as c on c.chat_id = o.chat_id
  left join public.users as u on u.id = o.person_id
  order by l.working_seconds desc nulls last, l.opened_at, l.id;
end
$$;

create function api.sla_report(
  since timestamptz,
  until timestamptz,
  by text default 'firm',
  chat bigint default null,
  client uuid default null,
  person uuid default null,
  policy uuid default null,
  tier text default null,
  whole boolean default false,
  slowest boolean default true
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
set work_mem = '32MB'
as $$
/* The figures of [since, until), of all or of one chat, client, person, policy or tier; as a whole or by person, chat, client, policy, day,
   week, month (of counts_at) or hour (in which the client asked: «1-09» is Monday from nine to ten); days and hours are the firm's. One row
   per key, null for windows that have none (the nil UUID asks for those), and first that of the `whole`, whose key is «firm», if it is
   asked for: `n` windows decided, met_percent of these (null without any), excused, voided and still waiting beside it; the percentiles of
   the time until the answer, in minutes of working time and of the calendar; and by firm the five that took longest, the `slowest`. Times
   come in their order, all else with the most breaches first. Refuses with unknown_grouping. */
#variable_conflict use_column
declare
  nobody constant uuid := '00000000-0000-0000-0000-000000000000';
  -- What the policies would leave anyway, said where the plan can use it.
  own constant bigint[] := case when private.role() = 'accountant' then private.own_chat_ids() end;
  firm_zone constant text := private.firm_zone();
begin
  if by in ('firm', 'person', 'chat', 'client', 'policy', 'day', 'week', 'month', 'hour') is not true then
    raise exception 'unknown_grouping' using errcode = 'PT400';
  end if;
  return query
  with counted as (
    select
      o.outcome,
      case by when 'person' then o.person_id when 'client' then o.client_id when 'policy' then o.policy_id end as id_key,
      case by
        when 'chat' then o.chat_id
        -- Hours since Monday; the first day of the epoch was a Thursday.
        when 'hour' then (date_part('epoch', timezone(firm_zone, o.opened_at))::bigint / 3600 + 72) % 168
      end as number_key,
      case when by in ('day', 'week', 'month') then date_trunc(by, timezone(firm_zone, o.counts_at)) end as time_key,
      case when o.outcome in ('met', 'met_late') then o.working_seconds end as worked,
      case when o.outcome in ('met', 'met_late') then o.calendar_seconds end as passed
    from api.request_outcomes as o
    where o.counts_at >= sla_report.since
      and o.counts_at < sla_report.until
      and (own is null or o.chat_id = any (own))
      and (sla_report.chat is null or o.chat_id = sla_report.chat)
      and (sla_report.client is null or coalesce(o.client_id, nobody) = sla_report.client)
      and (sla_report.person is null or coalesce(o.person_id, nobody) = sla_report.person)
      and (sla_report.policy is null or o.policy_id = sla_report.policy)
      and (sla_report.tier is null or o.tier = sla_report.tier)
  ),
  -- Many windows become few rows here, in one look at each; texts are made of the few.
  tallied as (
    select
      grouping(c.id_key) = 1 as is_whole,
      c.id_key,
      c.number_key,
      c.time_key,
      (count(*) filter (where c.outcome = 'met'))::integer as met,
      (count(*) filter (where c.outcome = 'met_late'))::integer as met_late,
      (count(*) filter (where c.outcome = 'overdue'))::integer as overdue,
      (count(*) filter (where c.outcome = 'excused'))::integer as excused,
      (count(*) filter (where c.outcome = 'voided'))::integer as voided,
      (count(*) filter (where c.outcome in ('waiting', 'at_risk')))::integer as waiting,
      percentile_cont(array[0.5, 0.9]) within group (order by c.worked) as worked,
      percentile_cont(array[0.5, 0.9]) within group (order by c.passed) as passed
    from counted as c
    group by rollup ((c.id_key, c.number_key, c.time_key))
    having case grouping(c.id_key) when 1 then by = 'firm' or whole else by <> 'firm' end
  ),
  named as (
    select
      case
        when t.is_whole then 'firm'
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
    case
      when s.is_whole then (select f.firm_name from public.settings as f)
      when by = 'person' then (select u.full_name from public.users as u where u.id = s.id_key)
      when by = 'chat' then (select c.chat_name from public.chats as c where c.chat_id = s.number_key)
      when by = 'client' then (select k.name from public.clients as k where k.id = s.id_key)
      when by = 'policy' then (select p.name from public.sla_policies as p where p.id = s.id_key)
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
    round(s.worked[1]::numeric / 60, 1),
    round(s.worked[2]::numeric / 60, 1),
    round(s.passed[1]::numeric / 60, 1),
    round(s.passed[2]::numeric / 60, 1),
    case
      when by = 'firm' and slowest and s.met + s.met_late + s.overdue > 0 then (
        select array_agg(l.id)
        from api.find_longest_waits(
          sla_report.since, sla_report.until, sla_report.chat, sla_report.client, sla_report.person, sla_report.policy, sla_report.tier
        ) as l
      )
    end
  from named as s
  order by
    not s.is_whole, case when by in ('day', 'week', 'month', 'hour') then s.key end, s.met_late + s.overdue desc, s.decided desc, s.key;
end
$$;

create function api.sla_times(
  since timestamptz,
  until timestamptz,
  step text,
  chat bigint default null,
  client uuid default null,
  person uuid default null,
  policy uuid default null,
  tier text default null
)
returns table (by text, key text, asked integer, n integer, breaches integer, met_percent numeric)
language plpgsql
stable
set search_path = ''
set plan_cache_mode = force_custom_plan
set work_mem = '32MB'
as $$
/* What pictures of time need of api.sla_report, asked the same: by day, week or month, and by «hour», in one look at each window; `asked`
   counts windows of whatever outcome. Refuses with unknown_grouping. */
#variable_conflict use_column
declare
  nobody constant uuid := '00000000-0000-0000-0000-000000000000';
  -- What the policies would leave anyway, said where the plan can use it.
  own constant bigint[] := case when private.role() = 'accountant' then private.own_chat_ids() end;
  firm_zone constant text := private.firm_zone();
begin
  if step in ('day', 'week', 'month') is not true then
    raise exception 'unknown_grouping' using errcode = 'PT400';
  end if;
  return query
  -- A quarter of an hour is within one day and one hour of every zone there is: few of these are looked up in the firm's, not all windows.
  with tallied as (
    select
      date_bin('15 minutes', o.counts_at, 'epoch') as counted_in,
      date_bin('15 minutes', o.opened_at, 'epoch') as asked_in,
      o.outcome,
      count(*) as amount
    from api.request_outcomes as o
    where o.counts_at >= sla_times.since
      and o.counts_at < sla_times.until
      and (own is null or o.chat_id = any (own))
      and (sla_times.chat is null or o.chat_id = sla_times.chat)
      and (sla_times.client is null or coalesce(o.client_id, nobody) = sla_times.client)
      and (sla_times.person is null or coalesce(o.person_id, nobody) = sla_times.person)
      and (sla_times.policy is null or o.policy_id = sla_times.policy)
      and (sla_times.tier is null or o.tier = sla_times.tier)
    group by grouping sets ((1, 3), (2, 3))
  ),
  placed as (
    select
      case when t.counted_in is not null then step else 'hour' end as by,
      case
        when t.counted_in is not null then date_trunc(step, timezone(firm_zone, t.counted_in))::date::text
        else to_char(timezone(firm_zone, t.asked_in), 'ID-HH24')
      end as key,
      t.outcome,
      t.amount
    from tallied as t
  ),
  summed as (
    select
      p.by,
      p.key,
      sum(p.amount)::integer as asked,
      coalesce(sum(p.amount) filter (where p.outcome in ('met', 'met_late', 'overdue')), 0)::integer as n,
      coalesce(sum(p.amount) filter (where p.outcome = 'met'), 0)::integer as met
    from placed as p
    group by p.by, p.key
  )
  select s.by, s.key, s.asked, s.n, s.n - s.met, round(100.0 * s.met / nullif(s.n, 0), 1)
  from summed as s
  order by s.by, s.key;
end
$$;

grant execute on function api.find_longest_waits(timestamptz, timestamptz, bigint, uuid, uuid, uuid, text),
api.sla_report(timestamptz, timestamptz, text, bigint, uuid, uuid, uuid, text, boolean, boolean),
api.sla_times(timestamptz, timestamptz, text, bigint, uuid, uuid, uuid, text)
to authenticated, service_role;
