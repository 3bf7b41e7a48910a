-- An admin who is away is represented like everybody else.
set lock_timeout = '5s';

create or replace function private.line_of(owner uuid, resolvers text[], at timestamptz)
returns table (telegram_id bigint, user_id uuid)
language plpgsql
stable
rows 3
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* Whom the resolvers of a step mean for an owner's chat: each starts at its place in the line owner → owner's managers → all managers →
   head → admins and takes the first that can be reached; whoever is away is represented by the substitute on duty. */
#variable_conflict use_column
begin
  return query
  with reachable as (
    select u.id, u.telegram_id, u.role
    from public.users as u
    where u.active
      and u.telegram_id is not null
      and u.unreachable_since is null
      and u.role <> 'observer'
  ),
  line (rank, id, telegram_id) as (
    select 1, r.id, r.telegram_id
    from reachable as r
    where r.id = private.on_duty(owner, at)
    union all
    select 2, r.id, r.telegram_id
    from public.manager_accountants as m
    join reachable as r on r.id = private.on_duty(m.manager_id, at)
    where m.accountant_id = owner
    union all
    select 3, r.id, r.telegram_id
    from public.users as m
    join reachable as r on r.id = private.on_duty(m.id, at)
    where m.role = 'manager'
      and m.active
    union all
    select 4, r.id, r.telegram_id
    from public.settings as f
    join reachable as r on r.id = private.on_duty(f.head_id, at)
    union all
    select 5, r.id, r.telegram_id
    from public.users as a
    join reachable as r on r.id = private.on_duty(a.id, at)
    where a.role = 'admin'
      and a.active
  ),
  picked as (
    select min(l.rank) as rank
    from (values ('owner', 1), ('manager', 2), ('head', 4)) as s (resolver, rank)
    join line as l on l.rank >= s.rank
    where s.resolver = any (resolvers)
    group by s.resolver
  )
  select distinct l.telegram_id, l.id
  from picked as p
  join line as l on l.rank = p.rank
  union all
  select c.chat_id, null
  from public.chats as c
  where c.internal
    and c.deleted_at is null
    and 'internal_chat' = any (resolvers);
end
$$;
