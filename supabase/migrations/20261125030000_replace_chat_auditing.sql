-- One way of writing the audit log: what a second one spared of it, a new chat's entry, was a hundredth of what intake takes.
set lock_timeout = '5s';

create or replace trigger chats_audited after insert or update or delete on public.chats
for each row execute function private.record_change('chat_name');
drop trigger chats_arrivals_audited on public.chats;
-- squawk-ignore ban-drop-function
drop function private.record_arrivals();
