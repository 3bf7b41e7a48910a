-- Inviting the bot into a client's group: whoever runs the firm makes a link of one use, bound to client, owner and policy beforehand.
set lock_timeout = '5s';

create function api.find_clients(query text, telegram_id bigint)
returns jsonb
language plpgsql
set search_path = ''
as $$
/* {clients: [{id, name}], may_add}: at most six clients whose names hold all words that were asked for, the one so called first; may_add
   says whether the asker may make a client of exactly this name. Refuses with not_allowed. */
declare
  keeper constant public.users := private.chat_keeper(telegram_id);
  wanted constant text := lower(btrim(query));
begin
  return jsonb_build_object(
    'clients', (
      select coalesce(jsonb_agg(jsonb_build_object('id', k.id, 'name', k.name) order by k.nth), '[]')
      from (
        select k.id, k.name, row_number() over (order by lower(k.name) = wanted desc, k.name) as nth
        from public.clients as k
        where k.erased_at is null
          and not exists (
            select from regexp_split_to_table(wanted, '\s+') as w (word) where position(w.word in lower(k.name)) = 0
          )
        order by nth
        limit 6
      ) as k
    ),
    'may_add', keeper.role = 'admin'
    and wanted <> ''
    and not exists (select from public.clients as k where lower(k.name) = wanted and k.erased_at is null)
  );
end
$$;

create function api.add_client(name text, telegram_id bigint)
returns uuid
language plpgsql
set search_path = ''
as $$
/* Makes a client; admins only, as on the pages. A client so called already is the one that is returned. Refuses with not_allowed or
   client_name_is_wrong. */
declare
  keeper constant public.users := private.chat_keeper(telegram_id);
  added uuid;
begin
  if keeper.role <> 'admin' then
    raise exception 'not_allowed' using errcode = 'PT403';
  elsif length(btrim(name)) not between 1 and 300 or not private.is_plain_line(name) then
    raise exception 'client_name_is_wrong' using errcode = 'PT422';
  end if;
  -- Two presses of one button are one client.
  perform pg_advisory_xact_lock(hashtextextended('client ' || lower(btrim(name)), 0));
  select k.id into added
  from public.clients as k
  where lower(k.name) = lower(btrim(add_client.name))
    and k.erased_at is null;
  if added is null then
    insert into public.clients (name) values (btrim(add_client.name)) returning id into added;
  end if;
  return added;
end
$$;

create function private.invitation_card(of_invitation uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
/* {id, token, bot_username, client, accountant, policy, expires_at, timezone} of a link that connects a group. */
  select jsonb_build_object(
    'id', i.id,
    'token', private.link_token('chat', i.id),
    'bot_username', f.bot_username,
    'client', k.name,
    'accountant', u.full_name,
    'policy', p.name,
    'expires_at', i.expires_at,
    'timezone', s.timezone
  )
  from public.chat_invitations as i
  cross join public.settings as f
  join public.working_schedules as s on s.id = f.default_schedule_id
  left join public.clients as k on k.id = i.client_id
  left join public.users as u on u.id = i.accountant_id
  left join public.sla_policies as p on p.id = i.policy_id
  where i.id = of_invitation
$$;

create function private.refuse_wrong_terms(keeper public.users, owner uuid, policy uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
/* Refuses an owner to whom the keeper may not give chats, and a policy that is not there. */
begin
  if owner <> all (private.team_of(keeper)) then
    raise exception 'owner_is_not_in_team' using errcode = 'PT403';
  elsif policy is not null and not exists (select from public.sla_policies as p where p.id = policy) then
    raise exception 'unknown_policy' using errcode = 'PT404';
  end if;
end
$$;

create function api.invite_chat(
  client_id uuid default null, accountant_id uuid default null, policy_id uuid default null, telegram_id bigint default null
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
/* A link that connects a group of a client, or of none yet, once and within 24 hours: what private.invitation_card says of it. Who asks
   again for the same client gets the same open link, with whatever owner and policy are named now; without an owner, whoever has the
   client's latest chat. For admins and, with owners of the own team, managers: signed in, or as a Telegram account that the service names.
   Refuses with not_allowed, client_not_found, owner_is_not_in_team, unknown_policy. A definer, because the token is made with a secret. */
#variable_conflict use_column
declare
  keeper constant public.users := private.chat_keeper(invite_chat.telegram_id);
  standing uuid;
begin
  if invite_chat.client_id is not null and not exists (
    select from public.clients as k where k.id = invite_chat.client_id and k.erased_at is null
  ) then
    raise exception 'client_not_found' using errcode = 'PT404';
  end if;
  perform private.refuse_wrong_terms(keeper, invite_chat.accountant_id, invite_chat.policy_id);

  -- One at a time for one person, or two presses at once would make two links.
  perform from public.users as u where u.id = keeper.id for update;
  select i.id into standing
  from public.chat_invitations as i
  where i.created_by = keeper.id
    and i.client_id is not distinct from invite_chat.client_id
    and i.used_at is null
    and i.expires_at > now()
  order by i.expires_at desc
  limit 1;
  if standing is null then
    insert into public.chat_invitations (client_id, accountant_id, policy_id, created_by)
    values (
      invite_chat.client_id,
      coalesce(
        invite_chat.accountant_id,
        (
          select c.assigned_accountant_id
          from public.chats as c
          where c.client_id = invite_chat.client_id
            and c.deleted_at is null
            and c.assigned_accountant_id = any (private.team_of(keeper))
          order by c.connected_at desc nulls last
          limit 1
        )
      ),
      invite_chat.policy_id,
      keeper.id
    )
    returning id into standing;
  else
    update public.chat_invitations as i
    set
      accountant_id = coalesce(invite_chat.accountant_id, i.accountant_id),
      policy_id = coalesce(invite_chat.policy_id, i.policy_id)
    where i.id = standing;
  end if;
  return private.invitation_card(standing);
end
$$;

create function private.change_invitation(invitation_id uuid, keeper public.users)
returns public.chat_invitations
language plpgsql
set search_path = ''
as $$
/* An open invitation that the keeper may change, locked: an admin any, a manager those that the own team made or is named in. Refuses with
   chat_link_is_over. */
declare
  team constant uuid[] := private.team_of(keeper);
  open public.chat_invitations;
begin
  select i.* into open
  from public.chat_invitations as i
  where i.id = invitation_id
    and i.used_at is null
    and i.expires_at > now()
    and (keeper.role = 'admin' or i.created_by = any (team) or i.accountant_id = any (team))
  for update;
  if open.id is null then
    raise exception 'chat_link_is_over' using errcode = 'PT410';
  end if;
  return open;
end
$$;

create function api.set_invited_owner(invitation_id uuid, accountant_id uuid, telegram_id bigint)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
/* Names the owner that the group will have; null is nobody yet. Returns what private.invitation_card says. Refuses with not_allowed,
   chat_link_is_over, owner_is_not_in_team. A definer, because the token is made with a secret. */
declare
  keeper constant public.users := private.chat_keeper(set_invited_owner.telegram_id);
  open constant public.chat_invitations := private.change_invitation(set_invited_owner.invitation_id, keeper);
begin
  perform private.refuse_wrong_terms(keeper, set_invited_owner.accountant_id, null);
  update public.chat_invitations as i set accountant_id = set_invited_owner.accountant_id where i.id = open.id;
  return private.invitation_card(open.id);
end
$$;

create function api.set_invited_policy(invitation_id uuid, policy_id uuid, telegram_id bigint)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
/* Names the policy that the group will have; null is the usual one. Returns what private.invitation_card says. Refuses with not_allowed,
   chat_link_is_over, unknown_policy. A definer, because the token is made with a secret. */
declare
  keeper constant public.users := private.chat_keeper(set_invited_policy.telegram_id);
  open constant public.chat_invitations := private.change_invitation(set_invited_policy.invitation_id, keeper);
begin
  perform private.refuse_wrong_terms(keeper, null, set_invited_policy.policy_id);
  update public.chat_invitations as i set policy_id = set_invited_policy.policy_id where i.id = open.id;
  return private.invitation_card(open.id);
end
$$;

grant execute on function api.find_clients(text, bigint), api.add_client(text, bigint) to service_role;
grant execute on function
  api.invite_chat(uuid, uuid, uuid, bigint),
  api.set_invited_owner(uuid, uuid, bigint),
  api.set_invited_policy(uuid, uuid, bigint)
to authenticated, service_role;
