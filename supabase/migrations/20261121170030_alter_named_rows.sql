-- Whom and what windows name is looked up when it goes, which is rare, and not with each message.
--
-- Only intake writes these names, and reads the rows they name in the same transaction, under the lock of the calendar that it shares with
-- other batches. Whoever deletes such a row takes that lock alone: every batch that may name it has ended, and later ones do not find it.
set lock_timeout = '5s';

create function private.keep_the_named()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
/* Who wrote a message, was told of a window, was responsible for it, answered it or acted on it is not deleted. A definer, as a foreign key
   is: it looks at all of them, whoever asks. */
begin
  perform pg_advisory_xact_lock(hashtextextended('calendar', 0));
  if exists (select from public.notices as n where n.user_id = old.id)
    or exists (select from public.client_requests as w where old.id in (w.assigned_accountant_id, w.on_duty_id, w.responded_by))
    or exists (select from public.request_events as e where e.actor_id = old.id)
    or exists (select from public.chat_messages as m where m.user_id = old.id)
  then
    raise exception 'person_is_named' using errcode = 'foreign_key_violation', constraint = 'who_is_named_is_kept';
  end if;
  return old;
end
$$;

create function private.keep_the_measures()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
/* A policy or schedule by which a window was measured is not deleted. A definer, as a foreign key is: it looks at all windows. */
begin
  perform pg_advisory_xact_lock(hashtextextended('calendar', 0));
  if exists (select from public.client_requests as w where old.id in (w.policy_id, w.schedule_id)) then
    raise exception 'windows_are_measured_by_it' using errcode = 'foreign_key_violation', constraint = 'what_measures_is_kept';
  end if;
  return old;
end
$$;

create trigger users_named_are_kept
before delete on public.users
for each row execute function private.keep_the_named();

create trigger sla_policies_that_measure_are_kept
before delete on public.sla_policies
for each row execute function private.keep_the_measures();

create trigger working_schedules_that_measure_are_kept
before delete on public.working_schedules
for each row execute function private.keep_the_measures();

drop trigger users_told_are_kept on public.users;
-- Only that trigger called it.
-- squawk-ignore ban-drop-function
drop function private.keep_the_told();

-- squawk-ignore ban-drop-constraint
alter table public.chat_messages drop constraint chat_messages_user_id_fkey;
-- squawk-ignore ban-drop-constraint
alter table public.client_requests drop constraint client_requests_assigned_accountant_id_fkey;
-- squawk-ignore ban-drop-constraint
alter table public.client_requests drop constraint client_requests_on_duty_id_fkey;
-- squawk-ignore ban-drop-constraint
alter table public.client_requests drop constraint client_requests_responded_by_fkey;
-- squawk-ignore ban-drop-constraint
alter table public.client_requests drop constraint client_requests_policy_id_fkey;
-- squawk-ignore ban-drop-constraint
alter table public.client_requests drop constraint client_requests_schedule_id_fkey;
-- squawk-ignore ban-drop-constraint
alter table public.request_events drop constraint request_events_actor_id_fkey;
