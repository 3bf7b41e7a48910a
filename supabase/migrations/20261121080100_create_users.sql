-- People of the firm. Clients are not users: they exist as authors of messages.
set lock_timeout = '5s';

create table public.users (
  id uuid primary key references auth.users (id),
  email text not null,
  role text not null,
  full_name text not null,
  telegram_id bigint,
  telegram_username text,
  active boolean not null default true,
  locale text not null default 'ru',
  quiet_from time,
  quiet_until time,
  alerts_per_hour integer not null default 20,
  unreachable_since timestamptz,
  unreachable_because text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint one_person_per_email unique (email),
  constraint one_person_per_telegram_id unique (telegram_id),
  constraint role_is_known check (role in ('admin', 'manager', 'accountant', 'observer')),
  constraint locale_is_known check (locale in ('ru', 'en')),
  constraint quiet_hours_have_both_ends check ((quiet_from is null) = (quiet_until is null) and quiet_from <> quiet_until),
  constraint noise_budget_is_sensible check (alerts_per_hour between 1 and 1000),
  constraint unreachable_means_why check ((unreachable_since is null) = (unreachable_because is null)),
  constraint unreachable_because_is_known check (unreachable_because in ('blocked', 'deleted', 'not_started')),
  constraint full_name_is_written check (length(btrim(full_name)) between 1 and 200)
);

comment on table public.users is 'People of the firm, one row per sign-in; never deleted by the application, only deactivated.';
comment on column public.users.id is 'The same id as in auth.users.';
comment on column public.users.email is 'Sign-in address.';
comment on column public.users.role is 'What the person may do: admin, manager, accountant or observer.';
comment on column public.users.full_name is 'Name as colleagues read it.';
comment on column public.users.telegram_id is 'Linked Telegram account; makes the person staff in every chat (S4).';
comment on column public.users.telegram_username is 'Last known @name without the sign; the id beats it (S4).';
comment on column public.users.active is 'False takes all rights away with the next statement.';
comment on column public.users.locale is 'Language of the bot and of the admin for this person.';
comment on column public.users.quiet_from is 'Start of the person''s quiet hours, on the firm''s clock; alerts wait for their end (S14).';
comment on column public.users.quiet_until is 'End of the quiet hours; earlier than the start means the next day.';
comment on column public.users.alerts_per_hour is 'Noise budget: messages with a sound in an hour; what comes beyond them goes into one roll-up (S14).';
comment on column public.users.unreachable_since is 'Since when the bot cannot write to the person; null while it can.';
comment on column public.users.unreachable_because is 'Why it cannot: blocked, deleted, or never started.';
comment on column public.users.created_at is 'When the row was made.';
comment on column public.users.updated_at is 'When the row last changed.';

alter table public.users enable row level security;
grant select on public.users to authenticated;
grant select, insert, update, delete on public.users to service_role;

create trigger users_touch_updated_at
before update on public.users
for each row execute function private.touch_updated_at();

create function private.role()
returns text
language sql
stable
security definer
set search_path = ''
as $$
/* Role of the person who asks, null when unknown or inactive. A definer, because policies on users call it: reading users as
   the person would ask those policies again, for ever. */
  select u.role
  from public.users as u
  where u.id = (select auth.uid())
    and u.active
$$;

grant execute on function private.role() to authenticated, service_role;
