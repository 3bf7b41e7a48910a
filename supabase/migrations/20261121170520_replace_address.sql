-- What people do not want to be told of, they are not told of. What is late is always told: the table refuses that choice.
set lock_timeout = '5s';

create function private.wants(person uuid, kind text)
returns boolean
language sql
stable
set search_path = ''
as $$
/* Whether a person wants to be told of a kind; without a choice, of everything. The firm's own group, which is nobody, wants all. */
  select not exists (
    select
    from public.notification_preferences as p
    where p.user_id = wants.person
      and p.kind = wants.kind
      and not p.wanted
  )
$$;

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
   written, or the person's digest. What came due while the office was closed, in quiet hours or beyond the noise budget goes into the
   digest (S13, S14). Who was already told of an alert is not told again; who does not want warnings gets none. */
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

create or replace function private.tell_who_waits(windows uuid[], as_of timestamptz)
returns void
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* Everybody who answers for some waiting windows gets one digest of them, not before the end of the person's quiet hours; who
   does not want it gets none. */
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
    where private.wants(p.user_id, 'digest')
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

create function private.drop_unwanted()
returns trigger
language plpgsql
set search_path = ''
as $$
/* A notice that its recipient does not want is not written. */
begin
  return case
    when private.wants((select u.id from public.users as u where u.telegram_id = new.recipient_chat_id), new.kind) then new
  end;
end
$$;

create trigger outbox_drops_unwanted_notices
before insert on public.outbox
for each row when (new.kind = 'chat_notice' and new.payload ->> 'event' = 'bot_removed')
execute function private.drop_unwanted();

grant execute on function private.wants(uuid, text) to service_role;
