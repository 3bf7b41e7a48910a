-- Frequent questions are answered by the bot: looked up after the commit, offered in the chat, judged by who asked. No clock stops for it
-- until the client says that it helped.
set lock_timeout = '5s';

create table public.faq_answers (
  id uuid primary key default gen_random_uuid(),
  request_id uuid not null references public.client_requests (id) on delete cascade,
  asked_at timestamptz not null,
  faq_item_id uuid references public.faq_items (id) on delete cascade,
  offered_at timestamptz,
  verdict text,
  verdict_at timestamptz,
  constraint a_question_is_looked_up_once unique (request_id),
  constraint offered_means_what_and_when check ((faq_item_id is null) = (offered_at is null)),
  constraint only_what_was_offered_is_judged check (verdict is null or offered_at is not null),
  constraint judged_means_when check ((verdict is null) = (verdict_at is null)),
  constraint verdict_is_known check (verdict in ('helped', 'not_helped'))
);

create index faq_answers_to_look_up on public.faq_answers (asked_at) where offered_at is null;
create index faq_answers_of_an_item on public.faq_answers (faq_item_id, offered_at) where offered_at is not null;

comment on table public.faq_answers is
  'Questions to be looked up among the frequent ones, and the answers that were offered; what nothing fits is deleted.';
comment on column public.faq_answers.id is 'Key.';
comment on column public.faq_answers.request_id is 'The window that opened with the question.';
comment on column public.faq_answers.asked_at is 'When it was asked.';
comment on column public.faq_answers.faq_item_id is 'What was offered; null until it was looked up.';
comment on column public.faq_answers.offered_at is 'When it was offered.';
comment on column public.faq_answers.verdict is 'What the client who asked says of it.';
comment on column public.faq_answers.verdict_at is 'When.';

alter table public.faq_answers enable row level security;
grant select on public.faq_answers to authenticated;
grant select, insert, update, delete on public.faq_answers to service_role;

create function private.plain_words(words text)
returns text
language sql
immutable
set search_path = ''
as $$
/* Words and numbers as they are, with one space between: «2-НДФЛ» as two, ё as е. */
  select btrim(regexp_replace(translate(lower(words), 'ё', 'е'), '[^[:alnum:]]+', ' ', 'g'))
$$;

create function private.stems(words text)
returns text[]
language sql
immutable
set search_path = ''
as $$
/* The words that carry meaning, by their stems. */
  select tsvector_to_array(to_tsvector('pg_catalog.russian', private.plain_words(words)))
$$;

create function private.shared_stems(wanted text[], said text[])
returns integer
language sql
immutable
set search_path = ''
as $$
/* How many of the wanted stems were said, a typing error in a long one forgiven. */
  select count(*)::integer
  from unnest(wanted) as w
  where exists (
    select
    from unnest(said) as s
    where s = w
      or (length(w) >= 5 and length(s) >= 5 and extensions.word_similarity(w, s) >= 0.6 and extensions.word_similarity(s, w) >= 0.6)
  )
$$;

create function private.match_faq(words text, least_score real default 0.5)
returns table (faq_item_id uuid, score real)
language sql
stable
set search_path = ''
as $$
/* The frequent questions that some words ask, the best first. A keyword counts only as whole words; beside it counts how much of the
   question was said, and how much of what was said belongs to it: a long message about something else is no question of this kind. The
   least score is measured (tests/sql/test_faq.py prints recall and precision). */
  with said as (
    select s.stems, cardinality(s.stems) as amount, ' ' || private.plain_words(match_faq.words) || ' ' as line
    from (values (private.stems(left(match_faq.words, 1000)))) as s (stems)
  ),
  compared as (
    select
      f.id,
      said.amount,
      private.stems(f.question) as question,
      key.found,
      key.stems as keys
    from said
    cross join public.faq_items as f
    cross join lateral (
      select
        coalesce(
          bool_or(
            private.shared_stems(k.stems, said.stems) = cardinality(k.stems)
            -- «Куда платить» is more than «платить».
            and (cardinality(k.stems) > 1 or k.words not like '% %' or said.line like '% ' || k.words || ' %')
          ),
          false
        ) as found,
        coalesce(array_agg(distinct stem) filter (where stem is not null), '{}') as stems
      from (select private.stems(keyword) as stems, private.plain_words(keyword) as words from unnest(f.keywords) as keyword) as k
      left join lateral unnest(k.stems) as stem on true
      where cardinality(k.stems) > 0
    ) as key
    where said.amount > 0
  ),
  weighed as (
    select
      c.id,
      c.found,
      private.shared_stems(c.question, said.stems) / greatest(cardinality(c.question), 1)::real as of_question,
      private.shared_stems(said.stems, c.question || c.keys) / c.amount::real as of_words
    from compared as c
    cross join said
  ),
  scored as (
    select w.id, (0.35 * w.found::integer + 0.2 * w.of_question + 0.45 * w.of_words)::real as score
    from weighed as w
    -- One word of a question, with nothing else said, is still another question.
    where w.found or w.of_question >= 0.5
  )
  select s.id, s.score
  from scored as s
  where s.score >= least_score
  order by s.score desc, s.id
$$;

create function private.count_faq_uses(items uuid[])
returns void
language sql
security definer
set search_path = ''
as $$
/* Counts what the bot itself offered, an item as often as it stands there. A definer, because the service may not change the texts. */
  update public.faq_items as i
  set usage_count = i.usage_count + u.times
  from (select item, count(*) as times from unnest(items) as item group by item) as u
  where i.id = u.item
$$;

create function api.answer_questions(as_of timestamptz default now(), batch integer default 50)
returns integer
language plpgsql
set search_path = ''
as $$
/* Looks up questions that have just opened a window and owes their chats the answers that fit: an answer at most once a day per chat, and
   none where more was asked or somebody has answered meanwhile. Returns how many were offered. */
declare
  offered uuid[];
begin
  with looked_up as materialized (
    select a.id, a.request_id
    from public.faq_answers as a
    where a.offered_at is null
    order by a.asked_at
    limit batch
    for update skip locked
  ),
  asked as materialized (
    select l.id, w.chat_id, w.topic_id, w.first_message_id, coalesce(m.message_text, m.caption) as words
    from looked_up as l
    join public.client_requests as w on w.id = l.request_id
    join public.chat_messages as m
      on m.chat_id = w.chat_id and m.message_id = w.first_message_id and m.edit_version = 0 and m.telegram_date = w.opened_at
    where w.closed_as is null
      and w.message_count = 1
      and w.opened_at > as_of - interval '10 minutes'
  ),
  fitting as materialized (
    select distinct on (a.chat_id, found.faq_item_id) a.*, found.faq_item_id
    from asked as a
    cross join lateral (select f.faq_item_id from private.match_faq(a.words) as f limit 1) as found
    where not exists (
      select
      from public.faq_answers as earlier
      join public.client_requests as w on w.id = earlier.request_id
      where earlier.faq_item_id = found.faq_item_id
        and earlier.offered_at > as_of - interval '24 hours'
        and w.chat_id = a.chat_id
    )
  ),
  rest as (
    delete from public.faq_answers as a
    using looked_up as l
    where a.id = l.id
      and a.id not in (select f.id from fitting as f)
  ),
  marked as (
    update public.faq_answers as a
    set faq_item_id = f.faq_item_id, offered_at = as_of
    from fitting as f
    where a.id = f.id
  ),
  owed as (
    insert into public.outbox (kind, recipient_chat_id, subject_id, payload, next_attempt_at, expires_at, created_at)
    select
      'faq_answer', f.chat_id, f.id,
      jsonb_build_object('topic_id', nullif(f.topic_id, 0), 'message_id', f.first_message_id, 'faq_answer', f.id, 'answer', i.answer),
      as_of, as_of + interval '10 minutes', as_of
    from fitting as f
    join public.faq_items as i on i.id = f.faq_item_id
  )
  select array_agg(f.faq_item_id) from fitting as f
  into offered;
  perform private.count_faq_uses(offered);
  return coalesce(cardinality(offered), 0);
end
$$;

create function private.excuse_helped(of_window uuid, of_item uuid, at timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
/* The client has what was asked for: the window closes outside the percentage, by nobody of the firm. No example for the classifier: it
   was a question, and it was answered. */
begin
  with excused as (
    update public.client_requests as w
    set closed_as = 'excused', closed_at = greatest(at, w.opened_at), closed_because = 'no_answer_needed'
    where w.id = of_window
      and w.closed_as is null
    returning w.id, w.closed_at
  )
  insert into public.request_events (request_id, kind, happened_at, detail)
  select x.id, 'excused', x.closed_at, jsonb_build_object('cause', 'faq_helped', 'faq_item_id', of_item)
  from excused as x;
  perform private.resolve_alerts(array[of_window]);
  perform private.revise_messages(array[of_window]);
end
$$;

create function api.judge_faq_answer(answer_id uuid, verdict text, telegram_id bigint, as_of timestamptz default now())
returns jsonb
language plpgsql
set search_path = ''
as $$
/* The client who asked says whether an answer helped: {outcome}; outcome is helped (the window is excused), waits (it helped, but more was
   asked since, which somebody will answer) or not_helped. Refuses with unknown_button, unknown_faq_answer, not_your_question (whoever else
   presses) and request_already_closed (a verdict that came too late to change anything). */
declare
  answer public.faq_answers;
  asked public.client_requests;
begin
  if coalesce(verdict not in ('helped', 'not_helped'), true) then
    raise exception 'unknown_button' using errcode = 'PT422';
  end if;
  select w.*
  from public.client_requests as w
  where w.id = (select a.request_id from public.faq_answers as a where a.id = answer_id and a.offered_at is not null)
  into asked;
  if asked.id is null then
    raise exception 'unknown_faq_answer' using errcode = 'PT404';
  end if;
  -- In the order of ingest: first the chat.
  perform pg_advisory_xact_lock(asked.chat_id);
  select a.* into answer from public.faq_answers as a where a.id = answer_id for update;
  select w.* into asked from public.client_requests as w where w.id = asked.id for update;

  if not exists (
    select
    from public.chat_messages as m
    where m.chat_id = asked.chat_id
      and m.message_id = asked.first_message_id
      and m.telegram_date = asked.opened_at
      and m.telegram_user_id = judge_faq_answer.telegram_id
      and not m.is_staff
  ) then
    raise exception 'not_your_question' using errcode = 'PT403';
  elsif answer.verdict = judge_faq_answer.verdict then
    return jsonb_build_object('outcome', verdict);
  elsif asked.closed_as is not null then
    raise exception 'request_already_closed' using errcode = 'PT409';
  end if;

  update public.faq_answers as a
  set verdict = judge_faq_answer.verdict, verdict_at = as_of
  where a.id = answer.id;
  if judge_faq_answer.verdict = 'not_helped' then
    return jsonb_build_object('outcome', 'not_helped');
  elsif asked.message_count > 1 then
    return jsonb_build_object('outcome', 'waits');
  end if;
  perform private.excuse_helped(asked.id, answer.faq_item_id, as_of);
  return jsonb_build_object('outcome', 'helped');
end
$$;

grant execute on function
  private.plain_words(text),
  private.stems(text),
  private.shared_stems(text[], text[]),
  private.match_faq(text, real),
  private.count_faq_uses(uuid[]),
  private.excuse_helped(uuid, uuid, timestamptz),
  api.answer_questions(timestamptz, integer),
  api.judge_faq_answer(uuid, text, bigint, timestamptz)
to service_role;
