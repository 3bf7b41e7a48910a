-- What the pages of schedules show: the list, one schedule with its year and its history, the firm's own dates.
set lock_timeout = '5s';

create view api.schedule_list with (security_invoker = true) as
select
  s.id,
  s.name,
  s.timezone,
  s.around_the_clock,
  s.follows_firm_calendar,
  s.archived_at,
  private.hours_of(s.id) as hours,
  s.id = f.default_schedule_id as is_default,
  s.id = f.around_the_clock_schedule_id as measures_around_the_clock,
  coalesce(used.chats, 0) as chats,
  not private.has_working_time(s.id, now()) as never_opens,
  -- As the health page has it: so long before the end the clock is still right.
  case when not s.around_the_clock and upper(s.materialised) < now() + interval '700 days' then upper(s.materialised) end as runs_out_at
from public.working_schedules as s
cross join public.settings as f
left join (
  select t.schedule_id, count(*) as chats
  from private.terms_in_force() as t
  join public.chats as c on c.chat_id = t.chat_id
  where c.monitoring_enabled
  group by t.schedule_id
) as used on used.schedule_id = s.id;

comment on view api.schedule_list is 'Schedules with their week, how many watched chats of the reader count by them, and whether they ever open.';

create function private.year_of(of_schedule uuid, year integer)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* Each day of a year: [{on_date, minutes, kind, name}]. Kinds: working and off as the week says; holiday and short as the production
   calendar says; exception for what people say, and for moved working days. */
#variable_conflict use_column
begin
  return (
    with days as (
      select d::date as on_date
      from generate_series(
        make_date(year_of.year, 1, 1)::timestamp, make_date(year_of.year, 12, 31)::timestamp, interval '1 day'
      ) as d
    ),
    stretches as materialized (
      select r as stretch
      from unnest(
        private.local_working_time(of_schedule, daterange(make_date(year_of.year, 1, 1) - 2, make_date(year_of.year, 12, 31) + 2))
      ) as r
    ),
    worked as (
      -- Each stretch says itself on which days it lies.
      select d.day::date as on_date, sum(extract(epoch from upper(p.part) - lower(p.part)) / 60)::integer as minutes
      from stretches as s
      cross join lateral generate_series(lower(s.stretch)::date::timestamp, upper(s.stretch)::date::timestamp, interval '1 day') as d (day)
      cross join lateral (select s.stretch * tsrange(d.day, d.day + interval '1 day') as part) as p
      where not isempty(p.part)
      group by d.day
    ),
    special as (
      select
        e.on_date,
        string_agg(distinct e.name, ', ') as name,
        case
          when min(e.source) is null or min(e.works_as) is not null then 'exception'
          when bool_or(e.closed) then 'holiday'
          else 'short'
        end as kind
      from private.exceptions_in_force(
        of_schedule, daterange(make_date(year_of.year, 1, 1), make_date(year_of.year, 12, 31), '[]')
      ) as e
      group by e.on_date
    )
    select jsonb_agg(
      jsonb_build_object(
        'on_date', d.on_date,
        'minutes', t.minutes,
        'kind', coalesce(
          -- A shortened day off is a day off.
          case when s.kind <> 'short' or t.minutes > 0 then s.kind end,
          case when t.minutes > 0 then 'working' else 'off' end
        ),
        'name', s.name
      )
      order by d.on_date
    )
    from days as d
    left join worked as w on w.on_date = d.on_date
    left join special as s on s.on_date = d.on_date
    cross join lateral (
      select case when c.around_the_clock then 1440 else coalesce(w.minutes, 0) end as minutes
      from public.working_schedules as c
      where c.id = of_schedule
    ) as t
  );
end
$$;

create function private.schedule_history(of_schedule uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* The latest twenty changes of a schedule: [{made_at, made_by, hours, hours_before, timezone, timezone_before, dates, dates_before}], the
   dates only where they differ. Versions of one moment are one change; the first is how the schedule began. */
#variable_conflict use_column
begin
  return (
    with ends as (
      select distinct on (v.made_at) v.*
      from public.schedule_versions as v
      where v.schedule_id = of_schedule
      order by v.made_at desc, v.version desc
      limit 21
    ),
    told as (
      select
        e.*,
        lag(e.hours) over w as hours_before,
        lag(e.timezone) over w as timezone_before,
        lag(e.named_dates) over w as dates_before,
        row_number() over w as nth
      from ends as e
      window w as (order by e.made_at)
    )
    select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'made_at', t.made_at,
          'made_by', u.full_name,
          'hours', t.hours,
          'hours_before', t.hours_before,
          'timezone', t.timezone,
          'timezone_before', t.timezone_before,
          'dates', (
            select jsonb_object_agg(n.key, n.value)
            from jsonb_each_text(t.named_dates) as n
            where t.dates_before is not null
              and t.dates_before ->> n.key is distinct from n.value
          ),
          'dates_before', (
            select jsonb_object_agg(n.key, n.value)
            from jsonb_each_text(t.dates_before) as n
            where not t.named_dates ? n.key
              -- Older ones have only left what is kept at hand.
              and n.key::date > t.made_at::date - 390
          )
        )
        order by t.made_at desc
      ) filter (where t.nth > 1 or t.made_at = (select min(v.made_at) from public.schedule_versions as v where v.schedule_id = of_schedule)),
      '[]'
    )
    from told as t
    left join public.users as u on u.id = t.made_by
  );
end
$$;

create function api.schedule_page(schedule_id uuid, year integer)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* All that the page of a schedule shows: {schedule, days, dates, firm_dates, chats, history}; the chats are the first thirty of those that
   the reader sees. Null when there is no such schedule. */
#variable_conflict use_column
begin
  return (
    select jsonb_build_object(
      'schedule', to_jsonb(s),
      'days', private.year_of(s.id, schedule_page.year),
      'dates', private.dates_of(s.id, schedule_page.year),
      'firm_dates', case when s.follows_firm_calendar then private.dates_of(null, schedule_page.year) else '[]' end,
      'chats', coalesce(
        (
          select jsonb_agg(jsonb_build_object('id', x.id, 'name', x.chat_name) order by x.chat_name)
          from (
            select c.id, c.chat_name
            from private.terms_in_force() as t
            join public.chats as c on c.chat_id = t.chat_id
            where t.schedule_id = s.id
              and c.monitoring_enabled
            order by c.chat_name
            limit 30
          ) as x
        ),
        '[]'
      ),
      'history', private.schedule_history(s.id)
    )
    from api.schedule_list as s
    where s.id = schedule_page.schedule_id
  );
end
$$;

create function api.calendar_page(year integer)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* The firm's own exceptional dates of a year, and how many schedules follow them: {dates, schedules}. */
#variable_conflict use_column
begin
  return (
    select jsonb_build_object(
      'dates', private.dates_of(null, calendar_page.year),
      'schedules', (
        select count(*)
        from public.working_schedules as s
        where s.follows_firm_calendar
          and not s.around_the_clock
          and s.archived_at is null
      )
    )
  );
end
$$;

grant select on api.schedule_list to authenticated;
grant execute on function
  private.exceptions_in_force(uuid, daterange),
  private.weekly_working_time(uuid, daterange),
  private.local_working_time(uuid, daterange),
  private.dates_of(uuid, integer),
  private.year_of(uuid, integer),
  private.schedule_history(uuid),
  api.schedule_page(uuid, integer),
  api.calendar_page(integer)
to authenticated;
