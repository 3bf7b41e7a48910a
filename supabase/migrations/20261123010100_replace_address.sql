-- Whether a standing message told of a breach is asked of that message, and not of all that is open in the firm.
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
    from public.sla_alerts as a
    join public.client_requests as w on w.id = a.request_id
    join public.chats as c on c.chat_id = w.chat_id
    left join public.users as u on u.id = w.assignee_id and u.active
    join public.ladder_steps as s
      on s.policy_id = w.policy_id and s.version = w.policy_version and s.kind = a.kind and s.level = a.level
    where a.id = any (alerts)
  ),
  lines as materialized (
    select l.owner, l.recipients, p.telegram_id, p.user_id, private.wants(p.user_id, 'warning') as is_warned
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
            and not exists (
              select
              -- The offset, which changes nothing, keeps it from reading all that is open instead of what one message told.
              from (select n.alert_id from public.notices as n where n.message_id = o.id offset 0) as n
              join public.sla_alerts as told on told.id = n.alert_id
              where told.kind <> 'warning'
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
