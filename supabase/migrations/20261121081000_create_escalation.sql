-- Escalation: breaches are claimed once, told through the outbox, acknowledged by button.
set lock_timeout = '5s';

create function private.breach_recipients()
returns setof bigint
language sql
stable
set search_path = ''
as $$
/* Telegram ids of those who hear of a breach: managers, or admins where the firm has no manager to be reached. */
  with reachable as (
    select u.telegram_id, u.role
    from public.users as u
    where u.active
      and u.telegram_id is not null
      and u.role in ('admin', 'manager')
  )
  select r.telegram_id
  from reachable as r
  where r.role = 'manager'
    or not exists (select from reachable as m where m.role = 'manager')
$$;

create function api.claim_due(as_of timestamptz default now(), batch integer default 500)
returns integer
language sql
set search_path = ''
as $$
/* Raises the breach of every window whose deadline has passed, at most `batch`, and owes each recipient a message: one statement,
   so two sweeps, a crash or a repeat neither double nor lose one (S13). Outside working time nothing is raised (S14).
   Returns the number of alerts. */
  with due as (
    select w.id
    from public.client_requests as w
    where w.closed_as is null
      and w.breached_at is null
      and w.due_at < as_of
      and private.is_working_time(w.schedule_id, as_of)
    order by w.due_at
    limit batch
    for update skip locked
  ),
  breached as (
    update public.client_requests as w
    set breached_at = as_of
    from due
    where w.id = due.id
    returning w.id, w.due_at
  ),
  alerts as (
    insert into public.sla_alerts (request_id, kind, created_at)
    select b.id, 'breach', as_of
    from breached as b
    on conflict on constraint an_alert_is_raised_once do nothing
    returning id, request_id
  ),
  ledger as (
    insert into public.request_events (request_id, kind, happened_at)
    select b.id, 'breached', b.due_at
    from breached as b
  ),
  messages as (
    insert into public.outbox (kind, recipient_chat_id, subject_id, next_attempt_at)
    select 'sla_alert', r.telegram_id, a.id, as_of
    from alerts as a
    join breached as b on b.id = a.request_id
    cross join private.breach_recipients() as r (telegram_id)
    -- Who has waited longest is told of first.
    order by b.due_at
  )
  select count(*)::integer
  from alerts
$$;

create function private.alert_facts(of_request uuid, as_of timestamptz)
returns jsonb
language sql
stable
set search_path = ''
as $$
/* What a person needs to know of a window, for the words of an alert: names, last phrase, minutes waited and allowed. */
  select jsonb_build_object(
    'request_id', w.id,
    'chat_name', c.chat_name,
    'asked_by', m.author_name,
    'last_message', left(coalesce(m.message_text, m.caption), 300),
    'message_count', w.message_count,
    'opened_at', w.opened_at,
    'timezone', s.timezone,
    'target_minutes', w.target_minutes,
    'waited_minutes', floor(
      extract(epoch from api.working_between(w.schedule_id, w.opened_at, coalesce(w.responded_at, as_of))) / 60
    )::integer,
    'accountant', owner.full_name,
    'acknowledged_by', taker.full_name
  )
  from public.client_requests as w
  join public.chats as c on c.chat_id = w.chat_id
  join public.working_schedules as s on s.id = w.schedule_id
  left join public.chat_messages as m
    on m.chat_id = w.chat_id and m.message_id = w.last_message_id and m.telegram_date = w.last_message_at and m.edit_version = 0
  left join public.users as owner on owner.id = w.assigned_accountant_id
  left join public.users as taker on taker.id = w.acknowledged_by
  where w.id = of_request
$$;

create function api.claim_outbox(as_of timestamptz default now(), batch integer default 30)
returns jsonb
language sql
set search_path = ''
as $$
/* Claims messages to send, oldest first and one per recipient, as Telegram takes one a second for each chat: [{id, kind,
   recipient_chat_id, attempts, facts}]. A claim lapses after a minute, so what a killed sender held is sent by the next: at least
   once. */
  with first_of_each as (
    select distinct on (o.recipient_chat_id) o.id, o.position
    from public.outbox as o
    where o.status in ('pending', 'sending')
      and o.next_attempt_at <= as_of
    order by o.recipient_chat_id, o.position
  ),
  ready as (
    select o.id
    from first_of_each as f
    join public.outbox as o on o.id = f.id
    where o.status in ('pending', 'sending')
      and o.next_attempt_at <= as_of
    order by f.position
    limit batch
    for update of o skip locked
  ),
  claimed as (
    update public.outbox as o
    set
      status = 'sending',
      attempts = o.attempts + 1,
      next_attempt_at = as_of + interval '60 seconds'
    from ready
    where o.id = ready.id
    returning o.id, o.kind, o.recipient_chat_id, o.attempts, o.subject_id, o.position
  )
  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'id', c.id,
        'kind', c.kind,
        'recipient_chat_id', c.recipient_chat_id,
        'attempts', c.attempts,
        'facts', private.alert_facts(a.request_id, as_of)
      )
      order by c.position
    ),
    '[]'
  )
  from claimed as c
  join public.sla_alerts as a on a.id = c.subject_id
$$;

create function api.settle_outbox(results jsonb, as_of timestamptz default now())
returns void
language sql
set search_path = ''
as $$
/* Records what became of claimed messages: [{id, telegram_message_id}] was sent; [{id, error, retry_after, final}] was not. The next
   try comes after `retry_after` seconds where Telegram named them, else after 1, 5, 15 and 39 minutes; the fifth failure is the last. */
  update public.outbox as o
  set
    status = case
      when r.error is null then 'sent'
      -- Answered meanwhile: no second try.
      when o.status = 'cancelled' then 'cancelled'
      when r.final or o.attempts >= 5 then 'failed'
      else 'pending'
    end,
    sent_at = case when r.error is null then as_of end,
    telegram_message_id = r.telegram_message_id,
    last_error = r.error,
    -- Being told to wait is no failure of ours.
    attempts = case when r.retry_after is not null then o.attempts - 1 else o.attempts end,
    next_attempt_at = as_of + make_interval(
      secs => coalesce(r.retry_after, 60 * (array[1, 5, 15, 39, 39])[least(o.attempts, 5)])
    )
  from jsonb_to_recordset(results) as r (id uuid, telegram_message_id bigint, error text, retry_after integer, final boolean)
  where o.id = r.id
    and o.status in ('sending', 'cancelled')
$$;

create function api.acknowledge_request(request_id uuid, telegram_id bigint, as_of timestamptz default now())
returns jsonb
language plpgsql
set search_path = ''
as $$
/* «Взял в работу» (S5): the first press of somebody entitled counts, the clock goes on. Returns the facts of the window with the name
   of whoever took it. Refuses with not_allowed, unknown_request or request_already_closed. */
declare
  presser public.users;
  taken public.client_requests;
begin
  select u.* into presser
  from public.users as u
  where u.telegram_id = acknowledge_request.telegram_id
    and u.active;

  select w.* into taken
  from public.client_requests as w
  where w.id = acknowledge_request.request_id
  for update;

  if presser.id is null or presser.role = 'observer' then
    raise exception 'not_allowed' using errcode = 'PT403';
  end if;
  if taken.id is null then
    raise exception 'unknown_request' using errcode = 'PT404';
  end if;
  if presser.role = 'accountant' and not exists (
    select
    from public.chats as c
    where c.chat_id = taken.chat_id
      and c.assigned_accountant_id = presser.id
  ) then
    raise exception 'not_allowed' using errcode = 'PT403';
  end if;
  if taken.closed_as is not null then
    raise exception 'request_already_closed' using errcode = 'PT409';
  end if;

  if taken.acknowledged_at is null then
    update public.client_requests as w
    set acknowledged_at = as_of, acknowledged_by = presser.id
    where w.id = taken.id;

    insert into public.request_events (request_id, kind, happened_at, actor_id)
    values (taken.id, 'acknowledged', as_of, presser.id);

    update public.sla_alerts as a
    set resolved_at = as_of, resolved_by = presser.id, resolution = 'acknowledged'
    where a.request_id = taken.id
      and a.resolved_at is null;
  end if;
  return private.alert_facts(taken.id, as_of);
end
$$;

create function api.greet(telegram_id bigint)
returns text
language sql
stable
set search_path = ''
as $$
/* Full name of the active person of the firm behind a Telegram account; null for anybody else. */
  select u.full_name
  from public.users as u
  where u.telegram_id = greet.telegram_id
    and u.active
$$;

grant execute on function
  private.breach_recipients(),
  private.alert_facts(uuid, timestamptz),
  api.claim_due(timestamptz, integer),
  api.claim_outbox(timestamptz, integer),
  api.settle_outbox(jsonb, timestamptz),
  api.acknowledge_request(uuid, bigint, timestamptz),
  api.greet(bigint)
to service_role;
