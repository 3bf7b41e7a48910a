-- The firm's days are the database's to know: a page says which it wants, and one look at each window gives all that it shows.
set lock_timeout = '5s';

create function private.report_days(period text, first_on date, last_on date, step text)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* What a report of a period covers in the firm's zone, {period, first_on, last_on, since, until, step}: its days, both included, and the
   instants [since, until) between their midnights. Periods are custom, last_30_days, and this or last week, month or quarter; those that go
   on end today, for what is yet to come has no figures. A day that is named makes it custom; before Telegram there is nothing, and beyond a
   year nothing is due. The step is the one asked for where it can be drawn, else one that leaves a few dozen points. */
declare
  firm_zone constant text := private.firm_zone();
  today constant date := timezone(firm_zone, now());
  is_custom constant boolean := period = 'custom' or coalesce(first_on, last_on) is not null;
  unit constant text := split_part(period, '_', 2);
  begins date := today - 29;
  ends date := today;
begin
  if is_custom then
    begins := least(greatest(coalesce(first_on, last_on, today), '2013-01-01'), today + 366);
    ends := least(greatest(coalesce(last_on, today), '2013-01-01'), today + 366);
  elsif unit in ('week', 'month', 'quarter') then
    begins := date_trunc(unit, today::timestamp);
    if period like 'last%' then
      ends := begins - 1;
      begins := date_trunc(unit, ends::timestamp);
    end if;
  end if;
  return (
    select jsonb_build_object(
      'period', case when is_custom then 'custom' else period end,
      'first_on', d.first_on,
      'last_on', d.last_on,
      'since', timezone(firm_zone, d.first_on::timestamp),
      'until', timezone(firm_zone, d.last_on + interval '1 day'),
      'step', case
        when step = 'day' and d.days <= 400 or step = 'week' and d.days <= 2000 or step = 'month' then step
        when d.days <= 45 then 'day'
        when d.days <= 200 then 'week'
        else 'month'
      end
    )
    from (select least(begins, ends) as first_on, greatest(begins, ends) as last_on, abs(ends - begins) + 1 as days) as d
  );
end
$$;

grant execute on function private.report_days(text, date, date, text) to authenticated, service_role;

-- Its successor takes what it took.
-- squawk-ignore ban-drop-function
drop function api.report_choices(bigint, uuid);

create function api.report_choices(
  chat bigint default null,
  client uuid default null,
  period text default 'last_30_days',
  first_on date default null,
  last_on date default null,
  step text default null
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* What a report can be asked for: {timezone, firm_name, people, policies}, the two last as [{id, name}], who left last; what the chat and
   the client that it is asked for are called, {chat_name, client_name}, null for those that the reader may not see; and its days, as
   private.report_days gives them. */
#variable_conflict use_column
begin
  return (
    select jsonb_build_object(
      'timezone', s.timezone,
      'firm_name', f.firm_name,
      'people', (
        select coalesce(jsonb_agg(jsonb_build_object('id', u.id, 'name', u.full_name) order by u.active desc, u.full_name, u.id), '[]')
        from public.users as u
        where u.role <> 'observer'
      ),
      'policies', (
        select coalesce(jsonb_agg(jsonb_build_object('id', p.id, 'name', p.name) order by p.name, p.id), '[]') from public.sla_policies as p
      ),
      'chat_name', (select c.chat_name from public.chats as c where c.chat_id = report_choices.chat),
      'client_name', (select k.name from public.clients as k where k.id = report_choices.client),
      'days', private.report_days(report_choices.period, report_choices.first_on, report_choices.last_on, report_choices.step)
    )
    from public.settings as f
    join public.working_schedules as s on s.id = f.default_schedule_id
  );
end
$$;

grant execute on function api.report_choices(bigint, uuid, text, date, date, text) to authenticated, service_role;

-- As above.
-- squawk-ignore ban-drop-function
drop function api.find_longest_waits(timestamptz, timestamptz, bigint, uuid, uuid, uuid, text);

create function api.find_longest_waits(
  since timestamptz,
  until timestamptz,
  chat bigint default null,
  client uuid default null,
  person uuid default null,
  policy uuid default null,
  tier text default null,
  answered uuid[] default null
)
returns table (id uuid, outcome text, chat_name text, person_name text, opened_at timestamptz, working_seconds bigint, calendar_seconds bigint)
language plpgsql
stable
set search_path = ''
set plan_cache_mode = force_custom_plan
as $$
/* Of the windows that api.sla_report counts when it is asked the same, the five that waited longest, those that still wait included. Who has
   found the answered ones names them, and no other answer is looked at. */
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
        and (answered is null or c.id = any (answered))
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

grant execute on function api.find_longest_waits(timestamptz, timestamptz, bigint, uuid, uuid, uuid, text, uuid[])
to authenticated, service_role;

-- Beside the one of instants, which the release before this one still asks.
create function api.report_page(
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
        case when not o.is_open then o.calendar_seconds end as passed
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
        from api.find_longest_waits(
          since, until, report_page.chat, report_page.client, report_page.person, report_page.policy, report_page.tier,
          array(select c.id from counted as c where c.became <= 2 order by c.worked desc nulls last, c.opened_at, c.id limit 5)
        ) as l
      )
    )
  );
end
$$;

grant execute on function api.report_page(text, text, date, date, text, bigint, uuid, uuid, uuid, text) to authenticated, service_role;

create or replace function api.overview()
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* What the first page shows, in one answer: {today, watch, month, days}; the month is the thirty days that end today, as private.report_days
   gives them, and days are what api.sla_times says of it. */
declare
  today constant jsonb := api.today();
  month constant jsonb := private.report_days('last_30_days', null, null, 'day');
begin
  return jsonb_build_object(
    'today', today,
    'watch', api.watch(),
    'month', month,
    'days', (
      select coalesce(jsonb_agg(to_jsonb(t)), '[]')
      from api.sla_times((month ->> 'since')::timestamptz, (month ->> 'until')::timestamptz, 'day') as t
      where t.by = 'day'
    )
  );
end
$$;
