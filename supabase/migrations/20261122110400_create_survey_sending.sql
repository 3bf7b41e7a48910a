-- Surveys move by themselves: begin at their hour, go out through the outbox at Telegram's pace, in working time, and end.
set lock_timeout = '5s';

-- squawk-ignore ban-drop-constraint
alter table public.outbox drop constraint kind_is_known;
-- squawk-ignore constraint-missing-not-valid
alter table public.outbox add constraint kind_is_known check (
  kind in (
    'sla_alert', 'sla_digest', 'chat_notice', 'accountant_call', 'off_hours_reply', 'receipt', 'faq_answer', 'document_order', 'chat_reply',
    'survey', 'survey_reminder', 'low_rating', 'survey_digest'
  )
);
alter table public.outbox alter column is_internal set expression as (
  case
    when kind not in ('off_hours_reply', 'receipt', 'faq_answer', 'document_order', 'chat_reply', 'survey', 'survey_reminder') then true
  end
);

comment on column public.outbox.kind is
  'sla_alert: one chat''s windows for one person; sla_digest: several chats'' in one; chat_notice: what became of a chat; accountant_call: a client asks for somebody; low_rating: a client is not content; survey_digest: what a survey found. In the client''s chat: off_hours_reply, receipt, faq_answer, document_order, chat_reply (what a person answers), survey. To the client in private: survey_reminder.';
comment on column public.outbox.subject_id is
  'What it is about: the chat (sla_alert, chat_notice), the recipient (sla_digest), the call, the window, the answer, the delivery of a survey, the case, the survey; an order or a reply is its own.';

create function private.survey_facts(delivery public.survey_deliveries, is_reminder boolean)
returns jsonb
language sql
stable
set search_path = ''
as $$
/* What a client reads who is asked: {kind, survey, delivery, name, starts_on, ends_on, closes_at, timezone, firm_name, chat_name, is_reminder,
   number, topic_id}; number and topic are those of the question whose answer is rated. */
  select jsonb_build_object(
    'kind', s.kind,
    'survey', s.id,
    'delivery', delivery.id,
    'name', s.name,
    'starts_on', s.starts_on,
    'ends_on', s.ends_on,
    'closes_at', s.closes_at,
    'timezone', private.firm_zone(),
    'firm_name', (select f.firm_name from public.settings as f where f.id),
    'chat_name', (select c.chat_name from public.chats as c where c.chat_id = delivery.chat_id),
    'is_reminder', is_reminder,
    'number', w.number,
    'topic_id', nullif(w.topic_id, 0)
  )
  from public.feedback_surveys as s
  left join public.client_requests as w on w.id = delivery.request_id
  where s.id = delivery.survey_id
$$;

create function private.settle_delivery()
returns trigger
language plpgsql
set search_path = ''
as $$
/* What became of the message becomes of the delivery; what could not be sent while the firm was open is planned again. What Telegram says
   is told by a word: it may quote names. What was under way when the survey ended is sent or not; people who got it could vote. */
declare
  is_over constant boolean := (
    select s.status in ('closed', 'expired')
    from public.survey_deliveries as d
    join public.feedback_surveys as s on s.id = d.survey_id
    where d.id = new.subject_id
  );
  is_too_late constant boolean := new.status = 'cancelled' and new.expires_at <= new.finished_at;
begin
  if is_too_late then
    update public.survey_deliveries as d
    set status = 'planned', queued_at = null, due_at = private.waking_hour(d.schedule_id, new.finished_at)
    from public.feedback_surveys as s
    where d.id = new.subject_id
      and d.status = 'queued'
      and s.id = d.survey_id
      and s.status in ('sending', 'active')
      and s.closes_at > new.finished_at;
  end if;
  update public.survey_deliveries as d
  set
    status = case when new.status = 'sent' then 'sent' when is_over then 'cancelled' else 'failed' end,
    sent_at = case when new.status = 'sent' then new.sent_at end,
    telegram_message_id = case when new.status = 'sent' then new.telegram_message_id end,
    reason = case
      when new.status = 'sent' then null
      when is_over then 'closed'
      when is_too_late or new.last_error is null then 'too_late'
      when new.last_error ~* 'kicked|not a member|left' then 'no_bot'
      when new.last_error ~* 'not found|deactivated|deleted' then 'deleted'
      when new.status = 'failed' then 'no_answer'
      else 'refused'
    end
  where d.id = new.subject_id
    and d.status = 'queued';
  if is_over and new.status = 'sent' then
    update public.survey_deliveries as d
    set people = p.people
    from private.asked_people(of_delivery => new.subject_id) as p
    where d.id = p.delivery_id;
  end if;
  return null;
end
$$;

create trigger outbox_settles_surveys
after update of status on public.outbox
for each row when (new.kind = 'survey' and new.status in ('sent', 'failed', 'cancelled') and old.status <> new.status)
execute function private.settle_delivery();

create function private.free_sends(as_of timestamptz)
returns integer
language sql
stable
set search_path = ''
as $$
/* How many more messages of surveys may be handed over now: 25 a second, which leaves room for alerts, and never more than that in front of
   them where Telegram takes nothing for a while. */
  select greatest(25 - greatest(lately.handed, ahead.waiting), 0)::integer
  from (
    select count(*) as handed
    from public.survey_deliveries as d
    where d.queued_at > as_of - interval '1 second'
      and d.queued_at <= as_of
  ) as lately
  cross join (
    select count(*) as waiting
    from public.outbox as o
    where o.status in ('pending', 'sending')
      and o.next_attempt_at <= as_of
      and o.kind = 'survey'
  ) as ahead
$$;

create function private.hand_over(survey public.feedback_surveys, as_of timestamptz)
returns integer
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
/* Hands what is due of a survey to the outbox and returns how many: nothing at night, and nothing where something has come in the way since
   it was planned. */
declare
  room constant integer := private.free_sends(as_of);
  handed integer;
begin
  if room = 0 then
    return 0;
  end if;
  with schedules as materialized (
    select distinct d.schedule_id
    from public.survey_deliveries as d
    where d.survey_id = survey.id
      and d.status = 'planned'
      and d.due_at <= as_of
  ),
  hours as materialized (
    select s.schedule_id, private.waking_hour(s.schedule_id, as_of) as opens_at from schedules as s
  )
  update public.survey_deliveries as d
  set due_at = h.opens_at
  from hours as h
  where h.opens_at > as_of
    and d.survey_id = survey.id
    and d.status = 'planned'
    and d.due_at <= as_of
    and d.schedule_id is not distinct from h.schedule_id;

  with due as (
    select d.id, d.chat_id
    from public.survey_deliveries as d
    where d.survey_id = survey.id
      and d.status = 'planned'
      and d.due_at <= as_of
    order by d.due_at, d.id
    limit room
    for update of d skip locked
  ),
  checked as (
    select t.id, private.why_not_asked(c, p.free_at) as reason
    from due as t
    join public.chats as c on c.chat_id = t.chat_id
    left join lateral private.pauses(as_of, t.chat_id) as p on true
  ),
  moved as (
    update public.survey_deliveries as d
    set
      status = case when t.reason is null then 'queued' else 'skipped' end,
      reason = t.reason,
      queued_at = case when t.reason is null then as_of end
    from checked as t
    where d.id = t.id
    returning d as delivery
  ),
  owed as (
    insert into public.outbox (kind, recipient_chat_id, subject_id, payload, next_attempt_at, expires_at, created_at)
    select
      'survey', (m.delivery).chat_id, (m.delivery).id, private.survey_facts(m.delivery, false), as_of,
      least(survey.closes_at, private.hours_end((m.delivery).schedule_id, as_of)), as_of
    from moved as m
    where (m.delivery).status = 'queued'
    returning 1
  )
  select count(*) from owed
  into handed;
  return handed;
end
$$;

create function private.has_to_send(survey public.feedback_surveys, as_of timestamptz)
returns boolean
language sql
stable
set search_path = ''
as $$
/* Whether there is a message of a survey to hand over now. */
  select exists (
    select
    from public.survey_deliveries as d
    where d.survey_id = survey.id
      and d.status = 'planned'
      and d.due_at <= as_of
  )
$$;

create function private.move_survey(survey public.feedback_surveys, as_of timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
/* Moves one survey as far as it is due, and returns how many messages that hands over. One that finds nobody to ask when it begins is
   closed; why, its deliveries say. */
declare
  handed integer := 0;
begin
  if survey.closes_at <= as_of then
    perform private.end_survey(survey, 'expired', as_of);
    return 0;
  elsif survey.stopped_at is not null then
    return 0;
  elsif survey.status = 'scheduled' then
    if private.plan_survey(survey, as_of) = 0 then
      perform private.end_survey(survey, 'closed', as_of);
      return 0;
    end if;
    update public.feedback_surveys as s set status = 'sending' where s.id = survey.id;
    survey.status := 'sending';
  end if;
  if private.has_to_send(survey, as_of) then
    handed := private.hand_over(survey, as_of);
  end if;
  if survey.status = 'sending'
    and not exists (select from public.survey_deliveries as d where d.survey_id = survey.id and d.status in ('planned', 'queued'))
  then
    update public.feedback_surveys as s set status = 'active' where s.id = survey.id;
  end if;
  return handed + private.remind(survey, as_of);
end
$$;

create function api.run_surveys(as_of timestamptz default now())
returns jsonb
language plpgsql
set search_path = ''
as $$
/* Moves everything that is due of surveys: {handed_over}. Makes what the firm wants asked by itself, begins, sends, reminds and ends. One at
   a time; who comes meanwhile has nothing to do. */
declare
  survey public.feedback_surveys;
  handed integer := 0;
begin
  if pg_try_advisory_xact_lock(hashtextextended('surveys', 0)) then
    perform private.make_quarterly_survey(as_of);
    perform private.rate_answers(as_of);
    for survey in
      select s.*
      from public.feedback_surveys as s
      where (s.status = 'scheduled' and s.starts_at <= as_of)
        or s.status = 'sending'
        or (s.status = 'active' and (s.closes_at <= as_of or private.has_to_send(s, as_of) or private.has_to_remind(s, as_of)))
      order by s.kind, s.starts_at
      for update skip locked
    loop
      handed := handed + private.move_survey(survey, as_of);
    end loop;
  end if;
  return jsonb_build_object('handed_over', handed);
end
$$;

grant execute on function
  private.survey_facts(public.survey_deliveries, boolean),
  private.settle_delivery(),
  private.free_sends(timestamptz),
  private.hand_over(public.feedback_surveys, timestamptz),
  private.has_to_send(public.feedback_surveys, timestamptz),
  private.move_survey(public.feedback_surveys, timestamptz),
  api.run_surveys(timestamptz)
to service_role;
