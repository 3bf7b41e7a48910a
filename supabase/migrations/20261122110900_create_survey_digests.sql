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
      'about', message.payload ->> 'about',
      'amount', message.payload -> 'amount',
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

-- Few rows at any time, and every claim looks for them.
-- squawk-ignore require-concurrent-index-creation
create index feedback_to_tell on public.outbox (recipient_chat_id)
where kind in ('low_rating', 'survey_digest') and status in ('pending', 'sending') and finished_at is null;

create function private.withdraw_feedback(as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
/* What clients think is told, with their names, to nobody who is not in charge any more: what still waits for such a person, in quiet hours
   say, goes to whoever is in charge now, unless one of them was told. */
declare
  message public.outbox;
begin
  for message in
    update public.outbox as o
    -- What a sender holds is not tried again.
    set status = case o.status when 'pending' then 'cancelled' else o.status end, finished_at = as_of
    where o.kind in ('low_rating', 'survey_digest')
      and o.status in ('pending', 'sending')
      and o.finished_at is null
      and not exists (
        select from public.users as u where u.telegram_id = o.recipient_chat_id and u.active and u.role in ('admin', 'manager')
      )
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
      perform private.tell_of_case(message.subject_id, (message.payload ->> 'is_comment_news')::boolean, as_of);
    else
      perform private.tell_of_end(message.subject_id, as_of);
    end if;
  end loop;
end
$$;

create or replace function api.claim_outbox(as_of timestamptz default now(), batch integer default 30)
returns jsonb
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* Claims messages to send: [{id, kind, recipient_chat_id, attempts, revision, telegram_message_id, rings, locale, facts}];
   locale is the recipient's language. Each recipient gets them in order, one a second, but a failure delays nobody's next message; all
   senders together stay below Telegram's 30 a second and 20 a minute for a group. A claim lapses after a minute, so what a killed sender
   held is sent by the next: at least once. */
declare
  claimed jsonb;
begin
  -- One claim at a time, or two would each use up the whole of Telegram's patience.
  perform pg_advisory_xact_lock(hashtextextended('outbox', 0));
  delete from public.outbox_sends as s where s.claimed_at <= as_of - interval '1 minute';
  perform private.withdraw_feedback(as_of);
  -- A sender died with it, and meanwhile there is nothing left to tell; or it would come too late.
  update public.outbox as o
  set status = 'cancelled', finished_at = coalesce(o.finished_at, as_of)
  where o.status in ('pending', 'sending')
    and o.next_attempt_at <= as_of
    and o.telegram_message_id is null
    and ((o.status = 'sending' and o.finished_at is not null) or o.expires_at <= as_of);

  with heads as (
    select distinct on (o.recipient_chat_id) o.id, o.recipient_chat_id, o.position
    from public.outbox as o
    where o.status in ('pending', 'sending')
      and o.next_attempt_at <= as_of
      -- Nothing overtakes what is under way, or waits because Telegram said so; what failed otherwise holds up no other message.
      and not exists (
        select
        from public.outbox as earlier
        where earlier.recipient_chat_id = o.recipient_chat_id
          and earlier.position < o.position
          and earlier.status in ('pending', 'sending')
          and earlier.next_attempt_at > as_of
          and (earlier.status = 'sending' or (earlier.last_error is not null and earlier.attempts = 0))
      )
    order by o.recipient_chat_id, o.position
  ),
  ready as (
    -- A claim that lapsed may have died before its sound.
    select o.id, o.rings or o.status = 'sending' as rings
    from heads as h
    join public.outbox as o on o.id = h.id
    where not exists (
      select
      from public.outbox_sends as s
      where s.recipient_chat_id = h.recipient_chat_id
        and s.claimed_at > as_of - interval '1 second'
        and s.claimed_at <= as_of
    )
      and (
        h.recipient_chat_id > 0
        or (select count(*) from public.outbox_sends as s where s.recipient_chat_id = h.recipient_chat_id and s.claimed_at <= as_of) < 20
      )
    order by h.position
    limit least(batch, 30 - (
      select count(*) from public.outbox_sends as s where s.claimed_at > as_of - interval '1 second' and s.claimed_at <= as_of
    ))
    for update of o skip locked
  ),
  taken as (
    update public.outbox as o
    set
      status = 'sending',
      attempts = o.attempts + 1,
      rings = false,
      next_attempt_at = as_of + interval '60 seconds'
    from ready as r
    where o.id = r.id
    returning o as message, r.rings
  ),
  counted as (
    insert into public.outbox_sends (recipient_chat_id, claimed_at)
    select (t.message).recipient_chat_id, as_of
    from taken as t
  )
  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'id', (t.message).id,
        'kind', (t.message).kind,
        'recipient_chat_id', (t.message).recipient_chat_id,
        'attempts', (t.message).attempts,
        'revision', (t.message).revision,
        'telegram_message_id', (t.message).telegram_message_id,
        'rings', t.rings,
        'locale', private.language_of((t.message).recipient_chat_id),
        'facts', private.message_facts(t.message, as_of)
      )
      order by (t.message).position
    ),
    '[]'
  )
  from taken as t
  into claimed;
  return claimed;
end
$$;

grant execute on function
  private.tell_of_end(uuid, timestamptz),
  private.digest_facts(uuid),
  private.withdraw_feedback(timestamptz)
to service_role;
