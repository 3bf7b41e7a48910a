-- Escalation (S13, S14): what is due is raised once, told to the right people in as few messages as possible, and never at night.
set lock_timeout = '5s';

create table public.schedule_openings (
  schedule_id uuid not null references public.working_schedules (id) on delete cascade,
  opened_at timestamptz not null,
  primary key (schedule_id, opened_at)
);

comment on table public.schedule_openings is 'Mornings whose digest of who waits has been written, once each.';
comment on column public.schedule_openings.schedule_id is 'The schedule.';
comment on column public.schedule_openings.opened_at is 'Start of the day''s work.';

alter table public.schedule_openings enable row level security;
grant select, insert on public.schedule_openings to service_role;

create function private.quiet_until(person uuid, at timestamptz)
returns timestamptz
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* End of the person's quiet hours that an instant lies in, on the firm's clock; null outside them. */
begin
  return (
    select timezone(
      s.timezone,
      local.at::date + u.quiet_until
      + case when u.quiet_from > u.quiet_until and local.at::time >= u.quiet_from then interval '1 day' else interval '0' end
    )
    from public.users as u
    cross join public.settings as f
    join public.working_schedules as s on s.id = f.default_schedule_id
    cross join lateral (select timezone(s.timezone, at) as at) as local
    where u.id = person
      and case
        when u.quiet_from < u.quiet_until then local.at::time >= u.quiet_from and local.at::time < u.quiet_until
        else local.at::time >= u.quiet_from or local.at::time < u.quiet_until
      end
  );
end
$$;

create function private.line_of(owner uuid, resolvers text[], at timestamptz)
returns table (telegram_id bigint, user_id uuid)
language plpgsql
stable
rows 3
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* Whom the resolvers of a step mean for an owner's chat: each starts at its place in the line owner → owner's managers → all managers →
   head → admins and takes the first that can be reached; whoever is away is represented by the substitute on duty. */
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
    from reachable as r
    where r.role = 'admin'
  ),
  picked as (
    select min(l.rank) as rank
    from (values ('owner', 1), ('manager', 2), ('head', 4)) as s (resolver, rank)
    join line as l on l.rank >= s.rank
    where s.resolver = any (resolvers)
    group by s.resolver
  )
  select distinct l.telegram_id, l.id
  from picked as p
  join line as l on l.rank = p.rank
  union all
  select c.chat_id, null
  from public.chats as c
  where c.internal
    and c.deleted_at is null
    and 'internal_chat' = any (resolvers);
end
$$;

create function private.tell(alerts uuid[], as_of timestamptz, held_over uuid[] default '{}')
returns void
language plpgsql
set search_path = ''
-- Planned for the batch at hand, one window or a thousand, and never by reading a whole growing table.
set plan_cache_mode = 'force_custom_plan'
set enable_seqscan = off
as $$
/* Owes every recipient of some alerts a message: one per person and chat, edited in place while it stands. A further window joins it
   silently; what is worse than before rings. What came due while the office was closed, in quiet hours or beyond the noise budget goes
   into one digest per person (S13, S14). Who was already told of an alert is not told again. */
begin
  with raised as (
    select a.id, a.kind, w.id as request_id, w.due_at, c.id as chat, c.assigned_accountant_id as owner, s.recipients
    from public.sla_alerts as a
    join public.client_requests as w on w.id = a.request_id
    join public.chats as c on c.chat_id = w.chat_id
    join public.ladder_steps as s
      on s.policy_id = w.policy_id and s.version = w.policy_version and s.kind = a.kind and s.level = a.level
    where a.id = any (alerts)
  ),
  lines as materialized (
    select l.owner, l.recipients, p.telegram_id, p.user_id
    from (select distinct r.owner, r.recipients from raised as r) as l
    cross join lateral private.line_of(l.owner, l.recipients, as_of) as p
  ),
  addressed as materialized (
    select r.*, l.telegram_id, l.user_id
    from raised as r
    join lines as l on l.owner is not distinct from r.owner and l.recipients = r.recipients
    where not exists (
      select
      from public.notices as n
      where n.alert_id = r.id
        and n.user_id is not distinct from l.user_id
    )
  ),
  bundles as materialized (
    select
      a.telegram_id,
      a.user_id,
      a.chat,
      min(a.due_at) as due_at,
      bool_and(a.id = any (held_over)) as held_over,
      (array_agg(o.id))[1] as standing,
      -- A standing message rings for an escalation, and for the first breach after warnings.
      (array_agg(o.id))[1] is null
      or (
        (array_agg(o.remind_at))[1] is null
        and (
          bool_or(a.kind = 'escalation')
          or (
            bool_or(a.kind = 'breach')
            and not exists (
              select
              from public.notices as n
              join public.sla_alerts as told on told.id = n.alert_id
              where n.message_id = (array_agg(o.id))[1]
                and told.kind <> 'warning'
                and told.resolved_at is null
            )
          )
        )
      ) as rings
    from addressed as a
    left join public.outbox as o
      on o.recipient_chat_id = a.telegram_id and o.subject_id = a.chat and o.kind = 'sla_alert' and o.finished_at is null
    group by a.telegram_id, a.user_id, a.chat
  ),
  recipients as materialized (
    select
      p.telegram_id,
      p.user_id,
      case when p.user_id is not null then private.quiet_until(p.user_id, as_of) end as quiet_until,
      case
        when p.user_id is not null
        then u.alerts_per_hour - (
          select count(*)
          from public.outbox as o
          where o.recipient_chat_id = p.telegram_id
            and o.rang_at > as_of - interval '1 hour'
            and o.rang_at <= as_of
        )
      end as budget
    from (select distinct b.telegram_id, b.user_id from bundles as b) as p
    left join public.users as u on u.id = p.user_id
  ),
  routed as materialized (
    select
      b.*,
      r.quiet_until,
      b.rings
      and (
        b.user_id is null
        or (
          r.quiet_until is null
          and not b.held_over
          and row_number() over (partition by b.telegram_id order by not b.rings, b.held_over, b.due_at, b.chat) <= r.budget
        )
      ) as sounds
    from bundles as b
    join recipients as r on r.telegram_id = b.telegram_id
  ),
  wanted as (
    select
      r.telegram_id,
      case when r.standing is null and not r.sounds then 'sla_digest' else 'sla_alert' end as kind,
      case when r.standing is null and not r.sounds then r.user_id else r.chat end as subject_id,
      bool_or(r.sounds or r.standing is null) as rings,
      max(r.quiet_until) as quiet_until,
      min(r.due_at) as due_at,
      array_agg(r.chat) as chats
    from routed as r
    group by 1, 2, 3
  ),
  owed as (
    insert into public.outbox as o (kind, recipient_chat_id, subject_id, rings, rang_at, next_attempt_at, created_at)
    select w.kind, w.telegram_id, w.subject_id, true, case when w.rings then as_of end, coalesce(w.quiet_until, as_of), as_of
    from wanted as w
    -- Who has waited longest is told of first, and what rolls up comes last.
    order by w.kind, w.due_at
    on conflict (recipient_chat_id, subject_id, kind) where finished_at is null do update set
      revision = o.revision + 1,
      rings = o.rings or (excluded.rang_at is not null and excluded.kind = 'sla_alert'),
      rang_at = coalesce(excluded.rang_at, o.rang_at),
      attempts = case when o.status in ('pending', 'sending') then o.attempts else 0 end,
      next_attempt_at = case when o.status in ('pending', 'sending') then o.next_attempt_at else excluded.next_attempt_at end,
      status = case when o.status = 'sending' then 'sending' else 'pending' end
    returning id, recipient_chat_id, kind, subject_id
  )
  insert into public.notices (message_id, request_id, alert_id, user_id)
  select o.id, a.request_id, a.id, a.user_id
  from owed as o
  join wanted as w on w.telegram_id = o.recipient_chat_id and w.kind = o.kind and w.subject_id = o.subject_id
  join addressed as a on a.telegram_id = w.telegram_id and a.chat = any (w.chats)
  on conflict do nothing;
end
$$;

create function private.open_schedules(as_of timestamptz)
returns table (schedule_id uuid, day_began_at timestamptz)
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* Schedules that work at an instant, and when their day's work began if no break has been since; null around the clock. */
#variable_conflict use_column
begin
  return query
  select s.id, null::timestamptz
  from public.working_schedules as s
  where s.around_the_clock
  union all
  select
    s.id,
    case
      when not exists (
        select
        from public.working_periods as earlier
        where earlier.schedule_id = s.id
          and lower(earlier.period) < lower(p.period)
          and lower(earlier.period) >= timezone(s.timezone, date_trunc('day', timezone(s.timezone, lower(p.period))))
      )
      then lower(p.period)
    end
  from public.working_schedules as s
  cross join lateral (
    select p.period
    from public.working_periods as p
    where p.schedule_id = s.id
      and lower(p.period) <= as_of
    order by lower(p.period) desc
    limit 1
  ) as p
  where not s.around_the_clock
    and p.period @> as_of;
end
$$;

create function private.take_due(as_of timestamptz, batch integer)
returns uuid[]
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* Locks the windows whose next step is due, those that are due longest first and at most `batch`; what another sweep holds is skipped.
   Outside working time nothing is due (S14). */
begin
  return array(
    select w.id
    from public.client_requests as w
    where w.escalates_at <= as_of
      and (w.next_alert <> 'breach' or w.due_at < as_of)
      and w.schedule_id = any (array(select o.schedule_id from private.open_schedules(as_of) as o))
    order by w.escalates_at
    limit batch
    for update of w skip locked
  );
end
$$;

create function private.raise_alerts(windows uuid[], as_of timestamptz, out raised uuid[], out held_over uuid[], out expired uuid[])
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
set enable_seqscan = off
as $$
/* Marks the step of some windows that are due and held, and writes its alert, in one statement. Of a warning and a breach that are both
   due only the breach is raised; a step that was missed delays those after it, so that an outage is not followed by a burst. */
begin
  with open as materialized (
    select * from private.open_schedules(as_of)
  ),
  due as (
    select
      w.id, w.schedule_id, w.due_at, w.escalates_at, w.policy_id, w.policy_version, w.assigned_accountant_id, o.day_began_at,
      case when w.next_alert = 'warning' and w.due_at < as_of then 'breach' else w.next_alert end as kind,
      w.next_level as level
    from unnest(windows) as d (id)
    join public.client_requests as w on w.id = d.id
    join open as o on o.schedule_id = w.schedule_id
  ),
  planned as materialized (
    select
      d.*,
      n.level as next_level,
      case
        when d.kind = 'warning' then d.due_at
        when n.level is not null or d.kind <> 'expiry'
        then api.add_working(
          d.schedule_id, d.due_at, make_interval(secs => 60 * coalesce(n.after_minutes, 2 * here.after_minutes - here.before_minutes, 30))
        )
      end as next_at,
      make_interval(secs => 60 * coalesce(n.after_minutes - here.after_minutes, here.after_minutes - here.before_minutes, 30)) as gap
    from due as d
    left join lateral (
      select
        s.after_minutes,
        coalesce(
          (
            select max(b.after_minutes)
            from public.ladder_steps as b
            where b.policy_id = s.policy_id and b.version = s.version and b.kind = 'escalation' and b.level < s.level
          ),
          0
        ) as before_minutes
      from public.ladder_steps as s
      where s.policy_id = d.policy_id
        and s.version = d.policy_version
        and s.kind = 'escalation'
        and s.level = d.level
        and d.kind = 'escalation'
    ) as here on true
    left join lateral (
      select s.level, s.after_minutes
      from public.ladder_steps as s
      where s.policy_id = d.policy_id
        and s.version = d.policy_version
        and s.kind = 'escalation'
        and s.level > d.level
        and d.kind in ('breach', 'escalation')
      order by s.level
      limit 1
    ) as n on true
  ),
  marked as (
    update public.client_requests as w
    set
      breached_at = case when p.kind = 'breach' then as_of else w.breached_at end,
      on_duty_id = case
        when p.kind = 'breach' then coalesce(w.on_duty_id, private.on_duty(w.assigned_accountant_id, p.due_at))
        else w.on_duty_id
      end,
      next_alert = case
        when p.kind = 'warning' then 'breach'
        when p.kind = 'expiry' then null
        when p.next_level is not null then 'escalation'
        else 'expiry'
      end,
      next_level = coalesce(p.next_level, 0),
      next_alert_at = case
        when p.kind in ('warning', 'expiry') then p.next_at
        when p.next_at > as_of then p.next_at
        else coalesce(api.add_working(p.schedule_id, as_of, p.gap), as_of + p.gap)
      end
    from planned as p
    where w.id = p.id
    returning w.id, w.policy_id, w.policy_version, p.kind, p.level, p.due_at, p.escalates_at, p.day_began_at
  ),
  alerts as (
    insert into public.sla_alerts as a (request_id, kind, level, created_at)
    select m.id, m.kind, m.level, as_of
    from marked as m
    join public.ladder_steps as s
      on s.policy_id = m.policy_id and s.version = m.policy_version and s.kind = m.kind and s.level = m.level
    -- A step whose breach had been undone comes again.
    on conflict on constraint an_alert_is_raised_once do update set
      created_at = excluded.created_at,
      resolved_at = null,
      resolved_by = null,
      resolution = null
    where a.resolution = 'voided'
    returning id, request_id, kind, level
  ),
  ledger as (
    insert into public.request_events (request_id, kind, happened_at, detail)
    select
      m.id,
      case m.kind when 'warning' then 'warned' when 'breach' then 'breached' when 'escalation' then 'escalated' else 'expired' end,
      case m.kind when 'breach' then m.due_at else as_of end,
      case m.kind when 'escalation' then jsonb_build_object('level', m.level) end
    from marked as m
  ),
  ended as (
    update public.sla_alerts as a
    set resolved_at = as_of, resolution = 'expired'
    from marked as m
    where m.kind = 'expiry'
      and a.request_id = m.id
      and a.resolved_at is null
    returning a.request_id
  )
  select
    (select array_agg(a.id) from alerts as a),
    (
      select array_agg(a.id)
      from alerts as a
      join marked as m on m.id = a.request_id
      where m.escalates_at <= m.day_began_at
    ),
    (select array_agg(distinct e.request_id) from ended as e)
  into raised, held_over, expired;
end
$$;

create function private.tell_who_waits(windows uuid[], as_of timestamptz)
returns void
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
set enable_seqscan = off
as $$
/* Everybody who answers for some waiting windows gets one digest of them, not before the end of the person's quiet hours. */
begin
  with waiting as (
    select w.id, c.assigned_accountant_id as owner
    from public.client_requests as w
    join public.chats as c on c.chat_id = w.chat_id
    where w.id = any (windows)
  ),
  addressed as (
    select w.id, p.telegram_id, p.user_id
    from (select distinct x.owner from waiting as x) as l
    cross join lateral private.line_of(l.owner, array['owner'], as_of) as p
    join waiting as w on w.owner is not distinct from l.owner
  ),
  owed as (
    insert into public.outbox as o (kind, recipient_chat_id, subject_id, rang_at, next_attempt_at, created_at)
    select 'sla_digest', a.telegram_id, a.user_id, as_of, coalesce(private.quiet_until(a.user_id, as_of), as_of), as_of
    from addressed as a
    group by a.telegram_id, a.user_id
    on conflict (recipient_chat_id, subject_id, kind) where finished_at is null do update set
      revision = o.revision + 1,
      rings = true,
      rang_at = excluded.rang_at,
      attempts = case when o.status in ('pending', 'sending') then o.attempts else 0 end,
      next_attempt_at = case when o.status in ('pending', 'sending') then o.next_attempt_at else excluded.next_attempt_at end,
      status = case when o.status = 'sending' then 'sending' else 'pending' end
    returning id, recipient_chat_id
  )
  insert into public.notices (message_id, request_id, user_id)
  select o.id, a.id, a.user_id
  from owed as o
  join addressed as a on a.telegram_id = o.recipient_chat_id
  on conflict do nothing;
end
$$;

create function private.open_offices(as_of timestamptz)
returns void
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* When a schedule's day begins, everybody who answers for clients that already wait is told of them once (E9). A morning that was slept
   through is not made up for after two hours. */
declare
  waiting uuid[];
begin
  with fresh as (
    insert into public.schedule_openings (schedule_id, opened_at)
    select o.schedule_id, o.day_began_at
    from private.open_schedules(as_of) as o
    where o.day_began_at > as_of - interval '2 hours'
      and not exists (
        select from public.schedule_openings as s where s.schedule_id = o.schedule_id and s.opened_at = o.day_began_at
      )
    on conflict do nothing
    returning schedule_id, opened_at
  )
  select array_agg(w.id)
  from fresh as f
  join public.client_requests as w on w.schedule_id = f.schedule_id and w.closed_as is null and w.opened_at < f.opened_at
  where w.acknowledged_at is null
    or w.acknowledged_at < w.last_message_at
  into waiting;

  if waiting is not null then
    perform private.tell_who_waits(waiting, as_of);
  end if;
end
$$;

create function private.remind(as_of timestamptz)
returns void
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* Messages whose recipients asked to be told again ring again, if anybody still waits. */
begin
  update public.outbox as o
  set
    remind_at = null,
    revision = o.revision + 1,
    rings = true,
    rang_at = as_of,
    attempts = 0,
    next_attempt_at = as_of,
    status = case when o.status = 'sending' then 'sending' else 'pending' end
  where o.remind_at <= as_of
    and o.finished_at is null;
end
$$;

create function api.claim_due(as_of timestamptz default now(), batch integer default 500)
returns integer
language plpgsql
set search_path = ''
as $$
/* The sweep: raises what is due, at most `batch` windows, and owes everybody concerned a message; all of it or nothing (S13).
   Returns the number of alerts. */
declare
  due constant uuid[] := private.take_due(as_of, batch);
  claimed record;
begin
  -- A statement of its own: how many are due is known by then, and the plan for them fits.
  select * into claimed from private.raise_alerts(due, as_of) where due <> '{}';
  if claimed.raised is not null then
    perform private.tell(claimed.raised, as_of, coalesce(claimed.held_over, '{}'));
  end if;
  if claimed.expired is not null then
    perform private.revise_messages(claimed.expired);
  end if;
  perform private.open_offices(as_of);
  perform private.remind(as_of);
  return coalesce(cardinality(claimed.raised), 0);
end
$$;

create function api.greet(telegram_id bigint)
returns text
language sql
set search_path = ''
as $$
/* Full name of the active person of the firm behind a Telegram account, who can be reached from now on; null for anybody else. */
  update public.users as u
  set unreachable_since = null, unreachable_because = null
  where u.telegram_id = greet.telegram_id
    and u.active
  returning u.full_name
$$;

grant execute on function
  private.quiet_until(uuid, timestamptz),
  private.line_of(uuid, text[], timestamptz),
  private.tell(uuid[], timestamptz, uuid[]),
  private.open_schedules(timestamptz),
  private.take_due(timestamptz, integer),
  private.raise_alerts(uuid[], timestamptz),
  private.tell_who_waits(uuid[], timestamptz),
  private.open_offices(timestamptz),
  private.remind(timestamptz),
  api.claim_due(timestamptz, integer),
  api.greet(bigint)
to service_role;
