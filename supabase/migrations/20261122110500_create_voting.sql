-- Clients vote by buttons, and comment in private or in reply to the question; both are votes, never messages that wait.
set lock_timeout = '5s';

create function private.takes_votes(survey public.feedback_surveys, at timestamptz)
returns boolean
language sql
immutable
set search_path = ''
as $$
/* Whether votes count at an instant: from the first message on, until the survey ends. */
  select survey.status in ('sending', 'active') and (survey.closes_at is null or survey.closes_at > at)
$$;

create function private.lock_voter(of_survey uuid, of_chat bigint, telegram_id bigint)
returns void
language sql
set search_path = ''
as $$
/* What one person says of one chat follows one another, until the transaction ends. */
  select pg_advisory_xact_lock(hashtextextended(concat_ws(' ', of_survey, of_chat, telegram_id), 0))
$$;

create or replace function private.take_vote()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
/* A vote takes the place of the same person's earlier one, and remembers whose chat it was when it was asked. Refuses with survey_is_over
   and, for people of the firm, staff_do_not_vote. A definer, because nobody may change a vote that was cast, not even the service. */
declare
  latest timestamptz;
begin
  -- Presses of one person follow one another, or both would find nothing to replace. An ending survey waits for votes under way.
  perform private.lock_voter(new.survey_id, new.chat_id, new.telegram_user_id);
  if not exists (
    select from public.feedback_surveys as s where s.id = new.survey_id and private.takes_votes(s, new.created_at) for share
  ) then
    raise exception 'survey_is_over' using errcode = 'PT409';
  end if;
  if private.is_staff(new.telegram_user_id, new.chat_id) then
    raise exception 'staff_do_not_vote' using errcode = 'PT403';
  end if;

  select max(r.created_at)
  from public.feedback_responses as r
  where r.survey_id = new.survey_id
    and r.chat_id = new.chat_id
    and r.telegram_user_id = new.telegram_user_id
  into latest;
  -- Who waited for the lock came later, whatever the clock said before.
  new.created_at := greatest(new.created_at, latest + interval '1 microsecond');
  update public.feedback_responses as r
  set superseded_at = new.created_at
  where r.survey_id = new.survey_id
    and r.chat_id = new.chat_id
    and r.telegram_user_id = new.telegram_user_id
    and r.superseded_at is null;

  select c.client_id, c.assigned_accountant_id
  from public.chats as c
  where c.chat_id = new.chat_id
  into new.client_id, new.assigned_accountant_id;
  select d.client_id, d.assigned_accountant_id
  from public.survey_deliveries as d
  where d.survey_id = new.survey_id
    and d.chat_id = new.chat_id
  union all
  select new.client_id, new.assigned_accountant_id
  limit 1
  into new.client_id, new.assigned_accountant_id;
  new.superseded_at := null;
  return new;
end
$$;

comment on column public.feedback_responses.client_id is 'Client of the chat when it was asked, or else at that time.';
comment on column public.feedback_responses.assigned_accountant_id is 'Owner of the chat when it was asked, or else at that time.';
comment on column public.feedback_responses.created_at is 'When it was cast; later than what it takes the place of.';

create function private.live_vote(of_survey uuid, of_chat bigint, telegram_id bigint)
returns public.feedback_responses
language sql
stable
set search_path = ''
as $$
/* What somebody says of a chat in a survey now; null where that is nothing, also after a withdrawal. */
  select r.*
  from public.feedback_responses as r
  where r.survey_id = of_survey
    and r.chat_id = of_chat
    and r.telegram_user_id = live_vote.telegram_id
    and r.superseded_at is null
    and r.rating is not null
$$;

create function private.delivery_to_vote(delivery uuid, telegram_id bigint, pressed_in bigint, username text)
returns public.survey_deliveries
language plpgsql
stable
set search_path = ''
as $$
/* The delivery that a button stands for: pressed in its chat, or in private by somebody of that chat. Refuses with survey_not_found,
   staff_do_not_vote and not_a_client. */
declare
  found public.survey_deliveries;
begin
  select d.* into found from public.survey_deliveries as d where d.id = delivery;
  if found.id is null then
    raise exception 'survey_not_found' using errcode = 'PT404';
  elsif private.is_staff(delivery_to_vote.telegram_id, found.chat_id, delivery_to_vote.username) then
    raise exception 'staff_do_not_vote' using errcode = 'PT403';
  elsif private.heir_of(pressed_in) = found.chat_id
    or (
      pressed_in = telegram_id
      and exists (
        select
        from private.chat_voters as v
        where v.chat_id = found.chat_id
          and v.telegram_user_id = delivery_to_vote.telegram_id
      )
    )
  then
    return found;
  end if;
  raise exception 'not_a_client' using errcode = 'PT403';
end
$$;

create function api.vote(
  delivery uuid, telegram_id bigint, pressed_in bigint, rating integer default null, full_name text default null,
  username text default null, as_of timestamptz default now()
)
returns jsonb
language plpgsql
set search_path = ''
as $$
/* A client gives stars, changes or withdraws them (no rating): {outcome, rating, may_comment, survey, kind}; outcome is voted, changed, same,
   withdrawn or nothing (there was nothing to withdraw). A comment stays with changed stars. Refuses with survey_not_found, survey_is_over,
   staff_do_not_vote and not_a_client. */
declare
  asked constant public.survey_deliveries := private.delivery_to_vote(delivery, telegram_id, pressed_in, username);
  survey public.feedback_surveys;
  before public.feedback_responses;
  outcome text;
begin
  perform private.lock_voter(asked.survey_id, asked.chat_id, telegram_id);
  select s.* into survey from public.feedback_surveys as s where s.id = asked.survey_id;
  if not private.takes_votes(survey, as_of) then
    raise exception 'survey_is_over' using errcode = 'PT409';
  end if;
  before := private.live_vote(asked.survey_id, asked.chat_id, telegram_id);
  outcome := case
    when before.rating is null and vote.rating is null then 'nothing'
    when vote.rating is null then 'withdrawn'
    when before.rating is null then 'voted'
    when before.rating = vote.rating then 'same'
    else 'changed'
  end;
  if outcome not in ('nothing', 'same') then
    insert into public.feedback_responses (survey_id, chat_id, telegram_user_id, voter_name, rating, comment, created_at)
    values (
      asked.survey_id, asked.chat_id, vote.telegram_id, nullif(left(btrim(vote.full_name), 300), ''), vote.rating,
      case when vote.rating is not null then before.comment end, as_of
    );
    perform private.drop_reminders(asked, telegram_id, as_of);
  end if;
  return jsonb_build_object(
    'outcome', outcome,
    'rating', vote.rating,
    'may_comment', vote.rating is not null,
    'survey', survey.name,
    'kind', survey.kind
  );
end
$$;

create function private.put_comment(on_vote public.feedback_responses, body text, at timestamptz, in_place_of text default null)
returns void
language sql
set search_path = ''
as $$
/* Adds what a person wrote to the vote, after what the person wrote before, or in place of words that were edited. */
  insert into public.feedback_responses (survey_id, chat_id, telegram_user_id, voter_name, rating, comment, created_at)
  select
    on_vote.survey_id, on_vote.chat_id, on_vote.telegram_user_id, on_vote.voter_name, on_vote.rating,
    left(
      case
        when strpos(on_vote.comment, in_place_of) > 0 then replace(on_vote.comment, in_place_of, body)
        else concat_ws(e'\n', on_vote.comment, body)
      end,
      4096
    ),
    at
  where on_vote.id is not null
$$;

-- Who writes in private is looked up among voters of the last minutes only.
-- squawk-ignore require-concurrent-index-creation
create index votes_of_a_person on public.feedback_responses (telegram_user_id, created_at) where superseded_at is null;

create function api.comment_vote(telegram_id bigint, body text, as_of timestamptz default now())
returns jsonb
language plpgsql
set search_path = ''
as $$
/* What somebody writes to the bot in private within ten minutes of voting is a comment (H4): {outcome, survey}; outcome is commented, or
   nothing_awaited. Refuses with comment_is_too_long. */
declare
  latest public.feedback_responses;
begin
  select r.*
  from public.feedback_responses as r
  join public.feedback_surveys as s on s.id = r.survey_id
  where r.telegram_user_id = comment_vote.telegram_id
    and r.superseded_at is null
    and r.rating is not null
    and r.created_at > as_of - interval '10 minutes'
    and private.takes_votes(s, as_of)
  order by r.created_at desc
  limit 1
  into latest;
  if latest.id is null or (body ~ '\S') is not true then
    return jsonb_build_object('outcome', 'nothing_awaited', 'survey', null);
  elsif length(body) > 4096 then
    raise exception 'comment_is_too_long' using errcode = 'PT422';
  end if;
  perform private.lock_voter(latest.survey_id, latest.chat_id, telegram_id);
  latest := private.live_vote(latest.survey_id, latest.chat_id, telegram_id);
  -- Withdrawn while we waited.
  if latest.id is null then
    return jsonb_build_object('outcome', 'nothing_awaited', 'survey', null);
  end if;
  perform private.put_comment(latest, btrim(body), as_of);
  return jsonb_build_object(
    'outcome', 'commented',
    'survey', (select s.name from public.feedback_surveys as s where s.id = latest.survey_id)
  );
end
$$;

create function private.take_comments(records private.intake_record[])
returns private.intake_record[]
language plpgsql
set search_path = ''
as $$
/* Of messages that answer a bot: what a client replies to the question of a survey waits for nobody, and is kept with the vote of whoever
   has one (H4); that it waits for nobody tells nothing of who voted. Everything else is a message as any other, and so is what comes after
   the survey. A comment that cannot be kept costs no message. For a caller who holds the chats' locks. */
declare
  reply record;
  said text;
begin
  for reply in
    select r.ordinality as nth, d.survey_id, r.*
    from unnest(records) with ordinality as r
    join public.survey_deliveries as d on d.chat_id = r.chat_id and d.telegram_message_id = r.reply_to
    join public.feedback_surveys as s on s.id = d.survey_id and private.takes_votes(s, to_timestamp(coalesce(r.edited_at, r.date)))
    where r.reply_to_is_bot
      and r.type in ('message', 'edit')
      and coalesce(r.text, r.caption) ~ '\S'
      and not exists (select from public.users as u where u.telegram_id = r.user_id)
    order by coalesce(r.edited_at, r.date), r.update_id
  loop
    records[reply.nth].classification := 'gratitude';
    perform private.lock_voter(reply.survey_id, reply.chat_id, reply.user_id);
    continue when (private.live_vote(reply.survey_id, reply.chat_id, reply.user_id)).id is null;
    select btrim(coalesce(m.message_text, m.caption))
    from public.chat_messages as m
    where m.chat_id = reply.chat_id
      and m.message_id = reply.message_id
      and m.telegram_date = to_timestamp(reply.date)
    order by m.edit_version desc
    limit 1
    into said;
    -- What is brought twice was kept the first time.
    if said is distinct from btrim(coalesce(reply.text, reply.caption)) then
      begin
        perform private.put_comment(
          private.live_vote(reply.survey_id, reply.chat_id, reply.user_id), btrim(coalesce(reply.text, reply.caption)),
          to_timestamp(coalesce(reply.edited_at, reply.date)), said
        );
      exception
        -- The survey ended, or the voter joined the firm, in the same moment.
        when sqlstate 'PT403' or sqlstate 'PT409' then null;
      end;
    end if;
  end loop;
  return records;
end
$$;

create function api.offer_survey(telegram_id bigint, pressed_in bigint, as_of timestamptz default now())
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* The question that a client of this chat, or in private of any of the client's groups, may answer now, the latest first, as
   private.survey_facts says it. Refuses with nothing_to_rate, chat_is_not_served and not_a_client. */
declare
  chat constant public.chats := private.chat_of_client(telegram_id, pressed_in, as_of);
  asked public.survey_deliveries;
begin
  select d.*
  from public.survey_deliveries as d
  join public.feedback_surveys as s on s.id = d.survey_id and private.takes_votes(s, as_of)
  where d.status = 'sent'
    and (
      d.chat_id = chat.chat_id
      or (pressed_in = telegram_id and d.chat_id in (select g.chat_id from private.groups_of_client(telegram_id, as_of) as g))
    )
  order by s.kind = 'campaign' desc, d.sent_at desc
  limit 1
  into asked;
  if asked.id is null then
    raise exception 'nothing_to_rate' using errcode = 'PT404';
  end if;
  return private.survey_facts(asked, false);
end
$$;

grant execute on function
  private.takes_votes(public.feedback_surveys, timestamptz),
  private.lock_voter(uuid, bigint, bigint),
  private.live_vote(uuid, bigint, bigint),
  private.delivery_to_vote(uuid, bigint, bigint, text),
  private.put_comment(public.feedback_responses, text, timestamptz, text),
  private.take_comments(private.intake_record[]),
  api.vote(uuid, bigint, bigint, integer, text, text, timestamptz),
  api.comment_vote(bigint, text, timestamptz),
  api.offer_survey(bigint, bigint, timestamptz)
to service_role;
