-- Waiting windows (S1–S12) and the ledger of what happened to each.
set lock_timeout = '5s';

create table public.client_requests (
  id uuid primary key default gen_random_uuid(),
  chat_id bigint not null references public.chats (chat_id) on update cascade,
  topic_id bigint not null,
  client_id uuid references public.clients (id),
  assigned_accountant_id uuid references public.users (id),
  on_duty_id uuid references public.users (id),
  first_message_id bigint not null,
  last_message_id bigint not null,
  message_count integer not null,
  classification text not null,
  classified_by text not null default 'rule',
  begins_at timestamptz not null,
  begins_message_id bigint not null,
  ends_at timestamptz not null,
  ends_message_id bigint not null,
  opened_at timestamptz not null,
  last_message_at timestamptz not null,
  policy_id uuid not null references public.sla_policies (id),
  policy_version integer not null,
  schedule_id uuid not null references public.working_schedules (id),
  schedule_version integer not null,
  target_minutes integer not null,
  warn_percent integer not null,
  warn_at timestamptz,
  due_at timestamptz,
  acknowledged_at timestamptz,
  acknowledged_by uuid references public.users (id),
  breached_at timestamptz,
  responded_at timestamptz,
  responded_by uuid references public.users (id),
  response_message_id bigint,
  working_seconds bigint,
  closed_as text,
  closed_at timestamptz,
  closed_by uuid references public.users (id),
  closed_because text,
  next_alert text,
  next_level integer not null default 0,
  next_alert_at timestamptz,
  escalates_at timestamptz generated always as (
    case
      when closed_as is not null then null
      -- In hand and nothing new from the client: only the breach itself is still told.
      when acknowledged_at >= last_message_at then case when next_alert in ('warning', 'breach') then due_at end
      else next_alert_at
    end
  ) stored,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint one_window_per_first_message unique (chat_id, topic_id, opened_at, first_message_id) deferrable initially deferred,
  constraint classification_needs_an_answer check (classification in ('request', 'clarification')),
  constraint classified_by_is_known check (classified_by in ('rule', 'model', 'person')),
  constraint closed_as_is_known check (closed_as in ('met', 'met_late', 'excused', 'voided')),
  constraint closed_because_is_known check (
    closed_because in ('answered', 'edited', 'no_answer_needed', 'monitoring_off', 'bot_removed', 'chat_deleted')
  ),
  constraint closed_means_when_and_why check (num_nulls(closed_as, closed_at, closed_because) in (0, 3)),
  constraint next_alert_is_known check (next_alert in ('warning', 'breach', 'escalation', 'expiry')),
  constraint next_alert_has_its_time check ((next_alert is null) = (next_alert_at is null)),
  constraint an_answer_closes check (responded_at is null or closed_as is not null),
  constraint an_answer_follows_the_question check (responded_at >= opened_at),
  constraint messages_are_counted check (message_count > 0 and last_message_at >= opened_at),
  constraint the_warning_precedes_the_deadline check (warn_at <= due_at)
)
-- Room for the commonest change, one more message, to stay on its page and out of the indexes.
with (fillfactor = 80);

create index requests_open_in_a_topic on public.client_requests (chat_id, topic_id) where closed_as is null;
create index requests_closed_for_good on public.client_requests (chat_id, topic_id)
where closed_because in ('no_answer_needed', 'monitoring_off', 'bot_removed', 'chat_deleted');
create index requests_awaiting_answer on public.client_requests (due_at, chat_id) where closed_as is null;
create index requests_due on public.client_requests (escalates_at) where escalates_at is not null;

comment on table public.client_requests is 'Waiting windows: from the first unanswered message of a client to the answer, per chat and topic.';
comment on column public.client_requests.id is 'Key.';
comment on column public.client_requests.chat_id is 'Telegram''s id of the chat.';
comment on column public.client_requests.topic_id is 'Forum topic; 0 without topics.';
comment on column public.client_requests.client_id is 'Client of the chat when the window opened.';
comment on column public.client_requests.assigned_accountant_id is 'Owner of the chat; follows a hand-over until the deadline, and stays then.';
comment on column public.client_requests.on_duty_id is
  'Who answered for the owner when it fell due or was answered before that: the owner or the substitute. Reports count for this person.';
comment on column public.client_requests.first_message_id is 'The message that opened it (S1).';
comment on column public.client_requests.last_message_id is 'The latest message attached to it.';
comment on column public.client_requests.message_count is 'Messages of clients in it.';
comment on column public.client_requests.classification is 'Class of the opening message.';
comment on column public.client_requests.classified_by is 'Who decided the class: rule, model or person.';
comment on column public.client_requests.begins_at is
  'Date of the first message that belongs to it, also of one that was a question only for a while: where its replay begins.';
comment on column public.client_requests.begins_message_id is 'That message.';
comment on column public.client_requests.ends_at is 'Date of the last message that belongs to it, also of one that was a question only for a while.';
comment on column public.client_requests.ends_message_id is 'That message.';
comment on column public.client_requests.opened_at is 'Telegram date of the opening message.';
comment on column public.client_requests.last_message_at is 'Telegram date of the latest attached message.';
comment on column public.client_requests.policy_id is 'Policy it was opened under (S8).';
comment on column public.client_requests.policy_version is 'Version of that policy.';
comment on column public.client_requests.schedule_id is 'Schedule it was opened under (S8).';
comment on column public.client_requests.schedule_version is 'Version of that schedule.';
comment on column public.client_requests.target_minutes is 'Working minutes allowed.';
comment on column public.client_requests.warn_percent is 'Share of the target after which it is at risk.';
comment on column public.client_requests.warn_at is 'When it becomes at risk.';
comment on column public.client_requests.due_at is 'Deadline (S7); null when the schedule has no working time.';
comment on column public.client_requests.acknowledged_at is 'When somebody took it, after the client''s latest words if anybody did since; does not stop the clock (S5).';
comment on column public.client_requests.acknowledged_by is 'Who took it.';
comment on column public.client_requests.breached_at is 'When the sweep told of the breach: the mark that it is told once (S13).';
comment on column public.client_requests.responded_at is 'Telegram date of the qualifying answer (S3).';
comment on column public.client_requests.responded_by is 'Who wrote the answer.';
comment on column public.client_requests.response_message_id is 'The answer.';
comment on column public.client_requests.working_seconds is 'Working time from opening to answer.';
comment on column public.client_requests.closed_as is 'Outcome of a closed window (S12); null while open.';
comment on column public.client_requests.closed_at is 'When it closed, by whatever cause.';
comment on column public.client_requests.closed_by is 'Who said that no answer is needed (S11).';
comment on column public.client_requests.closed_because is 'Cause of the closure.';
comment on column public.client_requests.next_alert is 'The step of the ladder that comes next; null when nothing is left.';
comment on column public.client_requests.next_level is 'Its level; 0 for warning and breach.';
comment on column public.client_requests.next_alert_at is 'When it comes.';
comment on column public.client_requests.escalates_at is
  'What the sweep looks at: next_alert_at while it is open and in nobody''s hand, null while nothing is due (S5, S13).';
comment on column public.client_requests.created_at is 'When the row was made.';
comment on column public.client_requests.updated_at is 'When the row last changed.';

alter table public.client_requests enable row level security;
grant select on public.client_requests to authenticated;
grant select, insert, update, delete on public.client_requests to service_role;

create trigger client_requests_touch_updated_at
before update on public.client_requests
for each row execute function private.touch_updated_at();

create table public.request_events (
  id bigint generated always as identity primary key,
  request_id uuid not null references public.client_requests (id) on delete cascade,
  kind text not null,
  happened_at timestamptz not null,
  actor_id uuid references public.users (id),
  message_id bigint,
  detail jsonb,
  recorded_at timestamptz not null default now(),
  constraint kind_is_known check (
    kind in (
      'opened', 'acknowledged', 'warned', 'breached', 'escalated', 'expired', 'answered', 'excused', 'voided', 'reopened',
      'rescheduled', 'handed_over'
    )
  )
);

create index events_of_a_request on public.request_events (request_id, happened_at, id);

comment on table public.request_events is 'Ledger of each window, append-only.';
comment on column public.request_events.id is 'Key, in order of recording.';
comment on column public.request_events.request_id is 'The window.';
comment on column public.request_events.kind is 'What happened.';
comment on column public.request_events.happened_at is 'When it happened, by Telegram''s date where a message caused it.';
comment on column public.request_events.actor_id is 'Who of the firm did it.';
comment on column public.request_events.message_id is 'The message that caused it.';
comment on column public.request_events.detail is 'What else belongs to it: level of an escalation, old and new deadline, cause.';
comment on column public.request_events.recorded_at is 'When it was recorded.';

alter table public.request_events enable row level security;
grant select on public.request_events to authenticated;
grant select, insert on public.request_events to service_role;

create table public.classification_corrections (
  id bigint generated always as identity primary key,
  chat_id bigint not null references public.chats (chat_id) on update cascade,
  message_id bigint not null,
  telegram_date timestamptz not null,
  was text not null,
  became text not null,
  corrected_by uuid references public.users (id),
  corrected_at timestamptz not null,
  constraint classes_are_known check (
    was in ('request', 'clarification', 'gratitude', 'spam')
    and became in ('request', 'clarification', 'gratitude', 'spam', 'no_answer_needed')
  )
);

comment on table public.classification_corrections is 'What people said of the classifier''s verdicts: examples to learn from.';
comment on column public.classification_corrections.id is 'Key.';
comment on column public.classification_corrections.chat_id is 'Telegram''s id of the chat.';
comment on column public.classification_corrections.message_id is 'The message.';
comment on column public.classification_corrections.telegram_date is 'Its date.';
comment on column public.classification_corrections.was is 'Class it was given.';
comment on column public.classification_corrections.became is 'What the person said it is.';
comment on column public.classification_corrections.corrected_by is 'Who.';
comment on column public.classification_corrections.corrected_at is 'When.';

alter table public.classification_corrections enable row level security;
grant select on public.classification_corrections to authenticated;
grant select, insert on public.classification_corrections to service_role;
