-- What the operators' monitoring needs to know of the firm, in one cheap question.
set lock_timeout = '5s';

create function api.take_measurement(as_of timestamptz default now()) returns jsonb
language sql
stable
set search_path = ''
as $$
/* Numbers only, for the jobs' metrics: {requests: open windows by outcome, alerts: unresolved ones by kind, decided: windows by outcome and
   first_response_seconds: working time to the answer by quantile, both of the last day, sweep_lag_seconds: how long the step that is due
   longest has waited, overdue_unalerted: windows past their deadline for a minute that no sweep has taken up, outbox: {waiting,
   oldest_seconds, given_up in about the last half hour}}. Outside working time nothing is due (S14). Bounded by what is open and by the last day. */
  with open as materialized (
    select
      o.schedule_id,
      coalesce(
        (select max(lower(p.period)) from public.working_periods as p where p.schedule_id = o.schedule_id and lower(p.period) <= as_of),
        '-infinity'
      ) as began_at
    from private.open_schedules(as_of) as o
  ),
  decided as materialized (
    select w.closed_as, w.working_seconds
    from public.client_requests as w
    where w.closed_as is not null
      and w.decides_at > as_of - interval '1 day'
      and w.decides_at <= as_of
  )
  select jsonb_build_object(
    'requests', (
      select jsonb_build_object(
        'waiting', count(*) filter (where s.outcome = 'waiting'),
        'at_risk', count(*) filter (where s.outcome = 'at_risk'),
        'overdue', count(*) filter (where s.outcome = 'overdue')
      )
      from (
        select private.outcome_at(w.closed_as, w.warn_at, w.due_at, as_of) as outcome
        from public.client_requests as w
        where w.closed_as is null
      ) as s
    ),
    'alerts', (
      select jsonb_build_object(
        'warning', count(*) filter (where a.kind = 'warning'),
        'breach', count(*) filter (where a.kind = 'breach'),
        'escalation', count(*) filter (where a.kind = 'escalation')
      )
      from public.sla_alerts as a
      where a.resolved_at is null
    ),
    'decided', (
      select jsonb_build_object(
        'met', count(*) filter (where d.closed_as = 'met'),
        'met_late', count(*) filter (where d.closed_as = 'met_late'),
        'excused', count(*) filter (where d.closed_as = 'excused')
      )
      from decided as d
    ),
    'first_response_seconds', (
      select jsonb_build_object(
        '0.5', percentile_cont(0.5) within group (order by d.working_seconds),
        '0.95', percentile_cont(0.95) within group (order by d.working_seconds)
      )
      from decided as d
      where d.closed_as in ('met', 'met_late')
    ),
    'sweep_lag_seconds', (
      select coalesce(extract(epoch from as_of - min(greatest(w.escalates_at, o.began_at))), 0)
      from public.client_requests as w
      join open as o on o.schedule_id = w.schedule_id
      where w.escalates_at <= as_of
        and (w.next_alert <> 'breach' or w.due_at < as_of)
    ),
    'overdue_unalerted', (
      select count(*)
      from public.client_requests as w
      join open as o on o.schedule_id = w.schedule_id
      where w.closed_as is null
        and w.breached_at is null
        and w.due_at < as_of - interval '1 minute'
        and o.began_at < as_of - interval '1 minute'
    ),
    'outbox', (
      select jsonb_build_object(
        'waiting', count(*),
        'oldest_seconds', coalesce(extract(epoch from as_of - min(o.next_attempt_at)), 0),
        'given_up', (
          select count(*)
          from public.outbox as f
          where f.status = 'failed'
            and f.created_at > as_of - interval '2 days'
            -- Settled up to 39 minutes before the next attempt that will never be.
            and f.next_attempt_at > as_of - interval '30 minutes'
        )
      )
      from public.outbox as o
      where o.status in ('pending', 'sending')
        and o.next_attempt_at <= as_of
    )
  )
$$;

grant execute on function api.take_measurement(timestamptz) to service_role;
