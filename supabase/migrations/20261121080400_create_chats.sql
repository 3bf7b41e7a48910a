-- Clients, the chats in which they write, and everything that was written there.
set lock_timeout = '5s';

create table public.clients (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  tier text not null default 'standard',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint tier_is_known check (tier in ('basic', 'standard', 'vip', 'premium')),
  constraint client_has_a_name check (length(btrim(name)) between 1 and 300)
);

comment on table public.clients is 'Customers of the firm; one may own several chats.';
comment on column public.clients.id is 'Key.';
comment on column public.clients.name is 'Name as the firm writes it.';
comment on column public.clients.tier is 'Service level agreed with the client.';
comment on column public.clients.created_at is 'When the row was made.';
comment on column public.clients.updated_at is 'When the row last changed.';

alter table public.clients enable row level security;
grant select on public.clients to authenticated, service_role;

create trigger clients_touch_updated_at
before update on public.clients
for each row execute function private.touch_updated_at();

create table public.chats (
  id uuid primary key default gen_random_uuid(),
  chat_id bigint not null,
  type text not null,
  chat_name text not null,
  client_id uuid references public.clients (id),
  assigned_accountant_id uuid references public.users (id),
  schedule_id uuid references public.working_schedules (id),
  policy_id uuid references public.sla_policies (id),
  sla_threshold_minutes integer,
  monitoring_enabled boolean not null default false,
  anonymous_staff boolean not null default false,
  internal boolean not null default false,
  connected_at timestamptz,
  bot_status text,
  bot_status_at timestamptz,
  paused_because text,
  deleted_at timestamptz,
  migrated_from bigint,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint one_row_per_chat unique (chat_id),
  constraint one_heir_per_migrated_chat unique (migrated_from),
  constraint a_chat_is_internal_or_not unique (chat_id, internal),
  constraint type_is_known check (type in ('private', 'group', 'supergroup', 'channel')),
  constraint target_is_between_a_minute_and_a_week check (sla_threshold_minutes between 1 and 10080),
  constraint bot_status_is_known check (bot_status in ('creator', 'administrator', 'member', 'restricted', 'left', 'kicked')),
  constraint paused_because_is_known check (paused_because in ('bot_removed', 'chat_deleted')),
  constraint what_is_paused_is_not_measured check (paused_because is null or not monitoring_enabled),
  constraint a_deleted_chat_is_not_measured check (deleted_at is null or not monitoring_enabled),
  constraint the_firms_own_chat_has_no_client check (not internal or client_id is null),
  constraint only_connected_groups_are_measured check (
    not monitoring_enabled
    or (connected_at is not null and type in ('group', 'supergroup') and not internal)
  )
);

create index chats_of_an_accountant on public.chats (assigned_accountant_id);
create index chats_of_a_client on public.chats (client_id);

comment on table public.chats is 'Telegram chats the bot has seen. A group is measured once somebody of the firm connected it.';
comment on column public.chats.id is 'Key.';
comment on column public.chats.chat_id is 'Telegram''s id; negative for groups.';
comment on column public.chats.type is 'Telegram''s type of chat.';
comment on column public.chats.chat_name is 'Latest title, or the person''s name in a private chat.';
comment on column public.chats.client_id is 'Whose chat it is.';
comment on column public.chats.assigned_accountant_id is 'Owner: who should answer.';
comment on column public.chats.schedule_id is 'Working time; null is the firm''s default.';
comment on column public.chats.policy_id is 'Policy; null is the firm''s default.';
comment on column public.chats.sla_threshold_minutes is 'Target of this chat in working minutes, instead of the policy''s.';
comment on column public.chats.monitoring_enabled is 'Whether windows are opened here; messages are recorded in any case.';
comment on column public.chats.anonymous_staff is 'Whether anonymous administrators and linked channels speak for the firm here (S4).';
comment on column public.chats.internal is 'The firm''s own chat: no client is in it, and alerts may go to it.';
comment on column public.chats.connected_at is 'When the firm took the chat into service; null for a group somebody merely added the bot to.';
comment on column public.chats.bot_status is 'The bot''s standing in the chat, in Telegram''s words; null until Telegram has said.';
comment on column public.chats.bot_status_at is 'Since when, by Telegram''s date.';
comment on column public.chats.paused_because is 'Why measuring stopped by itself, and starts by itself once the cause has gone; null otherwise.';
comment on column public.chats.deleted_at is 'When the firm removed the chat from its lists; what is written there is still stored.';
comment on column public.chats.migrated_from is 'The group''s id before it became a supergroup; late updates still name it.';
comment on column public.chats.created_at is 'When the row was made.';
comment on column public.chats.updated_at is 'When the row last changed.';

alter table public.chats enable row level security;
grant select on public.chats to authenticated;
grant select, insert, update on public.chats to service_role;

create trigger chats_touch_updated_at
before update on public.chats
for each row execute function private.touch_updated_at();

create function private.own_chat_ids()
returns bigint[]
language sql
stable
security definer
set search_path = ''
as $$
/* Telegram ids of the chats that the asking accountant answers for, own ones and those of absent colleagues; empty for anybody else.
   A definer, so that policies on other tables need not read chats through the policies of chats. */
  select coalesce(array_agg(c.chat_id), '{}')
  from public.chats as c
  where c.assigned_accountant_id in (
    select (select auth.uid())
    union all
    select private.covered_by((select auth.uid()), now())
  )
    and (select private.role()) = 'accountant'
$$;

grant execute on function private.own_chat_ids() to authenticated, service_role;

create table public.chat_messages (
  chat_id bigint not null references public.chats (chat_id) on update cascade,
  message_id bigint not null,
  edit_version integer not null default 0,
  update_id bigint not null,
  topic_id bigint not null default 0,
  telegram_user_id bigint,
  author_name text,
  is_staff boolean not null,
  user_id uuid references public.users (id),
  is_bot boolean not null,
  on_behalf boolean not null default false,
  kind text not null,
  message_text text,
  caption text,
  media_file_id text,
  media_group_id text,
  reply_to_message_id bigint,
  addressed_at timestamptz,
  telegram_date timestamptz not null,
  edited_at timestamptz,
  classification text,
  answers boolean not null default false,
  is_measured boolean not null default true,
  recorded_at timestamptz not null default now(),
  primary key (chat_id, message_id, edit_version, telegram_date),
  constraint kind_is_known check (
    kind in (
      'text', 'command', 'photo', 'document', 'voice', 'video', 'video_note', 'audio', 'animation', 'sticker',
      'contact', 'location', 'poll', 'service', 'other'
    )
  ),
  constraint classification_is_known check (classification in ('request', 'clarification', 'gratitude', 'spam')),
  constraint the_firm_and_bots_are_not_classified check (classification is null or not (is_staff or is_bot)),
  constraint only_the_firm_answers check (not answers or (is_staff and not is_bot)),
  constraint edits_have_a_version_and_a_date check ((edit_version = 0) = (edited_at is null))
) partition by range (telegram_date);

create index chat_messages_in_order on public.chat_messages (chat_id, topic_id, telegram_date, message_id);

comment on table public.chat_messages is 'Everything written in chats the bot sees, append-only; edits are further versions. Partitioned by month of telegram_date.';
comment on column public.chat_messages.chat_id is 'Telegram''s id of the chat.';
comment on column public.chat_messages.message_id is 'Telegram''s id of the message within its chat.';
comment on column public.chat_messages.edit_version is '0 is the message as first seen.';
comment on column public.chat_messages.update_id is 'The update that brought it.';
comment on column public.chat_messages.topic_id is 'Forum topic; 0 in a group without topics.';
comment on column public.chat_messages.telegram_user_id is 'Author, where Telegram says so.';
comment on column public.chat_messages.author_name is 'Author''s name at that time, cleaned.';
comment on column public.chat_messages.is_staff is 'Whether the author was an active person of the firm when it was recorded (S4).';
comment on column public.chat_messages.user_id is 'Who of the firm wrote it; null for clients, bots and those who speak as the group.';
comment on column public.chat_messages.is_bot is 'Whether a bot wrote it; bots open and close nothing.';
comment on column public.chat_messages.on_behalf is 'Written as the group itself or a linked channel; whether that is the firm, the chat''s setting says.';
comment on column public.chat_messages.kind is 'Telegram''s content type.';
comment on column public.chat_messages.message_text is 'Text, as written.';
comment on column public.chat_messages.caption is 'Caption of media.';
comment on column public.chat_messages.media_file_id is 'Telegram''s handle of the file.';
comment on column public.chat_messages.media_group_id is 'Album that the file belongs to.';
comment on column public.chat_messages.reply_to_message_id is 'The message it answers, when the author chose one.';
comment on column public.chat_messages.addressed_at is
  'Date of the client''s message that it answers: such an answer reaches no younger question (S3). Null for a plain one.';
comment on column public.chat_messages.telegram_date is 'Date that Telegram put on it; all arithmetic uses this one (S9).';
comment on column public.chat_messages.edited_at is 'When this version was written; null for the original.';
comment on column public.chat_messages.classification is 'What a client''s message is; null for the firm''s and bots'' own.';
comment on column public.chat_messages.answers is 'Whether it counts as an answer, by the firm''s rule of its day (S3).';
comment on column public.chat_messages.is_measured is 'False for what was written while the chat was not measured; such messages open and close nothing.';
comment on column public.chat_messages.recorded_at is 'When the row was written.';

alter table public.chat_messages enable row level security;
grant select on public.chat_messages to authenticated;
grant select, insert on public.chat_messages to service_role;

create table public.chat_topics (
  chat_id bigint not null references public.chats (chat_id) on update cascade,
  topic_id bigint not null,
  last_message_at timestamptz not null,
  last_message_id bigint not null,
  primary key (chat_id, topic_id)
)
-- Every message changes a row: room for that on its own page.
with (fillfactor = 50);

comment on table public.chat_topics is 'Topics of each chat, with the latest message: what comes after it only continues the topic''s windows.';
comment on column public.chat_topics.chat_id is 'Telegram''s id of the chat.';
comment on column public.chat_topics.topic_id is 'Forum topic; 0 in a group without topics.';
comment on column public.chat_topics.last_message_at is 'Telegram date of the latest message.';
comment on column public.chat_topics.last_message_id is 'Telegram''s id of the latest message.';

alter table public.chat_topics enable row level security;
grant select on public.chat_topics to authenticated;
grant select, insert, update on public.chat_topics to service_role;

create table public.message_reactions (
  chat_id bigint not null references public.chats (chat_id) on update cascade,
  message_id bigint not null,
  update_id bigint not null,
  telegram_user_id bigint,
  user_id uuid references public.users (id),
  is_staff boolean not null,
  emoji text not null,
  reacted_at timestamptz not null,
  primary key (chat_id, message_id, update_id)
);

comment on table public.message_reactions is 'Reactions that people gave; one of the firm''s takes the window of that message in hand (S5).';
comment on column public.message_reactions.chat_id is 'Telegram''s id of the chat.';
comment on column public.message_reactions.message_id is 'The message reacted to.';
comment on column public.message_reactions.update_id is 'The update that brought it.';
comment on column public.message_reactions.telegram_user_id is 'Who reacted, where Telegram says so.';
comment on column public.message_reactions.user_id is 'Who of the firm reacted.';
comment on column public.message_reactions.is_staff is 'Whether it was the firm.';
comment on column public.message_reactions.emoji is 'What they chose.';
comment on column public.message_reactions.reacted_at is 'Telegram''s date of it.';

alter table public.message_reactions enable row level security;
grant select on public.message_reactions to authenticated;
grant select, insert on public.message_reactions to service_role;

create table public.intake_rejects (
  id bigint generated always as identity primary key,
  record jsonb not null,
  reason text not null,
  recorded_at timestamptz not null default now()
);

comment on table public.intake_rejects is 'Updates that could not be stored, set aside so that the rest of their batch was.';
comment on column public.intake_rejects.id is 'Key.';
comment on column public.intake_rejects.record is 'The record as the bot sent it, without texts.';
comment on column public.intake_rejects.reason is 'Fields that are missing or malformed.';
comment on column public.intake_rejects.recorded_at is 'When it was set aside.';

alter table public.intake_rejects enable row level security;
grant select on public.intake_rejects to authenticated;
grant select, insert on public.intake_rejects to service_role;
