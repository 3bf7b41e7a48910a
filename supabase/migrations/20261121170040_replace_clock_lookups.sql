-- The clock in fewer look-ups: where two instants lie in one period of work, the time between them is a mere subtraction.
set lock_timeout = '5s';

create or replace function api.working_between(schedule_id uuid, since timestamptz, until timestamptz)
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
  select lower(p.period), upper(p.period), p.starts_after
  from public.working_periods as p
  where p.schedule_id = working_between.schedule_id
    and lower(p.period) <= until
  order by lower(p.period) desc
  limit 1
  into opens_until, closes_until, before_until;
  if opens_until <= since and until <= closes_until then
    return greatest(make_interval(secs => date_part('epoch', until - since)), interval '0');
  end if;

  select s.around_the_clock, s.materialised @> since and s.materialised @> until
  from public.working_schedules as s
  where s.id = working_between.schedule_id
  into always, is_known;
  if always then
    return greatest(make_interval(secs => date_part('epoch', until - since)), interval '0');
  elsif is_known is not true then
    return null;
  elsif opens_until is null then
    -- Before the first period, if there is one, nothing is worked.
    return (select interval '0' from public.working_periods as p where p.schedule_id = working_between.schedule_id limit 1);
  end if;

  if opens_until <= since then
    opens := opens_until;
    closes := closes_until;
    before := before_until;
  else
    select lower(p.period), upper(p.period), p.starts_after
    from public.working_periods as p
    where p.schedule_id = working_between.schedule_id
      and lower(p.period) <= since
    order by lower(p.period) desc
    limit 1
    into opens, closes, before;
  end if;
  return greatest(
    before_until + make_interval(secs => date_part('epoch', least(until, closes_until) - opens_until))
    - coalesce(before + make_interval(secs => date_part('epoch', least(since, closes) - opens)), interval '0'),
    interval '0'
  );
end
$$;

create or replace function private.answer_outcome(responded_at timestamptz, due_at timestamptz)
returns text
language plpgsql
immutable
set search_path = ''
as $$
/* Met or late: the one comparison (S7). Without a deadline nothing was measured; null without an answer. */
begin
  return case
    when responded_at is null then null
    when due_at is null then 'voided'
    when responded_at <= due_at then 'met'
    else 'met_late'
  end;
end
$$;
