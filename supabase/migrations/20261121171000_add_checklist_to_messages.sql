-- A message about a chat may carry what is checked of it.
set lock_timeout = '5s';

create or replace function private.message_facts(message public.outbox, as_of timestamptz)
returns jsonb
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* All that a message has to say when it is sent: its windows, those that wait longest first, at most ten of each kind, and how many
   there are of each; of a checklist, what private.chat_diagnosis says to its reader. What clients get was all known when it was owed. */
begin
  if message.is_internal is null or message.kind = 'accountant_call' then
    return message.payload;
  end if;
  return (
    with told as (
      select w.id, w.closed_as is null as waits, w.due_at, w.closed_at
      from (select distinct n.request_id from public.notices as n where n.message_id = message.id) as n
      join public.client_requests as w on w.id = n.request_id
    ),
    ranked as (
      select t.*, row_number() over (partition by t.waits order by t.closed_at desc nulls last, t.due_at) as nth
      from told as t
    )
    select jsonb_build_object(
      'chat_name', (select c.chat_name from public.chats as c where c.id = message.subject_id),
      'event', message.payload ->> 'event',
      'waiting', (select count(*) from told as t where t.waits),
      'closed', (select count(*) from told as t where not t.waits),
      'windows', (
        select coalesce(jsonb_agg(private.request_facts(r.id, as_of) order by r.waits desc, r.nth), '[]')
        from ranked as r
        where r.nth <= 10
      ),
      'diagnosis', case
        when message.payload ->> 'event' = 'checklist' then (
          select private.chat_diagnosis(message.subject_id, u)
          from public.users as u
          where u.telegram_id = message.recipient_chat_id
        )
      end
    )
  );
end
$$;
