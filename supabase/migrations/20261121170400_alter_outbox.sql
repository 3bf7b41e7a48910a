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
