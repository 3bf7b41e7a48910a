-- The model is asked once about what opened a window, while the rules alone have spoken; its doubt removes nobody's wait (S2).
set lock_timeout = '5s';

alter table public.client_requests add column asked_message_id bigint;
comment on column public.client_requests.asked_message_id is
  'The opening message that was handed to the model: each is asked about once. Another one where the opening has moved since.';

-- Nothing in it changes with one more message, so that stays on its page.
-- squawk-ignore require-concurrent-index-creation
create index requests_to_classify on public.client_requests (created_at)
where closed_as is null and classified_by = 'rule' and asked_message_id is distinct from first_message_id;

create function private.said_before(message public.chat_messages)
returns jsonb
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* What was said in the topic during the day before a message, oldest first, at most five: [{by, text}]; by is client, staff or bot. */
declare
  since constant timestamptz := message.telegram_date - interval '1 day';
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object('by', b.author, 'text', b.text) order by b.telegram_date, b.message_id), '[]')
    from (
      select
        m.telegram_date,
        m.message_id,
        case when m.is_bot then 'bot' when m.is_staff then 'staff' else 'client' end as author,
        left(coalesce(m.message_text, m.caption), 500) as text
      from public.chat_messages as m
      where m.chat_id = message.chat_id
        and m.topic_id = message.topic_id
        and m.telegram_date between since and message.telegram_date
        and (m.telegram_date, m.message_id) < (message.telegram_date, message.message_id)
        and m.edit_version = 0
        and num_nonnulls(m.message_text, m.caption) > 0
      order by m.telegram_date desc, m.message_id desc
      limit 5
    ) as b
  );
end
$$;

create function api.claim_unclassified(batch integer default 20, as_of timestamptz default now())
returns jsonb
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* Hands out what opened a window during the last hour and was judged by rules alone, each message once, whoever asks and whatever becomes
   of it: [{request_id, message_id, edit_version, text, before}]. What is no text needs an answer anyway. What is lost on the way stays a
   request. */
declare
  questions jsonb;
begin
  with due as (
    select w.id
    from public.client_requests as w
    where w.closed_as is null
      and w.classified_by = 'rule'
      and w.asked_message_id is distinct from w.first_message_id
      and w.created_at > as_of - interval '1 hour'
    order by w.created_at
    limit batch
    for update skip locked
  ),
  taken as (
    update public.client_requests as w
    set asked_message_id = w.first_message_id
    from due as d
    where w.id = d.id
    returning w.id, w.chat_id, w.first_message_id, w.opened_at, w.created_at
  )
  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'request_id', t.id,
        'message_id', (m.message).message_id,
        'edit_version', (m.message).edit_version,
        'text', (m.message).message_text,
        'before', private.said_before(m.message)
      )
      order by t.created_at
    ),
    '[]'
  )
  from taken as t
  cross join lateral (
    select m as message
    from public.chat_messages as m
    where m.chat_id = t.chat_id
      and m.message_id = t.first_message_id
      -- An edit can ask up to two days after the message.
      and m.telegram_date between t.opened_at - interval '48 hours' and t.opened_at
    order by m.edited_at desc nulls last, m.update_id desc
    limit 1
  ) as m
  where (m.message).kind = 'text'
    and (m.message).message_text is not null
  into questions;
  return questions;
end
$$;

create function api.settle_classifications(results jsonb, as_of timestamptz default now())
returns jsonb
language plpgsql
set search_path = ''
as $$
/* Applies what the model said: [{request_id, message_id, edit_version, classification, confidence}]. Returns [{request_id, outcome}]:
   excused (it asks for nothing, the window ends as if nobody had waited), agreed (somebody waits), doubted (less sure than 0.7, the clock
   stays), late (the window has ended or begins elsewhere, its text is another, or a person has spoken). */
declare
  told record;
  outcome text;
  outcomes jsonb := '[]';
begin
  -- Chats in one order, or two of these wait for each other.
  for told in
    select r.*, w.chat_id
    from jsonb_to_recordset(results) as r (
      request_id uuid, message_id bigint, edit_version integer, classification text, confidence numeric
    )
    join public.client_requests as w on w.id = r.request_id
    order by w.chat_id, w.opened_at
  loop
    -- As intake does, and in the same order.
    perform pg_advisory_xact_lock_shared(hashtextextended('calendar', 0));
    perform pg_advisory_xact_lock(told.chat_id);
    outcome := case
      when not exists (
        select
        from public.client_requests as w
        where w.id = told.request_id
          and w.first_message_id = told.message_id
          and w.closed_as is null
          and w.classified_by = 'rule'
      ) or exists (
        select
        from public.chat_messages as m
        where m.chat_id = told.chat_id
          and m.message_id = told.message_id
          and m.edit_version > told.edit_version
      ) or exists (
        select
        from public.classification_corrections as c
        where c.chat_id = told.chat_id
          and c.message_id = told.message_id
          and c.said_by = 'person'
      )
      then 'late'
      when coalesce(told.confidence between 0.7 and 1, false) is false
        or coalesce(told.classification not in ('request', 'clarification', 'gratitude', 'spam'), true)
      then 'doubted'
      when told.classification in ('request', 'clarification') then 'agreed'
      else 'excused'
    end;
    if outcome in ('agreed', 'excused') then
      perform private.correct(told.chat_id, array[told.message_id], told.classification, 'model', null, as_of);
    end if;
    outcomes := outcomes || jsonb_build_object('request_id', told.request_id, 'outcome', outcome);
  end loop;
  return outcomes;
end
$$;

create function api.note_model_outage(as_of timestamptz default now())
returns void
language plpgsql
set search_path = ''
as $$
/* Tells every admin that the model does not answer and the rules decide alone. One who has not read of it yet is not told twice. */
begin
  insert into public.outbox (kind, recipient_chat_id, subject_id, payload, next_attempt_at)
  select 'chat_notice', u.telegram_id, u.id, jsonb_build_object('event', 'model_unavailable'), as_of
  from public.users as u
  where u.role = 'admin'
    and u.active
    and u.telegram_id is not null
    and u.unreachable_since is null
  on conflict (recipient_chat_id, subject_id, kind) where finished_at is null do nothing;
end
$$;

grant execute on function
  private.said_before(public.chat_messages),
  api.claim_unclassified(integer, timestamptz),
  api.settle_classifications(jsonb, timestamptz),
  api.note_model_outage(timestamptz)
to service_role;
