-- What keeps a chat or the firm from being watched, each finding with the key of its fix; and no switch-on that nobody would hear of (E12).
set lock_timeout = '5s';

-- Nobody writes yet, so nobody is held up.
-- squawk-ignore require-concurrent-index-creation
create index messages_on_behalf on public.chat_messages (chat_id, telegram_date) where on_behalf;

create function private.somebody_hears(of_chat bigint, at timestamptz)
returns boolean
language sql
stable
set search_path = ''
as $$
/* Whether a breach in this chat would be told to anybody now. */
  select exists (
    select
    from private.chat_terms as t
    join public.ladder_steps as s on s.policy_id = t.policy_id and s.version = t.policy_version and s.kind = 'breach'
    cross join lateral private.line_of(t.assigned_accountant_id, s.recipients, at)
    where t.chat_id = of_chat
  )
$$;

create function private.refuse_deaf_monitoring()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
/* A chat is not measured while nobody would hear of a breach (E12). What was paused goes on in any case: then the health page says it,
   and no message of a client is refused for it. A definer, because who may switch a chat on need not be allowed to read people, absences
   and ladders. */
begin
  if not private.somebody_hears(new.chat_id, now()) then
    raise exception 'nobody_would_be_told' using errcode = 'PT409';
  end if;
  return null;
end
$$;

create trigger chats_connected_measured
after insert on public.chats
for each row when (new.monitoring_enabled)
execute function private.refuse_deaf_monitoring();

create trigger chats_measuring_began
after update of monitoring_enabled on public.chats
for each row when (new.monitoring_enabled and not old.monitoring_enabled and old.paused_because is null)
execute function private.refuse_deaf_monitoring();

create function private.chat_findings(as_of timestamptz)
returns table (chat_id bigint, "check" text, state text, fix text, since timestamptz)
language sql
stable
security definer
set search_path = ''
as $$
/* Everything that is checked of each group: green, amber or red, with the key of what mends it and since when. What does not apply is
   left out: a group nobody connected is only asked whether the bot may read it. What is no loss yet, because the chat is not
   measured, is amber at most. A definer, because who may see a chat need not see the people, messages and chats that its health depends
   on; it tells nothing of them but this. */
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
      and c.deleted_at is null
      -- A group that was never connected and that the bot has left concerns nobody.
      and (c.connected_at is not null or c.internal or c.bot_status is null or c.bot_status not in ('left', 'kicked'))
  ),
  lines as materialized (
    -- Few owners and few ladders stand behind many chats: each line of people is walked once.
    select l.owner, l.recipients, exists (select from private.line_of(l.owner, l.recipients, as_of)) as is_heard
    from (
      select distinct g.assigned_accountant_id as owner, s.recipients
      from groups as g
      join public.ladder_steps as s on s.policy_id = g.policy_in_force and s.version = g.policy_version and s.kind <> 'escalation'
      where g.is_connected
    ) as l
  ),
  deaf as materialized (
    select distinct g.chat_id
    from groups as g
    join public.ladder_steps as s on s.policy_id = g.policy_in_force and s.version = g.policy_version and s.kind <> 'escalation'
    join lines as l on l.owner is not distinct from g.assigned_accountant_id and l.recipients = s.recipients
    where not l.is_heard
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
$$;

create view api.chat_health with (security_invoker = true) as
select c.id, c.chat_id, c.chat_name, c.assigned_accountant_id, f."check", f.state, f.fix, f.since
from public.chats as c
join private.chat_findings(now()) as f on f.chat_id = c.chat_id;

comment on view api.chat_health is
  'What is checked of every group: one row per chat and check, green, amber or red, with the key of the fix and since when.';

create function private.people_findings()
returns table ("check" text, state text, fix text, subject text, amount bigint, since timestamptz)
language sql
stable
set search_path = ''
as $$
/* Whom the bot cannot write to, and why; one green row when there is nobody. Observers are told of nothing and need no Telegram. */
  with away as (
    select
      'person_reachable' as "check",
      case when u.telegram_id is null then 'amber' else 'red' end as state,
      case
        when u.telegram_id is null then 'link_telegram'
        when u.unreachable_because = 'blocked' then 'unblock_bot'
        when u.unreachable_because = 'deleted' then 'link_another_telegram'
        else 'start_bot_in_private'
      end as fix,
      u.full_name as subject,
      u.unreachable_since as since
    from public.users as u
    where u.active
      and u.role <> 'observer'
      and (u.telegram_id is null or u.unreachable_since is not null)
  )
  select a."check", a.state, a.fix, a.subject, null::bigint, a.since
  from away as a
  union all
  select 'person_reachable', 'green', null, null, null, null
  where not exists (select from away)
  union all
  select
    'admin_reachable',
    case when count(*) > 0 then 'green' else 'red' end,
    case when count(*) = 0 then 'link_an_admin' end,
    null,
    count(*),
    null
  from public.users as u
  where u.active
    and u.role = 'admin'
    and u.telegram_id is not null
    and u.unreachable_since is null
$$;

create function private.process_findings(as_of timestamptz)
returns table ("check" text, state text, fix text, subject text, amount bigint, since timestamptz)
language sql
stable
set search_path = ''
as $$
/* Whether the bot takes messages in and the jobs carry them out: signs of life, alerts not raised and messages not sent in time, messages
   given up, updates set aside. */
  select
    'bot_started',
    case when f.bot_seen_at is null then 'red' when f.bot_reads_all then 'green' else 'amber' end,
    case when f.bot_seen_at is null then 'start_bot' when f.bot_reads_all is not true then 'turn_privacy_mode_off' end,
    f.bot_username,
    null::bigint,
    f.bot_seen_at
  from public.settings as f
  union all
  select
    'intake_up',
    case when max(upper(c.up)) >= as_of - interval '90 seconds' then 'green' else 'red' end,
    case when max(upper(c.up)) >= as_of - interval '90 seconds' then null else 'start_bot' end,
    null,
    null,
    max(upper(c.up))
  from public.intake_coverage as c
  union all
  select
    'intake_without_pause',
    case when count(*) > 0 then 'amber' else 'green' end,
    case when count(*) > 0 then 'read_coverage' end,
    null,
    round(extract(epoch from coalesce(sum(upper(p) - lower(p)), interval '0')) / 60)::bigint,
    min(lower(p))
  from private.intake_pauses(as_of - interval '24 hours', as_of, as_of) as p
  union all
  -- A step that is due in working time is taken within the minute; what fell due at night waits for the morning.
  select
    'alerts_raised',
    case when count(*) > 0 then 'red' else 'green' end,
    case when count(*) > 0 then 'start_jobs' end,
    null,
    count(*),
    min(w.escalates_at)
  from public.client_requests as w
  where w.escalates_at < as_of - interval '2 minutes'
    and w.schedule_id in (
      select o.schedule_id
      from private.open_schedules(as_of) as o
      join private.open_schedules(as_of - interval '2 minutes') as before on before.schedule_id = o.schedule_id
    )
  union all
  select
    'messages_sent',
    case when count(*) > 0 then 'red' else 'green' end,
    case when count(*) > 0 then 'start_jobs' end,
    null,
    count(*),
    min(o.next_attempt_at)
  from public.outbox as o
  where o.status in ('pending', 'sending')
    and o.next_attempt_at < as_of - interval '5 minutes'
  union all
  select
    'messages_delivered',
    case when count(*) = 0 then 'green' when max(o.created_at) > as_of - interval '24 hours' then 'red' else 'amber' end,
    case when count(*) > 0 then 'resend_messages' end,
    null,
    count(*),
    min(o.created_at)
  from public.outbox as o
  where o.status = 'failed'
  union all
  select
    'updates_stored',
    case when count(*) > 0 then 'amber' else 'green' end,
    case when count(*) > 0 then 'read_rejects' end,
    null,
    count(*),
    min(r.recorded_at)
  from public.intake_rejects as r
  where r.recorded_at > as_of - interval '24 hours'
$$;

create function private.horizon_findings(as_of timestamptz)
returns table ("check" text, state text, fix text, subject text, amount bigint, since timestamptz)
language sql
stable
set search_path = ''
as $$
/* What has to be there before its time comes: partitions and materialised calendars, which a job extends; the production calendar of this
   year, and from December of the next; hours of the firm's default schedule. */
  with firm as (
    select s.*, timezone(s.timezone, as_of)::date as today
    from public.settings as f
    join public.working_schedules as s on s.id = f.default_schedule_id
  )
  select
    'partitions_ahead',
    case when p.is_there then 'green' else 'red' end,
    case when not p.is_there then 'extend_horizon' end,
    t.name,
    null::bigint,
    null::timestamptz
  from (values ('chat_messages'), ('audit_log')) as t (name)
  cross join lateral (
    select to_regclass('public.' || t.name || to_char(as_of + interval '1 month', '_YYYY_MM')) is not null as is_there
  ) as p
  union all
  select
    'calendar_ahead',
    case when count(*) > 0 then 'red' else 'green' end,
    case when count(*) > 0 then 'extend_horizon' end,
    string_agg(s.name, ', ' order by s.name),
    count(*),
    null
  from public.working_schedules as s
  where not s.around_the_clock
    and upper(s.materialised) < as_of + interval '700 days'
  union all
  select
    'holidays_known',
    case when e.is_there then 'green' else 'amber' end,
    case when not e.is_there then 'import_calendar' end,
    y.year::text,
    null,
    null
  from firm
  cross join lateral generate_series(
    extract(year from firm.today)::integer, extract(year from firm.today + interval '1 month')::integer
  ) as y (year)
  cross join lateral (
    select exists (
      select
      from public.calendar_exceptions as c
      where c.source = 'production_calendar'
        and c.on_date between make_date(y.year, 1, 1) and make_date(y.year, 12, 31)
    ) as is_there
  ) as e
  where firm.follows_firm_calendar
    and not firm.around_the_clock
  union all
  select
    'default_schedule_has_time',
    case when h.has_time then 'green' else 'red' end,
    case when not h.has_time then 'give_schedule_hours' end,
    firm.name,
    null,
    null
  from firm
  cross join lateral (select private.has_working_time(firm.id, as_of) as has_time) as h
$$;

create function api.firm_health(as_of timestamptz default now())
returns table ("check" text, state text, fix text, subject text, amount bigint, since timestamptz)
language sql
stable
security definer
set search_path = ''
as $$
/* What is checked of the firm as a whole: green, amber or red, with the key of the fix, whom or what it concerns, how many or how long
   (minutes), and since when. For admins, managers and the service; empty for anybody else. A definer, because it looks into the outbox
   and the audit of intake, which nobody may read. */
  select f.*
  from (
    select * from private.people_findings()
    union all
    select * from private.process_findings(as_of)
    union all
    select * from private.horizon_findings(as_of)
  ) as f
  where (select private.role()) in ('admin', 'manager')
    or (select auth.role()) = 'service_role'
  order by f."check", f.subject
$$;

grant execute on function private.chat_findings(timestamptz) to authenticated, service_role;
grant select on api.chat_health to authenticated, service_role;
grant execute on function api.firm_health(timestamptz) to authenticated, service_role;
