-- Who asked before the firm closed and asks again afterwards is told when it opens, too.
set lock_timeout = '5s';

create or replace function private.promise_openings(windows uuid[], as_of timestamptz)
returns uuid[]
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* Owes the client of each of these windows who last wrote outside working time the hour at which somebody will be there: once per topic and
   closed period, where firm and chat want it. Returns those windows. For a caller who holds the chats' locks. */
#variable_conflict use_column
declare
  promised uuid[];
begin
  with asked as materialized (
    select distinct on (w.chat_id, w.topic_id)
      w.id, w.chat_id, w.topic_id, w.schedule_id, w.number, c.receipts, p.since, p.opens_at
    from public.client_requests as w
    join public.chats as c on c.chat_id = w.chat_id
    cross join lateral private.closed_period(w.schedule_id, w.last_message_at) as p
    where w.id = any (windows)
      and coalesce(c.off_hours_reply, (select f.off_hours_reply from public.settings as f where f.id))
      and p.opens_at > as_of
    order by w.chat_id, w.topic_id, w.opened_at
  ),
  told as (
    update public.chat_topics as k
    set promised_opening_at = a.opens_at
    from asked as a
    where k.chat_id = a.chat_id
      and k.topic_id = a.topic_id
      and k.promised_opening_at is distinct from a.opens_at
    returning a.*
  ),
  owed as (
    insert into public.outbox as o (kind, recipient_chat_id, subject_id, payload, next_attempt_at, expires_at, created_at)
    select
      'off_hours_reply', t.chat_id, t.id,
      jsonb_build_object(
        'topic_id', nullif(t.topic_id, 0),
        'opens_at', t.opens_at,
        'timezone', s.timezone,
        'holiday', private.closing_holiday(t.schedule_id, t.since, t.opens_at),
        'number', case when t.receipts = 'text' then t.number end
      ),
      as_of, t.opens_at, as_of
    from told as t
    join public.working_schedules as s on s.id = t.schedule_id
    -- What still waits to be sent names the later opening; what is being sent names the one before.
    on conflict (recipient_chat_id, subject_id, kind) where finished_at is null do update set
      payload = excluded.payload,
      next_attempt_at = excluded.next_attempt_at,
      expires_at = excluded.expires_at
    where o.status = 'pending'
    returning subject_id
  )
  select array_agg(o.subject_id) from owed as o
  into promised;
  return coalesce(promised, '{}');
end
$$;

create function private.window_goes_on()
returns trigger
language plpgsql
set search_path = ''
as $$
/* Promises an opening to who writes on in a window that was there before. */
begin
  perform private.promise_openings(array[new.id], now());
  return null;
end
$$;

-- Looks at each window that a message joins, and lets go of nearly all: until its deadline, a window that is due in the stretch of working
-- time in which it opened is within that stretch. What was written long ago needs no reply.
create trigger client_requests_promised_an_opening
after update of last_message_at on public.client_requests
for each row
when (
  new.closed_as is null
  and new.last_message_at > old.last_message_at
  and new.last_message_at > now() - interval '10 minutes'
  and (new.last_message_at > new.due_at or new.due_at is distinct from new.opened_at + make_interval(mins => new.target_minutes))
)
execute function private.window_goes_on();
