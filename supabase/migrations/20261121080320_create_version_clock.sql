-- The clock of a schedule's past versions, for windows that were closed under one and are told apart anew by a late update (S8, S9).
set lock_timeout = '5s';

create function private.is_past_version(of_schedule uuid, of_version integer)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
/* Whether the schedule has been changed since. */
begin
  return (select s.version <> of_version from public.working_schedules as s where s.id = of_schedule);
end
$$;

create function private.worked_in_version(of_schedule uuid, of_version integer, since timestamptz, until timestamptz)
returns bigint
language sql
stable
set search_path = ''
as $$
/* Working seconds in [since, until) as a version of a schedule counted them; null when it had no working time. */
  select case
    when v.around_the_clock then extract(epoch from until - since)
    when not isempty(v.periods)
    then coalesce(
      (select sum(extract(epoch from upper(p) - lower(p))) from unnest(v.periods * tstzmultirange(tstzrange(since, until))) as p),
      0
    )
  end::bigint
  from public.schedule_versions as v
  where v.schedule_id = of_schedule
    and v.version = of_version
$$;

create function private.add_in_version(of_schedule uuid, of_version integer, since timestamptz, seconds numeric)
returns timestamptz
language sql
stable
set search_path = ''
as $$
/* The instant at which so much working time is used up, as a version of a schedule counted it; null when it had not so much. */
  select since + make_interval(secs => seconds)
  from public.schedule_versions as v
  where v.schedule_id = of_schedule
    and v.version = of_version
    and v.around_the_clock
  union all
  select lower(x.period) + make_interval(secs => seconds - x.before)
  from (
    select
      p as period,
      l.seconds as length,
      sum(l.seconds) over (order by p) - l.seconds as before
    from public.schedule_versions as v
    cross join lateral unnest(v.periods * tstzmultirange(tstzrange(since, null))) as p
    cross join lateral (select extract(epoch from upper(p) - lower(p)) as seconds) as l
    where v.schedule_id = of_schedule
      and v.version = of_version
  ) as x
  where x.before < add_in_version.seconds
    and x.before + x.length >= add_in_version.seconds
$$;

grant execute on function
  private.is_past_version(uuid, integer),
  private.worked_in_version(uuid, integer, timestamptz, timestamptz),
  private.add_in_version(uuid, integer, timestamptz, numeric)
to service_role;
