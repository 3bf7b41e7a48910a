-- Who is in a chat, and links that connect one.
set lock_timeout = '5s';

create table public.chat_members (
  chat_id bigint not null references public.chats (chat_id) on update cascade on delete cascade,
  telegram_user_id bigint not null,
  full_name text not null,
  telegram_username text,
  is_bot boolean not null default false,
  status text not null default 'member',
  status_at timestamptz not null default now(),
  primary key (chat_id, telegram_user_id),
  constraint status_is_known check (status in ('creator', 'administrator', 'member', 'restricted', 'left', 'kicked'))
);

comment on table public.chat_members is 'People and bots in a chat, as far as Telegram told or they wrote.';
comment on column public.chat_members.chat_id is 'Telegram''s id of the chat.';
comment on column public.chat_members.telegram_user_id is 'Telegram''s id of the member.';
comment on column public.chat_members.full_name is 'Latest name, cleaned.';
comment on column public.chat_members.telegram_username is 'Latest @name without the sign.';
comment on column public.chat_members.is_bot is 'Whether it is a bot.';
comment on column public.chat_members.status is 'Standing in the chat, in Telegram''s words.';
comment on column public.chat_members.status_at is 'Since when, by Telegram''s date.';

alter table public.chat_members enable row level security;
grant select on public.chat_members to authenticated;
grant select, insert, update, delete on public.chat_members to service_role;

create table public.chat_invitations (
  id uuid primary key default gen_random_uuid(),
  client_id uuid references public.clients (id) on delete cascade,
  accountant_id uuid references public.users (id) on delete set null,
  policy_id uuid references public.sla_policies (id) on delete set null,
  created_by uuid default auth.uid() references public.users (id) on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '24 hours',
  used_at timestamptz,
  used_by_telegram_id bigint,
  chat_id bigint references public.chats (chat_id) on update cascade on delete set null,
  constraint used_means_by_whom check ((used_at is null) = (used_by_telegram_id is null)),
  constraint it_expires_later_than_made check (expires_at > created_at)
);

create index chat_invitations_of_a_person on public.chat_invitations (created_by);
create index chat_invitations_for_an_accountant on public.chat_invitations (accountant_id);

comment on table public.chat_invitations is 'Links of one use that connect a group, bound to its client, owner and policy beforehand. The link follows from the key; none is stored.';
comment on column public.chat_invitations.id is 'Key.';
comment on column public.chat_invitations.client_id is 'Client that the group will belong to.';
comment on column public.chat_invitations.accountant_id is 'Owner that the group will have.';
comment on column public.chat_invitations.policy_id is 'Policy that the group will have; null leaves the usual one.';
comment on column public.chat_invitations.created_by is 'Who invites; managers see their own and their team''s.';
comment on column public.chat_invitations.created_at is 'When the row was made.';
comment on column public.chat_invitations.expires_at is 'Not valid from then on.';
comment on column public.chat_invitations.used_at is 'When a group was connected by it; null while open.';
comment on column public.chat_invitations.used_by_telegram_id is 'Who connected it.';
comment on column public.chat_invitations.chat_id is 'The group that was connected.';

alter table public.chat_invitations enable row level security;
grant
  select, insert (client_id, accountant_id, policy_id), update (client_id, accountant_id, policy_id), delete
on public.chat_invitations to authenticated;
grant select, insert, update, delete on public.chat_invitations to service_role;

create trigger chat_invitations_audited after insert or update or delete on public.chat_invitations
for each row execute function private.record_change();

create view api.chat_members with (security_invoker = true) as
select m.chat_id, m.telegram_user_id, m.full_name, m.telegram_username, m.is_bot, m.status, m.status_at
from public.chat_members as m;

create view api.chat_invitations with (security_invoker = true) as
select
  i.id, i.client_id, i.accountant_id, i.policy_id, i.created_by, i.created_at, i.expires_at, i.used_at, i.used_by_telegram_id, i.chat_id
from public.chat_invitations as i;

comment on view api.chat_members is 'Who is in the chats that the reader may read.';
comment on view api.chat_invitations is 'Links that connect a group.';

grant select on api.chat_members to authenticated;
grant select, insert, update, delete on api.chat_members to service_role;
grant
  select, insert (client_id, accountant_id, policy_id), update (client_id, accountant_id, policy_id), delete
on api.chat_invitations to authenticated;
grant select, insert, update, delete on api.chat_invitations to service_role;
