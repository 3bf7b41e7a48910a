-- What people call a request is theirs to look up: every window has a number, and it leads to one window.
set lock_timeout = '5s';

-- Those that were there before have none; in the order in which people asked.
update public.client_requests as w
set number = n.number
from (
  select r.id, nextval('public.request_numbers') as number
  from (select o.id from public.client_requests as o where o.number is null order by o.opened_at, o.id) as r
) as n
where n.id = w.id;

-- squawk-ignore adding-not-nullable-field
alter table public.client_requests alter column number set not null;
-- Intake waits while it is built, seconds in a large firm; Telegram keeps what it has for us meanwhile.
-- squawk-ignore require-concurrent-index-creation
create unique index requests_by_number on public.client_requests (number);

comment on column public.client_requests.number is 'What people call it; counted in the firm, with gaps, and never given again.';

create or replace view api.client_requests with (security_invoker = true) as
select
  w.id,
  w.chat_id,
  w.topic_id,
  -- The window it follows (S1): the one its first message replies to, else the latest of its topic that closed within the day before.
  coalesce(
    (
      select p.id
      from public.client_requests as p
      where p.chat_id = w.chat_id
        and p.topic_id = w.topic_id
        and p.opened_at <= m.addressed_at
        and p.last_message_at >= m.addressed_at
        and m.reply_to_message_id between p.first_message_id and p.last_message_id
        and p.id <> w.id
      limit 1
    ),
    (
      select p.id
      from public.client_requests as p
      where p.chat_id = w.chat_id
        and p.topic_id = w.topic_id
        and p.opened_at < w.opened_at
        and p.closed_at between w.opened_at - interval '24 hours' and w.opened_at
      order by p.opened_at desc
      limit 1
    )
  ) as thread_id,
  w.client_id,
  coalesce(m.message_text, m.caption) as message_text,
  w.message_count,
  w.classification,
  w.classified_by,
  w.opened_at,
  w.last_message_at,
  w.target_minutes,
  w.warn_at,
  w.due_at,
  w.acknowledged_at,
  w.acknowledged_by,
  w.responded_at,
  w.responded_by,
  w.response_message_id,
  round(w.working_seconds / 60.0, 2) as working_minutes,
  private.outcome_at(w.closed_as, w.warn_at, w.due_at, now()) as outcome,
  w.closed_at,
  w.closed_by,
  w.closed_because,
  w.assigned_accountant_id,
  w.on_duty_id,
  w.created_at,
  w.updated_at,
  w.number
from public.client_requests as w
-- The text comes from the message and its row security: who may not read messages reads null here (observers).
left join lateral (
  select t.message_text, t.caption, t.addressed_at, t.reply_to_message_id
  from public.chat_messages as t
  where t.chat_id = w.chat_id
    and t.message_id = w.first_message_id
    -- An edit can ask up to two days after the message; between, so that each row looks into the partitions of these days only.
    and t.telegram_date between w.opened_at - interval '48 hours' and w.opened_at
  -- What it says by now: the latest version.
  order by t.edited_at desc nulls last, t.update_id desc
  limit 1
) as m on true;
