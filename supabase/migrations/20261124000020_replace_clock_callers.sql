-- Whoever asks the clock about many windows asks within the statement that walks them.
set lock_timeout = '5s';

create or replace function private.reschedule(windows uuid[], cause text)
returns integer
language sql
set search_path = ''
as $$
/* Computes the deadlines of open windows anew from their own target, warning share and schedule, and keeps old, new and cause in the
   ledger, from where the audit has them. Returns how many deadlines moved. */
  with computed as (
    select
      w.id,
      w.due_at as old_due_at,
      s.version as schedule_version,
      d.due_at,
      d.warn_at
    from public.client_requests as w
    join public.working_schedules as s on s.id = w.schedule_id
    cross join lateral private.deadlines(w.schedule_id, w.opened_at, w.target_minutes, w.warn_percent) as d
    where w.id = any (windows)
      and w.closed_as is null
  ),
  moved as (
    update public.client_requests as w
    set due_at = c.due_at, warn_at = c.warn_at, schedule_version = c.schedule_version
    from computed as c
    where w.id = c.id
      and (w.due_at, w.warn_at, w.schedule_version) is distinct from (c.due_at, c.warn_at, c.schedule_version)
    returning w.id, c.old_due_at, c.due_at
  ),
  ledger as (
    insert into public.request_events (request_id, kind, happened_at, actor_id, detail)
    select
      m.id, 'rescheduled', now(), (select auth.uid()),
      jsonb_build_object('cause', cause, 'due_at_before', m.old_due_at, 'due_at', m.due_at)
    from moved as m
    where m.due_at is distinct from m.old_due_at
    returning id
  )
  select count(*)::integer
  from ledger
$$;

create or replace function api.apply_policy(policy_id uuid, dry_run boolean default true, as_of timestamptz default now())
returns jsonb
language plpgsql
set search_path = ''
as $$
/* Brings the open windows of a policy to its current version (S8). Returns what that moves, or would move: {windows, sooner, later,
   newly_overdue, no_longer_overdue}; nothing is changed on a dry run. A chat's own target stays. Refuses with unknown_policy. */
declare
  preview jsonb;
  concerned uuid[];
begin
  if not exists (select from public.sla_policies as p where p.id = apply_policy.policy_id) then
    raise exception 'unknown_policy' using errcode = 'PT404';
  end if;

  with wanted as (
    select
      w.id,
      w.due_at as old_due_at,
      r.at as due_at
    from public.client_requests as w
    join public.sla_policies as p on p.id = w.policy_id
    join public.chats as c on c.chat_id = w.chat_id
    cross join public.settings as f
    left join lateral private.worked_after(
      case when p.around_the_clock then f.around_the_clock_schedule_id else coalesce(c.schedule_id, f.default_schedule_id) end,
      w.opened_at,
      make_interval(mins => coalesce(c.sla_threshold_minutes, p.target_minutes))
    ) as r on true
    where w.policy_id = apply_policy.policy_id
      and w.closed_as is null
      and w.policy_version <> p.version
  )
  select
    jsonb_build_object(
      'windows', count(*),
      'sooner', count(*) filter (where x.due_at < x.old_due_at),
      'later', count(*) filter (where x.due_at > x.old_due_at),
      'newly_overdue', count(*) filter (where x.due_at < as_of and not coalesce(x.old_due_at < as_of, false)),
      'no_longer_overdue', count(*) filter (where x.old_due_at < as_of and not coalesce(x.due_at < as_of, false))
    ),
    array_agg(x.id)
  from wanted as x
  into preview, concerned;

  if not dry_run then
    update public.client_requests as w
    set
      policy_version = p.version,
      warn_percent = p.warn_percent,
      target_minutes = coalesce(c.sla_threshold_minutes, p.target_minutes),
      schedule_id = case when p.around_the_clock then f.around_the_clock_schedule_id else coalesce(c.schedule_id, f.default_schedule_id) end
    from public.sla_policies as p, public.chats as c, public.settings as f
    where w.id = any (concerned)
      and w.closed_as is null
      and p.id = w.policy_id
      and c.chat_id = w.chat_id;
    perform private.reschedule(concerned, 'policy');
  end if;
  return preview;
end
$$;
