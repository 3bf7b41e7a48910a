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
comment on column public.sla_alerts.level is 'Step of the ladder; 0 for warning and breach.';
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
  revision integer not null default 1,
  sent_revision integer not null default 0,
  rings boolean not null default true,
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  remind_at timestamptz,
  rang_at timestamptz,
  sent_at timestamptz,
  finished_at timestamptz,
  telegram_message_id bigint,
  last_error text,
  created_at timestamptz not null default now(),
  group_id bigint generated always as (case when recipient_chat_id < 0 then recipient_chat_id end) stored,
  is_internal boolean not null generated always as (true) stored,
  constraint kind_is_known check (kind in ('sla_alert', 'sla_digest', 'chat_notice')),
  constraint status_is_known check (status in ('pending', 'sending', 'sent', 'failed', 'cancelled')),
  constraint sent_means_when check (status <> 'sent' or sent_at is not null),
  -- A group must be the firm's own: no alert can be written for a chat with clients in it (S13, E13).
  constraint an_alert_never_goes_to_a_clients_group foreign key (group_id, is_internal)
  references public.chats (chat_id, internal) deferrable
);

create unique index one_standing_message on public.outbox (recipient_chat_id, subject_id, kind) where finished_at is null;
create index outbox_to_send on public.outbox (recipient_chat_id, position) where status in ('pending', 'sending');
create index outbox_rung on public.outbox (recipient_chat_id, rang_at);
create index outbox_to_remind on public.outbox (remind_at) where remind_at is not null;
create index outbox_failed on public.outbox (created_at) where status = 'failed';

comment on table public.outbox is
  'Messages the bot owes: written with the change that causes them, sent at least once by jobs. A row is a standing message: what changes it later makes it pending again, and it is edited in place.';
comment on column public.outbox.id is 'Key.';
comment on column public.outbox.position is 'Order in which messages are owed; each recipient gets them in it.';
comment on column public.outbox.kind is 'sla_alert: one chat''s windows for one person; sla_digest: several chats'' in one; chat_notice: what became of a chat.';
comment on column public.outbox.recipient_chat_id is 'Telegram chat that gets it: a person, or the firm''s own group.';
comment on column public.outbox.subject_id is 'What it is about: the chat (sla_alert, chat_notice) or the recipient (sla_digest).';
comment on column public.outbox.payload is 'What cannot be read from the subject when it is sent.';
comment on column public.outbox.status is 'pending, sending (claimed until next_attempt_at), sent, failed or cancelled.';
comment on column public.outbox.revision is 'Grows with each change of what it has to say.';
comment on column public.outbox.sent_revision is 'Revision that the recipient sees; several changes in between are one edit.';
comment on column public.outbox.rings is 'Whether the next revision is worth a sound: sent anew in place of the old message, not edited into it.';
comment on column public.outbox.attempts is 'How often this revision was claimed.';
comment on column public.outbox.next_attempt_at is 'Not before this; while sending, when the claim lapses.';
comment on column public.outbox.remind_at is 'When the recipient asked to be told again.';
comment on column public.outbox.rang_at is 'When it last became worth a sound; counts against the noise budget.';
comment on column public.outbox.sent_at is 'When Telegram last took it.';
comment on column public.outbox.finished_at is 'When nothing it tells of needed anybody any more; what comes later is a new message.';
comment on column public.outbox.telegram_message_id is 'Telegram''s id of the message sent.';
comment on column public.outbox.last_error is 'Why the latest attempt failed.';
comment on column public.outbox.created_at is 'When it was owed.';
comment on column public.outbox.group_id is 'The recipient when it is a group, for the constraint that it is the firm''s own.';
comment on column public.outbox.is_internal is 'Always true, for the same constraint.';

alter table public.outbox enable row level security;
grant select, insert, update on public.outbox to service_role;

create function private.refuse_strangers()
returns trigger
language plpgsql
set search_path = ''
as $$
/* The other half of «never to a client»: a private recipient must be a person of the firm (E13). */
begin
  if new.recipient_chat_id > 0 and not exists (
    select from public.users as u where u.telegram_id = new.recipient_chat_id
  ) then
    raise exception 'alert_to_a_stranger' using errcode = 'PT422', constraint = 'an_alert_goes_to_the_firms_people_only';
  end if;
  return new;
end
$$;

create trigger outbox_refuses_strangers
before insert or update of recipient_chat_id on public.outbox
for each row execute function private.refuse_strangers();

create table public.notices (
  message_id uuid not null,
  request_id uuid not null references public.client_requests (id) on delete cascade,
  alert_id uuid references public.sla_alerts (id) on delete cascade,
  user_id uuid references public.users (id),
  constraint told_once_per_message unique nulls not distinct (message_id, request_id, alert_id)
);

create index notices_of_a_request on public.notices (request_id);
create index notices_of_an_alert on public.notices (alert_id);

comment on table public.notices is 'Which message tells whom of which window, and by which alert.';
comment on column public.notices.message_id is
  'The message. Without a foreign key: messages are never deleted, and a digest of a thousand windows would be locked a thousand times.';
comment on column public.notices.request_id is 'A window it tells of.';
comment on column public.notices.alert_id is 'The alert that put it there; null in the digest of who waits when the office opens.';
comment on column public.notices.user_id is 'Who is told; null for the firm''s own group.';

alter table public.notices enable row level security;
grant select on public.notices to authenticated;
grant select, insert on public.notices to service_role;

create table public.outbox_sends (
  recipient_chat_id bigint not null,
  claimed_at timestamptz not null
);

create index sends_of_a_recipient on public.outbox_sends (recipient_chat_id, claimed_at);

comment on table public.outbox_sends is 'What was handed to Telegram in the last minute, so that all senders together keep its limits.';
comment on column public.outbox_sends.recipient_chat_id is 'Telegram chat.';
comment on column public.outbox_sends.claimed_at is 'When.';

alter table public.outbox_sends enable row level security;
grant select, insert, delete on public.outbox_sends to service_role;
