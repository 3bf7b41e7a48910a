-- Surveys that nobody has to start: each quarter once it is over, and single answers.
set lock_timeout = '5s';

create function private.first_working_hour(on_day date, from_hour integer)
returns timestamptz
language sql
stable
set search_path = ''
as $$
/* That hour of that day on the firm's clock, or of the first working day from then on; where the firm is closed at that hour, when it opens
   next. */
  select private.waking_hour(
    null, timezone(private.firm_zone(), timezone(private.firm_zone(), d.opens_at)::date + make_time(from_hour, 0, 0))
  )
  from (select private.waking_hour(null, timezone(private.firm_zone(), on_day::timestamp)) as opens_at) as d
$$;

create function private.make_quarterly_survey(as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
/* Schedules the survey of the quarter that is over, where the firm wants that: once, and not where somebody asks about it already or its day
   was more than a week ago. */
declare
  rules public.settings;
  began_on constant date := date_trunc('quarter', timezone(private.firm_zone(), as_of))::date;
  first_on constant date := began_on - interval '3 months';
  last_on constant date := began_on - 1;
  start timestamptz;
begin
  select f.* into rules from public.settings as f where f.id;
  if not rules.quarterly_survey or rules.quarterly_survey_until >= last_on then
    return;
  end if;
  start := private.first_working_hour(began_on + rules.quarterly_survey_day - 1, rules.quarterly_survey_hour);
  if start > as_of - interval '7 days' and (private.overlapping_survey(first_on, last_on, null)).id is null then
    insert into public.feedback_surveys (name, starts_on, ends_on, status, starts_at, closes_at)
    values (
      format('Оценка за %s квартал %s', extract(quarter from first_on), extract(year from first_on)), first_on, last_on, 'scheduled',
      greatest(start, as_of), greatest(start, as_of) + make_interval(days => rules.survey_voting_days)
    );
  end if;
  update public.settings as f set quarterly_survey_until = last_on where f.id;
end
$$;

create function private.survey_of_week(as_of timestamptz)
returns public.feedback_surveys
language plpgsql
set search_path = ''
as $$
/* The survey that holds the ratings of single answers of a week; people may vote three days longer. For a caller who runs surveys. */
declare
  survey public.feedback_surveys;
  monday constant date := date_trunc('week', timezone(private.firm_zone(), as_of))::date;
begin
  select s.*
  from public.feedback_surveys as s
  where s.kind = 'after_answer'
    and s.starts_on = monday
    and s.status = 'active'
  into survey;
  if survey.id is null then
    insert into public.feedback_surveys (kind, name, starts_on, ends_on, status, starts_at, closes_at)
    values (
      'after_answer', format('Оценки ответов, %s–%s', to_char(monday, 'DD.MM'), to_char(monday + 6, 'DD.MM.YYYY')), monday, monday + 6, 'active',
      as_of, timezone(private.firm_zone(), (monday + 10)::timestamp)
    )
    returning * into survey;
  end if;
  return survey;
end
$$;

create function private.answers_to_rate(as_of timestamptz)
returns table (request_id uuid, chat_id bigint)
language sql
stable
set search_path = ''
as $$
/* Of each chat that has waited for nothing since, the latest answer of ten to forty minutes ago, unless the chat was asked within a week or is
   not to be asked. */
  select distinct on (w.chat_id) w.id, w.chat_id
  from public.client_requests as w
  join public.chats as c on c.chat_id = w.chat_id
  where w.closed_as in ('met', 'met_late')
    and w.responded_at between as_of - interval '40 minutes' and as_of - interval '10 minutes'
    -- What an index knows: who was answered more than a week too late is not asked how that was.
    and w.decides_at between as_of - interval '7 days' and as_of
    and not exists (select from public.client_requests as o where o.chat_id = w.chat_id and o.closed_as is null)
    and private.why_not_asked(c, (select p.free_at from private.pauses(as_of, c.chat_id) as p)) is null
    and not exists (
      select
      from public.survey_deliveries as d
      join public.feedback_surveys as s on s.id = d.survey_id and s.kind = 'after_answer'
      where d.chat_id = w.chat_id
        and d.created_at > as_of - interval '7 days'
    )
  order by w.chat_id, w.responded_at desc
$$;

create function private.rate_answers(as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
/* Plans to ask for a rating of single answers, where the firm wants that. */
declare
  answer record;
  survey public.feedback_surveys;
begin
  if not (select f.rate_after_answer from public.settings as f where f.id) then
    return;
  end if;
  for answer in select a.* from private.answers_to_rate(as_of) as a loop
    survey := private.survey_of_week(as_of);
    insert into public.survey_deliveries (
      survey_id, chat_id, client_id, assigned_accountant_id, schedule_id, request_id, due_at, created_at
    )
    select
      survey.id, w.chat_id, w.client_id, w.assigned_accountant_id, w.schedule_id, w.id, private.waking_hour(w.schedule_id, as_of), as_of
    from public.client_requests as w
    where w.id = answer.request_id
    on conflict do nothing;
  end loop;
end
$$;

grant execute on function
  private.first_working_hour(date, integer),
  private.make_quarterly_survey(timestamptz),
  private.survey_of_week(timestamptz),
  private.answers_to_rate(timestamptz),
  private.rate_answers(timestamptz)
to service_role;
