-- The firm's health says when the audit log is no longer sealed.
set lock_timeout = '5s';

create or replace function private.process_findings(as_of timestamptz)
returns table ("check" text, state text, fix text, subject text, amount bigint, since timestamptz)
language sql
stable
set search_path = ''
as $$
/* Whether the bot takes messages in and the jobs carry them out: signs of life, alerts not raised and messages not sent in time, messages
   given up, updates set aside, entries of the audit log not sealed. */
  select
    'bot_started',
    case when f.bot_seen_at is null then 'red' when f.bot_reads_all then 'green' else 'amber' end,
    case when f.bot_seen_at is null then 'start_bot' when f.bot_reads_all is not true then 'turn_privacy_mode_off' end,
    f.bot_username,
    null::bigint,
    f.bot_seen_at
  from public.settings as f
  union all
  select
    'intake_up',
    case when max(upper(c.up)) >= as_of - interval '90 seconds' then 'green' else 'red' end,
    case when max(upper(c.up)) >= as_of - interval '90 seconds' then null else 'start_bot' end,
    null,
    null,
    max(upper(c.up))
  from public.intake_coverage as c
  union all
  select
    'intake_without_pause',
    case when count(*) > 0 then 'amber' else 'green' end,
    case when count(*) > 0 then 'read_coverage' end,
    null,
    round(extract(epoch from coalesce(sum(upper(p) - lower(p)), interval '0')) / 60)::bigint,
    min(lower(p))
  from private.intake_pauses(as_of - interval '24 hours', as_of, as_of) as p
  union all
  -- A step that is due in working time is taken within the minute; what fell due at night waits for the morning.
  select
    'alerts_raised',
    case when count(*) > 0 then 'red' else 'green' end,
    case when count(*) > 0 then 'start_jobs' end,
    null,
    count(*),
    min(w.escalates_at)
  from public.client_requests as w
  where w.escalates_at < as_of - interval '2 minutes'
    and w.schedule_id in (
      select o.schedule_id
      from private.open_schedules(as_of) as o
      join private.open_schedules(as_of - interval '2 minutes') as before on before.schedule_id = o.schedule_id
    )
  union all
  select
    'messages_sent',
    case when count(*) > 0 then 'red' else 'green' end,
    case when count(*) > 0 then 'start_jobs' end,
    null,
    count(*),
    min(o.next_attempt_at)
  from public.outbox as o
  where o.status in ('pending', 'sending')
    and o.next_attempt_at < as_of - interval '5 minutes'
  union all
  select
    'messages_delivered',
    case when count(*) = 0 then 'green' when max(o.created_at) > as_of - interval '24 hours' then 'red' else 'amber' end,
    case when count(*) > 0 then 'resend_messages' end,
    null,
    count(*),
    min(o.created_at)
  from public.outbox as o
  where o.status = 'failed'
  union all
  select
    'updates_stored',
    case when count(*) > 0 then 'amber' else 'green' end,
    case when count(*) > 0 then 'read_rejects' end,
    null,
    count(*),
    min(r.recorded_at)
  from public.intake_rejects as r
  where r.recorded_at > as_of - interval '24 hours'
  union all
  -- Sealed every few seconds: until then the owner of the database could bend an entry unseen.
  select
    'audit_sealed',
    case when count(*) > 0 then 'red' else 'green' end,
    case when count(*) > 0 then 'start_jobs' end,
    null,
    count(*),
    min(u.happened_at)
  from private.unsealed_entries as u
  where u.happened_at < as_of - interval '1 minute'
$$;
