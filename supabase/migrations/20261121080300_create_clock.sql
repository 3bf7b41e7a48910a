-- The working clock (S6, S7): the calendar as set algebra, and two questions answered from its materialised form.
set lock_timeout = '5s';

create function private.zone_offsets(zone text, during tstzrange)
returns table (piece tstzrange, utc_offset interval)
language sql
stable
set search_path = ''
as $$
/* Cuts a span of time into pieces of constant UTC offset: probes every 24 hours, then by minutes where two probes differ. */
  with probes as (
    select t as at, timezone(zone, t) - timezone('UTC', t) as utc_offset
    from generate_series(lower(during), upper(during), interval '24 hours') as t
  ),
  jumps as (
    select lag(p.at) over (order by p.at) as after, p.at as until, lag(p.utc_offset) over (order by p.at) as was, p.utc_offset
    from probes as p
  ),
  starts as (
    select lower(during) as at
    union all
    select (
      select min(t)
      from generate_series(j.after, j.until, interval '1 minute') as t
      where timezone(zone, t) - timezone('UTC', t) <> j.was
    )
    from jumps as j
    where j.was <> j.utc_offset
  )
  select
    tstzrange(s.at, lead(s.at, 1, upper(during)) over (order by s.at)),
    timezone(zone, s.at) - timezone('UTC', s.at)
  from starts as s
$$;

create function private.hours_on(day date, opens time, closes time)
returns tsrange
language sql
immutable
strict
set search_path = ''
as $$
/* An interval that starts on a day, as wall-clock time; what does not close later than it opens closes on the next day. */
  select tsrange(day + opens, day + closes + case when closes < opens then interval '1 day' else interval '0' end)
$$;

create function private.exceptions_in_force(of_schedule uuid, days daterange)
returns setof public.calendar_exceptions
language sql
stable
set search_path = ''
as $$
/* The exceptions that a schedule obeys: its own, and on dates without one the firm's. None around the clock. */
  select e.*
  from public.calendar_exceptions as e
  join public.working_schedules as s on s.id = of_schedule
  where days @> e.on_date
    and not s.around_the_clock
    and (
      e.schedule_id = s.id
      or (
        e.schedule_id is null
        and s.follows_firm_calendar
        and not exists (select from public.calendar_exceptions as o where o.schedule_id = s.id and o.on_date = e.on_date)
      )
    )
$$;

create function private.weekly_working_time(of_schedule uuid, days daterange)
returns tsmultirange
language sql
stable
set search_path = ''
as $$
/* Working time in wall-clock time as the weekly hours give it: each date those of its weekday, or of the one it works as, less the
   minutes that it is shortened by. What starts on a date counts as that date's, over midnight too. Closed dates, and those with
   intervals of their own, give nothing here. */
  with dates as (
    select d::date as on_date, coalesce(e.works_as, extract(isodow from d)) as weekday, coalesce(e.shortened_minutes, 0) as minutes
    from generate_series(lower(days)::timestamp, upper(days)::timestamp, interval '1 day') as d
    left join private.exceptions_in_force(of_schedule, days) as e on e.on_date = d::date
    where e.id is null or e.works_as is not null or e.shortened_minutes is not null
  ),
  shifts as (
    select d.on_date, make_interval(mins => d.minutes) as shortened, range_agg(private.hours_on(d.on_date, i.opens, i.closes)) as hours
    from dates as d
    join public.working_intervals as i on i.schedule_id = of_schedule and i.weekday = d.weekday
    group by d.on_date, d.minutes
  ),
  stretches as (
    select
      r,
      s.shortened - coalesce(
        sum(upper(r) - lower(r)) over (partition by s.on_date order by r desc rows between unbounded preceding and 1 preceding),
        interval '0'
      ) as to_lose
    from shifts as s, unnest(s.hours) as r
  )
  select coalesce(
    range_agg(tsrange(lower(x.r), upper(x.r) - least(greatest(x.to_lose, interval '0'), upper(x.r) - lower(x.r)))),
    '{}'
  )
  from stretches as x
$$;

create function private.local_working_time(of_schedule uuid, days daterange)
returns tsmultirange
language sql
stable
set search_path = ''
as $$
/* Working time in wall-clock time. A date that is closed or has intervals of its own states the whole truth about its 24 hours:
   nothing of a neighbour's night shift reaches into it. A date that works as some weekday, or is shortened, is an ordinary neighbour. */
  with stated as (
    select
      tsrange(e.on_date::timestamp, e.on_date + interval '1 day') as whole_day,
      private.hours_on(e.on_date, e.opens, e.closes) as hours
    from private.exceptions_in_force(of_schedule, days) as e
    where e.closed or e.opens is not null
  ),
  special as (
    select coalesce(range_agg(x.whole_day), '{}') as dates
    from stated as x
  ),
  custom as (
    select coalesce(range_agg(tsmultirange(x.hours) - (special.dates - tsmultirange(x.whole_day))), '{}') as hours
    from stated as x, special
    where x.hours is not null
  )
  select (private.weekly_working_time(of_schedule, days) - special.dates) + custom.hours
  from special, custom
$$;

create function private.working_time(of_schedule uuid, during tstzrange)
returns tstzmultirange
language sql
stable
set search_path = ''
as $$
/* The instants at which the wall clock of the schedule's zone shows working time. An hour that the clock skips is not worked, one
   that it repeats is worked twice. Around the clock it is all of them. */
  select case
    when s.around_the_clock then tstzmultirange(during)
    else (
      select coalesce(
        range_agg(z.piece * tstzrange(timezone('UTC', lower(r) - z.utc_offset), timezone('UTC', upper(r) - z.utc_offset))),
        '{}'
      )
      from private.zone_offsets(s.timezone, during) as z
      cross join lateral unnest(
        private.local_working_time(s.id, daterange(lower(during)::date - 2, upper(during)::date + 2))
      ) as r
    )
  end
  from public.working_schedules as s
  where s.id = of_schedule
$$;

create function private.keep_schedule_version(of_schedule uuid)
returns void
language sql
security definer
set search_path = ''
as $$
/* Writes down what the current version of a schedule says (S8). A version that is materialised further grows at its end and keeps its
   beginning, which windows may have been measured with. A definer, because nobody may write versions by hand. */
  insert into public.schedule_versions as v (schedule_id, version, timezone, around_the_clock, periods, named_dates)
  select
    s.id,
    s.version,
    s.timezone,
    s.around_the_clock,
    case
      when s.around_the_clock then '{}'
      else coalesce((select range_agg(p.period) from public.working_periods as p where p.schedule_id = s.id), '{}')
    end,
    coalesce(
      (
        select jsonb_object_agg(named.on_date, named.names)
        from (
          select e.on_date, string_agg(distinct e.name, ', ') as names
          from private.exceptions_in_force(s.id, daterange(lower(s.materialised)::date, upper(s.materialised)::date, '[]')) as e
          group by e.on_date
        ) as named
      ),
      '{}'
    )
  from public.working_schedules as s
  where s.id = of_schedule
  on conflict (schedule_id, version) do update
  set
    periods = (
      select v.periods - tstzmultirange(s.materialised) + excluded.periods
      from public.working_schedules as s
      where s.id = excluded.schedule_id
    ),
    named_dates = v.named_dates || excluded.named_dates
$$;

create function private.rebuild_working_periods(of_schedule uuid, as_of timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
/* Materialises a schedule from 400 days before to 800 days after. A definer, because whoever edits the calendar does not own the
   periods that follow from it: nobody may write those. */
declare
  -- Whole UTC days, so that a rebuild on the same day gives the same rows.
  horizon constant tstzrange := tstzrange(
    date_trunc('day', as_of, 'UTC') - interval '9600 hours',
    date_trunc('day', as_of, 'UTC') + interval '19200 hours'
  );
begin
  delete from public.working_periods as p
  where p.schedule_id = of_schedule;

  insert into public.working_periods (schedule_id, period, starts_after)
  select
    of_schedule,
    r,
    make_interval(
      secs => coalesce(
        sum(date_part('epoch', upper(r) - lower(r))) over (order by r rows between unbounded preceding and 1 preceding), 0
      )
    )
  from unnest(private.working_time(of_schedule, horizon)) as r;

  update public.working_schedules as s
  set materialised = horizon
  where s.id = of_schedule;

  perform private.keep_schedule_version(of_schedule);
end
$$;

create function private.calendar_changed(of_schedule uuid)
returns void
language plpgsql
set search_path = ''
as $$
/* What follows from a schedule's new working time. Nothing yet; replaced once there are windows. */
begin
end
$$;

create function private.lock_calendar()
returns trigger
language plpgsql
set search_path = ''
as $$
/* One change of the calendar at a time: each rebuilds what the other reads. Taken before any row, so that two never wait for each
   other. */
begin
  perform pg_advisory_xact_lock(hashtextextended('calendar', 0));
  return null;
end
$$;

create function private.schedules_changed()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
/* After a statement on the calendar: a new version and new periods for each schedule it concerns, in the same transaction. A
   definer for the same reason as the rebuild it calls. Rows without a schedule are the firm's and concern all that follow it; nothing
   of this concerns a schedule that is around the clock. */
declare
  concerned uuid[];
  touched uuid;
begin
  select array_agg(c.schedule_id)
  from changed as c
  into concerned;
  if tg_op = 'UPDATE' then
    -- A row that moved concerns the schedule it left as well.
    concerned := concerned || (select array_agg(b.schedule_id) from before as b);
  end if;

  for touched in
    select s.id
    from public.working_schedules as s
    where not s.around_the_clock
      and (s.id = any (concerned) or (s.follows_firm_calendar and array_position(concerned, null) is not null))
    order by s.id
  loop
    update public.working_schedules as s
    set version = s.version + 1
    where s.id = touched;
    perform private.rebuild_working_periods(touched);
    perform private.calendar_changed(touched);
  end loop;
  return null;
end
$$;

create function private.schedule_redefined()
returns trigger
language plpgsql
set search_path = ''
as $$
/* A change of zone or flags is a change of working time. */
begin
  new.version := old.version + 1;
  return new;
end
$$;

create function private.schedule_rebuilt()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
/* Periods of a schedule that is new or redefined. A definer for the same reason as the rebuild it calls. */
begin
  perform private.rebuild_working_periods(new.id);
  perform private.calendar_changed(new.id);
  return null;
end
$$;

create trigger working_schedules_locked before insert or update or delete on public.working_schedules
for each statement execute function private.lock_calendar();
create trigger working_intervals_locked before insert or update or delete on public.working_intervals
for each statement execute function private.lock_calendar();
create trigger calendar_exceptions_locked before insert or update or delete on public.calendar_exceptions
for each statement execute function private.lock_calendar();
create trigger working_periods_locked before insert or update or delete on public.working_periods
for each statement execute function private.lock_calendar();

create trigger working_schedules_redefined
before update on public.working_schedules
for each row
when (
  (new.timezone, new.around_the_clock, new.follows_firm_calendar)
  is distinct from (old.timezone, old.around_the_clock, old.follows_firm_calendar)
)
execute function private.schedule_redefined();

create trigger working_schedules_made after insert on public.working_schedules
for each row execute function private.schedule_rebuilt();

create trigger working_schedules_rebuilt
after update on public.working_schedules
for each row
when (
  (new.timezone, new.around_the_clock, new.follows_firm_calendar)
  is distinct from (old.timezone, old.around_the_clock, old.follows_firm_calendar)
)
execute function private.schedule_rebuilt();

create trigger working_intervals_inserted after insert on public.working_intervals
referencing new table as changed for each statement execute function private.schedules_changed();
create trigger working_intervals_updated after update on public.working_intervals
referencing old table as before new table as changed for each statement execute function private.schedules_changed();
create trigger working_intervals_deleted after delete on public.working_intervals
referencing old table as changed for each statement execute function private.schedules_changed();

create trigger calendar_exceptions_inserted after insert on public.calendar_exceptions
referencing new table as changed for each statement execute function private.schedules_changed();
create trigger calendar_exceptions_updated after update on public.calendar_exceptions
referencing old table as before new table as changed for each statement execute function private.schedules_changed();
create trigger calendar_exceptions_deleted after delete on public.calendar_exceptions
referencing old table as changed for each statement execute function private.schedules_changed();

-- The clock itself is plpgsql because that keeps its plans: the same in language sql is planned at every call and measured 20 times
-- slower. It runs once per window of every batch, so each function looks up for itself and reckons outside the queries: 70 000 deadlines
-- a second where calls between them gave 25 000. Differences of instants pass through make_interval, because one with days in it, added
-- to an instant, means something else under another session zone.

create function private.worked_until(of_schedule uuid, at timestamptz)
returns interval
language plpgsql
stable
set search_path = ''
as $$
/* Working time from the start of the materialised span to an instant; null outside the span and without any working time. */
declare
  opens timestamptz;
  closes timestamptz;
  before interval;
begin
  select lower(p.period), upper(p.period), p.starts_after
  from public.working_periods as p
  where p.schedule_id = of_schedule
    and lower(p.period) <= at
  order by lower(p.period) desc
  limit 1
  into opens, closes, before;
  if at < closes then
    return before + make_interval(secs => date_part('epoch', at - opens));
  end if;

  if not exists (select from public.working_schedules as s where s.id = of_schedule and s.materialised @> at) then
    return null;
  elsif opens is not null then
    return before + make_interval(secs => date_part('epoch', closes - opens));
  end if;
  -- Before the first period, if there is one, nothing was worked yet.
  return (select p.starts_after from public.working_periods as p where p.schedule_id = of_schedule order by p.starts_after limit 1);
end
$$;

create function api.add_working(schedule_id uuid, since timestamptz, amount interval)
returns timestamptz
language plpgsql
stable
set search_path = ''
as $$
/* The instant at which `amount` of working time is used up (S7): exactly at closing time it is that closing instant. Null when the
   schedule has no working time, or not enough within the materialised span, and for a negative amount. */
declare
  seconds constant interval := make_interval(secs => date_part('epoch', amount));
  opens timestamptz;
  closes timestamptz;
  before interval;
  total interval;
  used_up_at timestamptz;
  always boolean;
  is_known boolean;
begin
  if seconds < interval '0' then
    return null;
  end if;

  -- The period under way, or else the one before.
  select lower(p.period), upper(p.period), p.starts_after
  from public.working_periods as p
  where p.schedule_id = add_working.schedule_id
    and lower(p.period) <= since
  order by lower(p.period) desc
  limit 1
  into opens, closes, before;
  if since < closes and since + seconds <= closes then
    return since + seconds;
  end if;

  -- The period in which the total is reached. The lower bound changes nothing, but spares reading what lies before.
  total := seconds + coalesce(before + make_interval(secs => date_part('epoch', least(since, closes) - opens)), interval '0');
  select lower(p.period) + (total - p.starts_after), upper(p.period)
  from public.working_periods as p
  where p.schedule_id = add_working.schedule_id
    and p.starts_after < total
    and p.starts_after >= coalesce(before, interval '0')
  order by p.starts_after desc
  limit 1
  into used_up_at, closes;
  if opens is not null and used_up_at <= closes and seconds > interval '0' then
    return used_up_at;
  end if;

  -- Around the clock beyond the span, before the first period, no amount at all; or nothing to count.
  select s.around_the_clock, s.materialised @> since
  from public.working_schedules as s
  where s.id = add_working.schedule_id
  into always, is_known;
  return case
    when always then since + seconds
    when seconds = interval '0' and private.worked_until(schedule_id, since) is not null then since
    when is_known and used_up_at <= closes then used_up_at
  end;
end
$$;

create function api.working_between(schedule_id uuid, since timestamptz, until timestamptz)
returns interval
language plpgsql
stable
set search_path = ''
as $$
/* Working time in [since, until), zero when that is empty. Null when the schedule has no working time, or outside its span. */
declare
  always boolean;
  is_known boolean;
  opens timestamptz;
  closes timestamptz;
  before interval;
  opens_until timestamptz;
  closes_until timestamptz;
  before_until interval;
begin
  select s.around_the_clock, s.materialised @> since and s.materialised @> until
  from public.working_schedules as s
  where s.id = working_between.schedule_id
  into always, is_known;
  if always then
    return greatest(make_interval(secs => date_part('epoch', until - since)), interval '0');
  elsif is_known is not true then
    return null;
  end if;

  select lower(p.period), upper(p.period), p.starts_after
  from public.working_periods as p
  where p.schedule_id = working_between.schedule_id
    and lower(p.period) <= since
  order by lower(p.period) desc
  limit 1
  into opens, closes, before;
  select lower(p.period), upper(p.period), p.starts_after
  from public.working_periods as p
  where p.schedule_id = working_between.schedule_id
    and lower(p.period) <= until
  order by lower(p.period) desc
  limit 1
  into opens_until, closes_until, before_until;
  if opens_until is null then
    -- Before the first period, if there is one, nothing is worked.
    return (select interval '0' from public.working_periods as p where p.schedule_id = working_between.schedule_id limit 1);
  end if;
  return greatest(
    before_until + make_interval(secs => date_part('epoch', least(until, closes_until) - opens_until))
    - coalesce(before + make_interval(secs => date_part('epoch', least(since, closes) - opens)), interval '0'),
    interval '0'
  );
end
$$;

create function private.is_working_time(of_schedule uuid, at timestamptz)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
/* Whether the schedule works at an instant. */
declare
  closes timestamptz;
begin
  select upper(p.period)
  from public.working_periods as p
  where p.schedule_id = of_schedule
    and lower(p.period) <= at
  order by lower(p.period) desc
  limit 1
  into closes;
  -- Around the clock means beyond the materialised span as well.
  return coalesce(at < closes, false)
    or exists (select from public.working_schedules as s where s.id = of_schedule and s.around_the_clock);
end
$$;

create function private.has_working_time(of_schedule uuid, as_of timestamptz)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
/* Whether the schedule works at all in the 60 days after an instant. */
declare
  closes timestamptz;
begin
  -- Of the periods that open in time, the last one closes last.
  select upper(p.period)
  from public.working_periods as p
  where p.schedule_id = of_schedule
    and lower(p.period) < as_of + interval '1440 hours'
  order by lower(p.period) desc
  limit 1
  into closes;
  return coalesce(closes > as_of, false)
    or exists (select from public.working_schedules as s where s.id = of_schedule and s.around_the_clock);
end
$$;

create function private.clock_face(of_schedule uuid, due_at timestamptz, as_of timestamptz)
returns table (seconds_left bigint, runs boolean, changes_at timestamptz)
language plpgsql
stable
rows 1
set search_path = ''
as $$
/* What a list shows of a deadline: whole working seconds left, negative once it has passed; whether the clock runs; and when it next
   stops or starts, null around the clock. One row. */
declare
  always boolean;
  is_known boolean;
  opens timestamptz;
  closes timestamptz;
  before interval;
  worked interval;
  worked_when_due interval;
begin
  select s.around_the_clock, s.materialised @> due_at and s.materialised @> as_of
  from public.working_schedules as s
  where s.id = of_schedule
  into always, is_known;
  if always then
    return query select floor(extract(epoch from due_at - as_of))::bigint, true, null::timestamptz;
    return;
  end if;

  select lower(p.period), upper(p.period), p.starts_after
  from public.working_periods as p
  where p.schedule_id = of_schedule
    and lower(p.period) <= as_of
  order by lower(p.period) desc
  limit 1
  into opens, closes, before;
  runs := coalesce(as_of < closes, false);
  changes_at := case
    when runs then closes
    else (
      select lower(p.period)
      from public.working_periods as p
      where p.schedule_id = of_schedule
        and lower(p.period) > as_of
      order by lower(p.period)
      limit 1
    )
  end;

  if is_known and coalesce(opens, changes_at) is not null then
    worked := coalesce(before + make_interval(secs => date_part('epoch', least(as_of, closes) - opens)), interval '0');
    select p.starts_after + make_interval(secs => date_part('epoch', least(due_at, upper(p.period)) - lower(p.period)))
    from public.working_periods as p
    where p.schedule_id = of_schedule
      and lower(p.period) <= due_at
    order by lower(p.period) desc
    limit 1
    into worked_when_due;
    seconds_left := floor(extract(epoch from coalesce(worked_when_due, interval '0') - worked));
  end if;
  return next;
end
$$;

grant execute on function
  private.worked_until(uuid, timestamptz),
  private.is_working_time(uuid, timestamptz),
  private.has_working_time(uuid, timestamptz),
  private.clock_face(uuid, timestamptz, timestamptz),
  api.add_working(uuid, timestamptz, interval),
  api.working_between(uuid, timestamptz, timestamptz)
to authenticated, service_role;
