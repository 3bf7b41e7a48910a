-- What a page counts of the health of a thousand chats it need not be told one by one, with what is known of since when.
set lock_timeout = '5s';

-- In a block of its own: the command line cuts a body in standard SQL at the first «end», which is that of a case.
do $block$
begin
  execute $body$
    create or replace function private.chat_checks(as_of timestamptz, of_chat bigint)
    returns table (
      chat_id bigint, connected text, measured text, bot_present text, may_read text, owner_linked text, recipients_reachable text,
      schedule_has_time text, policy_has_recipients text, last_message text, silent text, anonymous_staff text, bot_fix text,
      owner_fix text, created_at timestamptz, paused_at timestamptz, bot_status_at timestamptz, unreachable_since timestamptz, connected_at timestamptz,
      last_message_at timestamptz, anonymous_since timestamptz
    )
    language sql
    stable
    /* How each check of one group stands, or with null of each: green, amber or red, null where it does not apply, and what is known of since
       when. A group nobody connected is only asked whether the bot may read it. What is no loss yet, because the chat is not measured, is amber
       at most. Part of the question of definers alone, for whom nothing is hidden, and by which of it they read it is worked out. */
    begin atomic
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
  $body$;
end
$block$;

create or replace function private.chat_findings(as_of timestamptz, of_chat bigint, only_amiss boolean default false)
returns table (chat_id bigint, "check" text, state text, fix text, since timestamptz)
language plpgsql
stable
security definer
set search_path = ''
set plan_cache_mode = force_generic_plan
-- Of how few chats it is asked the planner has no idea: it had better join without loops.
set enable_nestloop = off
set enable_mergejoin = off
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
-- Of how few chats it is asked the planner has no idea: it had better join without loops.
set enable_nestloop = off
set enable_mergejoin = off
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
    -- Worked out once, and not wherever it is named.
    from (select * from private.chat_checks(now(), of_chat) offset 0) as c
  ) as f;
end
$$;

create function private.red_fixes()
returns table (chat_id bigint, fixes text[])
language plpgsql
stable
security definer
set search_path = ''
set plan_cache_mode = force_generic_plan
-- As above.
set enable_nestloop = off
set enable_mergejoin = off
as $$
/* Of each group that is watched badly what mends it: the fixes of what private.chat_findings finds red, for who only counts them. A definer
   for the same reason. */
#variable_conflict use_column
begin
  return query
  select f.chat_id, f.fixes
  from (
    select
      c.chat_id,
      array_remove(
        array[
          case when c.bot_present = 'red' then c.bot_fix end,
          case when c.may_read = 'red' then 'let_bot_read' end,
          case when c.owner_linked = 'red' then c.owner_fix end,
          case when c.recipients_reachable = 'red' then 'make_somebody_reachable' end,
          case when c.schedule_has_time = 'red' then 'give_schedule_hours' end,
          case when c.policy_has_recipients = 'red' then 'name_recipients' end
        ],
        null
      ) as fixes
    from private.chat_checks(now(), null) as c
    -- Once for what is asked of it and once for what is told.
    offset 0
  ) as f
  where f.fixes <> '{}';
end
$$;

grant execute on function private.red_fixes() to authenticated, service_role;

create or replace function api.watch()
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* What is watched, of what the reader may see: {watched, unwell, reasons, steps}. Watched are the groups that are measured, unwell those of
   them that are red; reasons say why, [{fix, chats}]. Steps are what those who run the firm should see to, worst first: [{fix, state,
   amount, subject, place}], the name when there is one only, the place firm or chats; empty for everybody else. */
#variable_conflict use_column
begin
  return (
    with unwell as materialized (
      select r.fixes, c.chat_name, c.monitoring_enabled
      from private.red_fixes() as r
      join public.chats as c on c.chat_id = r.chat_id
    ),
    findings as materialized (
      select
        f.fix,
        count(*) as amount,
        case when count(*) = 1 then min(u.chat_name) end as subject,
        count(*) filter (where u.monitoring_enabled) as watched
      from unwell as u
      cross join lateral unnest(u.fixes) as f (fix)
      group by f.fix
    ),
    of_the_firm as materialized (
      select h.fix, h.state, count(*) as amount, case when count(*) = 1 then min(h.subject) end as subject, 'firm' as place
      from api.firm_health() as h
      where h.state <> 'green'
      group by h.fix, h.state
    ),
    steps as (
      select * from of_the_firm
      union all
      -- What mends the firm mends its chats: the same is asked for once.
      select f.fix, 'red', f.amount, f.subject, 'chats'
      from findings as f
      where f.fix not in (select h.fix from of_the_firm as h)
    )
    select jsonb_build_object(
      'watched', (select count(*) from public.chats as c where c.monitoring_enabled and c.deleted_at is null and not c.internal),
      'unwell', (select count(*) from unwell as u where u.monitoring_enabled),
      'reasons', (
        select coalesce(jsonb_agg(jsonb_build_object('fix', f.fix, 'chats', f.watched) order by f.watched desc, f.fix), '[]')
        from findings as f
        where f.watched > 0
      ),
      'steps', (
        select coalesce(jsonb_agg(to_jsonb(s) order by s.state desc, s.place desc, s.amount desc, s.fix), '[]')
        from steps as s
        where (select private.role()) in ('admin', 'manager')
      )
    )
  );
end
$$;
