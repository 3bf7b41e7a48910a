-- A report plans what it asks, for what it asks decides the plan; the few windows that waited longest were planned and looked for once more.
set lock_timeout = '5s';

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
  w.is_open,
  -- Of what is open its schedule: none of a closed one, of which it stands in no index.
  w.clock_id
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
    private.outcome_at(r.closed_as, r.warn_at, r.due_at, now()),
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

create function private.longest_of(candidates uuid[])
returns table (id uuid, outcome text, chat_name text, person_name text, opened_at timestamptz, working_seconds bigint, calendar_seconds bigint)
language plpgsql
stable
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
/* Of these windows the five that waited longest. Candidates are the five answers that took longest and, of what is still open beyond its
   deadline, the five asked first on each schedule: of one clock, who asked first has waited longest, and it is asked of these only. */
#variable_conflict use_column
begin
  return query
  select o.id, o.outcome, c.chat_name, u.full_name, o.opened_at, o.working_seconds, o.calendar_seconds
  from unnest(candidates) as l (id)
  -- One by one: joined, all windows there are would be looked through for these few.
  cross join lateral (select * from api.request_outcomes as o where o.id = l.id offset 0) as o
  join public.chats as c on c.chat_id = o.chat_id
  left join public.users as u on u.id = o.person_id
  order by o.working_seconds desc nulls last, o.opened_at, o.id
  limit 5;
end
$$;

grant execute on function private.longest_of(uuid[]) to authenticated, service_role;

-- Its successor takes what it took but for the answers, which only the page of figures had found before.
-- squawk-ignore ban-drop-function
drop function api.find_longest_waits(timestamptz, timestamptz, bigint, uuid, uuid, uuid, text, uuid[]);

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
  )
  select l.*
  from private.longest_of(
    array(
      select c.id
      from counted as c
      where not c.is_open
        and c.outcome in ('met', 'met_late')
      order by c.working_seconds desc nulls last, c.opened_at, c.id
      limit 5
    )
    || array(
      select o.id
      from (
        select c.id, row_number() over (partition by c.clock_id order by c.opened_at, c.id) as place
        from counted as c
        where c.is_open
          and c.outcome = 'overdue'
      ) as o
      where o.place <= 5
    )
  ) as l;
end
$$;

grant execute on function api.find_longest_waits(timestamptz, timestamptz, bigint, uuid, uuid, uuid, text)
to authenticated, service_role;

create or replace function api.report_page(
  period text,
  by text,
  first_on date default null,
  last_on date default null,
  step text default null,
  chat bigint default null,
  client uuid default null,
  person uuid default null,
  policy uuid default null,
  tier text default null
)
returns jsonb
language plpgsql
stable
set search_path = ''
-- What is asked for decides the plan: most of the conditions below fall away.
set plan_cache_mode = force_custom_plan
set work_mem = '32MB'
as $$
/* What a page of figures shows, in one answer: {choices, whole, parts, steps, worst}. The choices, and the days with them, are those of
   api.report_choices; the whole and the parts by person, chat, client or policy those of api.sla_report, of parts without the calendar; the
   steps those of api.sla_times; the worst those of api.find_longest_waits. Each of these looks at every window by itself: here one look is
   enough. Refuses with unknown_grouping. */
#variable_conflict use_column
declare
  nobody constant uuid := '00000000-0000-0000-0000-000000000000';
  -- What the policies would leave anyway, said where the plan can use it.
  own constant bigint[] := case when private.role() = 'accountant' then private.own_chat_ids() end;
  choices constant jsonb := api.report_choices(
    report_page.chat, report_page.client, report_page.period, report_page.first_on, report_page.last_on, report_page.step
  );
  firm_zone constant text := choices ->> 'timezone';
  since constant timestamptz := choices #>> '{days,since}';
  until constant timestamptz := choices #>> '{days,until}';
  chosen_step constant text := choices #>> '{days,step}';
begin
  if by in ('person', 'chat', 'client', 'policy') is not true then
    raise exception 'unknown_grouping' using errcode = 'PT400';
  end if;
  return (
    with counted as materialized (
      select
        o.id,
        o.opened_at,
        -- A quarter of an hour is within one day and one hour of every zone there is: few of these are looked up in the firm's.
        date_bin('15 minutes', o.counts_at, 'epoch') as counted_in,
        -- Compared again and again below, numbers cost less than words.
        case o.outcome when 'met' then 1 when 'met_late' then 2 when 'overdue' then 3 when 'excused' then 4 when 'voided' then 5 else 6 end
          as became,
        case by when 'person' then o.person_id when 'client' then o.client_id when 'policy' then o.policy_id end as id_key,
        case by when 'chat' then o.chat_id end as number_key,
        case when not o.is_open then o.working_seconds end as worked,
        case when not o.is_open then o.calendar_seconds end as passed,
        o.clock_id
      from api.request_outcomes as o
      where o.counts_at >= since
        and o.counts_at < until
        and (own is null or o.chat_id = any (own))
        and (report_page.chat is null or o.chat_id = report_page.chat)
        and (report_page.client is null or coalesce(o.client_id, nobody) = report_page.client)
        and (report_page.person is null or coalesce(o.person_id, nobody) = report_page.person)
        and (report_page.policy is null or o.policy_id = report_page.policy)
        and (report_page.tier is null or o.tier = report_page.tier)
    ),
    -- Many windows become few rows here; what they took stands in lists, for a sort of all windows costs more than one of each list.
    gathered as materialized (
      select
        c.id_key,
        c.number_key,
        (count(*) filter (where c.became = 1))::integer as met,
        (count(*) filter (where c.became = 2))::integer as met_late,
        (count(*) filter (where c.became = 3))::integer as overdue,
        (count(*) filter (where c.became = 4))::integer as excused,
        (count(*) filter (where c.became = 5))::integer as voided,
        (count(*) filter (where c.became = 6))::integer as waiting,
        array_agg(c.worked) filter (where c.became <= 2) as worked
      from counted as c
      group by c.id_key, c.number_key
    ),
    usual as materialized (
      select
        percentile_cont(array[0.5, 0.9]) within group (order by c.worked) filter (where c.became <= 2) as worked,
        percentile_cont(array[0.5, 0.9]) within group (order by c.passed) filter (where c.became <= 2) as passed
      from counted as c
    ),
    placed as (
      select
        case when t.counted_in is not null then chosen_step else 'hour' end as by,
        case
          when t.counted_in is not null then date_trunc(chosen_step, timezone(firm_zone, t.counted_in))::date::text
          else to_char(timezone(firm_zone, t.asked_in), 'ID-HH24')
        end as key,
        t.*
      from (
        select
          c.counted_in,
          date_bin('15 minutes', c.opened_at, 'epoch') as asked_in,
          count(*) as asked,
          count(*) filter (where c.became <= 3) as n,
          count(*) filter (where c.became = 1) as met
        from counted as c
        group by grouping sets ((1), (2))
      ) as t
    )
    select jsonb_build_object(
      'choices', choices,
      'whole', (
        select to_jsonb(l)
        from (
          select
            'firm' as key,
            choices ->> 'firm_name' as name,
            coalesce(sum(t.met + t.met_late + t.overdue), 0) as n,
            coalesce(sum(t.met), 0) as met,
            coalesce(sum(t.met_late), 0) as met_late,
            coalesce(sum(t.overdue), 0) as overdue,
            coalesce(sum(t.excused), 0) as excused,
            coalesce(sum(t.voided), 0) as voided,
            coalesce(sum(t.waiting), 0) as waiting,
            round(100.0 * sum(t.met) / nullif(sum(t.met + t.met_late + t.overdue), 0), 1) as met_percent,
            round(min(u.worked[1])::numeric / 60, 1) as p50_minutes,
            round(min(u.worked[2])::numeric / 60, 1) as p90_minutes,
            round(min(u.passed[1])::numeric / 60, 1) as p50_calendar_minutes,
            round(min(u.passed[2])::numeric / 60, 1) as p90_calendar_minutes
          from usual as u
          left join gathered as t on true
        ) as l
      ),
      'parts', (
        select coalesce(jsonb_agg(to_jsonb(l) order by l.met_late + l.overdue desc, l.n desc, l.key), '[]')
        from (
          select
            coalesce(t.id_key::text, t.number_key::text) as key,
            case by
              when 'person' then (select u.full_name from public.users as u where u.id = t.id_key)
              when 'chat' then (select c.chat_name from public.chats as c where c.chat_id = t.number_key)
              when 'client' then (select k.name from public.clients as k where k.id = t.id_key)
              when 'policy' then (select p.name from public.sla_policies as p where p.id = t.id_key)
            end as name,
            t.met + t.met_late + t.overdue as n,
            t.met,
            t.met_late,
            t.overdue,
            t.excused,
            t.voided,
            t.waiting,
            round(100.0 * t.met / nullif(t.met + t.met_late + t.overdue, 0), 1) as met_percent,
            round(w.seconds[1]::numeric / 60, 1) as p50_minutes,
            round(w.seconds[2]::numeric / 60, 1) as p90_minutes
          from gathered as t
          cross join lateral (
            select percentile_cont(array[0.5, 0.9]) within group (order by s.seconds) as seconds
            from (select unnest(t.worked) as seconds) as s
          ) as w
        ) as l
      ),
      'steps', (
        select coalesce(jsonb_agg(to_jsonb(l) order by l.by, l.key), '[]')
        from (
          select
            p.by, p.key, sum(p.asked) as asked, sum(p.n) as n, sum(p.n - p.met) as breaches,
            round(100.0 * sum(p.met) / nullif(sum(p.n), 0), 1) as met_percent
          from placed as p
          group by p.by, p.key
        ) as l
      ),
      'worst', (
        select coalesce(jsonb_agg(to_jsonb(l)), '[]')
        from private.longest_of(
          array(select c.id from counted as c where c.became <= 2 order by c.worked desc nulls last, c.opened_at, c.id limit 5)
          || array(
            select o.id
            from (
              select c.id, row_number() over (partition by c.clock_id order by c.opened_at, c.id) as place
              from counted as c
              where c.became = 3
            ) as o
            where o.place <= 5
          )
        ) as l
      )
    )
  );
end
$$;
