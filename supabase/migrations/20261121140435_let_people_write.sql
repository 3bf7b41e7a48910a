-- What people may change, column by column; whose rows, the portraits in supabase/policies say.
set lock_timeout = '5s';

-- Never role, active, e-mail or the Telegram account: those change through functions.
grant update (full_name, locale, quiet_from, quiet_until, alerts_per_hour) on public.users to authenticated;
grant update (full_name, locale) on api.users to authenticated;

grant insert (name, tier), update (name, tier), delete on public.clients to authenticated;
grant insert, update, delete on public.clients to service_role;

-- Never what only Telegram knows: title, the bot's standing, why measuring is paused, where a group came from.
grant
  insert (
    chat_id, type, chat_name, client_id, assigned_accountant_id, schedule_id, policy_id, sla_threshold_minutes, monitoring_enabled,
    anonymous_staff, internal, connected_at
  ),
  update (
    client_id, assigned_accountant_id, schedule_id, policy_id, sla_threshold_minutes, monitoring_enabled, anonymous_staff, internal,
    connected_at, deleted_at
  ),
  delete
on public.chats to authenticated;
grant
  insert (
    chat_id, type, chat_name, client_id, assigned_accountant_id, schedule_id, policy_id, sla_threshold_minutes, monitoring_enabled,
    anonymous_staff, internal, connected_at
  ),
  update (
    client_id, assigned_accountant_id, schedule_id, policy_id, sla_threshold_minutes, monitoring_enabled, anonymous_staff, internal,
    connected_at, deleted_at
  ),
  delete
on api.chats to authenticated;

grant
  insert (name, timezone, around_the_clock, follows_firm_calendar),
  update (name, timezone, around_the_clock, follows_firm_calendar),
  delete
on public.working_schedules to authenticated;
grant
  insert (name, timezone, around_the_clock, follows_firm_calendar),
  update (name, timezone, around_the_clock, follows_firm_calendar),
  delete
on api.working_schedules to authenticated;

grant delete on public.chats, public.sla_alerts to service_role;

create view api.working_intervals with (security_invoker = true) as
select i.id, i.schedule_id, i.weekday, i.opens, i.closes
from public.working_intervals as i;

create view api.calendar_exceptions with (security_invoker = true) as
select e.id, e.schedule_id, e.on_date, e.name, e.opens, e.closes, e.works_as, e.shortened_minutes, e.closed, e.source
from public.calendar_exceptions as e;

comment on view api.working_intervals is 'Weekly hours of the schedules.';
comment on view api.calendar_exceptions is 'Dates that are not like their weekday.';

grant
  insert (schedule_id, weekday, opens, closes), update (schedule_id, weekday, opens, closes), delete
on public.working_intervals to authenticated;
grant
  select, insert (schedule_id, weekday, opens, closes), update (schedule_id, weekday, opens, closes), delete
on api.working_intervals to authenticated;
grant
  insert (schedule_id, on_date, name, opens, closes, works_as, shortened_minutes),
  update (schedule_id, on_date, name, opens, closes, works_as, shortened_minutes),
  delete
on public.calendar_exceptions to authenticated;
grant
  select,
  insert (schedule_id, on_date, name, opens, closes, works_as, shortened_minutes),
  update (schedule_id, on_date, name, opens, closes, works_as, shortened_minutes),
  delete
on api.calendar_exceptions to authenticated;
grant select on api.working_intervals, api.calendar_exceptions to service_role;

grant
  insert (name, tier, target_minutes, warn_percent, around_the_clock),
  update (name, tier, target_minutes, warn_percent, around_the_clock),
  delete
on public.sla_policies to authenticated;
grant
  insert (name, tier, target_minutes, warn_percent, around_the_clock),
  update (name, tier, target_minutes, warn_percent, around_the_clock),
  delete
on api.sla_policies to authenticated;

grant
  update (firm_name, default_schedule_id, default_policy_id, files_answer, head_id, silent_after_days)
on public.settings to authenticated;
grant
  update (firm_name, default_schedule_id, default_policy_id, files_answer, head_id, silent_after_days)
on api.settings to authenticated;

-- What follows from a change of a chat reaches windows, alerts and messages, which no person may write.

create or replace function private.chat_handed_over()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
/* Another accountant takes the chat: open windows that are not due yet follow, the clock does not restart (B6). A definer, because who
   hands a chat over may not write its windows. */
begin
  with moved as (
    update public.client_requests as w
    set assigned_accountant_id = new.assigned_accountant_id
    where w.chat_id = new.chat_id
      and w.closed_as is null
      and w.breached_at is null
    returning w.id
  )
  insert into public.request_events (request_id, kind, happened_at, actor_id, detail)
  select m.id, 'handed_over', now(), (select auth.uid()), jsonb_build_object('from', old.assigned_accountant_id, 'to', new.assigned_accountant_id)
  from moved as m;
  return null;
end
$$;

create or replace function private.measuring_ended()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
/* When measuring stops, the chat's open windows are void, with the cause; nothing more is told of them. A definer, because who switches
   a chat off may not write its windows. */
declare
  voided uuid[];
begin
  with closed as (
    update public.client_requests as w
    set
      closed_as = 'voided',
      closed_at = greatest(now(), w.opened_at),
      closed_because = coalesce(new.paused_because, 'monitoring_off')
    where w.chat_id = new.chat_id
      and w.closed_as is null
    returning w.id, w.closed_at, w.closed_because
  ),
  ledger as (
    insert into public.request_events (request_id, kind, happened_at, actor_id, detail)
    select c.id, 'voided', c.closed_at, (select auth.uid()), jsonb_build_object('cause', c.closed_because)
    from closed as c
  )
  select array_agg(c.id)
  from closed as c
  into voided;

  perform private.resolve_alerts(voided);
  perform private.revise_messages(voided);
  return null;
end
$$;
