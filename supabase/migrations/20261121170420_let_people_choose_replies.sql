-- The firm and each of its chats choose what clients are told; a window shows the number that its client was told.
set lock_timeout = '5s';

create or replace view api.chats with (security_invoker = true) as
select
  c.id, c.chat_id, c.type, c.chat_name, c.client_id, c.assigned_accountant_id, c.schedule_id, c.policy_id, c.sla_threshold_minutes,
  c.monitoring_enabled, c.anonymous_staff, c.internal, c.connected_at, c.bot_status, c.bot_status_at, c.paused_because, c.deleted_at,
  c.migrated_from, c.created_at, c.updated_at, c.off_hours_reply, c.receipts
from public.chats as c;

create or replace view api.settings with (security_invoker = true) as
select
  s.id, s.firm_name, s.default_schedule_id, s.default_policy_id, s.around_the_clock_schedule_id, s.files_answer, s.head_id,
  s.silent_after_days, s.bot_username, s.bot_reads_all, s.bot_seen_at, s.updated_at, s.retention_years, s.off_hours_reply
from public.settings as s;

grant update (off_hours_reply, receipts) on api.chats to authenticated;
grant update (off_hours_reply) on api.settings to authenticated;
