-- A class that a person or the model corrects works like an edit that changes what a message asks: the topic is replayed with it (S2, S11).
set lock_timeout = '5s';

-- squawk-ignore adding-field-with-default
alter table public.classification_corrections
  add column edit_version integer not null default 0,
  add column said_by text not null default 'person';
alter table public.classification_corrections
  -- squawk-ignore constraint-missing-not-valid
  add constraint said_by_is_known check (said_by in ('model', 'person'));

comment on table public.classification_corrections is
  'What people, and the model, said against the rules'' verdicts: it counts for the window, and people''s word is an example to learn from.';
comment on column public.classification_corrections.edit_version is 'The version that was judged: a later text is another message.';
comment on column public.classification_corrections.said_by is 'person, whose word stands, or model.';
comment on column public.classification_corrections.became is 'What it is, or that it needs no answer.';
comment on column public.classification_corrections.corrected_by is 'The person; null for the model.';

-- squawk-ignore require-concurrent-index-creation
create index corrections_of_a_message on public.classification_corrections (chat_id, message_id);

create or replace function private.windows_of(stretches private.topic_stretch[])
returns table (
  chat_id bigint,
  topic_id bigint,
  carried uuid,
  members bigint[],
  begins private.place,
  ends private.place,
  first_message_id bigint,
  last_message_id bigint,
  message_count integer,
  classification text,
  opened_at timestamptz,
  last_message_at timestamptz,
  responded_at timestamptz,
  response_message_id bigint,
  responded_by uuid,
  withdrawn_at timestamptz
)
language plpgsql
stable
rows 20
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* The windows that the messages of some stretches amount to. A message asks if any of its versions did, or whoever corrected its class
   said so; one that no longer does when its window closes is not counted, and a window of which nothing is left was withdrawn. */
#variable_conflict use_column
declare
  -- Known before the query starts, so that it opens only the partitions between them.
  earliest constant timestamptz := (select min((s.since).at) from unnest(stretches) as s);
  latest constant timestamptz := (select max(s.until) from unnest(stretches) as s);
begin
  if earliest is null then
    return;
  end if;
  return query
  with seen as materialized (
    select m.*
    from unnest(stretches) as s
    cross join lateral (
      select
        m.chat_id, m.topic_id, m.telegram_date, m.message_id, m.edit_version, m.edited_at, m.update_id, m.answers, m.addressed_at,
        m.reply_to_message_id, m.user_id, m.classification, coalesce(m.classification in ('request', 'clarification'), false) as asks
      from public.chat_messages as m
      where m.chat_id = s.chat_id
        and m.topic_id = s.topic_id
        and m.telegram_date between earliest and latest
        and m.telegram_date between (s.since).at and s.until
        and (m.telegram_date, m.message_id) >= ((s.since).at, (s.since).message_id)
        and m.is_measured
      order by m.telegram_date, m.message_id
    ) as m
  ),
  written as materialized (
    select s.*
    from seen as s
    union all
    -- Another word on what a message is counts as its next version: the same text, read again. It is void once the text is another.
    select
      o.chat_id, o.topic_id, o.telegram_date, o.message_id, c.edit_version + 1, c.corrected_at, 9223372036854775807, false, null, null, null,
      c.became, c.became in ('request', 'clarification')
    from seen as o
    join public.classification_corrections as c on c.chat_id = o.chat_id and c.message_id = o.message_id
    where o.edit_version = 0
      and c.became <> 'no_answer_needed'
      and not exists (
        select
        from seen as n
        where n.chat_id = o.chat_id
          and n.message_id = o.message_id
          and n.telegram_date = o.telegram_date
          and n.edit_version > c.edit_version
          and n.edited_at <= c.corrected_at
      )
  ),
  edited as (
    select
      v.chat_id,
      v.message_id,
      v.telegram_date,
      bool_or(v.answers) as answers,
      min(v.edited_at) filter (where v.asks) as asked_at,
      (array_agg(v.classification order by v.edited_at desc, v.update_id desc) filter (where v.asks))[1] as asks_as,
      -- Since the first version after which it never asked again.
      min(v.edited_at) filter (where not v.asks_yet) as withdrawn_at
    from (
      select
        e.*,
        bool_or(e.asks) over (
          partition by e.chat_id, e.message_id, e.telegram_date
          order by e.edited_at, e.update_id rows between current row and unbounded following
        ) as asks_yet
      from written as e
      where e.edit_version > 0
    ) as v
    group by v.chat_id, v.message_id, v.telegram_date
  ),
  line as (
    select
      o.chat_id,
      o.topic_id,
      -- A question that an edit put under an answer already given, or into what was closed for good, is asked when it is edited, or
      -- nobody would ever see it.
      case
        when f.asks_anew_at is not null then (f.asks_anew_at, o.message_id)::private.place
        when o.asks or e.asked_at is null or f.closed_at is not null or not (
          exists (
            select
            from written as a
            where a.chat_id = o.chat_id
              and a.topic_id = o.topic_id
              and a.answers
              and (a.telegram_date, a.message_id) > (o.telegram_date, o.message_id)
              and a.telegram_date <= e.asked_at
          )
          or exists (
            select
            from public.client_requests as g
            where g.chat_id = o.chat_id
              and g.topic_id = o.topic_id
              and g.closed_because in ('no_answer_needed', 'monitoring_off', 'bot_removed', 'chat_deleted')
              and g.closed_at > o.telegram_date
              and g.closed_at <= e.asked_at
          )
        )
        then (o.telegram_date, o.message_id)::private.place
        else (e.asked_at, o.message_id)::private.place
      end as at,
      o.asks or e.asked_at is not null as asks,
      o.answers or coalesce(e.answers, false) as answers,
      case when o.addressed_at is not null then (o.addressed_at, o.reply_to_message_id)::private.place end as reach,
      case
        when (o.asks or e.asked_at is not null) and (f.closed_at is null or f.asks_anew_at is not null) then e.withdrawn_at
      end as withdrawn_at,
      o.user_id,
      coalesce(e.asks_as, o.classification) as classification,
      1 as messages,
      (o.telegram_date, o.message_id)::private.place as last,
      (o.telegram_date, o.message_id)::private.place as begins,
      (o.telegram_date, o.message_id)::private.place as ends,
      null::uuid as carried,
      false as for_good
    from written as o
    left join edited as e on e.chat_id = o.chat_id and e.message_id = o.message_id and e.telegram_date = o.telegram_date
    left join lateral (
      -- What was closed for good keeps its messages: an edit takes none of them back. But one that did not ask when it was closed, and
      -- does since, is a question of its own.
      select
        g.closed_at,
        (
          select case
            when not (
              array_agg(v.asks order by v.edited_at desc nulls last, v.update_id desc)
              filter (where v.edited_at is null or v.edited_at < g.closed_at)
            )[1]
            then min(v.edited_at) filter (where v.asks and v.edited_at >= g.closed_at)
          end
          from written as v
          where v.chat_id = o.chat_id
            and v.message_id = o.message_id
            and v.telegram_date = o.telegram_date
        ) as asks_anew_at
      from public.client_requests as g
      where e.chat_id is not null
        and g.chat_id = o.chat_id
        and g.topic_id = o.topic_id
        and g.closed_because in ('no_answer_needed', 'monitoring_off', 'bot_removed', 'chat_deleted')
        and (o.telegram_date, o.message_id) >= (g.begins_at, g.begins_message_id)
        and (o.telegram_date, o.message_id) <= (g.ends_at, g.ends_message_id)
      order by g.closed_at desc
      limit 1
    ) as f on true
    where o.edit_version = 0
      and (o.asks or o.answers or e.chat_id is not null)
    union all
    select
      w.chat_id, w.topic_id, (w.opened_at, w.first_message_id)::private.place, true, false, null, null, null, w.classification,
      w.message_count, (w.last_message_at, w.last_message_id)::private.place,
      (w.begins_at, w.begins_message_id)::private.place, (w.ends_at, w.ends_message_id)::private.place, w.id, false
    from unnest(stretches) as s
    join public.client_requests as w on w.id = s.carried
    union all
    -- What a person or a switch has closed stays closed, with every question up to its last message.
    select
      w.chat_id, w.topic_id, (w.ends_at, w.ends_message_id)::private.place, false, true, null, null, null, null, 0, null, null, null, null,
      true
    from unnest(stretches) as s
    join public.client_requests as w on w.chat_id = s.chat_id and w.topic_id = s.topic_id
    where w.closed_because in ('no_answer_needed', 'monitoring_off', 'bot_removed', 'chat_deleted')
      and w.ends_at >= (s.since).at
  ),
  walked as (
    select
      l.*,
      private.waiting_after(l.at, l.asks, l.withdrawn_at, l.answers, l.reach) over (
        partition by l.chat_id, l.topic_id order by l.at, l.for_good rows between unbounded preceding and current row
      ) as waiting
    from line as l
  ),
  steps as (
    select
      k.*,
      (k.waiting).since as waiting_since,
      lag(k.waiting) over (partition by k.chat_id, k.topic_id order by k.at, k.for_good) as waited
    from walked as k
  ),
  ended as (
    -- Each question, and each answer that ended a wait, with the question that the wait began with.
    select
      e.*,
      first_value(e.at) over latest_first as last_at,
      first_value(e.user_id) over latest_first as last_by,
      first_value(e.ends_a_wait) over latest_first as has_ended,
      first_value(e.for_good) over latest_first as has_ended_for_good
    from (
      select
        k.*,
        k.answers and k.waiting_since is null as ends_a_wait,
        coalesce(k.waiting_since, (k.waited).since) as run
      from steps as k
      where k.asks
        or (k.answers and k.waiting_since is null and (k.waited).until >= (k.at).at)
    ) as e
    window latest_first as (partition by e.chat_id, e.topic_id, e.run order by e.ends_a_wait desc)
  ),
  asked as (
    select
      q.*,
      q.withdrawn_at is null or (q.has_ended and (q.last_at).at <= q.withdrawn_at) as counts,
      case when q.has_ended then q.last_at end as answered,
      case when q.has_ended then q.last_by end as answered_by
    from ended as q
    where q.asks
      and not (q.has_ended and q.has_ended_for_good)
  ),
  runs as (
    select
      q.chat_id,
      q.topic_id,
      (array_agg(q.carried) filter (where q.carried is not null))[1] as carried,
      array_agg((q.last).message_id) as members,
      (array_agg(q.begins order by q.begins))[1] as begins,
      (array_agg(q.ends order by q.ends desc))[1] as ends,
      coalesce((array_agg(q.at order by q.at) filter (where q.counts))[1], q.run) as opened,
      coalesce(
        (array_agg(q.last order by q.last desc) filter (where q.counts))[1],
        (array_agg(q.last order by q.last desc))[1]
      ) as last,
      coalesce(max((q.at).at) filter (where q.counts), max((q.at).at)) as last_asked_at,
      coalesce(sum(q.messages) filter (where q.counts), sum(q.messages))::integer as message_count,
      coalesce(
        (array_agg(q.classification order by q.at) filter (where q.counts))[1],
        (array_agg(q.classification order by q.at))[1]
      ) as classification,
      q.answered,
      q.answered_by,
      case when not bool_or(q.counts) then max(q.withdrawn_at) end as withdrawn_at
    from asked as q
    group by q.chat_id, q.topic_id, q.run, q.answered, q.answered_by
  )
  select
    r.chat_id,
    r.topic_id,
    r.carried,
    r.members,
    r.begins,
    r.ends,
    (r.opened).message_id,
    (r.last).message_id,
    r.message_count,
    r.classification,
    (r.opened).at,
    greatest((r.last).at, r.last_asked_at),
    case when r.withdrawn_at is null then (r.answered).at end,
    case when r.withdrawn_at is null then (r.answered).message_id end,
    case when r.withdrawn_at is null then r.answered_by end,
    r.withdrawn_at
  from runs as r;
end
$$;

create function private.correct(
  of_chat bigint, messages bigint[], becomes text, by text, person uuid, at timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
/* Gives messages of one chat another class, and brings the windows of their topics in line with it. A person's word is kept as an example
   even when it only confirms. Refuses with message_too_old what would begin to ask more than two days after it was written: as with an
   edit, nobody looks for its window there. */
declare
  touched private.touched_topic[];
  topics bigint[];
begin
  -- As intake does, and in the same order.
  perform pg_advisory_xact_lock_shared(hashtextextended('calendar', 0));
  perform pg_advisory_xact_lock(of_chat);

  with latest as (
    select distinct on (m.message_id, m.telegram_date)
      m.message_id, m.telegram_date, m.topic_id, m.edit_version, private.class_in_force(m) as class
    from public.chat_messages as m
    where m.chat_id = of_chat
      and m.message_id = any (messages)
      and m.classification is not null
    order by m.message_id, m.telegram_date, m.edited_at desc nulls last, m.update_id desc
  ),
  said as (
    insert into public.classification_corrections (
      chat_id, message_id, telegram_date, edit_version, was, became, said_by, corrected_by, corrected_at
    )
    select of_chat, l.message_id, l.telegram_date, l.edit_version, l.class, becomes, by, person, at
    from latest as l
    where by = 'person'
      or l.class <> becomes
    returning *
  )
  select
    array_agg((of_chat, t.topic_id, t.first, false)::private.touched_topic),
    array_agg(t.topic_id)
  from (
    select l.topic_id, (array_agg((s.telegram_date, s.message_id)::private.place order by s.telegram_date, s.message_id))[1] as first
    from said as s
    join latest as l on l.message_id = s.message_id
    where s.was <> s.became
    group by l.topic_id
  ) as t
  into touched, topics;

  if exists (
    select
    from public.classification_corrections as c
    where c.chat_id = of_chat
      and c.message_id = any (messages)
      and c.corrected_at = at
      and c.was not in ('request', 'clarification')
      and c.became in ('request', 'clarification')
      and c.telegram_date < at - interval '48 hours'
  ) then
    raise exception 'message_too_old' using errcode = 'PT409';
  end if;

  if touched is not null then
    -- What comes later with an earlier date is replayed together with this word.
    perform private.continue_topics(touched, array(select (at, 9223372036854775807)::private.place from unnest(topics)));
    perform private.settle_windows(touched);
  end if;

  update public.client_requests as w
  set
    classified_by = by,
    classification = case when becomes in ('request', 'clarification') then becomes else w.classification end,
    closed_by = case when w.closed_as is not null then person end
  where w.chat_id = of_chat
    and w.first_message_id = any (messages)
    and coalesce(w.closed_because, 'edited') = 'edited';
end
$$;

create function private.class_in_force(message public.chat_messages)
returns text
language sql
stable
set search_path = ''
as $$
/* What a version of a message is by the latest word on it, else by the rules. */
  select coalesce(
    (
      select c.became
      from public.classification_corrections as c
      where c.chat_id = message.chat_id
        and c.message_id = message.message_id
        and c.telegram_date = message.telegram_date
        and c.edit_version = message.edit_version
        and c.became <> 'no_answer_needed'
      order by c.corrected_at desc, c.id desc
      limit 1
    ),
    message.classification
  )
$$;

create function private.corrector(telegram_id bigint)
returns public.users
language plpgsql
stable
set search_path = ''
as $$
/* Whose word it is: the person who is signed in, or for the service the one behind the Telegram account. Refuses strangers and observers
   with not_allowed. */
declare
  person public.users;
begin
  select u.*
  from public.users as u
  where u.active
    and case when (select auth.role()) = 'authenticated' then u.id = (select auth.uid()) else u.telegram_id = corrector.telegram_id end
  into person;
  if person.id is null or person.role = 'observer' then
    raise exception 'not_allowed' using errcode = 'PT403';
  end if;
  return person;
end
$$;

create function private.reopen(of_window uuid, person uuid, at timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
/* Takes «no answer needed» back: the window waits again since its own date, and what came after it counts. Where the client has asked
   again since, that question has a window of its own, and this one stays closed. */
declare
  closed public.client_requests;
begin
  update public.client_requests as w
  set closed_as = null, closed_at = null, closed_by = null, closed_because = null
  where w.id = of_window
    and w.closed_because = 'no_answer_needed'
    and not exists (
      select
      from public.client_requests as younger
      where younger.chat_id = w.chat_id
        and younger.topic_id = w.topic_id
        and younger.opened_at > w.opened_at
    )
  returning w.* into closed;
  if closed.id is null then
    return;
  end if;
  insert into public.request_events (request_id, kind, happened_at, actor_id)
  values (closed.id, 'reopened', at, person);
  perform private.reschedule(array[closed.id], 'reopened');
  perform private.settle_windows(
    array[(closed.chat_id, closed.topic_id, (closed.begins_at, closed.begins_message_id)::private.place, false)::private.touched_topic]
  );
end
$$;

create function private.outcome_of_correction(of_chat bigint, of_message bigint)
returns text
language sql
stable
set search_path = ''
as $$
/* What a correction of a message led to: waits (its window is open), excused (its window has ended by it), noted (nothing changed, the
   word is kept as an example). */
  select coalesce(
    (
      select case when w.closed_as is null then 'waits' when w.closed_because = 'edited' then 'excused' else 'noted' end
      from public.chat_messages as m
      join public.client_requests as w on w.chat_id = m.chat_id and w.topic_id = m.topic_id
      where m.chat_id = of_chat
        and m.message_id = of_message
        and m.edit_version = 0
        and (m.telegram_date, m.message_id) >= (w.begins_at, w.begins_message_id)
        and (m.telegram_date, m.message_id) <= (w.ends_at, w.ends_message_id)
      order by w.opened_at desc
      limit 1
    ),
    'noted'
  )
$$;

create function api.reclassify_message(
  chat_id bigint, message_id bigint, classification text, telegram_id bigint default null, as_of timestamptz default now()
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
/* A person says what a client's message is: request, clarification, gratitude or spam. The window that hangs on it opens, or ends as
   excused, as if the message had been read so at once; one that was answered stays as measured. For the signed-in person; the service
   names the person by telegram_id. Returns {outcome, by}, outcome being waits, excused or noted. Refuses with not_allowed,
   unknown_message (also one of another's chat), unknown_class and message_too_old. A definer, because windows are the engine's. */
declare
  person constant public.users := private.corrector(reclassify_message.telegram_id);
  -- Nobody corrects in the past or the future; time is a parameter for the service alone.
  at constant timestamptz := case when (select auth.role()) = 'authenticated' then now() else as_of end;
begin
  if reclassify_message.classification not in ('request', 'clarification', 'gratitude', 'spam') then
    raise exception 'unknown_class' using errcode = 'PT422';
  end if;
  if not private.may_act_on(person, reclassify_message.chat_id, at) or not exists (
    select
    from public.chat_messages as m
    where m.chat_id = reclassify_message.chat_id
      and m.message_id = reclassify_message.message_id
      and m.classification is not null
  ) then
    raise exception 'unknown_message' using errcode = 'PT404';
  end if;

  perform private.correct(
    reclassify_message.chat_id, array[reclassify_message.message_id], reclassify_message.classification, 'person', person.id, at
  );
  return jsonb_build_object(
    'outcome', private.outcome_of_correction(reclassify_message.chat_id, reclassify_message.message_id),
    'by', person.full_name
  );
end
$$;

create function api.reclassify_request(
  request_id uuid, classification text, telegram_id bigint default null, as_of timestamptz default now()
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
/* A person says what a whole request is: every message in it that asks gets this class. Called a request, one that somebody had excused,
   by «no answer needed» or by such a correction, waits again. Otherwise as reclassify_message, with unknown_request for
   unknown_message. A definer, because windows are the engine's. */
declare
  person constant public.users := private.corrector(reclassify_request.telegram_id);
  -- Nobody corrects in the past or the future; time is a parameter for the service alone.
  at constant timestamptz := case when (select auth.role()) = 'authenticated' then now() else as_of end;
  about public.client_requests;
begin
  if reclassify_request.classification not in ('request', 'clarification', 'gratitude', 'spam') then
    raise exception 'unknown_class' using errcode = 'PT422';
  end if;
  select w.* into about from public.client_requests as w where w.id = reclassify_request.request_id;
  if about.id is null or not private.may_act_on(person, about.chat_id, at) then
    raise exception 'unknown_request' using errcode = 'PT404';
  end if;

  perform private.correct(
    about.chat_id,
    array(
      select distinct m.message_id
      from public.chat_messages as m
      where m.chat_id = about.chat_id
        and m.topic_id = about.topic_id
        and m.telegram_date between about.begins_at and about.ends_at
        and (m.telegram_date, m.message_id) >= (about.begins_at, about.begins_message_id)
        and (m.telegram_date, m.message_id) <= (about.ends_at, about.ends_message_id)
        and m.classification in ('request', 'clarification')
    ) || about.first_message_id,
    reclassify_request.classification,
    'person',
    person.id,
    at
  );
  if reclassify_request.classification in ('request', 'clarification') then
    perform private.reopen(about.id, person.id, at);
  end if;
  return jsonb_build_object(
    'outcome', private.outcome_of_correction(about.chat_id, about.first_message_id),
    'by', person.full_name
  );
end
$$;

grant execute on function
  private.correct(bigint, bigint[], text, text, uuid, timestamptz),
  private.class_in_force(public.chat_messages),
  private.corrector(bigint),
  private.reopen(uuid, uuid, timestamptz),
  private.outcome_of_correction(bigint, bigint)
to service_role;
grant execute on function
  api.reclassify_message(bigint, bigint, text, bigint, timestamptz),
  api.reclassify_request(uuid, text, bigint, timestamptz)
to authenticated, service_role;
