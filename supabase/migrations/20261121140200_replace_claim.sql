-- The claim in half the time. Its functions planned every statement anew, for the batch at hand; a function's plan mode holds for all that
-- it sets off, so every foreign key was also checked, and every deadline worked out, by a plan made for that one row. Now only the question
-- who is told is planned for its batch, and writes nothing. What writes has a shape for which one plan fits every batch.
set lock_timeout = '5s';

create or replace function private.raise_alerts(
  windows uuid[], as_of timestamptz, out raised uuid[], out held_over uuid[], out expired uuid[]
)
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* Marks the step of some windows that are due and held, and writes its alert, in one statement. Of a warning and a breach that are both
   due only the breach is raised; a step that was missed delays those after it, so that an outage is not followed by a burst. What follows
   is worked out once for windows that are alike: a night's questions all fall due at the same minute. */
begin
  with open as materialized (
    select * from private.open_schedules(as_of)
  ),
  alike as materialized (
    select
      w.schedule_id,
      w.policy_id,
      w.policy_version,
      w.assigned_accountant_id as owner,
      w.due_at,
      case when w.next_alert = 'warning' and w.due_at < as_of then 'breach' else w.next_alert end as kind,
      w.next_level as level,
      coalesce(w.escalates_at <= o.day_began_at, false) as held_over,
      array_agg(w.id) as windows
    from unnest(windows) as d (id)
    join public.client_requests as w on w.id = d.id
    join open as o on o.schedule_id = w.schedule_id
    group by 1, 2, 3, 4, 5, 6, 7, 8
  ),
  planned as materialized (
    select
      d.*,
      n.level as next_level,
      case when d.kind = 'breach' then private.on_duty(d.owner, d.due_at) end as on_duty_id,
      exists (
        select
        from public.ladder_steps as s
        where s.policy_id = d.policy_id and s.version = d.policy_version and s.kind = d.kind and s.level = d.level
      ) as is_told,
      case
        when d.kind = 'warning' then d.due_at
        when n.level is not null or d.kind <> 'expiry'
        then api.add_working(
          d.schedule_id, d.due_at, make_interval(secs => 60 * coalesce(n.after_minutes, 2 * here.after_minutes - here.before_minutes, 30))
        )
      end as next_at,
      make_interval(secs => 60 * coalesce(n.after_minutes - here.after_minutes, here.after_minutes - here.before_minutes, 30)) as gap
    from alike as d
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
  steps as materialized (
    select
      p.*,
      case
        when p.kind in ('warning', 'expiry') then p.next_at
        when p.next_at > as_of then p.next_at
        else coalesce(api.add_working(p.schedule_id, as_of, p.gap), as_of + p.gap)
      end as next_alert_at
    from planned as p
  ),
  marked as (
    update public.client_requests as w
    set
      breached_at = case when s.kind = 'breach' then as_of else w.breached_at end,
      on_duty_id = coalesce(w.on_duty_id, s.on_duty_id),
      next_alert = case
        when s.kind = 'warning' then 'breach'
        when s.kind = 'expiry' then null
        when s.next_level is not null then 'escalation'
        else 'expiry'
      end,
      next_level = coalesce(s.next_level, 0),
      next_alert_at = s.next_alert_at
    from steps as s
    cross join lateral unnest(s.windows) as d (id)
    where w.id = d.id
    returning w.id, s.kind, s.level, s.due_at, s.is_told, s.held_over
  ),
  alerts as (
    insert into public.sla_alerts as a (request_id, kind, level, created_at)
    select m.id, m.kind, m.level, as_of
    from marked as m
    where m.is_told
    -- A step whose breach had been undone comes again.
    on conflict on constraint an_alert_is_raised_once do update set
      created_at = excluded.created_at,
      resolved_at = null,
      resolved_by = null,
      resolution = null
    where a.resolution = 'voided'
    returning id, request_id
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
    array_agg(a.id),
    array_agg(a.id) filter (where a.request_id in (select m.id from marked as m where m.held_over)),
    (select array_agg(distinct e.request_id) from ended as e)
  from alerts as a
  into raised, held_over, expired;
end
$$;

create function private.address(alerts uuid[], as_of timestamptz, held_over uuid[])
returns table (
  telegram_id bigint, user_id uuid, kind text, subject_id uuid, rings boolean, quiet_until timestamptz, due_at timestamptz,
  told_requests uuid[], told_alerts uuid[]
)
language plpgsql
stable
set search_path = ''
-- Planned for the batch at hand, one window or a thousand, and never by reading a whole growing table.
set plan_cache_mode = 'force_custom_plan'
set enable_seqscan = off
as $$
/* Whom some alerts are for, one row per person and chat, and the message that is to tell of them: the chat's own, which stands or is to be
   written, or the person's digest. What came due while the office was closed, in quiet hours or beyond the noise budget goes into the
   digest (S13, S14). Who was already told of an alert is not told again. */
#variable_conflict use_column
begin
  return query
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
  bundles as materialized (
    select
      l.telegram_id,
      l.user_id,
      r.chat,
      min(r.due_at) as due_at,
      bool_and(r.id = any (held_over)) as held_over,
      bool_or(r.kind = 'escalation') as escalates,
      bool_or(r.kind = 'breach') as breaches,
      array_agg(r.request_id) as requests,
      array_agg(r.id) as alerts
    from raised as r
    join lines as l on l.owner is not distinct from r.owner and l.recipients = r.recipients
    where not exists (
      select
      from public.notices as n
      where n.alert_id = r.id
        and n.user_id is not distinct from l.user_id
    )
    group by l.telegram_id, l.user_id, r.chat
  ),
  standing as materialized (
    select
      b.*,
      o.id as message_id,
      -- A standing message rings for an escalation, and for the first breach after warnings.
      o.id is null
      or (
        o.remind_at is null
        and (
          b.escalates
          or (
            b.breaches
            and not exists (
              select
              from public.notices as n
              join public.sla_alerts as told on told.id = n.alert_id
              where n.message_id = o.id
                and told.kind <> 'warning'
                and told.resolved_at is null
            )
          )
        )
      ) as rings
    from bundles as b
    -- The limit, which changes nothing, keeps it from merging with all that stands.
    left join lateral (
      select o.id, o.remind_at
      from public.outbox as o
      where o.recipient_chat_id = b.telegram_id
        and o.subject_id = b.chat
        and o.kind = 'sla_alert'
        and o.finished_at is null
      limit 1
    ) as o on true
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
  routed as (
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
    from standing as b
    join recipients as r on r.telegram_id = b.telegram_id
  )
  select
    r.telegram_id,
    r.user_id,
    case when r.message_id is null and not r.sounds then 'sla_digest' else 'sla_alert' end,
    case when r.message_id is null and not r.sounds then r.user_id else r.chat end,
    r.sounds or r.message_id is null,
    r.quiet_until,
    r.due_at,
    r.requests,
    r.alerts
  from routed as r;
end
$$;

create or replace function private.tell(alerts uuid[], as_of timestamptz, held_over uuid[] default '{}')
returns void
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* Owes every recipient of some alerts a message: one per person and chat, edited in place while it stands. A further window joins it
   silently; what is worse than before rings. What is worth no sound of its own goes into one digest per person (S13, S14). */
begin
  with addressed as materialized (
    select * from private.address(alerts, as_of, held_over)
  ),
  owed as (
    insert into public.outbox as o (kind, recipient_chat_id, subject_id, rings, rang_at, next_attempt_at, created_at)
    select
      a.kind, a.telegram_id, a.subject_id, true, case when bool_or(a.rings) then as_of end, coalesce(max(a.quiet_until), as_of), as_of
    from addressed as a
    group by a.kind, a.telegram_id, a.subject_id
    -- Who has waited longest is told of first, and what rolls up comes last.
    order by a.kind, min(a.due_at)
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
  select o.id, t.request_id, t.alert_id, a.user_id
  from owed as o
  join addressed as a on a.telegram_id = o.recipient_chat_id and a.kind = o.kind and a.subject_id = o.subject_id
  cross join lateral unnest(a.told_requests, a.told_alerts) as t (request_id, alert_id)
  on conflict do nothing;
end
$$;

create or replace function private.tell_who_waits(windows uuid[], as_of timestamptz)
returns void
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* Everybody who answers for some waiting windows gets one digest of them, not before the end of the person's quiet hours. */
begin
  with waiting as (
    select c.assigned_accountant_id as owner, array_agg(w.id) as windows
    from public.client_requests as w
    join public.chats as c on c.chat_id = w.chat_id
    where w.id = any (tell_who_waits.windows)
    group by c.assigned_accountant_id
  ),
  addressed as materialized (
    select p.telegram_id, p.user_id, w.windows
    from waiting as w
    cross join lateral private.line_of(w.owner, array['owner'], as_of) as p
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
  select o.id, t.id, a.user_id
  from owed as o
  join addressed as a on a.telegram_id = o.recipient_chat_id
  cross join lateral unnest(a.windows) as t (id)
  on conflict do nothing;
end
$$;

grant execute on function private.address(uuid[], timestamptz, uuid[]) to service_role;
