-- What the bot says by itself when a client asks: when somebody will be there again, and that the question has arrived.
set lock_timeout = '5s';

alter table public.settings add column off_hours_reply boolean not null default true;
alter table public.chats
  add column off_hours_reply boolean,
  add column receipts text not null default 'off',
  -- squawk-ignore constraint-missing-not-valid
  add constraint receipts_are_known check (receipts in ('off', 'reaction', 'text'));
alter table public.chat_topics add column promised_opening_at timestamptz;

-- Windows that were there before have none: nobody was told one.
create sequence public.request_numbers;
alter table public.client_requests add column number bigint;
alter table public.client_requests alter column number set default nextval('public.request_numbers');
grant usage on sequence public.request_numbers to service_role;

comment on column public.settings.off_hours_reply is
  'Whether a client who asks while the firm is closed is told, once per closed period, when it opens again.';
comment on column public.chats.off_hours_reply is 'The same for this chat; null is the firm''s setting.';
comment on column public.chats.receipts is
  'How the bot shows that a question has arrived: off, a reaction to its first message, or a text with the number.';
comment on column public.chat_topics.promised_opening_at is
  'The opening that was last named to the client here: it is named once per closed period.';
comment on column public.client_requests.number is 'What people call it; counted in the firm, with gaps.';

grant update (off_hours_reply) on public.settings to authenticated;
grant update (off_hours_reply, receipts) on public.chats to authenticated;

create function private.closed_period(of_schedule uuid, at timestamptz)
returns table (since timestamptz, opens_at timestamptz)
language plpgsql
stable
rows 1
set search_path = ''
as $$
/* The stretch without working time around an instant, and its end; no row in working time, around the clock, in a break shorter than
   three hours, and where nothing opens again. */
begin
  if exists (select from public.working_schedules as s where s.id = of_schedule and s.around_the_clock) then
    return;
  end if;
  select upper(p.period)
  from public.working_periods as p
  where p.schedule_id = of_schedule
    and lower(p.period) <= at
  order by lower(p.period) desc
  limit 1
  into since;
  if at < since then
    return;
  end if;
  select lower(p.period)
  from public.working_periods as p
  where p.schedule_id = of_schedule
    and lower(p.period) > at
  order by lower(p.period)
  limit 1
  into opens_at;
  since := coalesce(since, at);
  if opens_at >= since + interval '3 hours' then
    return next;
  end if;
end
$$;

create function private.closing_holiday(of_schedule uuid, since timestamptz, opens_at timestamptz)
returns jsonb
language sql
stable
set search_path = ''
as $$
/* {name, first, last}: the exceptional dates that a closed period holds, by the name most of them bear; null where there is none. What has
   a name is a reason, even beside a weekend. */
  with dates as (
    select e.on_date, e.name, count(*) over (partition by e.name) as times
    from public.working_schedules as s
    cross join lateral private.exceptions_in_force(
      s.id, daterange((closing_holiday.since at time zone s.timezone)::date, (closing_holiday.opens_at at time zone s.timezone)::date)
    ) as e
    where s.id = of_schedule
      and e.closed
  )
  select jsonb_build_object(
    'name', (array_agg(d.name order by d.times desc, d.on_date))[1],
    'first', min(d.on_date),
    'last', max(d.on_date)
  )
  from dates as d
  having count(*) > 0
$$;

create function private.promise_openings(windows uuid[], as_of timestamptz)
returns uuid[]
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* Owes the client of each of these windows that opened outside working time the hour at which somebody will be there: once per topic and
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
    cross join lateral private.closed_period(w.schedule_id, w.opened_at) as p
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
    insert into public.outbox (kind, recipient_chat_id, subject_id, payload, next_attempt_at, expires_at, created_at)
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
    returning subject_id
  )
  select array_agg(o.subject_id) from owed as o
  into promised;
  return coalesce(promised, '{}');
end
$$;

create function private.give_receipts(windows uuid[], promised uuid[], as_of timestamptz)
returns void
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* Owes a receipt for each of these windows, as its chat wants it: one for however many messages belong to it. Who is told when the firm
   opens reads the number there. */
begin
  insert into public.outbox (kind, recipient_chat_id, subject_id, payload, next_attempt_at, expires_at, created_at)
  select
    'receipt', w.chat_id, w.id,
    jsonb_build_object(
      'topic_id', nullif(w.topic_id, 0),
      'style', c.receipts,
      'message_id', w.first_message_id,
      'number', w.number,
      'asked_at', w.opened_at,
      'timezone', s.timezone
    ),
    as_of, as_of + interval '1 hour', as_of
  from public.client_requests as w
  join public.chats as c on c.chat_id = w.chat_id
  join public.working_schedules as s on s.id = w.schedule_id
  where w.id = any (windows)
    -- An order through the bot is confirmed as such.
    and w.first_message_id > 0
    and (c.receipts = 'reaction' or (c.receipts = 'text' and w.id <> all (promised)));
end
$$;

create function private.reply_to_windows(windows uuid[], as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
/* What the bot says by itself to windows that have just opened. */
begin
  perform private.give_receipts(windows, private.promise_openings(windows, as_of), as_of);
end
$$;

create function private.windows_opened()
returns trigger
language plpgsql
set search_path = ''
as $$
/* Looks at each batch of new windows and lets go of nearly all: what opened and is due in one stretch of working time needs no promise,
   and what was written long ago needs no reply at all. Questions are looked up later, where there is anything to look them up in. */
declare
  fresh uuid[];
  asked uuid[];
begin
  select
    array_agg(o.id) filter (where o.first_message_id > 0),
    array_agg(o.id) filter (where c.receipts <> 'off' or o.due_at is distinct from o.opened_at + make_interval(mins => o.target_minutes))
  from opened as o
  join public.chats as c on c.chat_id = o.chat_id
  where o.closed_as is null
    and o.opened_at > now() - interval '10 minutes'
  into fresh, asked;
  if asked is not null then
    perform private.reply_to_windows(asked, now());
  end if;
  if fresh is not null and exists (select from public.faq_items as f) then
    insert into public.faq_answers (request_id, asked_at)
    select f, now()
    from unnest(fresh) as f;
  end if;
  return null;
end
$$;

create trigger client_requests_replied_to
after insert on public.client_requests
referencing new table as opened
for each statement execute function private.windows_opened();

grant execute on function
  private.exceptions_in_force(uuid, daterange),
  private.closed_period(uuid, timestamptz),
  private.closing_holiday(uuid, timestamptz, timestamptz),
  private.promise_openings(uuid[], timestamptz),
  private.give_receipts(uuid[], uuid[], timestamptz),
  private.reply_to_windows(uuid[], timestamptz)
to service_role;
