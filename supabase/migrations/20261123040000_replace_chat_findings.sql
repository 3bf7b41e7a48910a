-- What is amiss with a thousand chats is worked out at each look at their list: it reads each table once, and what is the same for all is
-- asked once.
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
    where r.id = (select private.on_duty(owner, at))
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

create function private.chat_checks(as_of timestamptz, of_chat bigint)
returns table (
  chat_id bigint, connected text, measured text, bot_present text, may_read text, owner_linked text, recipients_reachable text,
  schedule_has_time text, policy_has_recipients text, last_message text, silent text, anonymous_staff text, bot_fix text,
  owner_fix text, created_at timestamptz, paused_at timestamptz, bot_status_at timestamptz, unreachable_since timestamptz, connected_at timestamptz,
  last_message_at timestamptz, anonymous_since timestamptz
)
language plpgsql
stable
set search_path = ''
-- To plan it takes longer than to run it, and of how few chats this is the planner has no idea: it had better join without loops.
set plan_cache_mode = force_generic_plan
set enable_nestloop = off
set enable_mergejoin = off
as $$
/* How each check of one group stands, or with null of each: green, amber or red, null where it does not apply, and what is known of since
   when. A group nobody connected is only asked whether the bot may read it. What is no loss yet, because the chat is not measured, is amber
   at most. Asked by definers alone, for whom nothing is hidden. */
#variable_conflict use_column
begin
  return query
  with unheard as materialized (
    -- Whom a line ends with whoever owns the chat: where one of them hears, nobody need be asked chat by chat.
    select r.recipients
    from (select distinct s.recipients from public.ladder_steps as s where s.kind <> 'escalation') as r
    where not exists (select from private.line_of(null, r.recipients, as_of))
  ),
  deaf as materialized (
    -- Few owners and few ladders stand behind many chats: each line of people is walked once.
    select distinct l.owner, l.policy_id, l.policy_version
    from (
      select distinct t.assigned_accountant_id as owner, t.policy_id, t.policy_version, s.recipients
      from unheard as u
      join public.ladder_steps as s on s.recipients = u.recipients and s.kind <> 'escalation'
      join private.chat_terms as t on t.policy_id = s.policy_id and t.policy_version = s.version
      -- Mostly everybody is heard, and no chat need be looked at.
      where exists (select from unheard)
    ) as l
    where not exists (select from private.line_of(l.owner, l.recipients, as_of))
  )
  select
    g.chat_id,
    case when g.internal then null when g.is_connected then 'green' else 'amber' end,
    case when g.is_connected then case when g.monitoring_enabled then 'green' else 'amber' end end,
    case when g.bot_is_gone then 'red' when g.bot_status is null then 'amber' else 'green' end,
    case
      when g.bot_is_gone or g.internal then null
      when g.bot_status in ('administrator', 'creator') or (select f.bot_reads_all from public.settings as f) then 'green'
      else 'red'
    end,
    case
      when not g.is_connected then null
      when owner.active and owner.telegram_id is not null and owner.unreachable_since is null then 'green'
      else g.loss
    end,
    case when g.is_connected then case when d.policy_id is null then 'green' else g.loss end end,
    case when g.is_connected then case when s.has_time then 'green' else g.loss end end,
    case when g.is_connected then case when l.is_whole then 'green' else g.loss end end,
    case when g.is_connected then case when p.last_message_at is not null then 'green' else 'amber' end end,
    case
      when not g.monitoring_enabled or p.last_message_at is null then null
      when p.last_message_at > (select as_of - make_interval(days => f.silent_after_days) from public.settings as f) then 'green'
      else 'amber'
    end,
    case when g.is_connected then case when g.anonymous_staff or a.chat_id is null then 'green' else 'amber' end end,
    case when g.bot_is_gone then 'add_bot' else 'check_bot' end,
    case
      when owner.id is null or not owner.active then 'assign_owner'
      when owner.telegram_id is null then 'link_telegram'
      else 'start_bot_in_private'
    end,
    g.created_at,
    case when g.paused_because is not null then g.bot_status_at end,
    g.bot_status_at,
    owner.unreachable_since,
    g.connected_at,
    p.last_message_at,
    a.since
  from (
    select
      c.*,
      c.connected_at is not null and not c.internal as is_connected,
      case when c.monitoring_enabled or c.paused_because is not null then 'red' else 'amber' end as loss,
      coalesce(c.bot_status in ('left', 'kicked'), false) as bot_is_gone
    from public.chats as c
    where c.type in ('group', 'supergroup')
      and (of_chat is null or c.chat_id = of_chat)
      and c.deleted_at is null
      -- A group that was never connected and that the bot has left concerns nobody.
      and (c.connected_at is not null or c.internal or c.bot_status is null or c.bot_status not in ('left', 'kicked'))
  ) as g
  join private.chat_terms as t on t.chat_id = g.chat_id
  left join public.users as owner on owner.id = g.assigned_accountant_id
  left join (
    select s.policy_id, s.version, coalesce(bool_and(s.recipients <> '{}'), false) and bool_or(s.kind = 'breach') as is_whole
    from public.ladder_steps as s
    group by s.policy_id, s.version
  ) as l on l.policy_id = t.policy_id and l.version = t.policy_version
  left join (
    select s.id, private.has_working_time(s.id, as_of) as has_time
    from public.working_schedules as s
    -- Asked of each schedule, and not of each chat.
    offset 0
  ) as s on s.id = t.schedule_id
  left join (
    select p.chat_id, max(p.last_message_at) as last_message_at
    from public.chat_topics as p
    where of_chat is null or p.chat_id = of_chat
    group by p.chat_id
  ) as p on p.chat_id = g.chat_id
  left join (
    select m.chat_id, min(m.telegram_date) as since
    from public.chat_messages as m
    where m.on_behalf
      and (of_chat is null or m.chat_id = of_chat)
      and not m.is_staff
      and m.telegram_date between as_of - interval '30 days' and as_of
    group by m.chat_id
  ) as a on a.chat_id = g.chat_id
  left join deaf as d
    on d.owner is not distinct from g.assigned_accountant_id and d.policy_id = t.policy_id and d.policy_version = t.policy_version;
end
$$;

-- Only the function below makes such rows, and it is made anew.
-- squawk-ignore ban-drop-column
alter type private.finding drop attribute applies;
comment on type private.finding is
  'One check of a chat: how it stands, null where it does not apply, what mends it, and since when it is so.';

create or replace function private.chat_findings(as_of timestamptz, of_chat bigint, only_amiss boolean default false)
returns table (chat_id bigint, "check" text, state text, fix text, since timestamptz)
language plpgsql
stable
security definer
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
/* Everything that is checked of one group, or with null of each: green, amber or red, with the key of what mends it and since when;
   or only what is amiss, beside whether the bot is there, which is asked of each. What does not apply is left out. A definer, because who
   may see a chat need not see the people, messages and chats that its health depends on; it tells nothing of them but this. */
#variable_conflict use_column
begin
  return query
  select c.chat_id, f."check", f.state, case when f.state <> 'green' then f.fix end, case when f.state <> 'green' then f.since end
  from private.chat_checks(as_of, of_chat) as c
  -- An array and not a list of values: those are prepared anew for each chat, which takes longer than all the rest.
  cross join lateral unnest(
    array[
      row('connected', c.connected, 'connect_chat', c.created_at)::private.finding,
      row('measured', c.measured, 'switch_monitoring_on', c.paused_at)::private.finding,
      row('bot_present', c.bot_present, c.bot_fix, c.bot_status_at)::private.finding,
      row('may_read', c.may_read, 'let_bot_read', c.bot_status_at)::private.finding,
      row('owner_linked', c.owner_linked, c.owner_fix, c.unreachable_since)::private.finding,
      row('recipients_reachable', c.recipients_reachable, 'make_somebody_reachable', null)::private.finding,
      row('schedule_has_time', c.schedule_has_time, 'give_schedule_hours', null)::private.finding,
      row('policy_has_recipients', c.policy_has_recipients, 'name_recipients', null)::private.finding,
      row('last_message', c.last_message, 'write_a_message', c.connected_at)::private.finding,
      row('silent', c.silent, 'ask_whether_still_used', c.last_message_at)::private.finding,
      row('anonymous_staff', c.anonymous_staff, 'decide_who_speaks_as_group', c.anonymous_since)::private.finding
    ]
  ) as f
  where f.state is not null
    and (f.state <> 'green' or f."check" = 'bot_present' or not only_amiss);
end
$$;

create or replace function private.chat_lights(of_chat bigint)
returns table (chat_id bigint, light text, fix text)
language plpgsql
stable
security definer
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
/* The worst that is found of one group, or with null of each, and what mends it first, by private.gravity. A definer for the same reason
   as private.chat_findings. */
#variable_conflict use_column
begin
  return query
  select
    f.chat_id,
    case when f.red is not null then 'red' when f.amber is not null then 'amber' else 'green' end,
    coalesce(f.red, f.amber)
  from (
    select
      c.chat_id,
      case 'red'
        when c.bot_present then c.bot_fix
        when c.may_read then 'let_bot_read'
        when c.owner_linked then c.owner_fix
        when c.recipients_reachable then 'make_somebody_reachable'
        when c.schedule_has_time then 'give_schedule_hours'
        when c.policy_has_recipients then 'name_recipients'
      end as red,
      case 'amber'
        when c.connected then 'connect_chat'
        when c.owner_linked then c.owner_fix
        when c.recipients_reachable then 'make_somebody_reachable'
        when c.schedule_has_time then 'give_schedule_hours'
        when c.policy_has_recipients then 'name_recipients'
        when c.measured then 'switch_monitoring_on'
        when c.bot_present then c.bot_fix
        when c.anonymous_staff then 'decide_who_speaks_as_group'
        when c.last_message then 'write_a_message'
        when c.silent then 'ask_whether_still_used'
      end as amber
    from private.chat_checks(now(), of_chat) as c
    -- Worked out once, and not wherever it is named.
    offset 0
  ) as f;
end
$$;

create or replace function api.list_chats(
  words text default '',
  light text default null,
  owner_id uuid default null,
  client_id uuid default null,
  watched text default null,
  after jsonb default null,
  most integer default 50
)
returns jsonb
language plpgsql
stable
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
/* {counts, owners, rows} of the groups that the reader sees, what is worst first. counts: {red, amber, green, off}, over all rows that
   fit but for the light. owners: [{id, name}] of whom the reader sees chats. A row: {id, chat_name, client, client_id, tier, accountant,
   policy, schedule, light, fix, is_watched, is_internal, last_message_at, waiting, rank}; light is off of a
   group that is deleted or concerns nobody. watched narrows to monitored, off, unconnected or deleted, null to all but deleted; owner_id
   of nought names those without owner; after is {rank, chat_name, id} of the last row seen. */
#variable_conflict use_column
begin
  return (
    with lights as materialized (
      select * from private.chat_lights(null)
    ),
    fitting as materialized (
      select
        c.id,
        c.chat_id,
        c.chat_name,
        c.client_id,
        c.assigned_accountant_id,
        c.monitoring_enabled,
        c.internal,
        coalesce(l.light, 'off') as light,
        l.fix,
        case l.light when 'red' then 1 when 'amber' then 2 when 'green' then 3 else 4 end as rank
      from public.chats as c
      left join lights as l on l.chat_id = c.chat_id
      where c.type in ('group', 'supergroup')
        -- One condition of them all: of several the planner expects so few rows that it would look each one's light up in all of them.
        and case
          when list_chats.owner_id = '00000000-0000-0000-0000-000000000000' and c.assigned_accountant_id is not null then false
          when list_chats.owner_id <> '00000000-0000-0000-0000-000000000000'
            and c.assigned_accountant_id is distinct from list_chats.owner_id
          then false
          when list_chats.client_id is not null and c.client_id is distinct from list_chats.client_id then false
          when list_chats.words <> ''
            and not private.has_words(
              array[c.chat_name, (select k.name from public.clients as k where k.id = c.client_id)], list_chats.words
            )
          then false
          when list_chats.watched = 'deleted' then c.deleted_at is not null
          when list_chats.watched = 'monitored' then c.monitoring_enabled
          when list_chats.watched = 'off' then not c.monitoring_enabled and c.deleted_at is null and c.connected_at is not null
          when list_chats.watched = 'unconnected' then c.connected_at is null and c.deleted_at is null and l.light is not null
          else c.deleted_at is null and (l.light is not null or c.connected_at is not null)
        end
    ),
    page as materialized (
      select f.*
      from fitting as f
      where (list_chats.light is null or f.light = list_chats.light)
        and (
          list_chats.after is null
          or (f.rank, lower(f.chat_name), f.id) > (
            (list_chats.after ->> 'rank')::integer, lower(list_chats.after ->> 'chat_name'), (list_chats.after ->> 'id')::uuid
          )
        )
      order by f.rank, lower(f.chat_name), f.id
      limit list_chats.most
    )
    select jsonb_build_object(
      'counts', (
        select jsonb_build_object(
          'red', count(*) filter (where f.light = 'red'),
          'amber', count(*) filter (where f.light = 'amber'),
          'green', count(*) filter (where f.light = 'green'),
          'off', count(*) filter (where f.light = 'off')
        )
        from fitting as f
      ),
      'owners', (
        select coalesce(jsonb_agg(jsonb_build_object('id', u.id, 'name', u.full_name) order by u.full_name, u.id), '[]')
        from public.users as u
        -- The first chat of each is enough.
        where (select true from public.chats as c where c.assigned_accountant_id = u.id and c.deleted_at is null limit 1)
      ),
      'rows', (
        select coalesce(
          jsonb_agg(
            jsonb_build_object(
              'id', p.id,
              'chat_name', p.chat_name,
              'client', k.name,
              'client_id', p.client_id,
              'tier', k.tier,
              'accountant', u.full_name,
              'policy', y.name,
              'schedule', s.name,
              'light', p.light,
              'fix', p.fix,
              'is_watched', p.monitoring_enabled,
              'is_internal', p.internal,
              'last_message_at', (select max(t.last_message_at) from public.chat_topics as t where t.chat_id = p.chat_id),
              'waiting', (select count(*) from public.client_requests as w where w.chat_id = p.chat_id and w.closed_as is null),
              'rank', p.rank
            )
            order by p.rank, lower(p.chat_name), p.id
          ),
          '[]'
        )
        from page as p
        left join public.clients as k on k.id = p.client_id
        left join public.users as u on u.id = p.assigned_accountant_id
        join private.terms_in_force(array(select x.chat_id from page as x)) as t on t.chat_id = p.chat_id
        join public.sla_policies as y on y.id = t.policy_id
        join public.working_schedules as s on s.id = t.schedule_id
      )
    )
  );
end
$$;
