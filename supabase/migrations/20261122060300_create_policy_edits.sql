-- Admins edit policies and their ladders as one version, and bring open windows to it when they say so (S8, S13).
set lock_timeout = '5s';

-- A step may name people as well, by their ids.
create function private.are_recipients(recipients text[])
returns boolean
language sql
immutable
set search_path = ''
as $$
/* Whether these are resolvers or ids of people. */
  select coalesce(
    bool_and(
      r in ('owner', 'manager', 'head', 'internal_chat')
      or r ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
    ),
    true
  )
  from unnest(recipients) as r
$$;

-- It comes back in the next statement, wider.
-- squawk-ignore ban-drop-constraint
alter table public.ladder_steps drop constraint recipients_are_known;
alter table public.ladder_steps add constraint recipients_are_known check (private.are_recipients(recipients)) not valid;
comment on column public.ladder_steps.recipients is
  'Resolvers: owner (or the substitute on duty), manager (the owner''s, else all), head, internal_chat (the firm''s own); or people, by id.';

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
   head → admins and takes the first that can be reached; whoever is away is represented by the substitute on duty. A person who is named
   and cannot be reached is followed by the head. */
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
  named as (
    select r.id, r.telegram_id
    from unnest(resolvers) as n (name)
    left join reachable as r on r.id = private.on_duty(n.name::uuid, at)
    where n.name not in ('owner', 'manager', 'head', 'internal_chat')
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
      or (s.resolver = 'head' and exists (select from named as n where n.id is null))
    group by s.resolver
  )
  select l.telegram_id, l.id
  from picked as p
  join line as l on l.rank = p.rank
  union
  select n.telegram_id, n.id
  from named as n
  where n.id is not null
  union all
  select c.chat_id, null
  from public.chats as c
  where c.internal
    and c.deleted_at is null
    and 'internal_chat' = any (resolvers);
end
$$;

create function private.write_ladder(of_policy uuid, of_version integer, steps jsonb)
returns void
language plpgsql
set search_path = ''
as $$
/* Gives a version of a policy its ladder: [{kind, level, after_minutes, recipients}]. Refuses with ladder_is_malformed, breach_told_to_nobody,
   steps_out_of_order or step_is_for_a_stranger. */
begin
  delete from public.ladder_steps as s
  where s.policy_id = of_policy
    and s.version = of_version;

  begin
    insert into public.ladder_steps (policy_id, version, kind, level, after_minutes, recipients)
    select of_policy, of_version, s.kind, coalesce(s.level, 0), s.after_minutes, s.recipients
    from jsonb_to_recordset(steps) as s (kind text, level integer, after_minutes integer, recipients text[]);
  exception
    when data_exception or integrity_constraint_violation then
      raise exception 'ladder_is_malformed' using errcode = 'PT422';
  end;

  if not exists (
    select
    from public.ladder_steps as s
    where s.policy_id = of_policy
      and s.version = of_version
      and s.kind = 'breach'
      and s.recipients <> '{}'
  ) then
    raise exception 'breach_told_to_nobody' using errcode = 'PT422';
  elsif exists (
    select
    from public.ladder_steps as earlier
    join public.ladder_steps as later
      on later.policy_id = earlier.policy_id and later.version = earlier.version and later.level > earlier.level
    where earlier.policy_id = of_policy
      and earlier.version = of_version
      and later.after_minutes <= earlier.after_minutes
  ) then
    raise exception 'steps_out_of_order' using errcode = 'PT422';
  elsif exists (
    select
    from public.ladder_steps as s
    cross join lateral unnest(s.recipients) as r (name)
    where s.policy_id = of_policy
      and s.version = of_version
      and r.name not in ('owner', 'manager', 'head', 'internal_chat')
      and not exists (select from public.users as u where u.id::text = r.name and u.active and u.role <> 'observer')
  ) then
    raise exception 'step_is_for_a_stranger' using errcode = 'PT422';
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
   Returns the version. Refuses with unknown_policy and as private.write_ladder does. A definer, because versions are edited by nobody;
   admins and the service only. */
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
  perform private.write_ladder(policy_id, new_version, steps);
  return new_version;
end
$$;

create function private.ladder_of(of_policy uuid, of_version integer)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* The steps of a version in the order in which they come, each as private.write_ladder takes it. */
#variable_conflict use_column
begin
  return (
    select coalesce(
      jsonb_agg(
        jsonb_build_object('kind', s.kind, 'level', s.level, 'after_minutes', s.after_minutes, 'recipients', s.recipients)
        order by array_position(array['warning', 'breach', 'escalation'], s.kind), s.level
      ),
      '[]'
    )
    from public.ladder_steps as s
    where s.policy_id = of_policy
      and s.version = of_version
  );
end
$$;

create function private.write_policy(
  of_policy uuid, name text, tier text, target_minutes integer, warn_percent integer, around_the_clock boolean, steps jsonb
)
returns uuid
language plpgsql
set search_path = ''
as $$
/* Writes all that a policy says, of a new one where none is given, and returns its id. What windows are measured or told by is a new
   version, name and tier are not. Refuses with unknown_policy, policy_has_no_name, policy_name_taken, tier_has_a_policy, step_without_recipients,
   target_is_between_a_minute_and_a_week or warning_comes_before_the_deadline, and as private.write_ladder does. */
declare
  promise text;
  written public.sla_policies;
  is_news boolean := true;
begin
  if coalesce(length(btrim(name)), 0) not between 1 and 100 then
    raise exception 'policy_has_no_name' using errcode = 'PT422';
  end if;

  if of_policy is null then
    insert into public.sla_policies (name, tier, target_minutes, warn_percent, around_the_clock)
    values (btrim(write_policy.name), tier, target_minutes, warn_percent, around_the_clock)
    returning * into written;
  else
    select * from public.sla_policies as p where p.id = of_policy for update into written;
    if written.id is null then
      raise exception 'unknown_policy' using errcode = 'PT404';
    end if;
    -- The trigger counts a change of these three; the ladder is counted here.
    is_news := private.ladder_of(of_policy, written.version) is distinct from (
      select jsonb_agg(
        jsonb_build_object('kind', s.kind, 'level', coalesce(s.level, 0), 'after_minutes', s.after_minutes, 'recipients', s.recipients)
        order by array_position(array['warning', 'breach', 'escalation'], s.kind), s.level
      )
      from jsonb_to_recordset(steps) as s (kind text, level integer, after_minutes integer, recipients jsonb)
    );
    update public.sla_policies as p
    set
      name = btrim(write_policy.name),
      tier = write_policy.tier,
      target_minutes = write_policy.target_minutes,
      warn_percent = write_policy.warn_percent,
      around_the_clock = write_policy.around_the_clock,
      version = p.version + is_news::integer
    where p.id = of_policy
    returning p.* into written;
  end if;
  if is_news then
    perform private.write_ladder(written.id, written.version, steps);
  end if;
  if exists (
    select from public.ladder_steps as s where s.policy_id = written.id and s.version = written.version and s.recipients = '{}'
  ) then
    raise exception 'step_without_recipients' using errcode = 'PT422';
  end if;
  return written.id;
exception
  when unique_violation then
    get stacked diagnostics promise = constraint_name;
    raise exception '%', case promise when 'one_policy_per_tier' then 'tier_has_a_policy' else 'policy_name_taken' end using errcode = 'PT409';
  when check_violation or not_null_violation then
    get stacked diagnostics promise = constraint_name;
    raise exception '%', coalesce(nullif(promise, ''), 'target_is_between_a_minute_and_a_week') using errcode = 'PT422';
end
$$;

create function api.save_policy(
  policy_id uuid,
  name text,
  tier text,
  target_minutes integer,
  warn_percent integer,
  around_the_clock boolean,
  steps jsonb,
  dry_run boolean default true,
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
/* Writes a policy as an admin states it, a new one where no id is given; steps are [{kind, level, after_minutes, recipients}]. Open windows
   stay as they are. Returns {policy_id, version}; on a dry run nothing is written, and {windows, moved} say how many open windows the new
   version could be applied to and what that would move. Refuses with not_allowed and as private.write_policy does. A definer, because
   versions and ladders are edited by nobody. */
declare
  mark constant bigint := private.latest_event();
  written uuid;
  told jsonb;
begin
  perform private.expect_role('admin');
  begin
    written := private.write_policy(policy_id, name, tier, target_minutes, warn_percent, around_the_clock, steps);
    if dry_run then
      told := jsonb_build_object('windows', api.apply_policy(written, false, as_of) -> 'windows');
      -- A statement of its own, which sees what was moved.
      told := told || jsonb_build_object('moved', private.effect_since(mark, as_of));
      raise exception 'only_a_trial' using errcode = 'TRIAL';
    end if;
    select jsonb_build_object('policy_id', p.id, 'version', p.version)
    from public.sla_policies as p
    where p.id = written
    into told;
  exception
    when sqlstate 'TRIAL' then
      null;
  end;
  return told;
end
$$;

create function api.bring_to_policy(policy_id uuid, dry_run boolean default true, as_of timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
/* What api.apply_policy does, for admins: {windows, moved}, as api.save_policy foretells it. Refuses with not_allowed or unknown_policy.
   A definer, because no person may write windows. */
declare
  mark constant bigint := private.latest_event();
  told jsonb;
begin
  perform private.expect_role('admin');
  begin
    told := jsonb_build_object('windows', api.apply_policy(bring_to_policy.policy_id, false, as_of) -> 'windows');
    -- A statement of its own, which sees what was moved.
    told := told || jsonb_build_object('moved', private.effect_since(mark, as_of));
    if dry_run then
      raise exception 'only_a_trial' using errcode = 'TRIAL';
    end if;
  exception
    when sqlstate 'TRIAL' then
      null;
  end;
  return told;
end
$$;

grant execute on function private.are_recipients(text[]) to authenticated, service_role;
grant execute on function private.ladder_of(uuid, integer) to authenticated, service_role;
grant execute on function
  api.save_policy(uuid, text, text, integer, integer, boolean, jsonb, boolean, timestamptz),
  api.bring_to_policy(uuid, boolean, timestamptz)
to authenticated;
