-- The outbox carries what the bot says to clients, too: off-hours replies, receipts, answers to frequent questions, orders of documents.
-- Alerts are told apart by what they are not, so that a kind nobody thought of is an alert, and never reaches a client.
set lock_timeout = '5s';

-- squawk-ignore ban-drop-constraint
alter table public.outbox drop constraint kind_is_known;
-- squawk-ignore constraint-missing-not-valid
alter table public.outbox add constraint kind_is_known check (
  kind in (
    'sla_alert', 'sla_digest', 'chat_notice', 'accountant_call', 'off_hours_reply', 'receipt', 'faq_answer', 'document_order'
  )
);

-- squawk-ignore ban-drop-not-null
alter table public.outbox alter column is_internal drop not null;
alter table public.outbox alter column is_internal set expression as (
  case when kind not in ('off_hours_reply', 'receipt', 'faq_answer', 'document_order') then true end
);
-- squawk-ignore constraint-missing-not-valid
alter table public.outbox add constraint what_clients_get_goes_to_their_group check (is_internal is not null or recipient_chat_id < 0);

alter table public.outbox add column expires_at timestamptz;

comment on column public.outbox.kind is
  'sla_alert: one chat''s windows for one person; sla_digest: several chats'' in one; chat_notice: what became of a chat; accountant_call: a client asks for somebody. In the client''s chat: off_hours_reply, receipt, faq_answer, document_order.';
comment on column public.outbox.recipient_chat_id is
  'Telegram chat that gets it: a person, the firm''s own group, or, for what clients get, their group.';
comment on column public.outbox.subject_id is
  'What it is about: the chat (sla_alert, chat_notice), the recipient (sla_digest), the call, the window, the answer; an order is its own.';
comment on column public.outbox.is_internal is
  'True, for the same constraint; null for what clients get, so that the constraint holds for everything else.';
comment on column public.outbox.expires_at is 'From when on it would be said too late, and is not sent any more; null for what is always worth saying.';

create or replace function private.message_facts(message public.outbox, as_of timestamptz)
returns jsonb
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* All that a message has to say when it is sent: its windows, those that wait longest first, at most ten of each kind, and how many
   there are of each. What clients get was all known when it was owed. */
begin
  if message.is_internal is null then
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
      )
    )
  );
end
$$;

create or replace function api.claim_outbox(as_of timestamptz default now(), batch integer default 30)
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

create or replace function api.settle_outbox(results jsonb, as_of timestamptz default now())
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
        -- Nobody has to look after what is worth nothing later: a question to react to that was deleted, say.
        when r.outcome in ('blocked', 'deleted', 'not_started', 'refused') then case when o.expires_at is null then 'failed' else 'cancelled' end
        when o.finished_at is not null and o.telegram_message_id is null then 'cancelled'
        when o.attempts >= 5 and r.retry_after is null then 'failed'
        else 'pending'
      end,
      sent_revision = case when r.outcome in ('sent', 'gone') then r.revision else o.sent_revision end,
      sent_at = case when r.outcome = 'sent' then as_of else coalesce(o.sent_at, case when r.outcome = 'gone' then as_of end) end,
      -- What is not edited is said once.
      finished_at = case when o.kind not in ('sla_alert', 'sla_digest') and r.outcome = 'sent' then as_of else o.finished_at end,
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
