-- What PostgREST serves for reading. Every view runs as the person who asks, so row security decides each row.
set lock_timeout = '5s';

create function private.outcome_at(closed_as text, warn_at timestamptz, due_at timestamptz, as_of timestamptz)
returns text
language sql
immutable
set search_path = ''
as $$
/* Outcome of a window at an instant (S12): stored once closed, derived while open. */
  select case
    when closed_as is not null then closed_as
    when as_of > due_at then 'overdue'
    when as_of >= warn_at then 'at_risk'
    else 'waiting'
  end
$$;

grant execute on function private.outcome_at(text, timestamptz, timestamptz, timestamptz) to authenticated, service_role;

create view api.users with (security_invoker = true) as
select
  u.id,
  case when (select private.role()) is distinct from 'accountant' or u.id = (select auth.uid()) then u.email end as email,
  u.role,
  u.full_name,
  case when (select private.role()) is distinct from 'accountant' or u.id = (select auth.uid()) then u.telegram_id end as telegram_id,
  case when (select private.role()) is distinct from 'accountant' or u.id = (select auth.uid()) then u.telegram_username end as telegram_username,
  u.active,
  u.locale,
  u.created_at,
  u.updated_at
from public.users as u;

create view api.chats with (security_invoker = true) as
select
  c.id, c.chat_id, c.type, c.chat_name, c.client_id, c.assigned_accountant_id, c.schedule_id, c.policy_id, c.sla_threshold_minutes,
  c.monitoring_enabled, c.anonymous_staff, c.internal, c.connected_at, c.bot_status, c.bot_status_at, c.paused_because, c.deleted_at,
  c.migrated_from, c.created_at, c.updated_at
from public.chats as c;

create view api.chat_messages with (security_invoker = true) as
select
  m.chat_id, m.message_id, m.edit_version, m.topic_id, m.telegram_user_id, m.author_name, m.is_staff, m.is_bot, m.kind, m.message_text,
  m.caption, m.media_file_id, m.media_group_id, m.reply_to_message_id, m.telegram_date, m.edited_at, m.classification, m.answers,
  m.is_measured, m.recorded_at
from public.chat_messages as m;

create view api.client_requests with (security_invoker = true) as
select
  w.id,
  w.chat_id,
  w.topic_id,
  -- The window it follows (S1): the one its first message replies to, else the latest of its topic that closed within the day before.
  coalesce(
    (
      select p.id
      from public.client_requests as p
      where p.chat_id = w.chat_id
        and p.topic_id = w.topic_id
        and p.opened_at <= m.addressed_at
        and p.last_message_at >= m.addressed_at
        and m.reply_to_message_id between p.first_message_id and p.last_message_id
        and p.id <> w.id
      limit 1
    ),
    (
      select p.id
      from public.client_requests as p
      where p.chat_id = w.chat_id
        and p.topic_id = w.topic_id
        and p.opened_at < w.opened_at
        and p.closed_at between w.opened_at - interval '24 hours' and w.opened_at
      order by p.opened_at desc
      limit 1
    )
  ) as thread_id,
  w.client_id,
  coalesce(m.message_text, m.caption) as message_text,
  w.message_count,
  w.classification,
  w.classified_by,
  w.opened_at,
  w.last_message_at,
  w.target_minutes,
  w.warn_at,
  w.due_at,
  w.acknowledged_at,
  w.acknowledged_by,
  w.responded_at,
  w.responded_by,
  w.response_message_id,
  round(w.working_seconds / 60.0, 2) as working_minutes,
  private.outcome_at(w.closed_as, w.warn_at, w.due_at, now()) as outcome,
  w.closed_at,
  w.closed_by,
  w.closed_because,
  w.assigned_accountant_id,
  w.on_duty_id,
  w.created_at,
  w.updated_at
from public.client_requests as w
-- The text comes from the message and its row security: who may not read messages reads null here (observers).
left join lateral (
  select t.message_text, t.caption, t.addressed_at, t.reply_to_message_id
  from public.chat_messages as t
  where t.chat_id = w.chat_id
    and t.message_id = w.first_message_id
    -- An edit can ask up to two days after the message; between, so that each row looks into the partitions of these days only.
    and t.telegram_date between w.opened_at - interval '48 hours' and w.opened_at
  -- What it says by now: the latest version.
  order by t.edited_at desc nulls last, t.update_id desc
  limit 1
) as m on true;

create view api.requests_awaiting_answer with (security_invoker = true) as
select
  w.id,
  w.chat_id,
  w.topic_id,
  c.chat_name,
  k.name as client_name,
  m.author_name as asked_by,
  coalesce(m.message_text, m.caption) as last_message_text,
  m.kind as last_message_kind,
  w.message_count,
  w.opened_at,
  w.last_message_at,
  w.target_minutes,
  w.warn_at,
  w.due_at,
  w.acknowledged_at,
  taker.full_name as acknowledged_by_name,
  c.assigned_accountant_id,
  owner.full_name as accountant_name,
  private.outcome_at(w.closed_as, w.warn_at, w.due_at, now()) as state,
  clock.seconds_left as working_seconds_left,
  clock.runs as clock_runs,
  clock.changes_at as clock_changes_at,
  s.timezone
from public.client_requests as w
join public.chats as c on c.chat_id = w.chat_id
join public.working_schedules as s on s.id = w.schedule_id
left join public.clients as k on k.id = w.client_id
left join public.users as owner on owner.id = c.assigned_accountant_id
left join public.users as taker on taker.id = w.acknowledged_by
left join lateral (
  select t.author_name, t.message_text, t.caption, t.kind
  from public.chat_messages as t
  where t.chat_id = w.chat_id
    and t.message_id = w.last_message_id
    and t.telegram_date between w.last_message_at - interval '48 hours' and w.last_message_at
  order by t.edited_at desc nulls last, t.update_id desc
  limit 1
) as m on true
cross join lateral private.clock_face(w.schedule_id, w.due_at, now()) as clock
where w.closed_as is null;

create view api.sla_alerts with (security_invoker = true) as
select a.id, a.request_id, a.kind, a.level, a.created_at, a.resolved_at, a.resolved_by, a.resolution
from public.sla_alerts as a;

create view api.outbox with (security_invoker = true) as
select
  o.id, o.kind, o.recipient_chat_id, o.subject_id, o.payload, o.status, o.revision, o.sent_revision, o.attempts, o.next_attempt_at,
  o.remind_at, o.sent_at, o.finished_at, o.telegram_message_id, o.last_error, o.created_at
from public.outbox as o;

create view api.working_schedules with (security_invoker = true) as
select s.id, s.name, s.timezone, s.around_the_clock, s.follows_firm_calendar, s.version, s.created_at, s.updated_at
from public.working_schedules as s;

create view api.sla_policies with (security_invoker = true) as
select p.id, p.name, p.tier, p.version, p.target_minutes, p.warn_percent, p.around_the_clock, p.created_at, p.updated_at
from public.sla_policies as p;

create view api.ladder_steps with (security_invoker = true) as
select s.policy_id, s.version, s.kind, s.level, s.after_minutes, s.recipients
from public.ladder_steps as s;

create view api.absences with (security_invoker = true) as
select a.id, a.user_id, a.substitute_id, lower(a.during) as since, upper(a.during) as until, a.reason, a.created_at
from public.absences as a;

create view api.settings with (security_invoker = true) as
select
  s.id, s.firm_name, s.default_schedule_id, s.default_policy_id, s.around_the_clock_schedule_id, s.files_answer, s.head_id,
  s.silent_after_days, s.bot_username, s.bot_reads_all, s.bot_seen_at, s.updated_at
from public.settings as s;

create view api.audit_log with (security_invoker = true) as
select a.id, a.happened_at, a.actor_id, a.action, a.entity, a.entity_id, a.before, a.after
from public.audit_log as a;

comment on view api.users is 'People of the firm; contact data only for oneself and for those who run the firm.';
comment on view api.chats is 'Chats the reader may see.';
comment on view api.chat_messages is 'Messages of chats the reader may read.';
comment on view api.client_requests is 'Waiting windows, open and closed.';
comment on view api.requests_awaiting_answer is 'Open windows with what a list shows: names, last phrase, working time left and whether the clock runs.';
comment on view api.sla_alerts is 'Alerts raised.';
comment on view api.outbox is 'Messages owed and sent; for the service.';
comment on view api.working_schedules is 'Schedules.';
comment on view api.sla_policies is 'Policies, as they are now.';
comment on view api.ladder_steps is 'Who hears of what when, per version of a policy.';
comment on view api.absences is 'Who is away, and who stands in.';
comment on view api.settings is 'Settings of the firm.';
comment on view api.audit_log is 'Who changed what.';

grant select on
  api.users, api.chats, api.chat_messages, api.client_requests, api.requests_awaiting_answer, api.sla_alerts, api.working_schedules,
  api.sla_policies, api.ladder_steps, api.absences, api.settings, api.audit_log
to authenticated;
grant select on
  api.users, api.chats, api.chat_messages, api.client_requests, api.requests_awaiting_answer, api.sla_alerts, api.outbox,
  api.working_schedules, api.sla_policies, api.ladder_steps, api.absences, api.settings
to service_role;
