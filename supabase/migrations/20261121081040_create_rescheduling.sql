-- What an edit of calendar, assignment or policy does to windows that are open (S8); closed ones never change.
set lock_timeout = '5s';

create function private.reschedule(windows uuid[], cause text)
returns integer
language sql
set search_path = ''
as $$
/* Computes the deadlines of open windows anew from their own target, warning share and schedule, and keeps old, new and cause in audit
   and ledger. Returns how many deadlines moved. */
  with computed as (
    select
      w.id,
      w.due_at as old_due_at,
      s.version as schedule_version,
      api.add_working(w.schedule_id, w.opened_at, make_interval(secs => w.target_minutes * 60)) as due_at,
      api.add_working(w.schedule_id, w.opened_at, make_interval(secs => w.target_minutes * 60 * w.warn_percent / 100.0)) as warn_at
    from public.client_requests as w
    join public.working_schedules as s on s.id = w.schedule_id
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
  audited as (
    insert into public.audit_log (actor_id, action, entity, entity_id, before, after)
    select
      (select auth.uid()), 'update', 'client_requests', m.id::text,
      jsonb_build_object('due_at', m.old_due_at), jsonb_build_object('due_at', m.due_at, 'cause', cause)
    from moved as m
    where m.due_at is distinct from m.old_due_at
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

create or replace function private.calendar_changed(of_schedule uuid)
returns void
language sql
security definer
set search_path = ''
as $$
/* After an edit of the calendar: open windows measured by it move, in the same transaction. A definer, because whoever edits the
   calendar does not own the windows that follow from it. */
  select private.reschedule(
    array(select w.id from public.client_requests as w where w.schedule_id = of_schedule and w.closed_as is null),
    'calendar'
  )
$$;

create function private.chat_rescheduled()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
/* A chat that gets another schedule takes its open windows along, unless their policy measures around the clock. A definer for the same
   reason. */
begin
  update public.client_requests as w
  set schedule_id = coalesce(new.schedule_id, f.default_schedule_id)
  from public.settings as f
  where w.chat_id = new.chat_id
    and w.closed_as is null
    and w.schedule_id <> f.around_the_clock_schedule_id;
  perform private.reschedule(
    array(select w.id from public.client_requests as w where w.chat_id = new.chat_id and w.closed_as is null),
    'schedule of the chat'
  );
  return null;
end
$$;

create trigger chats_rescheduled
after update of schedule_id on public.chats
for each row when (new.schedule_id is distinct from old.schedule_id)
execute function private.chat_rescheduled();

create function api.apply_policy(policy_id uuid, dry_run boolean default true, as_of timestamptz default now())
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
      api.add_working(
        case when p.around_the_clock then f.around_the_clock_schedule_id else coalesce(c.schedule_id, f.default_schedule_id) end,
        w.opened_at,
        make_interval(secs => 60 * coalesce(c.sla_threshold_minutes, p.target_minutes))
      ) as due_at
    from public.client_requests as w
    join public.sla_policies as p on p.id = w.policy_id
    join public.chats as c on c.chat_id = w.chat_id
    cross join public.settings as f
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

create function api.note_bot(telegram_id bigint, username text, reads_all boolean)
returns void
language sql
set search_path = ''
as $$
/* What Telegram says of the bot, at its start: whether it may read every message shows on the health page. */
  update public.settings
  set bot_telegram_id = note_bot.telegram_id, bot_username = note_bot.username, bot_reads_all = note_bot.reads_all, bot_seen_at = now()
$$;

grant update (bot_telegram_id, bot_username, bot_reads_all, bot_seen_at) on public.settings to service_role;
grant execute on function
  private.reschedule(uuid[], text),
  api.apply_policy(uuid, boolean, timestamptz),
  api.note_bot(bigint, text, boolean)
to service_role;
