-- The working clock (S6, S7): the calendar as set algebra, and two questions answered from its materialised form.
set lock_timeout = '5s';

create function private.seconds(amount interval)
returns interval
language sql
immutable
set search_path = ''
as $$
/* The same length without days: added to an instant, an interval with days means something else under another session zone. */
  select make_interval(secs => extract(epoch from amount))
$$;

create function private.elapsed(since timestamptz, until timestamptz)
returns interval
language sql
immutable
set search_path = ''
as $$
/* Time between two instants, in seconds only. */
  select private.seconds(until - since)
$$;

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

create function private.local_working_time(of_schedule uuid, days daterange)
returns tsmultirange
language sql
stable
set search_path = ''
as $$
/* Working time in wall-clock time. A date with an exception states its own truth: nothing of the weekly hours, nor of a
   neighbour's night shift, reaches into it. On one date the schedule's own exception beats the firm's. */
  with exceptions as (
    select
      e.on_date,
      e.closed,
      tsrange(e.on_date::timestamp, e.on_date + interval '1 day') as whole_day,
      tsrange(e.on_date + e.opens, e.on_date + e.closes + case when e.closes < e.opens then interval '1 day' else interval '0' end) as hours,
      e.schedule_id is not null as own,
      bool_or(e.schedule_id is not null) over (partition by e.on_date) as own_rules
    from public.calendar_exceptions as e
    join public.working_schedules as s on s.id = of_schedule
    where days @> e.on_date
      and (e.schedule_id = s.id or (e.schedule_id is null and s.follows_firm_calendar))
  ),
  special as (
    select coalesce(range_agg(x.whole_day), '{}') as days
    from exceptions as x
  ),
  weekly as (
    select coalesce(
      range_agg(tsrange(d + i.opens, d + i.closes + case when i.closes < i.opens then interval '1 day' else interval '0' end)),
      '{}'
    ) as hours
    from generate_series(lower(days)::timestamp, upper(days)::timestamp, interval '1 day') as d
    join public.working_intervals as i on i.schedule_id = of_schedule and i.weekday = extract(isodow from d)
    where not exists (select from exceptions as x where x.on_date = d::date)
  ),
  custom as (
    select coalesce(range_agg(tsmultirange(x.hours) - (special.days - tsmultirange(x.whole_day))), '{}') as hours
    from exceptions as x, special
    where x.own = x.own_rules
      and not x.closed
  )
  select (weekly.hours - special.days) + custom.hours
  from weekly, special, custom
$$;

create function private.working_time(of_schedule uuid, during tstzrange)
returns tstzmultirange
language sql
stable
set search_path = ''
as $$
/* The instants at which the wall clock of the schedule's zone shows working time. An hour that the clock skips is not worked, one
   that it repeats is worked twice. */
  select coalesce(
    range_agg(z.piece * tstzrange(timezone('UTC', lower(r) - z.utc_offset), timezone('UTC', upper(r) - z.utc_offset))),
    '{}'
  )
  from public.working_schedules as s
  cross join lateral private.zone_offsets(s.timezone, during) as z
  cross join lateral unnest(
    private.local_working_time(s.id, daterange(lower(during)::date - 2, upper(during)::date + 2))
  ) as r
  where s.id = of_schedule
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
    coalesce(sum(private.elapsed(lower(r), upper(r))) over (order by r rows between unbounded preceding and 1 preceding), interval '0')
  from unnest(private.working_time(of_schedule, horizon)) as r;

  update public.working_schedules as s
  set materialised = horizon
  where s.id = of_schedule;
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
   definer for the same reason as the rebuild it calls. Rows without a schedule are the firm's and concern all that follow it. */
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
    where s.id = any (concerned)
      or (s.follows_firm_calendar and array_position(concerned, null) is not null)
    order by s.id
  loop
    update public.working_schedules as s
    set version = s.version + 1
    where s.id = touched;
    perform private.rebuild_working_periods(touched);
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
  if tg_op = 'UPDATE' then
    new.version := old.version + 1;
  end if;
  return new;
end
$$;

create function private.schedule_rebuilt()
returns trigger
language plpgsql
set search_path = ''
as $$
/* Periods of a schedule that is new or redefined. */
begin
  perform private.rebuild_working_periods(new.id);
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
before update of timezone, around_the_clock, follows_firm_calendar on public.working_schedules
for each row execute function private.schedule_redefined();

create trigger working_schedules_rebuilt
after insert or update of timezone, follows_firm_calendar on public.working_schedules
for each row execute function private.schedule_rebuilt();

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
-- slower.

create function private.is_around_the_clock(of_schedule uuid)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
/* Whether every instant is working time; null for a schedule that does not exist. */
begin
  return (select s.around_the_clock from public.working_schedules as s where s.id = of_schedule);
end
$$;

create function private.worked_until(of_schedule uuid, at timestamptz)
returns interval
language plpgsql
stable
set search_path = ''
as $$
/* Working time from the start of the materialised span to an instant; null outside the span and without any working time. */
declare
  latest public.working_periods;
begin
  if not exists (
    select from public.working_schedules as s where s.id = of_schedule and s.materialised @> at
  ) then
    return null;
  end if;

  select p.* into latest
  from public.working_periods as p
  where p.schedule_id = of_schedule
    and lower(p.period) <= at
  order by lower(p.period) desc
  limit 1;

  if found then
    return latest.starts_after + private.elapsed(lower(latest.period), least(at, upper(latest.period)));
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
  total interval;
  last_used public.working_periods;
  used_up_at timestamptz;
begin
  if amount < interval '0' then
    return null;
  end if;
  if private.is_around_the_clock(schedule_id) then
    return since + private.seconds(amount);
  end if;

  total := private.worked_until(schedule_id, since) + private.seconds(amount);
  select p.* into last_used
  from public.working_periods as p
  where p.schedule_id = add_working.schedule_id
    and p.starts_after < total
  order by p.starts_after desc
  limit 1;

  used_up_at := lower(last_used.period) + (total - last_used.starts_after);
  return case
    when total is null then null
    when amount = interval '0' then since
    when used_up_at <= upper(last_used.period) then used_up_at
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
  worked interval;
begin
  if private.is_around_the_clock(schedule_id) then
    worked := private.elapsed(since, until);
  else
    worked := private.worked_until(schedule_id, until) - private.worked_until(schedule_id, since);
  end if;
  return case when worked < interval '0' then interval '0' else worked end;
end
$$;

create function private.is_working_time(of_schedule uuid, at timestamptz)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
/* Whether the schedule works at an instant. */
begin
  return private.is_around_the_clock(of_schedule)
    or coalesce(
      (
        select p.period @> at
        from public.working_periods as p
        where p.schedule_id = of_schedule
          and lower(p.period) <= at
        order by lower(p.period) desc
        limit 1
      ),
      false
    );
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
  latest public.working_periods;
begin
  if private.is_around_the_clock(of_schedule) then
    return query select floor(extract(epoch from due_at - as_of))::bigint, true, null::timestamptz;
    return;
  end if;

  select p.* into latest
  from public.working_periods as p
  where p.schedule_id = of_schedule
    and lower(p.period) <= as_of
  order by lower(p.period) desc
  limit 1;

  seconds_left := floor(extract(epoch from private.worked_until(of_schedule, due_at) - private.worked_until(of_schedule, as_of)));
  runs := coalesce(latest.period @> as_of, false);
  changes_at := case
    when runs then upper(latest.period)
    else (
      select lower(p.period)
      from public.working_periods as p
      where p.schedule_id = of_schedule
        and lower(p.period) > as_of
      order by lower(p.period)
      limit 1
    )
  end;
  return next;
end
$$;

grant execute on function
  private.seconds(interval),
  private.elapsed(timestamptz, timestamptz),
  private.is_around_the_clock(uuid),
  private.worked_until(uuid, timestamptz),
  private.is_working_time(uuid, timestamptz),
  private.clock_face(uuid, timestamptz, timestamptz),
  api.add_working(uuid, timestamptz, interval),
  api.working_between(uuid, timestamptz, timestamptz)
to authenticated, service_role;
