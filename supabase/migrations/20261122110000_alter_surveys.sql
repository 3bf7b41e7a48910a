-- Surveys: whom they ask, when they begin and end, and the firm's rules for them.
set lock_timeout = '5s';

alter table public.feedback_surveys
  add column kind text not null default 'campaign',
  add column audience text not null default 'all',
  add column audience_ids uuid[] not null default '{}',
  add column voting_days integer,
  add column starts_at timestamptz,
  add column closes_at timestamptz,
  add column stopped_at timestamptz,
  -- A handful of rows, so that nobody waits for their check.
  -- squawk-ignore constraint-missing-not-valid
  add constraint kind_is_known check (kind in ('campaign', 'after_answer')),
  -- squawk-ignore constraint-missing-not-valid
  add constraint audience_is_known check (audience in ('all', 'chats', 'segments')),
  -- squawk-ignore constraint-missing-not-valid
  add constraint an_audience_is_named check (audience = 'all' or kind = 'after_answer' or cardinality(audience_ids) > 0),
  -- squawk-ignore constraint-missing-not-valid
  add constraint people_vote_for_up_to_90_days check (voting_days between 1 and 90),
  -- squawk-ignore constraint-missing-not-valid
  add constraint it_closes_later_than_it_begins check (closes_at > starts_at),
  -- squawk-ignore constraint-missing-not-valid
  add constraint range_is_a_quarter_or_at_most_90_days check (
    ends_on - starts_on < 90
    or (
      starts_on = date_trunc('quarter', starts_on::timestamp)::date
      and ends_on = (date_trunc('quarter', starts_on::timestamp) + interval '3 months')::date - 1
    )
  ),
  -- Two at once would ask for the same thing twice (H7); ratings of single answers go on beside them.
  -- squawk-ignore constraint-missing-not-valid
  add constraint campaigns_do_not_overlap exclude using gist (daterange(starts_on, ends_on, '[]') with &&) where (kind = 'campaign');

update public.feedback_surveys as s set starts_at = s.created_at where s.status in ('scheduled', 'sending', 'active');

-- squawk-ignore constraint-missing-not-valid
alter table public.feedback_surveys add constraint what_is_under_way_has_a_beginning check (
  starts_at is not null or status not in ('scheduled', 'sending', 'active')
);

-- A handful of rows.
-- squawk-ignore require-concurrent-index-creation
create index surveys_under_way on public.feedback_surveys (status) where status in ('scheduled', 'sending', 'active');

comment on column public.feedback_surveys.kind is 'campaign: people run it; after_answer: ratings of single answers, one a week by itself.';
comment on column public.feedback_surveys.status is
  'draft, scheduled, sending (people vote already), active (sent, people vote), closed (by a person) or expired; moves by itself.';
comment on column public.feedback_surveys.audience is 'Whom it asks: all measured groups, some chats, or those of some segments.';
comment on column public.feedback_surveys.audience_ids is 'Which chats or segments; empty for all.';
comment on column public.feedback_surveys.voting_days is 'How long people may vote; null is the firm''s rule.';
comment on column public.feedback_surveys.starts_at is 'When sending begins; null for a draft.';
comment on column public.feedback_surveys.closes_at is 'Last moment to vote; null for a draft.';
comment on column public.feedback_surveys.stopped_at is 'Since when somebody holds its sending back; votes count all the same.';

alter table public.settings
  add column low_rating_threshold integer not null default 3,
  add column survey_pause_hours integer not null default 24,
  add column survey_voting_days integer not null default 14,
  add column survey_reminder_days integer default 3,
  add column quarterly_survey boolean not null default false,
  add column quarterly_survey_day integer not null default 1,
  add column quarterly_survey_hour integer not null default 10,
  add column quarterly_survey_until date,
  add column rate_after_answer boolean not null default false,
  -- One row, so that nobody waits for its check.
  -- squawk-ignore constraint-missing-not-valid
  add constraint low_rating_is_one_to_four_stars check (low_rating_threshold between 1 and 4),
  -- squawk-ignore constraint-missing-not-valid
  add constraint survey_pause_is_at_most_a_year check (survey_pause_hours between 0 and 8760),
  -- squawk-ignore constraint-missing-not-valid
  add constraint surveys_last_up_to_90_days check (survey_voting_days between 1 and 90),
  -- squawk-ignore constraint-missing-not-valid
  add constraint reminder_comes_within_a_month check (survey_reminder_days between 1 and 30),
  -- squawk-ignore constraint-missing-not-valid
  add constraint quarterly_day_is_in_every_month check (quarterly_survey_day between 1 and 28),
  -- squawk-ignore constraint-missing-not-valid
  add constraint quarterly_hour_is_of_a_day check (quarterly_survey_hour between 0 and 23);

comment on column public.settings.low_rating_threshold is 'So many stars or fewer are told to managers at once.';
comment on column public.settings.survey_pause_hours is 'A chat is not asked again so soon after it was.';
comment on column public.settings.survey_voting_days is 'How long people may vote, unless a survey says otherwise.';
comment on column public.settings.survey_reminder_days is 'After so many days who did not vote is reminded, once; null is never.';
comment on column public.settings.quarterly_survey is 'Whether each quarter is asked about by itself once it is over.';
comment on column public.settings.quarterly_survey_day is 'On which day of the month after the quarter, or the first working day from then on.';
comment on column public.settings.quarterly_survey_hour is 'From which hour of the firm''s clock.';
comment on column public.settings.quarterly_survey_until is 'Last day of the latest quarter that a survey was made for by itself; a deleted one is not made again.';
comment on column public.settings.rate_after_answer is 'Whether clients are asked to rate single answers, at most once a week per chat.';

-- squawk-ignore constraint-missing-not-valid
alter table public.chats add column asked_for_ratings boolean not null default true;
comment on column public.chats.asked_for_ratings is 'Whether surveys go there; false for a client who does not want to be asked.';

grant update (
  low_rating_threshold, survey_pause_hours, survey_voting_days, survey_reminder_days, quarterly_survey, quarterly_survey_day,
  quarterly_survey_hour, rate_after_answer
) on public.settings to authenticated;
grant update (quarterly_survey_until) on public.settings to service_role;
grant update (asked_for_ratings) on public.chats to authenticated;

create or replace view api.settings with (security_invoker = true) as
select
  s.id, s.firm_name, s.default_schedule_id, s.default_policy_id, s.around_the_clock_schedule_id, s.files_answer, s.head_id,
  s.silent_after_days, s.bot_username, s.bot_reads_all, s.bot_seen_at, s.updated_at, s.retention_years, s.off_hours_reply,
  s.low_rating_threshold, s.survey_pause_hours, s.survey_voting_days, s.survey_reminder_days, s.quarterly_survey,
  s.quarterly_survey_day, s.quarterly_survey_hour, s.rate_after_answer
from public.settings as s;

create or replace view api.chats with (security_invoker = true) as
select
  c.id, c.chat_id, c.type, c.chat_name, c.client_id, c.assigned_accountant_id, c.schedule_id, c.policy_id, c.sla_threshold_minutes,
  c.monitoring_enabled, c.anonymous_staff, c.internal, c.connected_at, c.bot_status, c.bot_status_at, c.paused_because, c.deleted_at,
  c.migrated_from, c.created_at, c.updated_at, c.off_hours_reply, c.receipts, c.locale, c.asked_for_ratings
from public.chats as c;

create or replace view api.feedback_surveys with (security_invoker = true) as
select
  s.id, s.name, s.starts_on, s.ends_on, s.quarter, s.status, s.ended_at, s.created_by, s.created_at, s.updated_at, s.kind, s.audience,
  s.audience_ids, s.voting_days, s.starts_at, s.closes_at, s.stopped_at
from public.feedback_surveys as s;

create function api.change_survey_settings(
  low_rating_threshold integer,
  survey_pause_hours integer,
  survey_voting_days integer,
  survey_reminder_days integer,
  quarterly_survey boolean,
  quarterly_survey_day integer,
  quarterly_survey_hour integer,
  rate_after_answer boolean
) returns void
language plpgsql
set search_path = ''
as $$
/* Changes the firm's rules for surveys, all of them at once. Refuses with not_allowed, or the constraint that a value breaks. */
declare
  promise text;
begin
  update public.settings as s
  set
    low_rating_threshold = change_survey_settings.low_rating_threshold,
    survey_pause_hours = change_survey_settings.survey_pause_hours,
    survey_voting_days = change_survey_settings.survey_voting_days,
    survey_reminder_days = change_survey_settings.survey_reminder_days,
    quarterly_survey = change_survey_settings.quarterly_survey,
    quarterly_survey_day = change_survey_settings.quarterly_survey_day,
    quarterly_survey_hour = change_survey_settings.quarterly_survey_hour,
    rate_after_answer = change_survey_settings.rate_after_answer
  where s.id;
  if not found then
    raise exception 'not_allowed' using errcode = 'PT403';
  end if;
exception
  when check_violation then
    get stacked diagnostics promise = constraint_name;
    raise exception '%', promise using errcode = 'PT422';
  when not_null_violation then
    get stacked diagnostics promise = column_name;
    raise exception '%', promise || '_is_chosen' using errcode = 'PT422';
end
$$;

create function api.set_asked_for_ratings(chat uuid, asked boolean)
returns void
language plpgsql
set search_path = ''
as $$
/* Says whether surveys go to a chat. Refuses with asked_is_chosen, and with unknown_chat what the asker may not change. */
begin
  if asked is null then
    raise exception 'asked_is_chosen' using errcode = 'PT422';
  end if;
  update public.chats as c
  set asked_for_ratings = asked
  where c.id = set_asked_for_ratings.chat;
  if not found then
    raise exception 'unknown_chat' using errcode = 'PT404';
  end if;
end
$$;

grant execute on function
  api.change_survey_settings(integer, integer, integer, integer, boolean, integer, integer, boolean),
  api.set_asked_for_ratings(uuid, boolean)
to authenticated;
