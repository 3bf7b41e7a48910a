-- Who runs the firm keeps its clients, and sees how long their words are kept.
set lock_timeout = '5s';

grant insert (name, tier), update (name, tier), delete on api.clients to authenticated;

create or replace view api.settings with (security_invoker = true) as
select
  s.id, s.firm_name, s.default_schedule_id, s.default_policy_id, s.around_the_clock_schedule_id, s.files_answer, s.head_id,
  s.silent_after_days, s.bot_username, s.bot_reads_all, s.bot_seen_at, s.updated_at, s.retention_years
from public.settings as s;
