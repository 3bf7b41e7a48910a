-- A chat as whoever looks after it needs to see it: whose it is, and what is amiss with it; and the acts that mend what SQL can mend.
set lock_timeout = '5s';

create function private.chat_keeper(telegram_id bigint)
returns public.users
language plpgsql
set search_path = ''
as $$
/* The admin or manager who asks: the person of the token, else, for the service, whoever is behind a Telegram account; the audit names this
   person. Refuses with not_allowed. */
declare
  asker public.users;
begin
  select u.* into asker
  from public.users as u
  where u.active
    and u.role in ('admin', 'manager')
    and case when (select auth.role()) = 'authenticated' then u.id = (select auth.uid()) else u.telegram_id = chat_keeper.telegram_id end;
  if asker.id is null then
    raise exception 'not_allowed' using errcode = 'PT403';
  end if;
  perform set_config('buhbot.acting_for', asker.id::text, true);
  return asker;
end
$$;

create function private.team_of(keeper public.users)
returns uuid[]
language sql
stable
set search_path = ''
as $$
/* To whom an admin or manager gives chats: an admin to anybody who answers clients, a manager to the own team (private.team_ids). */
  select coalesce(array_agg(u.id), '{}')
  from public.users as u
  where u.active
    and u.role in ('admin', 'manager', 'accountant')
    and (
      keeper.role = 'admin'
      or u.id = keeper.id
      or exists (select from public.manager_accountants as m where m.accountant_id = u.id and m.manager_id = keeper.id)
      or (u.role = 'accountant' and not exists (select from public.manager_accountants as m where m.accountant_id = u.id))
    )
$$;

create function private.chat_diagnosis(of_chat uuid, reader public.users)
returns jsonb
language sql
stable
set search_path = ''
as $$
/* {id, chat_name, client, accountant, policy, connected_by, is_connected, is_measured, may_change, findings}; findings are those of
   private.chat_findings, what is worst first, as {check, state, fix}. may_change says whether the reader may mend it. */
  select jsonb_build_object(
    'id', c.id,
    'chat_name', c.chat_name,
    'client', k.name,
    'accountant', o.full_name,
    'policy', p.name,
    'connected_by', i.author_name,
    'is_connected', c.connected_at is not null,
    'is_measured', c.monitoring_enabled,
    'may_change', coalesce(reader.role in ('admin', 'manager'), false),
    'findings', (
      select coalesce(
        jsonb_agg(
          jsonb_build_object('check', f."check", 'state', f.state, 'fix', f.fix)
          order by array_position(array['red', 'amber', 'green'], f.state), f."check"
        ),
        '[]'
      )
      from private.chat_findings(now()) as f
      where f.chat_id = c.chat_id
    )
  )
  from public.chats as c
  left join public.clients as k on k.id = c.client_id
  left join public.users as o on o.id = c.assigned_accountant_id
  left join public.sla_policies as p on p.id = c.policy_id
  left join lateral (
    -- Whoever opened the link wrote so in the chat, and Telegram told the name.
    select m.author_name
    from public.chat_invitations as v
    join public.chat_messages as m
      on m.chat_id = v.chat_id
      and m.telegram_user_id = v.used_by_telegram_id
      and m.telegram_date between v.used_at - interval '1 hour' and v.used_at + interval '1 hour'
    where v.chat_id = c.chat_id
    order by v.used_at desc, m.telegram_date desc
    limit 1
  ) as i on true
  where c.id = of_chat
$$;

create function api.diagnose_chat(telegram_id bigint, id uuid default null, chat_id bigint default null)
returns jsonb
language plpgsql
set search_path = ''
as $$
/* What private.chat_diagnosis says of a group, by our key or by Telegram's, to an admin or manager. Refuses with not_allowed or
   unknown_chat. */
declare
  keeper constant public.users := private.chat_keeper(telegram_id);
  found constant uuid := (
    select c.id
    from public.chats as c
    where (c.id = diagnose_chat.id or c.chat_id = diagnose_chat.chat_id)
      and c.type in ('group', 'supergroup')
  );
begin
  if found is null then
    raise exception 'unknown_chat' using errcode = 'PT404';
  end if;
  return private.chat_diagnosis(found, keeper);
end
$$;

create function private.measure_when_heard(of_chat uuid)
returns void
language sql
set search_path = ''
as $$
/* Switches measuring on where somebody would hear of a breach, and leaves it off where nobody would (E12, G5). */
  update public.chats as c
  set monitoring_enabled = true
  where c.id = of_chat
    and not c.monitoring_enabled
    and c.paused_because is null
    and private.somebody_hears(c.chat_id, now())
$$;

create function api.adopt_chat(id uuid, client_id uuid, telegram_id bigint)
returns jsonb
language plpgsql
set search_path = ''
as $$
/* Connects a group to which somebody merely added the bot, for a client or for none yet; measuring begins when somebody would hear. Returns
   what private.chat_diagnosis says then. Refuses with not_allowed, client_not_found, chat_already_connected. */
declare
  keeper constant public.users := private.chat_keeper(telegram_id);
begin
  if adopt_chat.client_id is not null and not exists (
    select from public.clients as k where k.id = adopt_chat.client_id and k.erased_at is null
  ) then
    raise exception 'client_not_found' using errcode = 'PT404';
  end if;
  update public.chats as c
  set client_id = adopt_chat.client_id, connected_at = now()
  where c.id = adopt_chat.id
    and c.connected_at is null
    and not c.internal
    and c.type in ('group', 'supergroup');
  if not found then
    raise exception 'chat_already_connected' using errcode = 'PT409';
  end if;
  perform private.measure_when_heard(adopt_chat.id);
  return private.chat_diagnosis(adopt_chat.id, keeper);
end
$$;

create function api.assign_chat(id uuid, accountant_id uuid, telegram_id bigint)
returns jsonb
language plpgsql
set search_path = ''
as $$
/* Gives a group an owner. Returns what private.chat_diagnosis says then. Refuses with not_allowed, unknown_chat, owner_is_not_in_team. */
declare
  keeper constant public.users := private.chat_keeper(telegram_id);
begin
  if accountant_id <> all (private.team_of(keeper)) then
    raise exception 'owner_is_not_in_team' using errcode = 'PT403';
  end if;
  update public.chats as c
  set assigned_accountant_id = assign_chat.accountant_id
  where c.id = assign_chat.id
    and c.type in ('group', 'supergroup');
  if not found then
    raise exception 'unknown_chat' using errcode = 'PT404';
  end if;
  return private.chat_diagnosis(assign_chat.id, keeper);
end
$$;

create function api.watch_chat(id uuid, telegram_id bigint)
returns jsonb
language plpgsql
set search_path = ''
as $$
/* Switches measuring on in a connected group. Returns what private.chat_diagnosis says then. Refuses with not_allowed, unknown_chat,
   nobody_would_be_told (E12). */
declare
  keeper constant public.users := private.chat_keeper(telegram_id);
begin
  update public.chats as c
  set monitoring_enabled = true
  where c.id = watch_chat.id
    and c.connected_at is not null
    and not c.internal
    and c.paused_because is null
    and c.deleted_at is null;
  if not found then
    raise exception 'unknown_chat' using errcode = 'PT404';
  end if;
  return private.chat_diagnosis(watch_chat.id, keeper);
end
$$;

create function api.offer_clients(of_chat uuid, telegram_id bigint)
returns table (id uuid, name text)
language plpgsql
set search_path = ''
as $$
/* The clients whose names are most like a chat's title, five at most. Refuses with not_allowed. */
#variable_conflict use_column
begin
  perform private.chat_keeper(telegram_id);
  return query
  select k.id, k.name
  from public.chats as c
  cross join public.clients as k
  where c.id = of_chat
    and k.erased_at is null
  order by extensions.word_similarity(lower(k.name), lower(c.chat_name)) desc, k.name
  limit 5;
end
$$;

create function api.offer_owners(telegram_id bigint)
returns table (id uuid, name text)
language plpgsql
set search_path = ''
as $$
/* To whom the asker may give a chat, as private.team_of has it, whoever answers for most chats first: Telegram shows a hundred buttons at
   most. Refuses with not_allowed. */
#variable_conflict use_column
declare
  team constant uuid[] := private.team_of(private.chat_keeper(telegram_id));
begin
  return query
  select u.id, u.full_name
  from public.users as u
  where u.id = any (team)
  order by (select count(*) from public.chats as c where c.assigned_accountant_id = u.id and c.deleted_at is null) desc, u.full_name, u.id
  limit 90;
end
$$;

create function api.offer_policies(telegram_id bigint)
returns table (id uuid, name text)
language plpgsql
set search_path = ''
as $$
/* Policies that a chat can have of its own, by name; those of a tier follow from the client. Refuses with not_allowed. */
#variable_conflict use_column
begin
  perform private.chat_keeper(telegram_id);
  return query
  select p.id, p.name
  from public.sla_policies as p
  where p.tier is null
  order by p.name
  limit 90;
end
$$;

grant execute on function
  private.chat_keeper(bigint),
  private.team_of(public.users),
  private.chat_diagnosis(uuid, public.users),
  private.somebody_hears(bigint, timestamptz),
  private.measure_when_heard(uuid),
  api.diagnose_chat(bigint, uuid, bigint),
  api.adopt_chat(uuid, uuid, bigint),
  api.assign_chat(uuid, uuid, bigint),
  api.watch_chat(uuid, bigint),
  api.offer_clients(uuid, bigint),
  api.offer_owners(bigint),
  api.offer_policies(bigint)
to service_role;
