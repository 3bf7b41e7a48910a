-- People who write to the bot for the first time come by the hundred, and each is a chat: its entry in the audit log took as long as all else
-- that intake does for it. Entries of one statement are written in one.
set lock_timeout = '5s';

create function private.record_arrivals()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
/* Writes the rows that came into a watched table with one statement into the audit log, each as private.record_change would; arguments of the
   trigger name columns whose values are hidden. A definer: nobody who adds a row may write the log by hand. */
declare
  actor constant uuid := private.acting_person();
  headers constant jsonb := nullif(current_setting('request.headers', true), '');
begin
  insert into public.audit_log (actor_id, actor_role, action, entity, entity_id, after, request_id, address, forwarded_for)
  select
    actor,
    coalesce((select u.role from public.users as u where u.id = actor), nullif(current_setting('role'), 'none'), session_user::text),
    'insert',
    tg_table_name,
    a.id,
    private.masked(to_jsonb(a) - array['updated_at', 'materialised'], coalesce(tg_argv, '{}')),
    substring(headers ->> 'x-request-id' from '^[\w-]{1,64}$'),
    substring(headers ->> 'x-client-address' from '^[0-9A-Fa-f:.]{2,45}$'),
    right(headers ->> 'x-forwarded-for', 200)
  from arrived as a;
  return null;
end
$$;

create or replace trigger chats_audited after update or delete on public.chats
for each row execute function private.record_change('chat_name');
create trigger chats_arrivals_audited after insert on public.chats
referencing new table as arrived
for each statement execute function private.record_arrivals('chat_name');
