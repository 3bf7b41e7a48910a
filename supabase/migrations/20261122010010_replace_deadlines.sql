-- Warning and deadline in one look where both lie in the period of work that is under way or comes next, as they mostly do.
set lock_timeout = '5s';

create or replace function private.deadlines(
  schedule_id uuid, since timestamptz, target_minutes integer, warn_percent integer, out warn_at timestamptz, out due_at timestamptz
)
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
/* When somebody is warned, and when the target is used up (S7): from where work goes on, if there is time enough to the end of that
   period; else the clock says. What is left after the warning is counted from there on: to the same end, and mostly within the period
   where the clock already is. */
declare
  target constant interval := make_interval(mins => target_minutes);
  share constant interval := target * warn_percent / 100;
  opens timestamptz;
  closes timestamptz;
begin
  select lower(p.period), upper(p.period)
  from public.working_periods as p
  where p.schedule_id = deadlines.schedule_id
    and lower(p.period) <= since
  order by lower(p.period) desc
  limit 1
  into opens, closes;
  -- Where none came before, only the clock knows whether the calendar reaches so far back.
  if closes <= since then
    select lower(p.period), upper(p.period)
    from public.working_periods as p
    where p.schedule_id = deadlines.schedule_id
      and lower(p.period) > since
    order by lower(p.period)
    limit 1
    into opens, closes;
  end if;

  opens := greatest(opens, since);
  if opens + target <= closes then
    warn_at := opens + share;
    due_at := opens + target;
  else
    warn_at := api.add_working(schedule_id, since, share);
    due_at := api.add_working(schedule_id, warn_at, target - share);
  end if;
end
$$;
