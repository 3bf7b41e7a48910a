-- Delivery: what is owed is handed out in order, at Telegram's pace, and what became of it is recorded.
set lock_timeout = '5s';

create function private.chat_link(chat_id bigint, topic_id bigint, message_id bigint)
returns text
language sql
immutable
set search_path = ''
as $$
/* Where Telegram opens a chat at a message, for its members; null for basic groups and private chats, which have no such address. */
  select case
    -- A supergroup's id is its channel's number below this.
    when chat_id < -1000000000000
    then 'https://t.me/c/' || (-1000000000000 - chat_id) || case when topic_id > 0 then '/' || topic_id else '' end || '/' || message_id
  end
$$;

create function private.request_facts(of_request uuid, as_of timestamptz)
returns jsonb
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* What a person needs to know of a window, for the words of a message: names, last phrase, minutes waited and allowed. */
begin
  return (
    select jsonb_build_object(
      'request_id', w.id,
      'chat_name', c.chat_name,
      'chat_url', private.chat_link(w.chat_id, w.topic_id, w.last_message_id),
      'asked_by', m.author_name,
      'last_message', left(coalesce(m.message_text, m.caption), 300),
      'message_count', w.message_count,
      'opened_at', w.opened_at,
      'due_at', w.due_at,
      'timezone', s.timezone,
      'target_minutes', w.target_minutes,
      'waited_minutes', floor(
        extract(epoch from api.working_between(w.schedule_id, w.opened_at, coalesce(w.closed_at, as_of))) / 60
      )::integer,
      'outcome', case
        when w.closed_as is not null then w.closed_as
        when as_of > w.due_at then 'overdue'
        when as_of >= w.warn_at then 'at_risk'
        else 'waiting'
      end,
      'closed_because', w.closed_because,
      'level', coalesce((select max(a.level) from public.sla_alerts as a where a.request_id = w.id and a.kind = 'escalation'), 0),
      'breach_voided', exists (
        select from public.sla_alerts as a where a.request_id = w.id and a.kind = 'breach' and a.resolution = 'voided'
      ),
      'accountant', owner.full_name,
      'acknowledged_by', case when w.acknowledged_at >= w.last_message_at then taker.full_name end,
      'answered_by', answerer.full_name,
      'excused_by', excuser.full_name
    )
    from public.client_requests as w
    join public.chats as c on c.chat_id = w.chat_id
    join public.working_schedules as s on s.id = w.schedule_id
    left join lateral (
      select t.author_name, t.message_text, t.caption
      from public.chat_messages as t
      where t.chat_id = w.chat_id
        and t.message_id = w.last_message_id
        -- An edit can ask up to two days after the message.
        and t.telegram_date between w.last_message_at - interval '48 hours' and w.last_message_at
      order by t.edited_at desc nulls last, t.update_id desc
      limit 1
    ) as m on true
    left join public.users as owner on owner.id = w.assigned_accountant_id
    left join public.users as taker on taker.id = w.acknowledged_by
    left join public.users as answerer on answerer.id = w.responded_by
    left join public.users as excuser on excuser.id = w.closed_by
    where w.id = of_request
  );
end
$$;

create function private.message_facts(message public.outbox, as_of timestamptz)
returns jsonb
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* All that a message has to say when it is sent: its windows, those that wait longest first, at most ten of each kind, and how many
   there are of each. */
begin
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
      )
    )
  );
end
$$;

create function api.claim_outbox(as_of timestamptz default now(), batch integer default 30)
returns jsonb
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* Claims messages to send: [{id, kind, recipient_chat_id, attempts, revision, telegram_message_id, rings, facts}]. Each recipient gets
   them in order, one a second, but a failure delays nobody's next message; all senders together stay below Telegram's 30 a second and 20 a minute for a group. A claim lapses after a
   minute, so what a killed sender held is sent by the next: at least once. */
declare
  claimed jsonb;
begin
  -- One claim at a time, or two would each use up the whole of Telegram's patience.
  perform pg_advisory_xact_lock(hashtextextended('outbox', 0));
  delete from public.outbox_sends as s where s.claimed_at <= as_of - interval '1 minute';
  -- A sender died with it, and meanwhile there is nothing left to tell.
  update public.outbox as o
  set status = 'cancelled'
  where o.status = 'sending'
    and o.next_attempt_at <= as_of
    and o.finished_at is not null
    and o.telegram_message_id is null;

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

create function private.tell_others(unread uuid[], as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
/* What messages would have told somebody who cannot be reached goes to the next in line (E19). */
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
    and o.kind = 'chat_notice';
end
$$;

create function api.settle_outbox(results jsonb, as_of timestamptz default now())
returns void
language plpgsql
set search_path = ''
as $$
/* Records what became of claimed messages: [{id, revision, rings, outcome, telegram_message_id, error, retry_after, migrated_to}]; outcome is
   sent; gone (the message to edit exists no more: it is
   sent anew while somebody waits); retry (after `retry_after` seconds where Telegram named them, else after 1, 5, 15
   and 39 minutes, the fifth failure being the last); blocked, deleted, not_started (the person cannot be reached: the next in line
   is told); migrated (the group has another id); refused (trying again would change nothing). */
declare
  unread uuid[];
begin
  with results as (
    select r.*
    from jsonb_to_recordset(results) as r (
      id uuid, revision integer, rings boolean, outcome text, telegram_message_id bigint, error text, retry_after integer, migrated_to bigint
    )
  ),
  settled as (
    update public.outbox as o
    set
      status = case
        when r.outcome = 'gone' and o.finished_at is null then 'pending'
        when r.outcome in ('sent', 'gone') then case when o.revision > r.revision then 'pending' else 'sent' end
        when r.outcome in ('blocked', 'deleted', 'not_started', 'refused') then 'failed'
        when o.finished_at is not null and o.telegram_message_id is null then 'cancelled'
        when o.attempts >= 5 and r.retry_after is null then 'failed'
        else 'pending'
      end,
      sent_revision = case when r.outcome in ('sent', 'gone') then r.revision else o.sent_revision end,
      sent_at = case when r.outcome = 'sent' then as_of else coalesce(o.sent_at, case when r.outcome = 'gone' then as_of end) end,
      finished_at = case when o.kind = 'chat_notice' and r.outcome = 'sent' then as_of else o.finished_at end,
      telegram_message_id = case
        when r.outcome = 'gone' and o.finished_at is null then null
        else coalesce(r.telegram_message_id, o.telegram_message_id)
      end,
      recipient_chat_id = coalesce(r.migrated_to, o.recipient_chat_id),
      rings = o.rings or (r.outcome not in ('sent', 'gone') and coalesce(r.rings, true)),
      last_error = case when r.outcome = 'sent' then null else coalesce(r.error, r.outcome) end,
      attempts = case
        when r.outcome in ('sent', 'gone') then 0
        -- Being told to wait is no failure of ours.
        when r.retry_after is not null or r.outcome = 'migrated' then o.attempts - 1
        else o.attempts
      end,
      next_attempt_at = case
        when r.outcome in ('sent', 'gone', 'migrated') then as_of
        else as_of + make_interval(secs => coalesce(r.retry_after, 60 * (array[1, 5, 15, 39, 39])[least(o.attempts, 5)]))
      end
    from results as r
    where o.id = r.id
      and o.status = 'sending'
    returning o.id, o.recipient_chat_id, r.outcome
  ),
  unreachable as (
    update public.users as u
    set unreachable_since = coalesce(u.unreachable_since, as_of), unreachable_because = s.outcome
    from settled as s
    where s.outcome in ('blocked', 'deleted', 'not_started')
      and u.telegram_id = s.recipient_chat_id
  )
  select array_agg(s.id)
  from settled as s
  where s.outcome in ('blocked', 'deleted', 'not_started')
  into unread;

  -- A statement of its own, which sees who cannot be reached.
  if unread is not null then
    perform private.tell_others(unread, as_of);
  end if;
end
$$;

create function api.resend_message(message_id uuid, as_of timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
/* Gives a message that was given up five more tries. For admins and managers, and for the service. Refuses with not_allowed or
   message_not_failed. A definer, because nobody but the service may write the outbox. */
begin
  if (select auth.role()) is distinct from 'service_role' and coalesce((select private.role()), '') not in ('admin', 'manager') then
    raise exception 'not_allowed' using errcode = 'PT403';
  end if;
  update public.outbox as o
  set status = 'pending', attempts = 0, next_attempt_at = as_of
  where o.id = resend_message.message_id
    and o.status = 'failed';
  if not found then
    raise exception 'message_not_failed' using errcode = 'PT409';
  end if;
end
$$;

create function api.undelivered_messages()
returns table (
  id uuid, kind text, recipient text, subject text, attempts integer, last_error text, created_at timestamptz
)
language sql
stable
security definer
set search_path = ''
as $$
/* Messages that were given up, newest first, for admins and managers; empty for anybody else. A definer, because nobody but the service
   may read the outbox. */
  select o.id, o.kind, coalesce(u.full_name, g.chat_name), c.chat_name, o.attempts, o.last_error, o.created_at
  from public.outbox as o
  left join public.users as u on u.telegram_id = o.recipient_chat_id
  left join public.chats as g on g.chat_id = o.group_id
  left join public.chats as c on c.id = o.subject_id
  where o.status = 'failed'
    and ((select private.role()) in ('admin', 'manager') or (select auth.role()) = 'service_role')
  order by o.created_at desc
$$;

grant execute on function
  private.chat_link(bigint, bigint, bigint),
  private.request_facts(uuid, timestamptz),
  private.message_facts(public.outbox, timestamptz),
  private.tell_others(uuid[], timestamptz),
  api.claim_outbox(timestamptz, integer),
  api.settle_outbox(jsonb, timestamptz)
to service_role;
grant execute on function api.resend_message(uuid, timestamptz), api.undelivered_messages() to authenticated, service_role;
