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
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint one_person_per_email unique (email),
  constraint one_person_per_telegram_id unique (telegram_id),
  constraint role_is_known check (role in ('admin', 'manager', 'accountant', 'observer')),
  constraint locale_is_known check (locale in ('ru', 'en')),
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
