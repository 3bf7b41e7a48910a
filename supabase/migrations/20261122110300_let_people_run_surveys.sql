-- Managers make surveys, start, hold and close them.
set lock_timeout = '5s';

create function private.overlapping_survey(starts_on date, ends_on date, except_for uuid)
returns public.feedback_surveys
language sql
stable
set search_path = ''
as $$
/* The latest other campaign that asks about one of these days; null where there is none. */
  select s.*
  from public.feedback_surveys as s
  where s.kind = 'campaign'
    and s.id is distinct from except_for
    and s.starts_on <= overlapping_survey.ends_on
    and s.ends_on >= overlapping_survey.starts_on
  order by s.starts_on desc
  limit 1
$$;

create function api.check_range(starts_on date, ends_on date, id uuid default null)
returns jsonb
language sql
stable
set search_path = ''
as $$
/* {days, is_too_long, overlaps: {id, name}}: what would be said of a range while it is being chosen (H7). */
  select jsonb_build_object(
    'days', check_range.ends_on - check_range.starts_on + 1,
    'is_too_long', check_range.ends_on - check_range.starts_on >= 90
      and (check_range.starts_on, check_range.ends_on) is distinct from (
        date_trunc('quarter', check_range.starts_on::timestamp)::date,
        (date_trunc('quarter', check_range.starts_on::timestamp) + interval '3 months')::date - 1
      ),
    'overlaps', (
      select jsonb_build_object('id', o.id, 'name', o.name)
      from private.overlapping_survey(check_range.starts_on, check_range.ends_on, check_range.id) as o
      where o.id is not null
    )
  )
$$;

create function private.write_survey(survey public.feedback_surveys)
returns uuid
language plpgsql
set search_path = ''
as $$
/* Stores a draft, new or changed. Refuses with survey_not_found, survey_has_begun, or what a constraint promises. */
declare
  known public.feedback_surveys;
begin
  if survey.id is null then
    insert into public.feedback_surveys (name, starts_on, ends_on, audience, audience_ids, voting_days)
    values (survey.name, survey.starts_on, survey.ends_on, survey.audience, survey.audience_ids, survey.voting_days)
    returning id into survey.id;
    return survey.id;
  end if;
  known := private.survey_to_run(survey.id);
  if known.status <> 'draft' then
    raise exception 'survey_has_begun' using errcode = 'PT409';
  end if;
  update public.feedback_surveys as s
  set
    name = survey.name,
    starts_on = survey.starts_on,
    ends_on = survey.ends_on,
    audience = survey.audience,
    audience_ids = survey.audience_ids,
    voting_days = survey.voting_days
  where s.id = survey.id;
  return survey.id;
end
$$;

create function api.save_survey(
  name text,
  starts_on date,
  ends_on date,
  audience text default 'all',
  audience_ids uuid[] default '{}',
  id uuid default null,
  voting_days integer default null
) returns uuid
language plpgsql
security definer
set search_path = ''
as $$
/* Makes a draft, or changes one, and returns its id. For admins and managers; refuses with not_allowed, survey_not_found, survey_has_begun,
   survey_overlaps, whose detail is the other survey's name, range_is_too_long, or the constraint that a value breaks. A definer, because
   people write no states by hand. */
declare
  survey public.feedback_surveys;
  promise text;
begin
  perform private.surveyor();
  survey.id := save_survey.id;
  survey.name := btrim(save_survey.name);
  survey.starts_on := save_survey.starts_on;
  survey.ends_on := save_survey.ends_on;
  survey.audience := save_survey.audience;
  survey.audience_ids := case when save_survey.audience = 'all' then '{}' else coalesce(save_survey.audience_ids, '{}') end;
  survey.voting_days := save_survey.voting_days;
  return private.write_survey(survey);
exception
  when exclusion_violation then
    raise exception 'survey_overlaps' using
      errcode = 'PT409',
      detail = coalesce((private.overlapping_survey(survey.starts_on, survey.ends_on, survey.id)).name, '');
  when check_violation then
    get stacked diagnostics promise = constraint_name;
    promise := case promise when 'range_is_a_quarter_or_at_most_90_days' then 'range_is_too_long' else promise end;
    raise exception '%', promise using errcode = 'PT422';
  when not_null_violation then
    get stacked diagnostics promise = column_name;
    raise exception '%', promise || '_is_chosen' using errcode = 'PT422';
end
$$;

create function api.schedule_survey(id uuid, starts_at timestamptz default null, as_of timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
/* Sets a draft going at an instant, at once by default: from then on its states change by themselves. An audience of which nobody would be
   asked then is refused, and nothing is written (H8). For admins and managers; refuses with not_allowed, survey_not_found, survey_has_begun
   or audience_is_empty. A definer, because people write no states by hand. */
declare
  survey public.feedback_surveys;
  start constant timestamptz := greatest(schedule_survey.starts_at, as_of);
begin
  perform private.surveyor();
  survey := private.survey_to_run(schedule_survey.id);
  if survey.status <> 'draft' then
    raise exception 'survey_has_begun' using errcode = 'PT409';
  elsif not exists (select from private.survey_audience(survey, start) as a where a.reason is null) then
    raise exception 'audience_is_empty' using errcode = 'PT422';
  end if;
  update public.feedback_surveys as s
  set
    status = 'scheduled',
    starts_at = start,
    closes_at = start + make_interval(
      days => coalesce(s.voting_days, (select f.survey_voting_days from public.settings as f where f.id))
    )
  where s.id = survey.id;
end
$$;

create function api.unschedule_survey(id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
/* Makes a scheduled survey a draft again. For admins and managers; refuses with not_allowed, survey_not_found or survey_has_begun. A
   definer, because people write no states by hand. */
declare
  survey public.feedback_surveys;
begin
  perform private.surveyor();
  survey := private.survey_to_run(unschedule_survey.id);
  if survey.status <> 'scheduled' then
    raise exception 'survey_has_begun' using errcode = 'PT409';
  end if;
  update public.feedback_surveys as s
  set status = 'draft', starts_at = null, closes_at = null, stopped_at = null
  where s.id = survey.id;
end
$$;

create function api.delete_survey(id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
/* Takes a draft away. For admins and managers; refuses with not_allowed, survey_not_found or survey_has_begun. A definer, as the other
   acts on surveys. */
declare
  survey public.feedback_surveys;
begin
  perform private.surveyor();
  survey := private.survey_to_run(delete_survey.id);
  if survey.status <> 'draft' then
    raise exception 'survey_has_begun' using errcode = 'PT409';
  end if;
  delete from public.feedback_surveys as s where s.id = survey.id;
end
$$;

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

create function api.stop_survey(id uuid, as_of timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
/* Holds back what is still to be sent, reminders too; votes go on counting. For admins and managers; refuses as private.running_survey. A
   definer, because people write no states by hand. */
declare
  survey constant public.feedback_surveys := private.running_survey(stop_survey.id);
begin
  update public.feedback_surveys as s
  set stopped_at = as_of
  where s.id = survey.id
    and s.stopped_at is null;
end
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

create function api.restart_survey(id uuid, as_of timestamptz default now())
returns integer
language plpgsql
security definer
set search_path = ''
as $$
/* Sends again, and says to how many: to those that were skipped or not reached and can be asked now, and to chats that came into the audience
   since. Who got it never gets it again. For admins and managers; refuses as private.running_survey. A definer, because people write no
   states by hand. */
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

create function private.end_survey(survey public.feedback_surveys, ended_as text, at timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
/* Ends a survey: what is still to be sent is not (H5), who could vote is counted for good, and the head is told. */
begin
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
  set status = 'cancelled', finished_at = at
  from public.survey_deliveries as d
  where d.survey_id = survey.id
    and o.subject_id = d.id
    and o.kind in ('survey', 'survey_reminder')
    and o.status = 'pending';
  update public.survey_deliveries as d
  set people = private.people_asked(d)
  where d.survey_id = survey.id
    and d.status = 'sent';
  perform private.tell_of_end(survey.id, at);
end
$$;

create function api.close_survey(id uuid, as_of timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
as $$
/* Ends a survey for good: nothing more is sent, no vote counts any more. For admins and managers; refuses as private.running_survey. A
   definer, because people write no states by hand. */
begin
  perform private.end_survey(private.running_survey(close_survey.id), 'closed', as_of);
end
$$;

create function api.survey_progress(id uuid, as_of timestamptz default now())
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* How far a survey has come: {status, stopped_at, planned, queued, sent, failed, skipped, cancelled, total, asked, votes, rate, done_at,
   closes_at, reminded, reasons: {reason: count}}; done_at is when the last message will be sent, as far as can be told. Refuses with
   not_allowed and survey_not_found. */
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

grant execute on function private.overlapping_survey(date, date, uuid) to authenticated, service_role;
grant execute on function
  private.running_survey(uuid),
  private.plan_survey(public.feedback_surveys, timestamptz),
  private.end_survey(public.feedback_surveys, text, timestamptz)
to service_role;
grant execute on function
  api.check_range(date, date, uuid),
  api.save_survey(text, date, date, text, uuid[], uuid, integer),
  api.schedule_survey(uuid, timestamptz, timestamptz),
  api.unschedule_survey(uuid),
  api.delete_survey(uuid),
  api.stop_survey(uuid, timestamptz),
  api.resume_survey(uuid),
  api.restart_survey(uuid, timestamptz),
  api.close_survey(uuid, timestamptz),
  api.survey_progress(uuid, timestamptz)
to authenticated;
