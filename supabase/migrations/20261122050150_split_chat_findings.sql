-- A chat's own page asks what is amiss with this chat, and need not look at all the others.
set lock_timeout = '5s';

create function private.chat_findings(as_of timestamptz, of_chat bigint, amiss boolean default false)
returns table (chat_id bigint, "check" text, state text, fix text, since timestamptz)
language plpgsql
stable
security definer
set search_path = ''
-- To plan it takes longer than to run it.
set plan_cache_mode = force_generic_plan
as $$
/* Everything that is checked of one group, or with null of each, or only what is `amiss`: green, amber or red, with the key of what mends
   it and since when. What does not apply is left out: a group nobody connected is only asked whether the bot may read it. What is no loss
   yet, because the chat is not measured, is amber at most. A definer, because who may see a chat need not see the people, messages and
   chats that its health depends on; it tells nothing of them but this. */
#variable_conflict use_column
begin
  return query
  with groups as materialized (
    select
      c.*,
      t.policy_id as policy_in_force,
      t.policy_version,
      t.schedule_id as schedule_in_force,
      c.connected_at is not null and not c.internal as is_connected,
      c.monitoring_enabled or c.paused_because is not null as is_wanted,
      coalesce(c.bot_status in ('left', 'kicked'), false) as bot_is_gone,
      (select max(p.last_message_at) from public.chat_topics as p where p.chat_id = c.chat_id) as last_message_at
    from public.chats as c
    join private.chat_terms as t on t.chat_id = c.chat_id
    where c.type in ('group', 'supergroup')
      and (of_chat is null or c.chat_id = of_chat)
      and c.deleted_at is null
      -- A group that was never connected and that the bot has left concerns nobody.
      and (c.connected_at is not null or c.internal or c.bot_status is null or c.bot_status not in ('left', 'kicked'))
  ),
  of_the_firm as materialized (
    -- Whom a line ends with whoever owns the chat: where one of them hears, nobody need be asked chat by chat.
    select r.recipients, exists (select from private.line_of(null, r.recipients, as_of)) as is_heard
    from (select distinct s.recipients from public.ladder_steps as s where s.kind <> 'escalation') as r
  ),
  lines as materialized (
    -- Few owners and few ladders stand behind many chats: each line of people is walked once.
    select l.owner, l.recipients, f.is_heard or exists (select from private.line_of(l.owner, l.recipients, as_of)) as is_heard
    from (
      select distinct g.owner, s.recipients
      from (
        select distinct g.assigned_accountant_id as owner, g.policy_in_force, g.policy_version from groups as g where g.is_connected
      ) as g
      join public.ladder_steps as s on s.policy_id = g.policy_in_force and s.version = g.policy_version and s.kind <> 'escalation'
    ) as l
    join of_the_firm as f on f.recipients = l.recipients
  ),
  deaf as materialized (
    select distinct g.chat_id
    from groups as g
    join public.ladder_steps as s on s.policy_id = g.policy_in_force and s.version = g.policy_version and s.kind <> 'escalation'
    join lines as l on l.owner is not distinct from g.assigned_accountant_id and l.recipients = s.recipients
    where not l.is_heard
      -- Mostly everybody is heard, and no chat need be looked at.
      and (select bool_or(not l.is_heard) from lines as l)
  ),
  ladders as (
    select s.policy_id, s.version, coalesce(bool_and(s.recipients <> '{}'), false) and bool_or(s.kind = 'breach') as is_whole
    from public.ladder_steps as s
    group by s.policy_id, s.version
  ),
  schedules as materialized (
    select s.id, private.has_working_time(s.id, as_of) as has_time
    from public.working_schedules as s
  ),
  anonymous as (
    select m.chat_id, min(m.telegram_date) as since
    from public.chat_messages as m
    where m.on_behalf
      and (of_chat is null or m.chat_id = of_chat)
      and not m.is_staff
      and m.telegram_date between as_of - interval '30 days' and as_of
    group by m.chat_id
  )
  select g.chat_id, f."check", f.state, case when f.state <> 'green' then f.fix end, case when f.state <> 'green' then f.since end
  from groups as g
  cross join public.settings as firm
  left join public.users as owner on owner.id = g.assigned_accountant_id
  left join ladders as l on l.policy_id = g.policy_in_force and l.version = g.policy_version
  left join schedules as s on s.id = g.schedule_in_force
  left join anonymous as a on a.chat_id = g.chat_id
  left join deaf as d on d.chat_id = g.chat_id
  cross join lateral (
    values
      (
        'connected',
        not g.internal,
        case when g.is_connected then 'green' else 'amber' end,
        'connect_chat',
        g.created_at
      ),
      (
        'measured',
        g.is_connected,
        case when g.monitoring_enabled then 'green' else 'amber' end,
        'switch_monitoring_on',
        case when g.paused_because is not null then g.bot_status_at end
      ),
      (
        'bot_present',
        true,
        case when g.bot_is_gone then 'red' when g.bot_status is null then 'amber' else 'green' end,
        case when g.bot_is_gone then 'add_bot' else 'check_bot' end,
        g.bot_status_at
      ),
      (
        'may_read',
        not g.bot_is_gone and not g.internal,
        case when g.bot_status in ('administrator', 'creator') or firm.bot_reads_all then 'green' else 'red' end,
        'let_bot_read',
        g.bot_status_at
      ),
      (
        'owner_linked',
        g.is_connected,
        case
          when owner.active and owner.telegram_id is not null and owner.unreachable_since is null then 'green'
          when g.is_wanted then 'red'
          else 'amber'
        end,
        case
          when owner.id is null or not owner.active then 'assign_owner'
          when owner.telegram_id is null then 'link_telegram'
          else 'start_bot_in_private'
        end,
        owner.unreachable_since
      ),
      (
        'recipients_reachable',
        g.is_connected,
        case
          when d.chat_id is null then 'green'
          when g.is_wanted then 'red'
          else 'amber'
        end,
        'make_somebody_reachable',
        null
      ),
      (
        'schedule_has_time',
        g.is_connected,
        case when s.has_time then 'green' when g.is_wanted then 'red' else 'amber' end,
        'give_schedule_hours',
        null
      ),
      (
        'policy_has_recipients',
        g.is_connected,
        case when l.is_whole then 'green' when g.is_wanted then 'red' else 'amber' end,
        'name_recipients',
        null
      ),
      (
        'last_message',
        g.is_connected,
        case when g.last_message_at is not null then 'green' else 'amber' end,
        'write_a_message',
        g.connected_at
      ),
      (
        'silent',
        g.monitoring_enabled and g.last_message_at is not null,
        case when g.last_message_at > as_of - make_interval(days => firm.silent_after_days) then 'green' else 'amber' end,
        'ask_whether_still_used',
        g.last_message_at
      ),
      (
        'anonymous_staff',
        g.is_connected,
        case when g.anonymous_staff or a.chat_id is null then 'green' else 'amber' end,
        'decide_who_speaks_as_group',
        a.since
      )
  ) as f ("check", applies, state, fix, since)
  where f.applies
    and (not amiss or f.state <> 'green');
end
$$;

create or replace function private.chat_findings(as_of timestamptz)
returns table (chat_id bigint, "check" text, state text, fix text, since timestamptz)
language sql
stable
security definer
set search_path = ''
as $$
/* What private.chat_findings finds of each group. A definer for the same reason. */
  select * from private.chat_findings(as_of, null)
$$;

grant execute on function private.chat_findings(timestamptz, bigint, boolean) to authenticated, service_role;
