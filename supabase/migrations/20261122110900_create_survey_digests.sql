-- What surveys have to tell people of the firm goes out with everything else.
set lock_timeout = '5s';

create function private.tell_of_end(of_survey uuid, as_of timestamptz)
returns void
language sql
set search_path = ''
as $$
/* Owes the head, or else the admins, what a campaign found that reached anybody; with names, so that nobody stands in for them. */
  insert into public.outbox (kind, recipient_chat_id, subject_id, next_attempt_at, created_at)
  select
    'survey_digest', u.telegram_id, s.id,
    private.waking_hour(null, coalesce(private.quiet_until(u.id, as_of), as_of)), as_of
  from public.feedback_surveys as s
  join public.users as u on u.active and u.telegram_id is not null and u.unreachable_since is null and u.role in ('admin', 'manager')
  where s.id = of_survey
    and s.kind = 'campaign'
    and exists (select from public.survey_deliveries as d where d.survey_id = s.id and d.status = 'sent')
    and case
      when exists (
        select
        from public.settings as f
        join public.users as h on h.id = f.head_id
        where h.active
          and h.telegram_id is not null
          and h.unreachable_since is null
          and h.role in ('admin', 'manager')
      )
      then u.id = (select f.head_id from public.settings as f where f.id)
      else u.role = 'admin'
    end
  on conflict (recipient_chat_id, subject_id, kind) where finished_at is null do nothing
$$;

create function private.digest_facts(of_survey uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
/* What the head reads of a survey that has ended: {survey, name, quarter, starts_on, ends_on, status, timezone, …private.survey_results}. */
  select jsonb_build_object(
    'survey', s.id, 'name', s.name, 'quarter', s.quarter, 'starts_on', s.starts_on, 'ends_on', s.ends_on, 'status', s.status,
    'timezone', private.firm_zone()
  ) || private.survey_results(s.id)
  from public.feedback_surveys as s
  where s.id = of_survey
$$;

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
  elsif message.kind = 'low_rating' then
    return private.case_facts(message);
  elsif message.kind = 'survey_digest' then
    return private.digest_facts(message.subject_id);
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
  perform private.tell_of_case(o.subject_id, (o.payload ->> 'is_comment_news')::boolean, as_of)
  from public.outbox as o
  where o.id = any (unread)
    and o.kind = 'low_rating';
  perform private.tell_of_end(o.subject_id, as_of)
  from public.outbox as o
  where o.id = any (unread)
    and o.kind = 'survey_digest';
end
$$;

create function private.withdraw_feedback()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
/* What clients think is told, with their names, to nobody who is not in charge any more: what still waits for the person, in quiet hours say,
   goes to whoever is in charge now, unless one of them was told. A definer, because nobody may write messages by hand. */
declare
  message public.outbox;
begin
  for message in
    with waiting as (
      select o.id
      from public.outbox as o
      where o.recipient_chat_id = old.telegram_id
        and o.kind in ('low_rating', 'survey_digest')
        and o.status in ('pending', 'sending')
        and o.finished_at is null
      for update skip locked
    )
    update public.outbox as o
    -- What a sender holds is not tried again.
    set status = case o.status when 'pending' then 'cancelled' else o.status end, finished_at = now()
    from waiting as w
    where o.id = w.id
    returning o.*
  loop
    continue when exists (
      select
      from public.users as u
      join public.outbox as o on o.recipient_chat_id = u.telegram_id
      where u.active
        and u.role in ('admin', 'manager')
        and o.id <> message.id
        and o.kind = message.kind
        and o.subject_id = message.subject_id
        and o.status in ('pending', 'sending', 'sent')
        and o.created_at >= message.created_at
    );
    if message.kind = 'low_rating' then
      perform private.tell_of_case(message.subject_id, (message.payload ->> 'is_comment_news')::boolean, now());
    else
      perform private.tell_of_end(message.subject_id, now());
    end if;
  end loop;
  return null;
end
$$;

create trigger feedback_is_told_to_who_is_in_charge
after update of role, active, telegram_id on public.users
for each row when (
  old.telegram_id is not null
  and (not new.active or new.role not in ('admin', 'manager') or new.telegram_id is distinct from old.telegram_id)
)
execute function private.withdraw_feedback();

grant execute on function
  private.tell_of_end(uuid, timestamptz),
  private.digest_facts(uuid)
to service_role;
