-- Managers make surveys and set them going.
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

create function private.keep_survey_range()
returns trigger
language plpgsql
set search_path = ''
as $$
/* What clients were asked about does not change while they answer, by whatever way it is written. */
begin
  raise exception 'survey_has_begun' using errcode = 'PT409';
end
$$;

create trigger feedback_surveys_keep_their_range
before update on public.feedback_surveys
for each row when (
  old.status in ('sending', 'active') and (new.starts_on, new.ends_on) is distinct from (old.starts_on, old.ends_on)
)
execute function private.keep_survey_range();

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

create function private.schedule_survey(id uuid, starts_at timestamptz, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
/* What api.schedule_survey does, at an instant. */
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

create function api.schedule_survey(id uuid, starts_at timestamptz default null)
returns void
language sql
security definer
set search_path = ''
as $$
/* Sets a draft going at an instant, at once by default: from then on its states change by themselves. An audience of which nobody would be
   asked then is refused, and nothing is written (H8). For admins and managers; refuses with not_allowed, survey_not_found, survey_has_begun
   or audience_is_empty. A definer, because people write no states by hand. */
  select private.schedule_survey(schedule_survey.id, schedule_survey.starts_at, now())
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

grant execute on function private.overlapping_survey(date, date, uuid) to authenticated, service_role;
grant execute on function private.write_survey(public.feedback_surveys) to service_role;
grant execute on function
  api.check_range(date, date, uuid),
  api.save_survey(text, date, date, text, uuid[], uuid, integer),
  api.schedule_survey(uuid, timestamptz),
  api.unschedule_survey(uuid),
  api.delete_survey(uuid)
to authenticated;
