-- Calls, orders and checklists, all told by one outbox: what each added to these functions, in one.
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
   there are of each; of a checklist, what private.chat_diagnosis says to its reader. What the bot replies to clients was all known when
   it was owed. */
begin
  if message.kind = 'document_order' then
    return private.order_facts(message);
  elsif message.kind = 'accountant_call' then
    return private.call_facts(message.subject_id);
  elsif message.is_internal is null then
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

create or replace function private.tell_others(unread uuid[], as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
/* What messages would have told somebody who cannot be reached goes to the next in line (E19); what is amiss with a chat the health
   page says in any case. */
begin
  perform private.tell(
    array(
      select distinct a.id
      from public.notices as n
      join public.sla_alerts as a on a.id = n.alert_id and a.resolved_at is null
      where n.message_id = any (unread)
    ),
    as_of
  );
  perform private.tell_who_waits(
    array(
      select distinct w.id
      from public.notices as n
      join public.client_requests as w on w.id = n.request_id and w.closed_as is null
      where n.message_id = any (unread)
        and n.alert_id is null
    ),
    as_of
  );
  perform private.tell_of_removal(o.subject_id, as_of)
  from public.outbox as o
  where o.id = any (unread)
    and o.kind = 'chat_notice'
    and o.payload ->> 'event' = 'bot_removed';
  perform private.tell_of_call(o.subject_id, as_of)
  from public.outbox as o
  where o.id = any (unread)
    and o.kind = 'accountant_call';
end
$$;
