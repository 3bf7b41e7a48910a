-- Segments: chats that belong together, for an audience or for the accountants who share them; and whose team a person is in.
set lock_timeout = '5s';

create table public.chat_segments (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  created_by uuid default auth.uid() references public.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint one_segment_per_name unique (name),
  constraint segment_has_a_name check (length(btrim(name)) between 1 and 200)
);

create index segments_of_a_person on public.chat_segments (created_by);

comment on table public.chat_segments is 'Named groups of chats: an audience, or the shared work of several accountants.';
comment on column public.chat_segments.id is 'Key.';
comment on column public.chat_segments.name is 'Name as people choose it.';
comment on column public.chat_segments.created_by is 'Who made it; managers see their own and their team''s.';
comment on column public.chat_segments.created_at is 'When the row was made.';
comment on column public.chat_segments.updated_at is 'When the row last changed.';

create table public.chat_segment_chats (
  id uuid primary key default gen_random_uuid(),
  segment_id uuid not null references public.chat_segments (id) on delete cascade,
  chat_id bigint not null references public.chats (chat_id) on update cascade on delete cascade,
  created_at timestamptz not null default now(),
  constraint a_chat_is_in_a_segment_once unique (segment_id, chat_id)
);

create index segments_of_a_chat on public.chat_segment_chats (chat_id);

comment on table public.chat_segment_chats is 'Which chats are in a segment.';
comment on column public.chat_segment_chats.id is 'Key.';
comment on column public.chat_segment_chats.segment_id is 'The segment.';
comment on column public.chat_segment_chats.chat_id is 'Telegram''s id of the chat.';
comment on column public.chat_segment_chats.created_at is 'Since when.';

create table public.chat_segment_accountants (
  id uuid primary key default gen_random_uuid(),
  segment_id uuid not null references public.chat_segments (id) on delete cascade,
  user_id uuid not null references public.users (id) on delete cascade,
  created_at timestamptz not null default now(),
  constraint an_accountant_is_in_a_segment_once unique (segment_id, user_id)
);

create index segments_of_an_accountant on public.chat_segment_accountants (user_id);

comment on table public.chat_segment_accountants is 'Which accountants share the chats of a segment: they read them and act in them as in their own.';
comment on column public.chat_segment_accountants.id is 'Key.';
comment on column public.chat_segment_accountants.segment_id is 'The segment.';
comment on column public.chat_segment_accountants.user_id is 'The accountant.';
comment on column public.chat_segment_accountants.created_at is 'Since when.';

alter table public.chat_segments enable row level security;
alter table public.chat_segment_chats enable row level security;
alter table public.chat_segment_accountants enable row level security;
-- Who made a segment is not for the maker to say.
grant select, insert (name), update (name), delete on public.chat_segments to authenticated;
grant select, insert (segment_id, chat_id), delete on public.chat_segment_chats to authenticated;
grant select, insert (segment_id, user_id), delete on public.chat_segment_accountants to authenticated;
grant select, insert, update, delete on
  public.chat_segments, public.chat_segment_chats, public.chat_segment_accountants
to service_role;

create trigger chat_segments_touch_updated_at
before update on public.chat_segments
for each row execute function private.touch_updated_at();

create trigger chat_segments_audited after insert or update or delete on public.chat_segments
for each row execute function private.record_change();
create trigger chat_segment_chats_audited after insert or update or delete on public.chat_segment_chats
for each row execute function private.record_change();
create trigger chat_segment_accountants_audited after insert or update or delete on public.chat_segment_accountants
for each row execute function private.record_change();

create view api.chat_segments with (security_invoker = true) as
select s.id, s.name, s.created_by, s.created_at, s.updated_at
from public.chat_segments as s;

create view api.chat_segment_chats with (security_invoker = true) as
select s.id, s.segment_id, s.chat_id, s.created_at
from public.chat_segment_chats as s;

create view api.chat_segment_accountants with (security_invoker = true) as
select s.id, s.segment_id, s.user_id, s.created_at
from public.chat_segment_accountants as s;

comment on view api.chat_segments is 'Segments of chats.';
comment on view api.chat_segment_chats is 'Which chats are in a segment.';
comment on view api.chat_segment_accountants is 'Which accountants share a segment.';

grant select, insert (name), update (name), delete on api.chat_segments to authenticated;
grant select, insert (segment_id, chat_id), delete on api.chat_segment_chats to authenticated;
grant select, insert (segment_id, user_id), delete on api.chat_segment_accountants to authenticated;
grant select, insert, update, delete on
  api.chat_segments, api.chat_segment_chats, api.chat_segment_accountants
to service_role;

create function private.team_ids()
returns uuid[]
language sql
stable
security definer
set search_path = ''
as $$
/* The asking manager and the accountants whose work the manager runs; an accountant whom nobody runs is every manager's. Empty for
   anybody else. A definer, so that policies need not read people through the policies of people. */
  select coalesce(array_agg(u.id), '{}')
  from public.users as u
  where (select private.role()) = 'manager'
    and (
      u.id = (select auth.uid())
      or exists (
        select from public.manager_accountants as m where m.accountant_id = u.id and m.manager_id = (select auth.uid())
      )
      or (
        u.role = 'accountant'
        and not exists (select from public.manager_accountants as m where m.accountant_id = u.id)
      )
    )
$$;

create function private.shared_chat_ids(people uuid[])
returns setof bigint
language sql
stable
set search_path = ''
as $$
/* Chats of the segments that these people share. */
  select c.chat_id
  from public.chat_segment_accountants as a
  join public.chat_segment_chats as c on c.segment_id = a.segment_id
  where a.user_id = any (people)
$$;

create or replace function private.own_chat_ids()
returns bigint[]
language sql
stable
security definer
set search_path = ''
as $$
/* Telegram ids of the chats that the asking accountant answers for: own ones, those of absent colleagues, those of shared segments;
   empty for anybody else. A definer, so that policies on other tables need not read chats through the policies of chats. */
  with people as materialized (
    select array_agg(p.id) as ids
    from (
      select (select auth.uid()) as id
      union all
      select private.covered_by((select auth.uid()), now())
    ) as p
  )
  select coalesce(array_agg(distinct own.chat_id), '{}')
  from (
    select c.chat_id
    from public.chats as c
    where c.assigned_accountant_id = any ((select p.ids from people as p)::uuid[])
    union all
    select private.shared_chat_ids((select p.ids from people as p))
  ) as own
  where (select private.role()) = 'accountant'
$$;

create or replace function private.may_act_on(person public.users, of_chat bigint, at timestamptz)
returns boolean
language sql
stable
set search_path = ''
as $$
/* Whether a person may act on the windows of a chat: admins and managers on all, accountants on their own, on those they stand in for and
   on those of their segments, others on none. */
  select coalesce(person.active, false)
    and (
      person.role in ('admin', 'manager')
      or (
        person.role = 'accountant'
        and exists (
          select
          from (select array(select person.id union all select private.covered_by(person.id, at)) as ids) as people
          where exists (
            select from public.chats as c where c.chat_id = of_chat and c.assigned_accountant_id = any (people.ids)
          )
            or of_chat in (select private.shared_chat_ids(people.ids))
        )
      )
    )
$$;

grant execute on function private.team_ids() to authenticated, service_role;
grant execute on function private.shared_chat_ids(uuid[]) to service_role;
