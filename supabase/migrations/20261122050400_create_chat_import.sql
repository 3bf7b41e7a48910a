-- A list of chats from a file: whose they are and by what they are measured; with a link for each group that is still to be connected.
set lock_timeout = '5s';

create type private.judged_chat as (
  line integer,
  act text,
  chat_id bigint,
  chat_name text,
  client_id uuid,
  client_name text,
  tier text,
  owner_id uuid,
  policy_id uuid,
  schedule_id uuid,
  target integer,
  errors jsonb
);

create function private.judge_chats(rows jsonb, keeper public.users)
returns setof private.judged_chat
language sql
stable
set search_path = ''
as $$
/* Each row of [{line, chat, client, tier, owner, policy, schedule, target}], all text but the line, which is the place in the list
   unless it is given: found again in the firm, with what is to be done (change a chat, connect one where the bot is already, link: one
   that the bot has to be brought into) and everything that is wrong, as [{column, reason, value}]. An empty cell leaves as it is. A
   client that is new has a name and no id. */
  with asked as (
    select
      coalesce((r.cells ->> 'line')::integer, r.n::integer) as line,
      nullif(btrim(r.cells ->> 'chat'), '') as chat,
      nullif(btrim(r.cells ->> 'client'), '') as client,
      nullif(lower(btrim(r.cells ->> 'tier')), '') as tier,
      nullif(lower(btrim(r.cells ->> 'owner')), '') as owner,
      nullif(btrim(r.cells ->> 'policy'), '') as policy,
      nullif(btrim(r.cells ->> 'schedule'), '') as schedule,
      nullif(btrim(r.cells ->> 'target'), '') as target
    from jsonb_array_elements(rows) with ordinality as r (cells, n)
  ),
  groups as materialized (
    select
      c.chat_id, c.client_id, c.connected_at, lower(c.chat_name) as name, c.chat_id::text as number,
      count(*) over (partition by lower(c.chat_name)) as namesakes,
      row_number() over (partition by lower(c.chat_name) order by c.chat_id) as nth
    from public.chats as c
    where c.type in ('group', 'supergroup')
      and c.deleted_at is null
      and not c.internal
  ),
  customers as materialized (
    select lower(k.name) as name, min(k.id::text)::uuid as id, count(*) as namesakes
    from public.clients as k
    where k.erased_at is null
    group by lower(k.name)
  ),
  rules as materialized (
    select lower(p.name) as name, min(p.id::text)::uuid as id from public.sla_policies as p where p.tier is null group by lower(p.name)
  ),
  hours as materialized (
    select lower(s.name) as name, min(s.id::text)::uuid as id
    from public.working_schedules as s
    where s.archived_at is null
    group by lower(s.name)
  ),
  people as materialized (
    select lower(u.email) as email, u.id, u.id = any ((select private.team_of(keeper))::uuid[]) as is_ours
    from public.users as u
    where u.active
  ),
  matched as (
    select
      a.*,
      g.chat_id,
      g.connected_at,
      g.namesakes,
      coalesce(k.id, case when a.client is null then g.client_id end) as client_id,
      coalesce(k.namesakes, 0) as client_namesakes,
      u.id as owner_id,
      u.is_ours,
      p.id as policy_id,
      s.id as schedule_id,
      case when a.target ~ '^[0-9]{1,5}$' then a.target::integer end as minutes,
      count(*) over (partition by coalesce(g.chat_id::text, lower(a.chat) || ' ' || coalesce(lower(a.client), ''))) as times,
      count(*) filter (where a.chat is null) over (partition by lower(a.client)) as clients_times,
      min(a.tier) over (partition by lower(a.client)) <> max(a.tier) over (partition by lower(a.client)) as tiers_differ
    from asked as a
    left join groups as numbered on numbered.number = a.chat
    left join groups as named on named.name = lower(a.chat) and named.nth = 1
    cross join lateral (
      select
        coalesce(numbered.chat_id, named.chat_id) as chat_id,
        case when numbered.chat_id is not null then numbered.client_id else named.client_id end as client_id,
        case when numbered.chat_id is not null then numbered.connected_at else named.connected_at end as connected_at,
        case when numbered.chat_id is not null then 1 else coalesce(named.namesakes, 0) end as namesakes
    ) as g
    left join customers as k on k.name = lower(a.client)
    left join people as u on u.email = a.owner
    left join rules as p on p.name = lower(a.policy)
    left join hours as s on s.name = lower(a.schedule)
  )
  select
    m.line,
    case when m.chat_id is null then 'link' when m.connected_at is null then 'connect' else 'change' end,
    m.chat_id,
    m.chat,
    m.client_id,
    m.client,
    m.tier,
    m.owner_id,
    m.policy_id,
    m.schedule_id,
    m.minutes,
    (
      select coalesce(jsonb_agg(jsonb_build_object('column', e.col, 'reason', e.reason, 'value', left(e.value, 100))), '[]')
      from (
        values
          ('chat', 'nothing_named', null, m.chat is null and m.client is null),
          ('chat', 'chat_has_namesakes', m.chat, m.namesakes > 1),
          ('chat', 'chat_repeats', m.chat, m.chat is not null and m.times > 1),
          ('chat', 'text_is_odd', m.chat, length(m.chat) > 300 or not private.is_plain_line(m.chat)),
          ('client', 'client_is_missing', null, m.chat is not null and m.chat_id is null and m.client is null),
          ('client', 'client_has_namesakes', m.client, m.client_namesakes > 1),
          ('client', 'client_is_unknown', m.client, m.client is not null and m.client_namesakes = 0 and keeper.role <> 'admin'),
          ('client', 'client_repeats', m.client, m.chat is null and m.client is not null and m.clients_times > 1),
          ('client', 'text_is_odd', m.client, length(m.client) > 300 or not private.is_plain_line(m.client)),
          ('tier', 'tier_is_unknown', m.tier, m.tier not in ('basic', 'standard', 'vip', 'premium')),
          ('tier', 'tier_without_client', m.tier, m.tier is not null and m.client is null and m.client_id is null),
          ('tier', 'tiers_differ', m.tier, m.tier is not null and m.client is not null and m.tiers_differ),
          ('owner', 'owner_is_unknown', m.owner, m.owner is not null and m.owner_id is null),
          ('owner', 'owner_is_not_in_team', m.owner, m.owner_id is not null and not m.is_ours),
          ('policy', 'policy_is_unknown', m.policy, m.policy is not null and m.policy_id is null),
          ('schedule', 'schedule_is_unknown', m.schedule, m.schedule is not null and m.schedule_id is null),
          ('target', 'target_is_wrong', m.target, m.target is not null and coalesce(m.minutes not between 1 and 10080, true))
      ) as e (col, reason, value, is_so)
      where e.is_so
    )
  from matched as m
$$;

create function private.import_links(judged private.judged_chat[], keeper public.users)
returns void
language sql
set search_path = ''
as $$
/* A link for each group that is not connected yet. One that the keeper made for the same client and name is open still: it gets the new
   terms. */
  with wanted as (
    select j.*, i.id as standing
    from unnest(judged) as j
    left join public.chat_invitations as i
      on i.created_by = keeper.id
      and i.client_id = j.client_id
      and i.chat_name is not distinct from j.chat_name
      and i.used_at is null
      and i.expires_at > now()
    where j.act = 'link'
  ),
  renewed as (
    update public.chat_invitations as i
    set
      accountant_id = coalesce(w.owner_id, i.accountant_id),
      policy_id = coalesce(w.policy_id, i.policy_id),
      schedule_id = coalesce(w.schedule_id, i.schedule_id),
      sla_threshold_minutes = coalesce(w.target, i.sla_threshold_minutes)
    from wanted as w
    where i.id = w.standing
  )
  insert into public.chat_invitations (client_id, accountant_id, policy_id, schedule_id, sla_threshold_minutes, chat_name, created_by)
  select
    w.client_id, coalesce(w.owner_id, private.usual_owner(w.client_id, keeper)), w.policy_id, w.schedule_id,
    w.target, w.chat_name, keeper.id
  from wanted as w
  where w.standing is null
$$;

create function private.import_clients(judged private.judged_chat[])
returns integer
language sql
set search_path = ''
as $$
/* Makes the clients that the list names and the firm does not have. Returns how many. */
  with added as (
    insert into public.clients (name, tier)
    select distinct on (lower(j.client_name)) j.client_name, coalesce(j.tier, 'standard')
    from unnest(judged) as j
    where j.client_name is not null
      and j.client_id is null
    order by lower(j.client_name), j.tier nulls last
    returning id
  )
  select count(*)::integer from added
$$;

create function private.import_terms(judged private.judged_chat[])
returns void
language plpgsql
set search_path = ''
as $$
/* Gives clients their tiers and chats their clients, owners and terms, and connects those where the bot is already. */
begin
  update public.clients as k
  set tier = j.tier
  from (
    select distinct on (j.client_id) j.client_id, j.tier from unnest(judged) as j where j.tier is not null order by j.client_id
  ) as j
  where k.id = j.client_id
    and k.tier <> j.tier;
  update public.chats as c
  set
    client_id = coalesce(j.client_id, c.client_id),
    assigned_accountant_id = coalesce(j.owner_id, c.assigned_accountant_id),
    policy_id = coalesce(j.policy_id, c.policy_id),
    schedule_id = coalesce(j.schedule_id, c.schedule_id),
    sla_threshold_minutes = coalesce(j.target, c.sla_threshold_minutes),
    connected_at = coalesce(c.connected_at, now())
  from unnest(judged) as j
  where j.chat_id = c.chat_id;
  perform private.measure_when_heard(c.id)
  from public.chats as c
  join unnest(judged) as j on j.chat_id = c.chat_id and j.act = 'connect';
end
$$;

create function private.import_chats(rows jsonb, keeper public.users)
returns jsonb
language plpgsql
set search_path = ''
as $$
/* Does what private.judge_chats says of a list without errors, all of it or nothing: {clients, changed, connected, links, effect};
   effect as private.effect_since counts it. Refuses with list_has_errors. */
declare
  judged private.judged_chat[] := array(select j from private.judge_chats(rows, keeper) as j);
  mark constant bigint := private.latest_event();
  touched bigint[];
  before private.chat_terms[];
  clients integer;
begin
  if exists (select from unnest(judged) as j where j.errors <> '[]') then
    raise exception 'list_has_errors' using errcode = 'PT409';
  end if;
  -- A message that is being taken in opens its window with the terms of before. Whoever takes some in shares the calendar first: this keeps
  -- all of them away, where a lock for each of five thousand chats would be more than a server has.
  perform pg_advisory_xact_lock(hashtextextended('calendar', 0));
  clients := private.import_clients(judged);
  -- Once more, now that all clients are there.
  judged := array(select j from private.judge_chats(rows, keeper) as j);
  touched := array(
    select c.chat_id
    from public.chats as c
    where c.chat_id in (select j.chat_id from unnest(judged) as j)
      or c.client_id in (select j.client_id from unnest(judged) as j where j.tier is not null)
    order by c.chat_id
    for no key update
  );
  before := array(select t from private.chat_terms as t where t.chat_id = any (touched));
  perform private.import_terms(judged);
  perform private.import_links(judged, keeper);
  perform private.follow_terms(before);
  return jsonb_build_object(
    'clients', clients,
    'changed', (select count(*) from unnest(judged) as j where j.act = 'change'),
    'connected', (select count(*) from unnest(judged) as j where j.act = 'connect'),
    'links', (select count(*) from unnest(judged) as j where j.act = 'link'),
    -- Counts: what a task keeps names nobody.
    'effect', private.effect_since(mark, now()) - 'windows'
  );
end
$$;

create function private.tried_import(rows jsonb, keeper public.users)
returns jsonb
language plpgsql
set search_path = ''
as $$
/* What importing the list would do: as private.import_chats says, with errors as [{line, column, reason, value}], five hundred at most, and
   wrong, how many rows have some. A list with errors is not tried; one without is imported and undone. */
declare
  errors constant jsonb := (
    select coalesce(jsonb_agg(jsonb_build_object('line', j.line) || e.error order by j.line, e.nth), '[]')
    from private.judge_chats(rows, keeper) as j
    cross join lateral jsonb_array_elements(j.errors) with ordinality as e (error, nth)
  );
  result jsonb := '{}';
begin
  if errors = '[]' then
    begin
      result := private.import_chats(rows, keeper);
      raise exception 'only_a_trial' using errcode = 'TRIAL';
    exception
      when sqlstate 'TRIAL' then null;
    end;
  end if;
  return result || jsonb_build_object(
    'errors', (
      select coalesce(jsonb_agg(e.error order by e.nth), '[]')
      from jsonb_array_elements(errors) with ordinality as e (error, nth)
      where e.nth <= 500
    ),
    'wrong', (select count(distinct e ->> 'line') from jsonb_array_elements(errors) as e)
  );
end
$$;

create function api.draft_chat_import(rows jsonb)
returns uuid
language plpgsql
security definer
set search_path = ''
set statement_timeout = '1min'
as $$
/* Checks a list of chats, [{line, chat, client, tier, owner, policy, schedule, target}], and keeps it as a draft of a task with what it
   would do. For admins and managers. Refuses with not_allowed, list_is_empty, list_is_too_long (five thousand rows). A definer, because
   people write no tasks by hand. */
declare
  keeper constant public.users := private.chat_keeper(null);
  drafted uuid;
begin
  if jsonb_typeof(rows) is distinct from 'array' or jsonb_array_length(rows) = 0 then
    raise exception 'list_is_empty' using errcode = 'PT422';
  elsif jsonb_array_length(rows) > 5000 then
    raise exception 'list_is_too_long' using errcode = 'PT413';
  end if;
  insert into public.tasks (kind, input, total, result, created_by)
  values ('import_chats', rows, jsonb_array_length(rows), private.tried_import(rows, keeper), keeper.id)
  returning id into drafted;
  return drafted;
end
$$;

create function api.carry_out_task(id uuid)
returns text
language plpgsql
set search_path = ''
set statement_timeout = '10min'
as $$
/* Does a claimed task with the rights of who started it, and marks it, in one transaction: killed at any point, nothing of it was done.
   Returns the state, null when somebody else is at it. What the database refuses is kept as the problem; a passing fault is raised, and the
   task begun again. */
#variable_conflict use_column
declare
  task public.tasks;
  author public.users;
  outcome jsonb := '{}';
  code text;
  reason text;
begin
  select t.* into task from public.tasks as t where t.id = carry_out_task.id and t.state = 'running' for update skip locked;
  if task.id is null then
    return null;
  end if;
  begin
    author := private.author_of(task);
    outcome := case task.kind
      when 'import_chats' then private.import_chats(task.input, author)
      -- The name was typed before the task was made; one that is written otherwise since is the same client.
      when 'erase_client' then api.erase_client(task.client_id, (select k.name from public.clients as k where k.id = task.client_id))
    end;
  exception
    when others then
      get stacked diagnostics code = returned_sqlstate, reason = message_text;
      if code not like 'PT%' then
        raise;
      end if;
  end;
  update public.tasks as t
  set
    state = case when reason is null then 'done' else 'failed' end,
    result = outcome,
    problem = reason,
    finished_at = now(),
    input = null
  where t.id = task.id;
  return case when reason is null then 'done' else 'failed' end;
end
$$;

grant execute on function api.draft_chat_import(jsonb) to authenticated;
grant execute on function
  api.carry_out_task(uuid),
  private.judge_chats(jsonb, public.users),
  private.import_chats(jsonb, public.users),
  private.import_clients(private.judged_chat[]),
  private.import_terms(private.judged_chat[]),
  private.import_links(private.judged_chat[], public.users),
  private.usual_owner(uuid, public.users),
  private.follow_terms(private.chat_terms[])
to service_role;
