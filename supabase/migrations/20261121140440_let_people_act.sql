-- What people do with windows and alerts as themselves: the engine alone writes those, people ask it to.
set lock_timeout = '5s';

create function private.window_to_act_on(of_request uuid)
returns public.client_requests
language plpgsql
security definer
set search_path = ''
as $$
/* An open window on which the person who asks may act, locked. Refuses with not_allowed (observers and strangers), unknown_request (also
   one of another's chat) and request_already_closed. A definer, because nobody may lock what nobody may write. */
declare
  asker public.users;
  waiting public.client_requests;
begin
  select u.* into asker from public.users as u where u.id = (select auth.uid()) and u.active;
  if asker.id is null or asker.role = 'observer' then
    raise exception 'not_allowed' using errcode = 'PT403';
  end if;
  select w.* into waiting from public.client_requests as w where w.id = of_request for update;
  if waiting.id is null or not private.may_act_on(asker, waiting.chat_id, now()) then
    raise exception 'unknown_request' using errcode = 'PT404';
  end if;
  if waiting.closed_as is not null then
    raise exception 'request_already_closed' using errcode = 'PT409';
  end if;
  return waiting;
end
$$;

create function api.acknowledge_request(request_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
/* The person who asks has a window and its alerts in hand; the clock goes on (S5). Refuses as window_to_act_on does. A definer, because
   windows, ledger and messages are the engine's. */
begin
  perform private.take_in_hand(array[(private.window_to_act_on(request_id)).id], (select auth.uid()), now());
end
$$;

create function api.excuse_request(request_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
/* The person who asks says that a window needs no answer (S11). Refuses as window_to_act_on does. A definer, because windows, ledger and
   messages are the engine's. */
begin
  perform private.excuse(array[(private.window_to_act_on(request_id)).id], (select auth.uid()), now());
end
$$;

create function api.resolve_alert(alert_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
/* An admin or manager is done with an alert; its window waits on, and its next alert comes. Refuses with not_allowed, unknown_alert and
   alert_already_resolved. A definer, because alerts are the engine's. */
declare
  alert public.sla_alerts;
begin
  if coalesce(private.role() not in ('admin', 'manager'), true) then
    raise exception 'not_allowed' using errcode = 'PT403';
  end if;
  select a.* into alert from public.sla_alerts as a where a.id = resolve_alert.alert_id for update;
  if alert.id is null then
    raise exception 'unknown_alert' using errcode = 'PT404';
  end if;
  if alert.resolved_at is not null then
    raise exception 'alert_already_resolved' using errcode = 'PT409';
  end if;
  update public.sla_alerts as a
  set resolved_at = now(), resolved_by = (select auth.uid()), resolution = 'manual'
  where a.id = alert.id;
end
$$;

create function private.refuse_all_but_admins()
returns void
language plpgsql
stable
set search_path = ''
as $$
/* For functions that admins and the service share: refuses any other person with not_allowed. */
begin
  if (select auth.role()) = 'authenticated' and private.role() is distinct from 'admin' then
    raise exception 'not_allowed' using errcode = 'PT403';
  end if;
end
$$;

create or replace function api.change_ladder(policy_id uuid, steps jsonb)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
/* Gives a policy another ladder, as a new version that windows opened from now on follow: [{kind, level, after_minutes, recipients}].
   Returns the version. Refuses with unknown_policy, or ladder_is_malformed when the steps are not a list that the table takes and
   whose breach is told to nobody. A definer, because versions are edited by nobody; admins and the service only. */
declare
  new_version integer;
begin
  perform private.refuse_all_but_admins();
  update public.sla_policies as p
  set version = p.version + 1
  where p.id = change_ladder.policy_id
  returning p.version into new_version;
  if new_version is null then
    raise exception 'unknown_policy' using errcode = 'PT404';
  end if;

  delete from public.ladder_steps as s
  where s.policy_id = change_ladder.policy_id
    and s.version = new_version;

  begin
    insert into public.ladder_steps (policy_id, version, kind, level, after_minutes, recipients)
    select change_ladder.policy_id, new_version, s.kind, coalesce(s.level, 0), s.after_minutes, s.recipients
    from jsonb_to_recordset(steps) as s (kind text, level integer, after_minutes integer, recipients text[]);
  exception
    when data_exception or integrity_constraint_violation then
      raise exception 'ladder_is_malformed' using errcode = 'PT422';
  end;

  -- Later levels come later, and somebody hears of a breach.
  if exists (
    select
    from public.ladder_steps as earlier
    join public.ladder_steps as later
      on later.policy_id = earlier.policy_id and later.version = earlier.version and later.level > earlier.level
    where earlier.policy_id = change_ladder.policy_id
      and earlier.version = new_version
      and later.after_minutes <= earlier.after_minutes
  ) or not exists (
    select
    from public.ladder_steps as s
    where s.policy_id = change_ladder.policy_id
      and s.version = new_version
      and s.kind = 'breach'
      and s.recipients <> '{}'
  ) then
    raise exception 'ladder_is_malformed' using errcode = 'PT422';
  end if;
  return new_version;
end
$$;

grant execute on function
  api.acknowledge_request(uuid),
  api.excuse_request(uuid),
  api.resolve_alert(uuid),
  api.change_ladder(uuid, jsonb)
to authenticated;
