-- What is under way is held back, goes on, is sent again to who was not reached, and ends.
set lock_timeout = '5s';

create function private.running_survey(of_survey uuid)
returns public.feedback_surveys
language plpgsql
set search_path = ''
as $$
/* A survey that is scheduled, sent or voted on, for whoever runs surveys. Refuses with not_allowed, survey_not_found, survey_is_over and
   survey_is_not_running. */
declare
  survey public.feedback_surveys;
begin
  perform private.surveyor();
  survey := private.survey_to_run(of_survey);
  if survey.status in ('closed', 'expired') then
    raise exception 'survey_is_over' using errcode = 'PT409';
  elsif survey.status = 'draft' then
    raise exception 'survey_is_not_running' using errcode = 'PT409';
  end if;
  return survey;
end
$$;

create function private.stop_survey(id uuid, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
/* What api.stop_survey does, at an instant. */
declare
  survey constant public.feedback_surveys := private.running_survey(stop_survey.id);
begin
  update public.feedback_surveys as s
  set stopped_at = as_of
  where s.id = survey.id
    and s.stopped_at is null;
end
$$;

create function api.stop_survey(id uuid)
returns void
language sql
security definer
set search_path = ''
as $$
/* Holds back what is still to be sent, reminders too; votes go on counting. For admins and managers; refuses as private.running_survey. A
   definer, because people write no states by hand. */
  select private.stop_survey(stop_survey.id, now())
$$;

create function api.resume_survey(id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
/* Goes on with what was held back. For admins and managers; refuses as private.running_survey. A definer, because people write no states
   by hand. */
declare
  survey constant public.feedback_surveys := private.running_survey(resume_survey.id);
begin
  update public.feedback_surveys as s
  set stopped_at = null
  where s.id = survey.id
    and s.stopped_at is not null;
end
$$;

create function private.plan_survey(survey public.feedback_surveys, at timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
/* Plans a delivery for each chat of the audience that has none, also for those that are not asked, with the reason; returns how many are to
   be sent. */
declare
  planned integer;
begin
  with audience as materialized (
    select
      a.chat_id, a.reason, c.client_id, c.assigned_accountant_id,
      coalesce(c.schedule_id, (select f.default_schedule_id from public.settings as f where f.id)) as schedule_id
    from private.survey_audience(survey, at) as a
    join public.chats as c on c.chat_id = a.chat_id
  ),
  hours as materialized (
    select s.schedule_id, private.waking_hour(s.schedule_id, at) as opens_at
    from (select distinct a.schedule_id from audience as a) as s
  ),
  added as (
    insert into public.survey_deliveries (
      survey_id, chat_id, client_id, assigned_accountant_id, schedule_id, status, reason, due_at, created_at
    )
    select
      survey.id, a.chat_id, a.client_id, a.assigned_accountant_id, a.schedule_id,
      case when a.reason is null then 'planned' else 'skipped' end, a.reason, h.opens_at, at
    from audience as a
    join hours as h on h.schedule_id = a.schedule_id
    on conflict do nothing
    returning status
  )
  select count(*) filter (where a.status = 'planned') from added as a
  into planned;
  return planned;
end
$$;

create function private.restart_survey(id uuid, as_of timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
/* What api.restart_survey does, at an instant. */
declare
  survey constant public.feedback_surveys := private.running_survey(restart_survey.id);
  planned integer;
begin
  if survey.status = 'scheduled' then
    raise exception 'survey_is_not_running' using errcode = 'PT409';
  end if;
  with again as (
    update public.survey_deliveries as d
    set status = 'planned', reason = null, queued_at = null, due_at = private.waking_hour(d.schedule_id, as_of)
    from private.survey_audience(survey, as_of) as a
    where d.survey_id = survey.id
      and d.chat_id = a.chat_id
      and d.status in ('skipped', 'failed')
      and a.reason is null
    returning d.id, d.chat_id
  ),
  given_up as (
    update public.outbox as o
    set finished_at = as_of
    from again as g
    where o.recipient_chat_id = g.chat_id
      and o.subject_id = g.id
      and o.kind = 'survey'
      and o.finished_at is null
  )
  select count(*) from again
  into planned;
  planned := planned + private.plan_survey(survey, as_of);
  update public.feedback_surveys as s
  set stopped_at = null, status = case when planned > 0 then 'sending' else s.status end
  where s.id = survey.id;
  return planned;
end
$$;

create function api.restart_survey(id uuid)
returns integer
language sql
security definer
set search_path = ''
as $$
/* Sends again, and says to how many: to those that were skipped or not reached and can be asked now, and to chats that came into the audience
   since. Who got it never gets it again. For admins and managers; refuses as private.running_survey. A definer, because people write no
   states by hand. */
  select private.restart_survey(restart_survey.id, now())
$$;

create function private.end_survey(survey public.feedback_surveys, ended_as text, at timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
/* Ends a survey: what is still to be sent is not (H5), who could vote is counted for good, and the head is told. */
begin
  -- Nothing is claimed or given up meanwhile: whoever does that holds messages first, and their deliveries after.
  perform pg_advisory_xact_lock(hashtextextended('outbox', 0));
  update public.feedback_surveys as s
  set status = ended_as, ended_at = at
  where s.id = survey.id;

  update public.survey_deliveries as d
  set status = 'cancelled', reason = 'closed'
  where d.survey_id = survey.id
    and (
      d.status = 'planned'
      or (
        d.status = 'queued'
        and exists (
          select
          from public.outbox as o
          where o.recipient_chat_id = d.chat_id
            and o.subject_id = d.id
            and o.kind = 'survey'
            and o.status = 'pending'
        )
      )
    );
  update public.outbox as o
  -- What a sender holds is not tried again where Telegram does not take it.
  set status = case o.status when 'pending' then 'cancelled' else o.status end, finished_at = at
  from public.survey_deliveries as d
  where d.survey_id = survey.id
    and o.subject_id = d.id
    and o.kind in ('survey', 'survey_reminder')
    and o.status in ('pending', 'sending');
  update public.survey_deliveries as d
  set people = p.people
  from private.asked_people(survey.id) as p
  where d.id = p.delivery_id;
  perform private.tell_of_end(survey.id, at);
end
$$;

create function private.close_survey(id uuid, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
/* What api.close_survey does, at an instant. */
begin
  perform private.end_survey(private.running_survey(close_survey.id), 'closed', as_of);
end
$$;

create function api.close_survey(id uuid)
returns void
language sql
security definer
set search_path = ''
as $$
/* Ends a survey for good: nothing more is sent, no vote counts any more. For admins and managers; refuses as private.running_survey. A
   definer, because people write no states by hand. */
  select private.close_survey(close_survey.id, now())
$$;

create function api.survey_progress(id uuid, as_of timestamptz default now())
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
/* How far a survey has come: {status, stopped_at, planned, queued, sent, failed, skipped, cancelled, total, asked, votes, rate, done_at,
   closes_at, reminded, reasons: {reason: count}}; done_at is when the last message will be sent, as far as can be told. For admins and
   managers; refuses with not_allowed and survey_not_found. A definer, because nobody reads deliveries themselves. */
declare
  survey public.feedback_surveys;
begin
  if (select private.role()) in ('admin', 'manager') is not true then
    raise exception 'not_allowed' using errcode = 'PT403';
  end if;
  select s.* into survey from public.feedback_surveys as s where s.id = survey_progress.id;
  if survey.id is null then
    raise exception 'survey_not_found' using errcode = 'PT404';
  end if;
  return (
    with states as (
      select d.status, count(*) as times, max(d.due_at) as due_at, count(d.reminded_at) as reminded
      from public.survey_deliveries as d
      where d.survey_id = survey.id
      group by d.status
    ),
    counts as (
      select coalesce(jsonb_object_agg(t.status, t.times), '{}') as by_status, coalesce(sum(t.times), 0) as total from states as t
    ),
    reasons as (
      select d.reason, count(*) as times
      from public.survey_deliveries as d
      where d.survey_id = survey.id
        and d.reason is not null
      group by d.reason
    )
    select jsonb_build_object(
      'planned', 0, 'queued', 0, 'sent', 0, 'failed', 0, 'skipped', 0, 'cancelled', 0
    ) || c.by_status || jsonb_build_object(
      'status', survey.status,
      'stopped_at', survey.stopped_at,
      'closes_at', survey.closes_at,
      'total', c.total,
      'reminded', coalesce((select sum(t.reminded) from states as t), 0),
      'reasons', (select coalesce(jsonb_object_agg(r.reason, r.times), '{}') from reasons as r),
      'done_at', (
        select greatest(as_of, t.due_at) + make_interval(secs => t.times / 25.0)
        from states as t
        where t.status = 'planned'
          and survey.stopped_at is null
      ),
      'asked', f.figures -> 'asked',
      'votes', f.figures -> 'votes',
      'rate', f.figures -> 'rate'
    )
    from counts as c
    left join private.feedback_figures(survey.id) as f on f.scope = 'firm'
  );
end
$$;

grant execute on function
  private.running_survey(uuid),
  private.plan_survey(public.feedback_surveys, timestamptz),
  private.end_survey(public.feedback_surveys, text, timestamptz)
to service_role;
grant execute on function
  api.stop_survey(uuid),
  api.resume_survey(uuid),
  api.restart_survey(uuid),
  api.close_survey(uuid),
  api.survey_progress(uuid, timestamptz)
to authenticated;
