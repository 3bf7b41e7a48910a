-- Who gets a survey, and why others do not.
set lock_timeout = '5s';

create function private.surveyor(telegram_id bigint default null)
returns public.users
language plpgsql
set search_path = ''
as $$
/* Whoever asks and runs surveys: an admin or a manager. Refuses everybody else with not_allowed. */
declare
  person constant public.users := private.asking_staff(telegram_id);
begin
  if person.role not in ('admin', 'manager') then
    raise exception 'not_allowed' using errcode = 'PT403';
  end if;
  return person;
end
$$;

create function private.waking_hour(of_schedule uuid, at timestamptz)
returns timestamptz
language plpgsql
stable
set search_path = ''
as $$
/* When clients may be written to, from an instant on: in working time at once, else when it begins. Who works around the clock is not
   asked at night either: then it is the firm's own time. */
declare
  schedule uuid := of_schedule;
begin
  if schedule is null or exists (select from public.working_schedules as s where s.id = schedule and s.around_the_clock) then
    schedule := (select f.default_schedule_id from public.settings as f where f.id);
  end if;
  return coalesce((select c.opens_at from private.closed_period(schedule, at) as c), at);
end
$$;

create function private.hours_end(of_schedule uuid, at timestamptz)
returns timestamptz
language sql
stable
set search_path = ''
as $$
/* Until when what is handed over at an instant may be sent: the end of the working time around it; null around the clock. */
  select upper(p.period)
  from public.working_periods as p
  where p.schedule_id = of_schedule
    and p.period @> at
  order by lower(p.period) desc
  limit 1
$$;

create function private.pauses(at timestamptz, of_chat bigint default null)
returns table (chat_id bigint, free_at timestamptz)
language sql
stable
set search_path = ''
as $$
/* Until when chats, or one, are left in peace that were asked a short while ago. */
  select d.chat_id, max(coalesce(d.sent_at, d.queued_at)) + p.pause
  from (select make_interval(hours => f.survey_pause_hours) as pause from public.settings as f where f.id) as p
  join public.survey_deliveries as d on d.queued_at > at - p.pause - interval '2 hours' and d.status in ('queued', 'sent')
  where (of_chat is null or d.chat_id = of_chat)
  group by d.chat_id, p.pause
  having max(coalesce(d.sent_at, d.queued_at)) + p.pause > at
$$;

create function private.why_not_asked(chat public.chats, free_at timestamptz)
returns text
language sql
immutable
set search_path = ''
as $$
/* Why a chat is not asked, whose pause ends at some instant, if it has one; null for one that is. */
  select case
    when chat.deleted_at is not null then 'deleted'
    when chat.connected_at is null or chat.internal or chat.type not in ('group', 'supergroup') then 'not_connected'
    when chat.bot_status in ('left', 'kicked') then 'no_bot'
    when not chat.asked_for_ratings then 'opted_out'
    when free_at is not null then 'cooldown'
  end
$$;

create function private.survey_audience(survey public.feedback_surveys, at timestamptz)
returns table (chat_id bigint, reason text, free_at timestamptz)
language plpgsql
stable
set search_path = ''
as $$
/* Every chat that a survey means, once, and why it is not asked at an instant; null for one that is. Free_at is the end of its pause. */
#variable_conflict use_column
begin
  return query
  select c.chat_id, private.why_not_asked(c, p.free_at), p.free_at
  from public.chats as c
  left join private.pauses(at) as p on p.chat_id = c.chat_id
  where case survey.audience
    when 'all' then c.connected_at is not null and not c.internal and c.type in ('group', 'supergroup')
    when 'chats' then c.id = any (survey.audience_ids)
    else c.chat_id in (select s.chat_id from public.chat_segment_chats as s where s.segment_id = any (survey.audience_ids))
  end;
end
$$;

create function private.survey_to_run(of_survey uuid)
returns public.feedback_surveys
language plpgsql
set search_path = ''
as $$
/* The survey, held until the transaction ends. Refuses with survey_not_found; ratings of single answers are nobody's to run. */
declare
  survey public.feedback_surveys;
begin
  select s.* into survey from public.feedback_surveys as s where s.id = of_survey and s.kind = 'campaign' for update;
  if survey.id is null then
    raise exception 'survey_not_found' using errcode = 'PT404';
  end if;
  return survey;
end
$$;

create function api.preview_survey(id uuid, as_of timestamptz default now())
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
/* Who would get a survey: {asked, skipped, people, seconds, reasons: {reason: count}, chats: [{id, chat_name, client_name, people, reason,
   free_at}]}, at most 500 chats, those that are not asked first. Seconds is how long sending takes. For admins and managers, of a survey
   that has not begun; refuses with not_allowed or survey_not_found. A definer, because managers are told of deliveries by what they mean. */
#variable_conflict use_column
declare
  survey public.feedback_surveys;
begin
  if (select private.role()) in ('admin', 'manager') is not true then
    raise exception 'not_allowed' using errcode = 'PT403';
  end if;
  select s.* into survey from public.feedback_surveys as s where s.id = preview_survey.id and s.kind = 'campaign';
  if survey.id is null then
    raise exception 'survey_not_found' using errcode = 'PT404';
  end if;
  return (
    with audience as materialized (
      select
        c.id, c.chat_name, k.name as client_name, a.reason, a.free_at,
        (select count(*) from private.chat_voters as v where v.chat_id = a.chat_id) as people
      from private.survey_audience(survey, greatest(as_of, survey.starts_at)) as a
      join public.chats as c on c.chat_id = a.chat_id
      left join public.clients as k on k.id = c.client_id
    ),
    counts as (
      select a.reason, count(*) as times
      from audience as a
      where a.reason is not null
      group by a.reason
    ),
    listed as (
      select a.*
      from audience as a
      order by a.reason is null, a.chat_name, a.id
      limit 500
    )
    select jsonb_build_object(
      'asked', count(*) filter (where a.reason is null),
      'skipped', count(*) filter (where a.reason is not null),
      'people', coalesce(sum(a.people) filter (where a.reason is null), 0),
      'seconds', ceil(count(*) filter (where a.reason is null) / 25.0)::integer,
      'reasons', (select coalesce(jsonb_object_agg(c.reason, c.times), '{}') from counts as c),
      'chats', (
        select coalesce(jsonb_agg(to_jsonb(l) order by l.reason is null, l.chat_name, l.id), '[]')
        from listed as l
      )
    )
    from audience as a
  );
end
$$;

grant execute on function
  private.surveyor(bigint),
  private.waking_hour(uuid, timestamptz),
  private.hours_end(uuid, timestamptz),
  private.pauses(timestamptz, bigint),
  private.why_not_asked(public.chats, timestamptz),
  private.survey_audience(public.feedback_surveys, timestamptz),
  private.survey_to_run(uuid)
to service_role;
grant execute on function api.preview_survey(uuid, timestamptz) to authenticated;
