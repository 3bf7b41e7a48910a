-- How long a client may wait and who hears of it when: policies, their versions, their ladders (S8, S13).
set lock_timeout = '5s';

create table public.sla_policies (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  tier text,
  version integer not null default 1,
  target_minutes integer not null default 60,
  warn_percent integer not null default 80,
  around_the_clock boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint one_policy_per_name unique (name),
  constraint one_policy_per_tier unique (tier),
  constraint tier_is_known check (tier in ('basic', 'standard', 'vip', 'premium')),
  constraint target_is_between_a_minute_and_a_week check (target_minutes between 1 and 10080),
  constraint warning_comes_before_the_deadline check (warn_percent between 1 and 99)
);

comment on table public.sla_policies is 'How long a client may wait, in working minutes; the current version of each policy.';
comment on column public.sla_policies.id is 'Key.';
comment on column public.sla_policies.name is 'Name as people choose it.';
comment on column public.sla_policies.tier is 'Clients of this tier have this policy unless their chat names another; null for the rest.';
comment on column public.sla_policies.version is 'Grows with each change; windows keep the one they were opened under (S8).';
comment on column public.sla_policies.target_minutes is 'Working minutes until the answer is due.';
comment on column public.sla_policies.warn_percent is 'Share of the target after which a window is at risk, in percent.';
comment on column public.sla_policies.around_the_clock is 'Measured and told at any hour, whatever the chat''s schedule (S14).';
comment on column public.sla_policies.created_at is 'When the row was made.';
comment on column public.sla_policies.updated_at is 'When the row last changed.';

alter table public.sla_policies enable row level security;
grant select on public.sla_policies to authenticated, service_role;

create trigger sla_policies_touch_updated_at
before update on public.sla_policies
for each row execute function private.touch_updated_at();

create table public.sla_policy_versions (
  policy_id uuid not null references public.sla_policies (id) on delete cascade,
  version integer not null,
  target_minutes integer not null,
  warn_percent integer not null,
  around_the_clock boolean not null,
  made_at timestamptz not null default now(),
  primary key (policy_id, version)
);

comment on table public.sla_policy_versions is 'What each policy said in each of its versions; never changed.';
comment on column public.sla_policy_versions.policy_id is 'The policy.';
comment on column public.sla_policy_versions.version is 'Which version of it.';
comment on column public.sla_policy_versions.target_minutes is 'Working minutes until the answer is due.';
comment on column public.sla_policy_versions.warn_percent is 'Share of the target after which a window is at risk, in percent.';
comment on column public.sla_policy_versions.around_the_clock is 'Whether it measures at any hour.';
comment on column public.sla_policy_versions.made_at is 'When the version was made.';

alter table public.sla_policy_versions enable row level security;
grant select on public.sla_policy_versions to authenticated, service_role;

create table public.ladder_steps (
  policy_id uuid not null,
  version integer not null,
  kind text not null,
  level integer not null default 0,
  after_minutes integer,
  recipients text[] not null,
  primary key (policy_id, version, kind, level),
  foreign key (policy_id, version) references public.sla_policy_versions (policy_id, version) on delete cascade,
  constraint kind_is_known check (kind in ('warning', 'breach', 'escalation')),
  constraint only_escalations_have_levels check (
    case when kind = 'escalation' then level between 1 and 20 and after_minutes is not null and after_minutes > 0 else level = 0 and after_minutes is null end
  ),
  constraint recipients_are_known check (recipients <@ array['owner', 'manager', 'head', 'internal_chat'])
);

comment on table public.ladder_steps is 'Who hears of a window when, per version of a policy: warning, breach, then one escalation after another.';
comment on column public.ladder_steps.policy_id is 'The policy.';
comment on column public.ladder_steps.version is 'Version of the policy.';
comment on column public.ladder_steps.kind is 'Warning (at the policy''s share of the target), breach (at the deadline) or escalation.';
comment on column public.ladder_steps.level is 'Which escalation; 0 for warning and breach.';
comment on column public.ladder_steps.after_minutes is 'Working minutes after the deadline; null for warning and breach.';
comment on column public.ladder_steps.recipients is
  'Resolvers: owner (or the substitute on duty), manager (the owner''s, else all), head, internal_chat (the firm''s own).';

alter table public.ladder_steps enable row level security;
grant select on public.ladder_steps to authenticated, service_role;

create function private.next_policy_version()
returns trigger
language plpgsql
set search_path = ''
as $$
/* A change of what a policy says is a new version of it. */
begin
  if (new.target_minutes, new.warn_percent, new.around_the_clock)
    is distinct from (old.target_minutes, old.warn_percent, old.around_the_clock)
  then
    new.version := old.version + 1;
  end if;
  return new;
end
$$;

create function private.keep_policy_version()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
/* Keeps what each version said, with the ladder of the version before; a new policy gets the firm's usual ladder (S13). A definer,
   because versions are kept for everybody who edits, and edited by nobody. */
begin
  insert into public.sla_policy_versions (policy_id, version, target_minutes, warn_percent, around_the_clock)
  values (new.id, new.version, new.target_minutes, new.warn_percent, new.around_the_clock);

  if tg_op = 'UPDATE' then
    insert into public.ladder_steps (policy_id, version, kind, level, after_minutes, recipients)
    select s.policy_id, new.version, s.kind, s.level, s.after_minutes, s.recipients
    from public.ladder_steps as s
    where s.policy_id = new.id
      and s.version = old.version;
    return null;
  end if;

  insert into public.ladder_steps (policy_id, version, kind, level, after_minutes, recipients)
  values
    (new.id, new.version, 'warning', 0, null, '{owner}'),
    (new.id, new.version, 'breach', 0, null, '{owner,manager}'),
    (new.id, new.version, 'escalation', 1, 30, '{owner,manager}'),
    (new.id, new.version, 'escalation', 2, 60, '{manager}'),
    (new.id, new.version, 'escalation', 3, 90, '{manager,head}'),
    (new.id, new.version, 'escalation', 4, 120, '{manager,head}'),
    (new.id, new.version, 'escalation', 5, 150, '{manager,head}');
  return null;
end
$$;

create trigger sla_policies_versioned
before update on public.sla_policies
for each row execute function private.next_policy_version();

create trigger sla_policies_kept
after insert on public.sla_policies
for each row execute function private.keep_policy_version();

create trigger sla_policies_changed
after update on public.sla_policies
for each row when (new.version <> old.version) execute function private.keep_policy_version();

create function api.change_ladder(policy_id uuid, steps jsonb)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
/* Gives a policy another ladder, as a new version that windows opened from now on follow: [{kind, level, after_minutes, recipients}].
   Returns the version. Refuses with unknown_policy, or ladder_is_malformed when the steps are not a list that the table takes and
   whose breach is told to nobody. A definer, because versions are edited by nobody; only the service may call it. */
declare
  new_version integer;
begin
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

grant execute on function api.change_ladder(uuid, jsonb) to service_role;
