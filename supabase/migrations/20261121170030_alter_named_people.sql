-- Whom windows and their ledger name is looked up when a person goes, which is rare, and not with each message.
--
-- Who answered wrote a message, and that one keeps its foreign key, which holds the person while the answer is written. Who is or was on duty
-- was assigned to the chat or stood in for somebody, and those have theirs.
set lock_timeout = '5s';

create function private.keep_the_named()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
/* Who was told of a window, was responsible for it, answered it or acted on it is not deleted. A definer, as a foreign key is: it looks at
   all of them, whoever asks. */
begin
  if exists (select from public.notices as n where n.user_id = old.id)
    or exists (
      select from public.client_requests as w where old.id in (w.assigned_accountant_id, w.on_duty_id, w.responded_by)
    )
    or exists (select from public.request_events as e where e.actor_id = old.id)
  then
    raise exception 'person_is_named' using errcode = 'foreign_key_violation', constraint = 'who_is_named_is_kept';
  end if;
  return old;
end
$$;

create trigger users_named_are_kept
before delete on public.users
for each row execute function private.keep_the_named();

drop trigger users_told_are_kept on public.users;
-- Only that trigger called it.
-- squawk-ignore ban-drop-function
drop function private.keep_the_told();

-- squawk-ignore ban-drop-constraint
alter table public.client_requests drop constraint client_requests_assigned_accountant_id_fkey;
-- squawk-ignore ban-drop-constraint
alter table public.client_requests drop constraint client_requests_on_duty_id_fkey;
-- squawk-ignore ban-drop-constraint
alter table public.client_requests drop constraint client_requests_responded_by_fkey;
-- squawk-ignore ban-drop-constraint
alter table public.request_events drop constraint request_events_actor_id_fkey;
