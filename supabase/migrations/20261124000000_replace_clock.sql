-- The clock as rules of one question each, which become part of whatever statement asks: to call it for each window, and to look up each
-- bound by itself, was a seventh of what intake cost in Postgres.
set lock_timeout = '5s';

create function private.worked_by(of_schedule uuid, at timestamptz)
returns table (total interval)
language sql
stable
begin atomic
  /* Working time from the start of the materialised span to an instant in it. No row without any working time. An index is read page by
     page, so that whoever asks for the latest opening of all reads hundreds: nearly always there was one within four days. Before the
     first one nothing was worked. */
  select p.starts_after + greatest(make_interval(secs => date_part('epoch', least(at, p.closes) - p.opens)), interval '0')
  from (
    (
      select lower(k.period) as opens, upper(k.period) as closes, k.starts_after
      from public.working_periods as k
      where k.schedule_id = of_schedule
        and lower(k.period) <= at
        and lower(k.period) > at - interval '96 hours'
      order by lower(k.period) desc
      limit 1
    )
    union all
    (
      select lower(k.period), upper(k.period), k.starts_after
      from public.working_periods as k
      where k.schedule_id = of_schedule
        and lower(k.period) <= at - interval '96 hours'
      order by lower(k.period) desc
      limit 1
    )
    union all
    (
      select lower(k.period), upper(k.period), k.starts_after
      from public.working_periods as k
      where k.schedule_id = of_schedule
      order by k.starts_after
      limit 1
    )
    limit 1
  ) as p;
end;

create function private.worked_up(of_schedule uuid, total interval)
returns table (at timestamptz)
language sql
stable
begin atomic
  /* The instant at which so much has been worked: exactly at closing time it is that closing instant. No row beyond the span. Looked for
     among the day's periods before all others, for the same reason. */
  select p.opens + (total - p.starts_after)
  from (
    (
      select lower(k.period) as opens, upper(k.period) as closes, k.starts_after
      from public.working_periods as k
      where k.schedule_id = of_schedule
        and k.starts_after < total
        and k.starts_after >= total - interval '24 hours'
      order by k.starts_after desc
      limit 1
    )
    union all
    (
      select lower(k.period), upper(k.period), k.starts_after
      from public.working_periods as k
      where k.schedule_id = of_schedule
        and k.starts_after < total - interval '24 hours'
      order by k.starts_after desc
      limit 1
    )
    limit 1
  ) as p
  where p.opens + (total - p.starts_after) <= p.closes;
end;

create function private.worked_between(of_schedule uuid, since timestamptz, until timestamptz)
returns table (worked interval)
language sql
stable
begin atomic
  /* Working time in [since, until), zero when that is empty. Null without any working time, and outside the span. */
  select
    coalesce(
      w.worked,
      (select greatest(make_interval(secs => date_part('epoch', until - since)), interval '0') where s.around_the_clock)
    )
  from public.working_schedules as s
  left join lateral (
    select greatest(later.total - earlier.total, interval '0') as worked
    from private.worked_by(s.id, since) as earlier
    cross join private.worked_by(s.id, until) as later
  ) as w on s.materialised @> since and s.materialised @> until
  where s.id = of_schedule;
end;

-- It returns rows now; only functions of ours ask it, and they do so by name.
-- squawk-ignore ban-drop-function
drop function private.deadlines(uuid, timestamptz, integer, integer);

create function private.deadlines(of_schedule uuid, since timestamptz, target_minutes integer, warn_percent integer)
returns table (warn_at timestamptz, due_at timestamptz)
language sql
stable
begin atomic
  /* When somebody is warned, and when the target is used up (S7). Both null where the clock does not reach. */
  select
    coalesce(warned.at, (select since + a.share where s.around_the_clock)),
    coalesce(due.at, (select since + a.target where s.around_the_clock))
  from (
    values (make_interval(mins => target_minutes), make_interval(mins => target_minutes) * warn_percent / 100)
  ) as a (target, share)
  left join public.working_schedules as s on s.id = of_schedule
  left join lateral private.worked_by(s.id, since) as w on s.materialised @> since
  left join lateral private.worked_up(s.id, w.total + a.share) as warned on true
  left join lateral private.worked_up(s.id, w.total + a.target) as due on true;
end;

create function private.worked_after(of_schedule uuid, since timestamptz, amount interval)
returns table (at timestamptz)
language sql
stable
begin atomic
  /* The instant at which `amount` of working time is used up (S7). Null without any working time, where the clock does not reach, and for
     a negative amount. */
  select
    coalesce(
      (select since + a.seconds where s.around_the_clock or (a.seconds = interval '0' and w.total is not null)),
      u.at
    )
  from (values (make_interval(secs => date_part('epoch', amount)))) as a (seconds)
  left join public.working_schedules as s on s.id = of_schedule
  left join lateral private.worked_by(s.id, since) as w on s.materialised @> since
  left join lateral private.worked_up(s.id, w.total + a.seconds) as u on true
  where a.seconds >= interval '0';
end;

create or replace function api.add_working(schedule_id uuid, since timestamptz, amount interval)
returns timestamptz
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
/* The instant at which `amount` of working time is used up (S7): exactly at closing time it is that closing instant. Null when the
   schedule has no working time, or not enough within the materialised span, and for a negative amount. */
begin
  return (select a.at from private.worked_after(schedule_id, since, amount) as a);
end
$$;

create or replace function api.working_between(schedule_id uuid, since timestamptz, until timestamptz)
returns interval
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
/* Working time in [since, until), zero when that is empty. Null when the schedule has no working time, or outside its span. */
begin
  return (select b.worked from private.worked_between(schedule_id, since, until) as b);
end
$$;

-- Only the clock itself asked it.
-- squawk-ignore ban-drop-function
drop function private.worked_until(uuid, timestamptz);

grant execute on function
  private.worked_by(uuid, timestamptz),
  private.worked_up(uuid, interval),
  private.worked_between(uuid, timestamptz, timestamptz),
  private.worked_after(uuid, timestamptz, interval),
  private.deadlines(uuid, timestamptz, integer, integer)
to authenticated, service_role;
