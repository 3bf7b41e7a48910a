-- Whoever runs the firm changes a chat or a client and hears before what that does to those who wait (S8).
set lock_timeout = '5s';

create function private.follow_terms(before private.chat_terms[])
returns void
language sql
set search_path = ''
as $$
/* Brings the open windows of chats to the client and the terms that these chats have now, where they had others before, and computes their
   deadlines anew: another policy, target, schedule or tier is an assignment edit (S8). What the chat keeps, its windows keep: a newer version
   of its policy is not theirs until it is brought to them. */
  update public.client_requests as w
  set client_id = t.client_id
  from unnest(before) as b
  join private.chat_terms as t on t.chat_id = b.chat_id
  where w.chat_id = b.chat_id
    and w.closed_as is null
    and t.client_id is distinct from b.client_id;

  with moved as (
    update public.client_requests as w
    set
      policy_id = t.policy_id,
      policy_version = t.policy_version,
      warn_percent = t.warn_percent,
      target_minutes = t.target_minutes,
      schedule_id = t.schedule_id
    from unnest(before) as b
    join private.chat_terms as t on t.chat_id = b.chat_id
    where w.chat_id = b.chat_id
      and w.closed_as is null
      and (t.policy_id, t.target_minutes, t.schedule_id) is distinct from (b.policy_id, b.target_minutes, b.schedule_id)
    returning w.id
  )
  select private.reschedule(array(select m.id from moved as m), 'terms of the chat')
$$;

create function private.wanted_chat(here public.chats, changes jsonb, keeper public.users)
returns public.chats
language plpgsql
set search_path = ''
as $$
/* The chat as it will be. Refuses with unknown_setting, client_not_found, owner_is_not_in_team, unknown_policy, unknown_schedule,
   chat_is_not_connected (only what is connected, present and not deleted is measured). */
declare
  wanted public.chats := jsonb_populate_record(here, changes - 'is_deleted');
begin
  if exists (
    select
    from jsonb_object_keys(changes) as k (name)
    where k.name not in (
      'client_id', 'assigned_accountant_id', 'policy_id', 'schedule_id', 'sla_threshold_minutes', 'monitoring_enabled', 'anonymous_staff',
      'locale', 'receipts', 'off_hours_reply', 'is_deleted'
    )
  ) then
    raise exception 'unknown_setting' using errcode = 'PT422';
  end if;
  if wanted.client_id is distinct from here.client_id and wanted.client_id is not null and (
    here.internal or not exists (select from public.clients as k where k.id = wanted.client_id and k.erased_at is null)
  ) then
    raise exception 'client_not_found' using errcode = 'PT404';
  end if;
  if wanted.assigned_accountant_id is distinct from here.assigned_accountant_id then
    perform private.refuse_wrong_terms(keeper, wanted.assigned_accountant_id, null);
  end if;
  perform private.refuse_wrong_terms(keeper, null, wanted.policy_id);
  if wanted.schedule_id is distinct from here.schedule_id then
    perform private.refuse_wrong_schedule(wanted.schedule_id);
  end if;

  if (changes ->> 'is_deleted')::boolean then
    wanted.deleted_at := coalesce(here.deleted_at, now());
    wanted.monitoring_enabled := here.monitoring_enabled;
  elsif changes ? 'is_deleted' then
    wanted.deleted_at := null;
  end if;
  if wanted.monitoring_enabled and not here.monitoring_enabled
    and (here.connected_at is null or here.internal or here.paused_because is not null or here.deleted_at is not null) then
    raise exception 'chat_is_not_connected' using errcode = 'PT409';
  end if;
  return wanted;
end
$$;

create function private.write_chat(wanted public.chats)
returns void
language sql
set search_path = ''
as $$
/* Stores what people may choose of a chat; what follows for its windows, triggers and private.follow_terms see to. */
  update public.chats as c
  set
    client_id = wanted.client_id,
    assigned_accountant_id = wanted.assigned_accountant_id,
    policy_id = wanted.policy_id,
    schedule_id = wanted.schedule_id,
    sla_threshold_minutes = wanted.sla_threshold_minutes,
    monitoring_enabled = wanted.monitoring_enabled,
    anonymous_staff = wanted.anonymous_staff,
    locale = wanted.locale,
    receipts = wanted.receipts,
    off_hours_reply = wanted.off_hours_reply,
    deleted_at = wanted.deleted_at
  where c.id = wanted.id
$$;

create function api.change_chat(id uuid, changes jsonb, dry_run boolean default false)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
/* Changes settings of a group: any of client_id, assigned_accountant_id, policy_id, schedule_id, sla_threshold_minutes, monitoring_enabled,
   anonymous_staff, locale, receipts, off_hours_reply, is_deleted. Returns what that does to its open windows, as private.effect_since says. A
   dry run is the same change, undone: what it foretells cannot differ from what happens. For admins and, as to owners of the own team,
   managers. Refuses with not_allowed, unknown_chat, nobody_would_be_told (E12) and as private.wanted_chat does. A definer, because windows
   are the engine's. */
#variable_conflict use_column
declare
  keeper constant public.users := private.chat_keeper(null);
  here public.chats;
  wanted public.chats;
  before private.chat_terms;
  mark constant bigint := private.latest_event();
  effect jsonb;
begin
  -- Before anything is read: a message that is being taken in opens its window with the terms of before.
  perform private.hold_chats(array(select c.chat_id from public.chats as c where c.id = change_chat.id));
  select c.* into here
  from public.chats as c
  where c.id = change_chat.id
    and c.type in ('group', 'supergroup')
  for no key update;
  if here.id is null then
    raise exception 'unknown_chat' using errcode = 'PT404';
  end if;
  wanted := private.wanted_chat(here, changes, keeper);
  select t.* into before from private.chat_terms as t where t.chat_id = here.chat_id;
  begin
    perform private.write_chat(wanted);
    perform private.follow_terms(array[before]);
    effect := private.effect_since(mark, now());
    if dry_run then
      raise exception 'only_a_trial' using errcode = 'TRIAL';
    end if;
  exception
    when sqlstate 'TRIAL' then null;
  end;
  return effect;
end
$$;

create function private.rename_segments(of_chats bigint[], names text[])
returns void
language plpgsql
set search_path = ''
as $$
/* Puts chats into exactly these segments of those that the asker sees; a name that is new makes a segment. Runs with the asker's own
   rights. Refuses with segment_name_is_wrong, or with segment_is_of_others when the name is taken by one that is out of sight. */
declare
  wanted constant text[] := array(select distinct btrim(n) from unnest(names) as n where btrim(n) <> '' order by 1);
begin
  if exists (select from unnest(wanted) as n where length(n) > 200 or not private.is_plain_line(n)) or cardinality(wanted) > 20 then
    raise exception 'segment_name_is_wrong' using errcode = 'PT422';
  end if;
  begin
    insert into api.chat_segments (name)
    select n from unnest(wanted) as n
    where not exists (select from api.chat_segments as s where s.name = n);
  exception
    when unique_violation then
      raise exception 'segment_is_of_others' using errcode = 'PT409';
  end;
  delete from api.chat_segment_chats as x
  using api.chat_segments as s
  where s.id = x.segment_id
    and x.chat_id = any (of_chats)
    and s.name <> all (wanted);
  insert into api.chat_segment_chats (segment_id, chat_id)
  select s.id, c
  from api.chat_segments as s
  cross join unnest(of_chats) as c
  where s.name = any (wanted)
    and not exists (select from api.chat_segment_chats as x where x.segment_id = s.id and x.chat_id = c);
end
$$;

create function private.change_client(client_id uuid, name text, tier text, dry_run boolean)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
/* What api.change_client does to the client itself. A definer, because windows are the engine's. */
#variable_conflict use_column
declare
  before private.chat_terms[];
  mark constant bigint := private.latest_event();
  effect jsonb;
begin
  perform private.chat_keeper(null);
  perform private.hold_chats(array(select c.chat_id from public.chats as c where c.client_id = change_client.client_id));
  before := array(select t from private.chat_terms as t where t.client_id = change_client.client_id);
  begin
    update public.clients as k
    set name = btrim(change_client.name), tier = change_client.tier
    where k.id = change_client.client_id
      and k.erased_at is null;
    if not found then
      raise exception 'client_not_found' using errcode = 'PT404';
    end if;
    perform private.follow_terms(before);
    effect := private.effect_since(mark, now());
    if dry_run then
      raise exception 'only_a_trial' using errcode = 'TRIAL';
    end if;
  exception
    when sqlstate 'TRIAL' then null;
  end;
  return effect;
end
$$;

create function api.change_client(id uuid, name text, tier text, segments text[] default null, dry_run boolean default false)
returns jsonb
language plpgsql
set search_path = ''
as $$
/* Changes a client; segments, unless null, are the names of those in which its chats are. Another tier may have another policy: open
   windows follow (S8). Returns what that does to them, as private.effect_since says; a dry run is the same change, undone. For admins and
   managers. Refuses with not_allowed, client_not_found, client_name_is_wrong, client_name_is_taken, tier_is_unknown,
   segment_name_is_wrong, segment_is_of_others. */
declare
  effect jsonb;
begin
  -- Before anything else is looked at: no name tells whether it is taken.
  perform private.expect_role('admin', 'manager');
  if (length(btrim(name)) between 1 and 300 and private.is_plain_line(name)) is not true then
    raise exception 'client_name_is_wrong' using errcode = 'PT422';
  elsif tier in ('basic', 'standard', 'vip', 'premium') is not true then
    raise exception 'tier_is_unknown' using errcode = 'PT422';
  elsif exists (
    select from api.clients as k where lower(k.name) = lower(btrim(change_client.name)) and k.id <> change_client.id and k.erased_at is null
  ) then
    raise exception 'client_name_is_taken' using errcode = 'PT409';
  end if;
  effect := private.change_client(change_client.id, change_client.name, change_client.tier, dry_run);
  if not dry_run and segments is not null then
    perform private.rename_segments(
      array(select c.chat_id from api.chats as c where c.client_id = change_client.id and c.deleted_at is null), segments
    );
  end if;
  return effect;
end
$$;

create or replace function api.add_client(name text, telegram_id bigint default null)
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
/* Makes a client; admins only, signed in or as a Telegram account that the service names. A client so called already is the one that is
   returned. Refuses with not_allowed or client_name_is_wrong. A definer, so that the name is looked for among all clients. */
declare
  keeper constant public.users := private.chat_keeper(telegram_id);
  added uuid;
begin
  if keeper.role <> 'admin' then
    raise exception 'not_allowed' using errcode = 'PT403';
  elsif (length(btrim(name)) between 1 and 300 and private.is_plain_line(name)) is not true then
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

create or replace function api.adopt_chat(id uuid, client_id uuid, telegram_id bigint default null)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
/* Connects a group to which somebody merely added the bot, for a client or for none yet; measuring begins when somebody would hear. Returns
   what private.chat_diagnosis says then. Refuses with not_allowed, client_not_found, chat_already_connected. A definer, because what the
   diagnosis looks at is not all for the reader. */
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

create or replace function api.erase_client(client_id uuid, confirmation text)
returns jsonb
language plpgsql
security definer
set search_path = ''
set statement_timeout = '10min'
as $$
/* Erases everything personal of a client, in one transaction: texts, media, names, Telegram ids; times, counts and outcomes stay.
   `confirmation` is the client's name as the firm writes it. Its chats are deleted first, so what waits is void, as with any deleted
   chat. Intake of these chats waits meanwhile; what is written later, while the bot is still in the group, is recorded as a chat that
   nobody connected. Returns {chats, messages}; the second time nothing is left. For admins and the service. Refuses with not_allowed,
   client_not_found or name_differs. A definer, because nobody else may touch a message that is stored. */
declare
  client public.clients;
  chats bigint[];
  erased jsonb;
begin
  if not private.may_handle_personal_data() then
    raise exception 'not_allowed' using errcode = 'PT403';
  end if;
  -- Not `for update`: intake, which holds the chats' locks, refers to clients.
  select k.* into client from public.clients as k where k.id = erase_client.client_id for no key update;
  if client.id is null then
    raise exception 'client_not_found' using errcode = 'PT404';
  end if;
  if btrim(confirmation) is distinct from btrim(client.name) then
    raise exception 'name_differs' using errcode = 'PT422';
  end if;

  chats := private.chats_of_client(client.id);
  perform pg_advisory_xact_lock(c.chat_id)
  from (select c.chat_id from unnest(chats) as c (chat_id) order by c.chat_id) as c;

  update public.chats as c
  set deleted_at = coalesce(c.deleted_at, now())
  where c.chat_id = any (chats);
  -- Of a client without chats as well: a link may say how the group is called.
  delete from public.chat_invitations as i where i.client_id = client.id;
  perform private.erase_traces(chats, private.people_of_chats(chats));
  erased := jsonb_build_object('chats', cardinality(chats), 'messages', private.erase_messages(chats, '-infinity', 'infinity', null));
  perform private.forget_chats(chats);
  update public.clients as k
  set name = 'Удалённый клиент', erased_at = coalesce(k.erased_at, now())
  where k.id = client.id;

  perform private.record_event(auth.uid(), 'erase', 'clients', client.id::text, erased);
  return erased;
end
$$;

grant execute on function
  api.change_chat(uuid, jsonb, boolean),
  api.change_client(uuid, text, text, text[], boolean),
  api.adopt_chat(uuid, uuid, bigint),
  api.add_client(text, bigint),
  private.change_client(uuid, text, text, boolean),
  private.rename_segments(bigint[], text[])
to authenticated;
