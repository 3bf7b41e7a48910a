-- One question can be given to somebody without the whole chat: that person is told of it, sees the chat and may answer there.
set lock_timeout = '5s';

-- squawk-ignore adding-foreign-key-constraint
alter table public.client_requests add column assignee_id uuid references public.users (id);
-- Few windows are given, and none when it opens: intake never touches this index.
-- squawk-ignore require-concurrent-index-creation
create index requests_given_to_a_person on public.client_requests (assignee_id, closed_at) where assignee_id is not null;

comment on column public.client_requests.assignee_id is
  'Whom somebody gave this window to: told of it instead of the chat''s owner; null while it is the owner''s.';
comment on column public.client_requests.assigned_accountant_id is
  'Who answered for it: the chat''s owner when it opened, then whoever took the chat over or was given the window before it was late.';

create function private.given_chat_ids(people uuid[], at timestamptz)
returns setof bigint
language plpgsql
stable
set search_path = ''
as $$
/* Chats of the windows that were given to these people: while the client waits, and one day more to see what became of it. */
#variable_conflict use_column
begin
  return query
  select w.chat_id
  from public.client_requests as w
  where w.assignee_id = any (people)
    and (w.closed_at is null or w.closed_at > at - interval '1 day');
end
$$;

-- Asked by every policy of every table that is read: planned once for a connection, and not each time.
create or replace function private.role()
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
/* Role of the person who asks, null when unknown or inactive. A definer, because policies on users call it: reading users as
   the person would ask those policies again, for ever. */
declare
  asker constant uuid := auth.uid();
begin
  return (select u.role from public.users as u where u.id = asker and u.active);
end
$$;

create or replace function private.own_chat_ids()
returns bigint[]
language plpgsql
stable
security definer
set search_path = ''
as $$
/* Telegram ids of the chats that the asking accountant answers for: own ones, those of absent colleagues, those of shared segments, those
   of windows that were given to them; empty for anybody else. A definer, so that policies on other tables need not read chats through the
   policies of chats. */
#variable_conflict use_column
begin
  return (
    with people as materialized (
      select array_agg(p.id) as ids
      from (
        select (select auth.uid()) as id
        union all
        select private.covered_by((select auth.uid()), now())
      ) as p
    )
    select coalesce(array_agg(distinct own.chat_id), '{}')
    from (
      select c.chat_id
      from public.chats as c
      where c.assigned_accountant_id = any ((select p.ids from people as p)::uuid[])
      union all
      select private.shared_chat_ids((select p.ids from people as p))
      union all
      select private.given_chat_ids((select p.ids from people as p), now())
    ) as own
    where (select private.role()) = 'accountant'
  );
end
$$;

create or replace function private.may_act_on(person public.users, of_chat bigint, at timestamptz)
returns boolean
language sql
stable
set search_path = ''
as $$
/* Whether a person may act on the windows of a chat: admins and managers on all, accountants on their own, on those they stand in for, on
   those of their segments and where a window was given to them, others on none. */
  select coalesce(person.active, false)
    and (
      person.role in ('admin', 'manager')
      or (
        person.role = 'accountant'
        and exists (
          select
          from (select array(select person.id union all select private.covered_by(person.id, at)) as ids) as people
          where exists (
            select from public.chats as c where c.chat_id = of_chat and c.assigned_accountant_id = any (people.ids)
          )
            or of_chat in (select private.shared_chat_ids(people.ids))
            or of_chat in (select private.given_chat_ids(people.ids, at))
        )
      )
    )
$$;

create or replace function private.chat_handed_over()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
/* Another accountant takes the chat: open windows that are not due yet follow, the clock does not restart (B6); what was given to somebody
   stays with that person. A definer, because who hands a chat over may not write its windows. */
begin
  with moved as (
    update public.client_requests as w
    set assigned_accountant_id = new.assigned_accountant_id
    where w.chat_id = new.chat_id
      and w.closed_as is null
      and w.breached_at is null
      and w.assignee_id is null
    returning w.id
  )
  insert into public.request_events (request_id, kind, happened_at, actor_id, detail)
  select m.id, 'handed_over', now(), (select auth.uid()), jsonb_build_object('from', old.assigned_accountant_id, 'to', new.assigned_accountant_id)
  from moved as m;
  return null;
end
$$;

create or replace function private.waits_of(person public.users, at timestamptz)
returns setof public.client_requests
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* Open windows of the chats that a person answers for, and those that were given to the person or to whom the person stands in for. */
begin
  return query
  select w.*
  from private.chats_of(person, at) as c
  join public.client_requests as w on w.chat_id = c.chat_id
  where w.closed_as is null
  union
  select w.*
  from public.client_requests as w
  where w.assignee_id = any (array(select person.id union all select private.covered_by(person.id, at)))
    and w.closed_as is null;
end
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
    select coalesce(u.id, c.assigned_accountant_id) as owner, array_agg(w.id) as windows
    from public.client_requests as w
    join public.chats as c on c.chat_id = w.chat_id
    left join public.users as u on u.id = w.assignee_id and u.active
    where w.id = any (tell_who_waits.windows)
    group by coalesce(u.id, c.assigned_accountant_id)
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

-- The work list is api.find_requests: a page at a time, and filtered where the rows are. The release before this one reads the view, and
-- serves on while this one comes: it goes with the next.
comment on view api.requests_awaiting_answer is 'Open windows as a list showed them; read by the release before api.find_requests only.';

create function private.hand_over(windows uuid[], assignee uuid, person uuid, at timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
/* Gives open windows to somebody, null back to their chats' owners: later alerts go there, what is known by now is told at once. What is
   late stays late for whoever answered for it then. */
begin
  with given as (
    select w.id, w.breached_at, coalesce(w.assignee_id, c.assigned_accountant_id) as had, c.assigned_accountant_id as owner
    from public.client_requests as w
    join public.chats as c on c.chat_id = w.chat_id
    where w.id = any (windows)
  ),
  moved as (
    update public.client_requests as w
    set
      assignee_id = assignee,
      assigned_accountant_id = case when w.breached_at is null then coalesce(assignee, g.owner) else w.assigned_accountant_id end
    from given as g
    where w.id = g.id
    returning w.id, g.had, coalesce(assignee, g.owner) as has
  )
  insert into public.request_events (request_id, kind, happened_at, actor_id, detail)
  select m.id, 'handed_over', at, person, jsonb_build_object('from', m.had, 'to', m.has)
  from moved as m;

  perform private.revise_messages(windows);
  perform private.tell_who_waits(windows, at);
end
$$;

create or replace function private.forget_person(person uuid)
returns void
language plpgsql
set search_path = ''
as $$
/* Takes a person out of everything but the person's own row: accounts, sign-ins, invitations, filters, reasons to be away. Windows that the
   person was given go back to their chats' owners, who are told. */
begin
  -- What clients think and nobody has read yet goes to others.
  update public.users as u set active = false where u.id = person and u.active;
  perform private.withdraw_feedback(now());
  perform private.forget_accounts(private.accounts_of_person(person));
  delete from public.staff_invitations as i
  using public.users as u
  where u.id = person
    and (i.used_by = u.id or i.email = lower(u.email));
  delete from public.telegram_links as l where l.user_id = person;
  delete from public.manager_accountants as m where person in (m.manager_id, m.accountant_id);
  delete from public.saved_views as v where v.user_id = person;
  update public.absences as a set reason = 'other' where a.user_id = person and a.reason <> 'other';
  update public.sign_in_log as s set address = null, device = null where s.user_id = person;
  perform private.hand_over(
    array(select w.id from public.client_requests as w where w.assignee_id = person and w.closed_at is null),
    null, private.acting_person(), now()
  );
end
$$;

create function private.act_on_window(act text, person public.users, assignee uuid, waiting public.client_requests, at timestamptz)
returns text
language sql
stable
set search_path = ''
as $$
/* What an act would do to a window: done, already (nothing would change), closed or unknown (also another's). */
  select case
    when waiting.id is null or not private.may_act_on(person, waiting.chat_id, at) then 'unknown'
    when waiting.closed_as is not null then 'closed'
    when act = 'take' and waiting.acknowledged_at >= waiting.last_message_at then 'already'
    when act = 'assign' and waiting.assignee_id is not distinct from assignee then 'already'
    else 'done'
  end
$$;

create function private.hold_chats(chats bigint[])
returns void
language plpgsql
set search_path = ''
as $$
/* Keeps everybody else from the windows of some chats until the transaction ends: in the order of ingest, and to be called before any row
   is locked, or the two would wait for each other. */
begin
  perform pg_advisory_xact_lock_shared(hashtextextended('calendar', 0));
  perform pg_advisory_xact_lock(c.chat_id)
  from (select distinct t.chat_id from unnest(chats) as t (chat_id) order by t.chat_id) as c;
end
$$;

create function api.act_on_requests(requests uuid[], act text, assignee uuid default null)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
/* Takes several windows in hand (take), says that they need no answer (excuse) or gives them to somebody (assign; without assignee back to
   their chats' owners): [{id, outcome}], where outcome is done, already, closed or unknown. Only admins and managers give. Refuses with
   not_allowed, too_many_requests (500), assignee_is_unknown and unknown_button. A definer, because windows, ledger and messages are the
   engine's. */
declare
  person constant public.users := private.asking_staff(null);
  outcomes jsonb;
  windows uuid[];
begin
  if act in ('take', 'excuse', 'assign') is not true then
    raise exception 'unknown_button' using errcode = 'PT400';
  elsif act = 'assign' and person.role not in ('admin', 'manager') then
    raise exception 'not_allowed' using errcode = 'PT403';
  elsif cardinality(requests) > 500 then
    raise exception 'too_many_requests' using errcode = 'PT422';
  elsif assignee is not null and not exists (
    select from public.users as u where u.id = assignee and u.active and u.role <> 'observer'
  ) then
    raise exception 'assignee_is_unknown' using errcode = 'PT422';
  end if;

  perform private.hold_chats(array(select w.chat_id from public.client_requests as w where w.id = any (requests)));
  perform from public.client_requests as w where w.id = any (requests) order by w.id for update;

  select
    jsonb_agg(jsonb_build_object('id', o.id, 'outcome', o.outcome) order by o.place),
    array_agg(o.id) filter (where o.outcome = 'done')
  from (
    select r.id, min(r.place) as place, min(private.act_on_window(act, person, assignee, w, now())) as outcome
    from unnest(requests) with ordinality as r (id, place)
    left join public.client_requests as w on w.id = r.id
    group by r.id
  ) as o
  into outcomes, windows;

  case
    when windows is null then null;
    when act = 'take' then perform private.take_in_hand(windows, person.id, now());
    when act = 'excuse' then perform private.excuse(windows, person.id, now());
    when act = 'assign' then perform private.hand_over(windows, assignee, person.id, now());
  end case;
  return coalesce(outcomes, '[]');
end
$$;

grant execute on function
  private.given_chat_ids(uuid[], timestamptz),
  private.hold_chats(bigint[]),
  private.hand_over(uuid[], uuid, uuid, timestamptz),
  private.act_on_window(text, public.users, uuid, public.client_requests, timestamptz)
to service_role;
grant execute on function api.act_on_requests(uuid[], text, uuid) to authenticated;
