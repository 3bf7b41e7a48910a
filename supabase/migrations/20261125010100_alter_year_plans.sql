-- What the page of a schedule computed was mostly the way to it: the hours of a day were a call for each day, with settings of its own to put
-- up and take down, and each stretch of a year was cut by a series of its own days.
set lock_timeout = '5s';

create or replace function private.hours_on(day date, opens time, closes time)
returns tsrange
language sql
immutable
called on null input
/* An interval that starts on a day, as wall-clock time; what does not close later than it opens closes on the next day. Null without one.
   An expression, so that it becomes part of whatever asks. */
return case
  when day is not null and opens is not null and closes is not null
  then tsrange(day + opens, day + closes + case when closes < opens then interval '1 day' else interval '0' end)
end;

create or replace function private.year_of(of_schedule uuid, year integer)
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
      select p.on_date, (extract(epoch from sum(p.worked)) / 60)::integer as minutes
      from (
        -- Nearly all lie on one day, and nothing has to be cut.
        select lower(s.stretch)::date as on_date, upper(s.stretch) - lower(s.stretch) as worked
        from stretches as s
        where upper(s.stretch) <= lower(s.stretch)::date + 1
        union all
        select d.day::date, upper(x.part) - lower(x.part)
        from stretches as s
        cross join lateral generate_series(lower(s.stretch)::date::timestamp, upper(s.stretch)::date::timestamp, interval '1 day') as d (day)
        cross join lateral (select s.stretch * tsrange(d.day, d.day + interval '1 day') as part) as x
        where upper(s.stretch) > lower(s.stretch)::date + 1
          and not isempty(x.part)
      ) as p
      group by p.on_date
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
