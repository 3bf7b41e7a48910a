-- A link that connects a group binds all its terms beforehand: schedule and target beside client, owner and policy; and whoever made it may
-- note what the group is called, so that a client who has several new groups has a link for each.
set lock_timeout = '5s';

-- Links live for a day: the table is small, and what is new is null.
alter table public.chat_invitations
-- squawk-ignore adding-foreign-key-constraint
add column schedule_id uuid references public.working_schedules (id) on delete set null,
add column sla_threshold_minutes integer,
add column chat_name text,
-- squawk-ignore constraint-missing-not-valid
add constraint target_is_between_a_minute_and_a_week check (sla_threshold_minutes between 1 and 10080),
-- squawk-ignore constraint-missing-not-valid
add constraint expected_chat_has_a_name check (length(btrim(chat_name)) between 1 and 300);

comment on column public.chat_invitations.schedule_id is 'Working time that the group will have; null is the firm''s default.';
comment on column public.chat_invitations.sla_threshold_minutes is 'Target that the group will have of its own, in working minutes.';
comment on column public.chat_invitations.chat_name is 'How the group is called, as far as the inviter knows; gone once it is connected.';

create or replace trigger chat_invitations_audited after insert or update or delete on public.chat_invitations
for each row execute function private.record_change('used_by_telegram_id', 'chat_name');

create or replace view api.chat_invitations with (security_invoker = true) as
select
  i.id, i.client_id, i.accountant_id, i.policy_id, i.created_by, i.created_at, i.expires_at, i.used_at, i.used_by_telegram_id, i.chat_id,
  i.schedule_id, i.sla_threshold_minutes, i.chat_name
from public.chat_invitations as i;

create or replace function private.invitation_card(of_invitation uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
/* {id, token, bot_username, client, accountant, policy, schedule, sla_threshold_minutes, chat_name, expires_at, used_at, chat, timezone}
   of a link that connects a group; chat is {id, chat_name} of the group that it connected. */
  select jsonb_build_object(
    'id', i.id,
    'token', private.link_token('chat', i.id),
    'bot_username', f.bot_username,
    'client', k.name,
    'accountant', u.full_name,
    'policy', p.name,
    'schedule', own.name,
    'sla_threshold_minutes', i.sla_threshold_minutes,
    'chat_name', i.chat_name,
    'expires_at', i.expires_at,
    'used_at', i.used_at,
    'chat', case when c.id is not null then jsonb_build_object('id', c.id, 'chat_name', c.chat_name) end,
    'timezone', s.timezone
  )
  from public.chat_invitations as i
  cross join public.settings as f
  join public.working_schedules as s on s.id = f.default_schedule_id
  left join public.clients as k on k.id = i.client_id
  left join public.users as u on u.id = i.accountant_id
  left join public.sla_policies as p on p.id = i.policy_id
  left join public.working_schedules as own on own.id = i.schedule_id
  left join public.chats as c on c.chat_id = i.chat_id
  where i.id = of_invitation
$$;

create function private.usual_owner(of_client uuid, keeper public.users)
returns uuid
language sql
stable
set search_path = ''
as $$
/* Who answers for the client's latest chat, as far as the keeper may give chats to this person. */
  select c.assigned_accountant_id
  from public.chats as c
  where c.client_id = of_client
    and c.deleted_at is null
    and c.assigned_accountant_id = any (private.team_of(keeper))
  order by c.connected_at desc nulls last
  limit 1
$$;

-- It takes more terms now.
-- squawk-ignore ban-drop-function
drop function api.invite_chat(uuid, uuid, uuid, bigint);

create function api.invite_chat(
  client_id uuid default null,
  accountant_id uuid default null,
  policy_id uuid default null,
  telegram_id bigint default null,
  schedule_id uuid default null,
  chat_name text default null,
  client_name text default null
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
/* A link that connects a group of a client, or of none yet, once and within 24 hours: what private.invitation_card says of it. Who asks
   again for the same client and name of the group gets the same open link, with whatever terms are named now; without an owner, whoever has
   the client's latest chat. A `client_name` is that of a new client, whom api.add_client makes, or nobody when the link is refused. For
   admins and, with owners of the own team, managers: signed in, or as a Telegram account that the service names. Refuses with not_allowed,
   client_name_is_wrong, client_not_found, owner_is_not_in_team, unknown_policy, unknown_schedule, chat_name_is_wrong. A definer, because the
   token is made with a secret. */
#variable_conflict use_column
declare
  keeper constant public.users := private.chat_keeper(invite_chat.telegram_id);
  called constant text := nullif(btrim(invite_chat.chat_name), '');
  standing uuid;
begin
  if btrim(invite_chat.client_name) <> '' then
    invite_chat.client_id := api.add_client(invite_chat.client_name, invite_chat.telegram_id);
  end if;
  if invite_chat.client_id is not null and not exists (
    select from public.clients as k where k.id = invite_chat.client_id and k.erased_at is null
  ) then
    raise exception 'client_not_found' using errcode = 'PT404';
  elsif length(called) > 300 or not private.is_plain_line(called) then
    raise exception 'chat_name_is_wrong' using errcode = 'PT422';
  end if;
  perform private.refuse_wrong_terms(keeper, invite_chat.accountant_id, invite_chat.policy_id);
  perform private.refuse_wrong_schedule(invite_chat.schedule_id);

  -- One at a time for one person, or two presses at once would make two links.
  perform from public.users as u where u.id = keeper.id for update;
  select i.id into standing
  from public.chat_invitations as i
  where i.created_by = keeper.id
    and i.client_id is not distinct from invite_chat.client_id
    and i.chat_name is not distinct from called
    and i.used_at is null
    and i.expires_at > now()
  order by i.expires_at desc
  limit 1;
  if standing is null then
    insert into public.chat_invitations (client_id, accountant_id, policy_id, schedule_id, chat_name, created_by)
    values (
      invite_chat.client_id,
      coalesce(invite_chat.accountant_id, private.usual_owner(invite_chat.client_id, keeper)),
      invite_chat.policy_id,
      invite_chat.schedule_id,
      called,
      keeper.id
    )
    returning id into standing;
  else
    update public.chat_invitations as i
    set
      accountant_id = coalesce(invite_chat.accountant_id, i.accountant_id),
      policy_id = coalesce(invite_chat.policy_id, i.policy_id),
      schedule_id = coalesce(invite_chat.schedule_id, i.schedule_id)
    where i.id = standing;
  end if;
  return private.invitation_card(standing);
end
$$;

create function private.refuse_wrong_schedule(schedule uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
/* Refuses a schedule that is not there, or is put away. */
begin
  if schedule is not null and not exists (
    select from public.working_schedules as s where s.id = schedule and s.archived_at is null
  ) then
    raise exception 'unknown_schedule' using errcode = 'PT404';
  end if;
end
$$;

create or replace function api.connect_chat(token text, chat_id bigint, telegram_id bigint)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
/* Connects a group by a link: client, owner and terms are those of the invitation, who opened it is recorded, and whoever invited gets
   the checklist. The link is the authority, not who opens it: adding a bot takes an administrator of the group, who often is the
   client's. One statement takes the link, so of two groups at once one wins (G5). Returns {is_measured, hears}: it is not measured while
   nobody would hear of a breach, and the bot hears nothing in privacy mode. Refuses as private.refuse_chat_link does, or with
   chat_already_connected, and then the link stays good. A definer, because the token is checked with a secret. */
declare
  taken public.chat_invitations;
  here public.chats;
begin
  update public.chat_invitations as i
  set used_at = now(), used_by_telegram_id = connect_chat.telegram_id, chat_id = connect_chat.chat_id, chat_name = null
  where i.id = private.id_of_link('chat', connect_chat.token)
    and i.used_at is null
    and i.expires_at > now()
    and exists (select from public.users as u where u.id = i.created_by and u.active and u.role in ('admin', 'manager'))
  returning i.* into taken;
  if taken.id is null then
    perform private.refuse_chat_link(connect_chat.token);
  end if;
  perform set_config('buhbot.acting_for', taken.created_by::text, true);

  update public.chats as c
  set
    client_id = taken.client_id,
    assigned_accountant_id = taken.accountant_id,
    policy_id = taken.policy_id,
    schedule_id = taken.schedule_id,
    sla_threshold_minutes = taken.sla_threshold_minutes,
    connected_at = now(),
    deleted_at = null
  where c.chat_id = connect_chat.chat_id
    and c.connected_at is null
    and not c.internal
    and c.type in ('group', 'supergroup')
  returning c.* into here;
  if here.id is null then
    raise exception 'chat_already_connected' using errcode = 'PT409';
  end if;
  perform private.measure_when_heard(here.id);
  perform private.owe_chat_notice(here.id, u.telegram_id, 'checklist', now())
  from public.users as u
  where u.id = taken.created_by
    and u.telegram_id is not null
    and u.unreachable_since is null;
  return jsonb_build_object(
    'is_measured', (select c.monitoring_enabled from public.chats as c where c.id = here.id),
    'hears', not exists (
      select
      from private.chat_findings(now(), here.chat_id) as f
      where f."check" = 'may_read'
        and f.state = 'red'
    )
  );
end
$$;

create function api.chat_links(id uuid default null)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
/* The open links that connect a group, or one of them in whatever state: what private.invitation_card says of each, with by, who made it;
   the latest first, five hundred at most. An admin's: all; a manager's: those that the own team made or is named in. Refuses with
   not_allowed. A definer, because tokens are made with a secret. */
declare
  keeper constant public.users := private.chat_keeper(null);
  team constant uuid[] := private.team_of(keeper);
begin
  return coalesce(
    (
      select jsonb_agg(private.invitation_card(x.id) || jsonb_build_object('by', x.full_name) order by x.created_at desc, x.id)
      from (
        select i.id, i.created_at, u.full_name
        from public.chat_invitations as i
        left join public.users as u on u.id = i.created_by
        where (chat_links.id is null and i.used_at is null and i.expires_at > now() or i.id = chat_links.id)
          and (keeper.role = 'admin' or i.created_by = any (team) or i.accountant_id = any (team))
        order by i.created_at desc, i.id
        limit 500
      ) as x
    ),
    '[]'
  );
end
$$;

create function api.revoke_chat_link(id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
/* Takes an open link back. Refuses with not_allowed, chat_link_is_over. A definer, because a link is locked before it goes. */
declare
  keeper constant public.users := private.chat_keeper(null);
  open constant public.chat_invitations := private.change_invitation(revoke_chat_link.id, keeper);
begin
  delete from public.chat_invitations as i where i.id = open.id;
end
$$;

grant execute on function
  api.invite_chat(uuid, uuid, uuid, bigint, uuid, text, text)
to authenticated, service_role;
grant execute on function api.chat_links(uuid), api.revoke_chat_link(uuid) to authenticated;
grant execute on function private.usual_owner(uuid, public.users), private.refuse_wrong_schedule(uuid) to service_role;
