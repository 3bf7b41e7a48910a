-- Figures: what became of each window, for whom and for which period it counts, and what the figures do not cover (S15, S16).
set lock_timeout = '5s';

-- Nobody writes yet, so nobody is held up by what follows.
-- squawk-ignore adding-field-with-default
alter table public.client_requests add column decides_at timestamptz generated always as (
  case closed_as when 'met' then responded_at when 'excused' then closed_at when 'voided' then closed_at else due_at end
) stored;

comment on column public.client_requests.decides_at is
  'When its outcome was decided: at the answer in time, else at the deadline that passed; while open, at the deadline that will (S15).';

-- squawk-ignore require-concurrent-index-creation
create index requests_by_decision on public.client_requests (decides_at);
-- squawk-ignore require-concurrent-index-creation
create index requests_undecided on public.client_requests (opened_at) where closed_as is null;
-- Messages come in the order of their dates: a summary of each stretch of the table finds a period, and costs intake nothing.
-- squawk-ignore require-concurrent-index-creation
create index chat_messages_by_date on public.chat_messages using brin (telegram_date) with (pages_per_range = 32, autosummarize = on);

create view api.request_outcomes with (security_invoker = true) as
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
  -- Who is to be named for it: of an answer in time who gave it, of one that is late or missing who had to give it when it fell due,
  -- of a question that needed none who said so. Nobody, when the owner was away without a substitute.
  case w.outcome
    when 'met' then coalesce(w.responded_by, w.on_duty_id)
    when 'met_late' then w.on_duty_id
    when 'overdue' then coalesce(w.on_duty_id, private.on_duty(w.assigned_accountant_id, w.due_at))
    when 'excused' then coalesce(w.closed_by, w.on_duty_id, w.assigned_accountant_id)
    else w.assigned_accountant_id
  end as person_id,
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
  case
    when w.closed_at is null then extract(epoch from api.working_between(w.schedule_id, w.opened_at, now()))::bigint
    when w.responded_at is not null then w.working_seconds
  end as working_seconds,
  case
    when w.closed_at is null then extract(epoch from now() - w.opened_at)::bigint
    when w.responded_at is not null then extract(epoch from w.responded_at - w.opened_at)::bigint
  end as calendar_seconds
from (
  select r.*, r.decides_at as counts_at, r.decides_at as decided_at, coalesce(r.closed_as, 'overdue') as outcome
  from public.client_requests as r
  where r.closed_as is not null
    or r.decides_at < now()
  union all
  select r.*, r.opened_at, null, private.outcome_at(r.closed_as, r.warn_at, r.due_at, now())
  from public.client_requests as r
  where r.closed_as is null
    and (r.due_at is null or r.due_at >= now())
) as w
left join public.clients as k on k.id = w.client_id;

comment on view api.request_outcomes is
  'Every window once, with its outcome as of now: all figures are counts of these rows. counts_at puts it into a period: when it was decided (decided_at), or opened if it is not decided yet. Seconds are those until the answer, or so far; null for what was excused or voided.';

create function api.sla_report(since timestamptz, until timestamptz, by text default 'firm')
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
as $$
/* The figures of [since, until), as a whole or by person, chat, client, policy, day, week or month; days are the firm's. One row per key,
   null for windows that have none: `n` windows decided, met_percent of these (null without any), excused, voided and still waiting beside
   it; percentiles of the time until the answer, in minutes of working time and of the calendar; the five that took longest.
   Refuses with unknown_grouping. */
#variable_conflict use_column
begin
  if by not in ('firm', 'person', 'chat', 'client', 'policy', 'day', 'week', 'month') then
    raise exception 'unknown_grouping' using errcode = 'PT400';
  end if;
  return query
  with counted as (
    select
      o.*,
      case by
        when 'firm' then 'firm'
        when 'person' then o.person_id::text
        when 'chat' then o.chat_id::text
        when 'client' then o.client_id::text
        when 'policy' then o.policy_id::text
        else date_trunc(by, timezone(firm.timezone, o.counts_at))::date::text
      end as key
    from api.request_outcomes as o
    cross join (
      select s.timezone
      from public.settings as f
      join public.working_schedules as s on s.id = f.default_schedule_id
    ) as firm
    where o.counts_at >= sla_report.since
      and o.counts_at < sla_report.until
  ),
  summed as (
    select
      c.key,
      (count(*) filter (where c.outcome in ('met', 'met_late', 'overdue')))::integer as n,
      (count(*) filter (where c.outcome = 'met'))::integer as met,
      (count(*) filter (where c.outcome = 'met_late'))::integer as met_late,
      (count(*) filter (where c.outcome = 'overdue'))::integer as overdue,
      (count(*) filter (where c.outcome = 'excused'))::integer as excused,
      (count(*) filter (where c.outcome = 'voided'))::integer as voided,
      (count(*) filter (where c.decided_at is null))::integer as waiting,
      percentile_cont(array[0.5, 0.9]) within group (order by c.working_seconds) filter (where c.outcome in ('met', 'met_late')) as worked,
      percentile_cont(array[0.5, 0.9]) within group (order by c.calendar_seconds) filter (where c.outcome in ('met', 'met_late')) as passed,
      array_agg(c.id order by c.working_seconds desc, c.opened_at, c.id) filter (
        where c.outcome in ('met', 'met_late', 'overdue')
      ) as by_wait
    from counted as c
    group by c.key
  )
  select
    s.key,
    case by
      when 'firm' then (select f.firm_name from public.settings as f)
      when 'person' then (select u.full_name from public.users as u where u.id = s.key::uuid)
      when 'chat' then (select c.chat_name from public.chats as c where c.chat_id = s.key::bigint)
      when 'client' then (select k.name from public.clients as k where k.id = s.key::uuid)
      when 'policy' then (select p.name from public.sla_policies as p where p.id = s.key::uuid)
      else s.key
    end,
    s.n, s.met, s.met_late, s.overdue, s.excused, s.voided, s.waiting,
    round(100.0 * s.met / nullif(s.n, 0), 1),
    round(s.worked[1]::numeric / 60, 1),
    round(s.worked[2]::numeric / 60, 1),
    round(s.passed[1]::numeric / 60, 1),
    round(s.passed[2]::numeric / 60, 1),
    s.by_wait[1:5]
  from summed as s
  order by case when by in ('day', 'week', 'month') then s.key end, s.n desc, s.key;

  -- The whole of an empty period is nothing, and says so.
  if not found and by = 'firm' then
    return query
    select 'firm', f.firm_name, 0, 0, 0, 0, 0, 0, 0, null::numeric, null::numeric, null::numeric, null::numeric, null::numeric, null::uuid[]
    from public.settings as f;
  end if;
end
$$;

create function api.coverage_report(since timestamptz, until timestamptz, as_of timestamptz default now())
returns table (
  known_since timestamptz,
  down_seconds bigint,
  pauses integer,
  messages bigint,
  by_unknown_senders bigint,
  unread bigint,
  unread_percent numeric,
  rejected bigint
)
language sql
stable
security definer
set search_path = ''
as $$
/* What the figures of [since, until) do not cover (S16): how long intake was down, as far as signs of life go back (known_since); of the
   messages that clients wrote in groups, those by senders whom nobody can place (in a group that nobody connected, or as the group
   itself where that is not the firm), and those that no rule could read because they have no text, which count as questions; updates that
   were set aside. One row. A definer, because who may not read messages may know how many there are; null for strangers. */
  with written as (
    select
      count(*) as messages,
      count(*) filter (where c.connected_at is null or m.on_behalf) as by_unknown_senders,
      count(*) filter (where m.message_text is null and m.caption is null) as unread
    from public.chat_messages as m
    join public.chats as c on c.chat_id = m.chat_id
    where m.telegram_date >= since
      and m.telegram_date < until
      and m.edit_version = 0
      and not m.is_staff
      and not m.is_bot
      and m.kind not in ('service', 'command')
      and c.type in ('group', 'supergroup')
      and not c.internal
  ),
  down as (
    select coalesce(sum(extract(epoch from upper(p) - lower(p))), 0)::bigint as seconds, count(*)::integer as pauses
    from private.intake_pauses(since, until, as_of) as p
  )
  select
    (select min(lower(u.up)) from public.intake_coverage as u),
    d.seconds,
    d.pauses,
    w.messages,
    w.by_unknown_senders,
    w.unread,
    round(100.0 * w.unread / nullif(w.messages, 0), 1),
    (select count(*) from public.intake_rejects as r where r.recorded_at >= since and r.recorded_at < until)
  from written as w
  cross join down as d
  where (select private.role()) is not null
    or (select auth.role()) = 'service_role'
$$;

grant select on api.request_outcomes to authenticated, service_role;
grant execute on function
  private.on_duty(uuid, timestamptz),
  api.sla_report(timestamptz, timestamptz, text),
  api.coverage_report(timestamptz, timestamptz, timestamptz)
to authenticated, service_role;
