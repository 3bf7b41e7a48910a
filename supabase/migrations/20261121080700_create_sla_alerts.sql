-- Who was told what: alerts, and the outbox that carries them.
set lock_timeout = '5s';

create table public.sla_alerts (
  id uuid primary key default gen_random_uuid(),
  request_id uuid not null references public.client_requests (id) on delete cascade,
  kind text not null,
  level integer not null default 0,
  created_at timestamptz not null default now(),
  resolved_at timestamptz,
  resolved_by uuid references public.users (id),
  resolution text,
  constraint an_alert_is_raised_once unique (request_id, kind, level),
  constraint kind_is_known check (kind in ('warning', 'breach', 'escalation')),
  constraint resolution_is_known check (
    resolution in ('answered', 'acknowledged', 'excused', 'voided', 'expired', 'manual')
  ),
  constraint resolved_means_how check ((resolved_at is null) = (resolution is null))
);

comment on table public.sla_alerts is 'Alerts raised for a window, once per kind and level.';
comment on column public.sla_alerts.id is 'Key.';
comment on column public.sla_alerts.request_id is 'The window.';
comment on column public.sla_alerts.kind is 'Warning, breach or escalation.';
comment on column public.sla_alerts.level is 'Step of the ladder; 0 for the breach itself.';
comment on column public.sla_alerts.created_at is 'When it was raised.';
comment on column public.sla_alerts.resolved_at is 'When it needed nobody any more.';
comment on column public.sla_alerts.resolved_by is 'Whose act resolved it.';
comment on column public.sla_alerts.resolution is 'How it was resolved.';

alter table public.sla_alerts enable row level security;
grant select on public.sla_alerts to authenticated;
grant select, insert, update on public.sla_alerts to service_role;

create table public.outbox (
  id uuid primary key default gen_random_uuid(),
  position bigint not null generated always as identity,
  kind text not null,
  recipient_chat_id bigint not null,
  subject_id uuid not null,
  payload jsonb not null default '{}',
  status text not null default 'pending',
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  sent_at timestamptz,
  telegram_message_id bigint,
  last_error text,
  created_at timestamptz not null default now(),
  constraint one_message_per_recipient_and_subject unique (kind, subject_id, recipient_chat_id),
  constraint kind_is_known check (kind in ('sla_alert')),
  constraint status_is_known check (status in ('pending', 'sending', 'sent', 'failed', 'cancelled')),
  constraint sent_means_when check ((status = 'sent') = (sent_at is not null)),
  -- People's private chats have positive ids, groups negative ones.
  constraint an_alert_never_goes_to_a_group check (kind <> 'sla_alert' or recipient_chat_id > 0)
);

create index outbox_to_send on public.outbox (next_attempt_at) where status in ('pending', 'sending');
create index outbox_of_a_subject on public.outbox (subject_id);

comment on table public.outbox is 'Messages the bot owes: written with the change that causes them, sent at least once by jobs.';
comment on column public.outbox.id is 'Key.';
comment on column public.outbox.position is 'Order in which messages are owed; each recipient gets them in it.';
comment on column public.outbox.kind is 'What the message is about; decides its words.';
comment on column public.outbox.recipient_chat_id is 'Telegram chat that gets it.';
comment on column public.outbox.subject_id is 'The row it is about: the alert.';
comment on column public.outbox.payload is 'What cannot be read from the subject when it is sent.';
comment on column public.outbox.status is 'pending, sending (claimed until next_attempt_at), sent, failed or cancelled.';
comment on column public.outbox.attempts is 'How often it was claimed.';
comment on column public.outbox.next_attempt_at is 'Not before this; while sending, when the claim lapses.';
comment on column public.outbox.sent_at is 'When Telegram took it.';
comment on column public.outbox.telegram_message_id is 'Telegram''s id of the message sent.';
comment on column public.outbox.last_error is 'Why the latest attempt failed.';
comment on column public.outbox.created_at is 'When it was owed.';

alter table public.outbox enable row level security;
grant select, insert, update on public.outbox to service_role;
