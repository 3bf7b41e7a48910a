-- Telling of a batch costs the same however many alerts are open, too: whether somebody was told before was looked up in all that are open,
-- once a batch. And what a batch marks is read by its keys at once, not one by one. Of three times ten thousand windows due at once the second
-- ten thousand took a third less of a processor.
set lock_timeout = '5s';

create or replace function private.address(alerts uuid[], as_of timestamptz, held_over uuid[])
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
   written, or the person's digest. Whoever was given a window stands where the chat's owner would, unless dismissed since. What came due
   while the office was closed, in quiet hours or beyond the noise budget goes into the digest (S13, S14). Who was already told of an alert
   is not told again; who does not want warnings gets none. */
#variable_conflict use_column
begin
  return query
  with raised as (
    select a.id, a.kind, w.id as request_id, w.due_at, c.id as chat, coalesce(u.id, c.assigned_accountant_id) as owner, s.recipients
    from (select distinct u.id from unnest(alerts) as u (id)) as d
    -- By their keys, one after another: where a table is thought to be empty, any other way looks as good. The offsets change nothing else.
    cross join lateral (select t.* from public.sla_alerts as t where t.id = d.id offset 0) as a
    cross join lateral (select t.* from public.client_requests as t where t.id = a.request_id offset 0) as w
    join public.chats as c on c.chat_id = w.chat_id
    left join public.users as u on u.id = w.assignee_id and u.active
    join public.ladder_steps as s
      on s.policy_id = w.policy_id and s.version = w.policy_version and s.kind = a.kind and s.level = a.level
  ),
  lines as materialized (
    select l.owner, l.recipients, p.telegram_id, p.user_id, private.wants(p.user_id, 'warning') as is_warned
    from (select distinct r.owner, r.recipients from raised as r) as l
    cross join lateral private.line_of(l.owner, l.recipients, as_of) as p
  ),
  told as materialized (
    select n.alert_id, n.user_id
    from public.notices as n
    where n.alert_id = any (alerts)
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
      from told as n
      where n.alert_id = r.id
        and n.user_id is not distinct from l.user_id
    )
      and (r.kind <> 'warning' or l.is_warned)
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
            -- From the message on, and nothing else: the offset, which changes nothing, keeps this from being looked up for all messages at once.
            and not exists (
              select
              from public.notices as n
              where n.message_id = o.id
                and (
                  select a.kind <> 'warning' and a.resolved_at is null
                  from public.sla_alerts as a
                  where a.id = n.alert_id
                )
              offset 0
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

create or replace function private.raise_alerts(
  windows uuid[], as_of timestamptz, out raised uuid[], out held_over uuid[], out expired uuid[]
)
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* Marks the step of some windows that are due and held, and writes its alert, in one statement; ends the alerts of what
   expires in another. Of a warning and a breach that are both
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
    from public.client_requests as w
    join open as o on o.schedule_id = w.schedule_id
    where w.id = any (raise_alerts.windows)
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
    where w.id = any (s.windows)
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
  )
  select
    array_agg(a.id),
    array_agg(a.id) filter (where a.request_id in (select m.id from marked as m where m.held_over)),
    (select array_agg(m.id) from marked as m where m.kind = 'expiry')
  from alerts as a
  into raised, held_over, expired;

  -- By itself, and seldom: beside the others it was planned while there were no alerts, and read all that are open for every window.
  if expired <> '{}' then
    with ended as (
      update public.sla_alerts as a
      set resolved_at = as_of, resolution = 'expired'
      where a.request_id = any (expired) and a.resolved_at is null
      returning a.request_id
    )
    select array_agg(distinct e.request_id) from ended as e into expired;
  end if;
end
$$;
