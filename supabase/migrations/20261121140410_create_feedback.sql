-- Ratings that clients give: surveys, votes with their history, and figures that name nobody.
set lock_timeout = '5s';

create table public.feedback_surveys (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  starts_on date not null,
  ends_on date not null,
  quarter text not null generated always as (
    extract(year from starts_on)::integer::text || '-Q' || extract(quarter from starts_on)::integer::text
  ) stored,
  status text not null default 'draft',
  ended_at timestamptz,
  created_by uuid default auth.uid() references public.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint survey_has_a_name check (length(btrim(name)) between 1 and 200),
  constraint it_ends_after_it_starts check (ends_on >= starts_on),
  constraint status_is_known check (status in ('draft', 'scheduled', 'sending', 'active', 'closed', 'expired')),
  constraint ended_means_when check ((ended_at is not null) = (status in ('closed', 'expired')))
);

comment on table public.feedback_surveys is 'Campaigns that ask clients for a rating.';
comment on column public.feedback_surveys.id is 'Key.';
comment on column public.feedback_surveys.name is 'Name as people choose it.';
comment on column public.feedback_surveys.starts_on is 'First day of what is rated.';
comment on column public.feedback_surveys.ends_on is 'Last day of what is rated.';
comment on column public.feedback_surveys.quarter is 'Quarter in which that begins, such as 2026-Q3.';
comment on column public.feedback_surveys.status is 'draft, scheduled, sending, active (people vote), closed (by a person) or expired.';
comment on column public.feedback_surveys.ended_at is 'When it was closed or expired; nothing changes a result after that.';
comment on column public.feedback_surveys.created_by is 'Who made it.';
comment on column public.feedback_surveys.created_at is 'When the row was made.';
comment on column public.feedback_surveys.updated_at is 'When the row last changed.';

create table public.feedback_responses (
  id uuid primary key default gen_random_uuid(),
  survey_id uuid not null references public.feedback_surveys (id),
  chat_id bigint not null references public.chats (chat_id) on update cascade,
  telegram_user_id bigint,
  voter_name text,
  client_id uuid references public.clients (id) on delete set null,
  assigned_accountant_id uuid references public.users (id) on delete set null,
  rating integer,
  comment text,
  created_at timestamptz not null default now(),
  superseded_at timestamptz,
  constraint rating_is_one_to_five_stars check (rating between 1 and 5),
  constraint comment_fits_one_message check (length(comment) <= 4096),
  constraint a_withdrawn_vote_says_nothing check (rating is not null or comment is null)
);

create unique index one_live_vote_per_person on public.feedback_responses (survey_id, chat_id, telegram_user_id)
where superseded_at is null;
create index votes_in_a_chat on public.feedback_responses (chat_id);
create index votes_for_an_accountant on public.feedback_responses (assigned_accountant_id);

comment on table public.feedback_responses is
  'Votes, append-only: a change, a later comment and a withdrawal (no rating) are further rows, of which the last one lives.';
comment on column public.feedback_responses.id is 'Key.';
comment on column public.feedback_responses.survey_id is 'The survey.';
comment on column public.feedback_responses.chat_id is 'Chat in which the person is a client.';
comment on column public.feedback_responses.telegram_user_id is 'Who voted; null once the person''s data is erased.';
comment on column public.feedback_responses.voter_name is 'The person''s name at that time.';
comment on column public.feedback_responses.client_id is 'Client of the chat at that time.';
comment on column public.feedback_responses.assigned_accountant_id is 'Owner of the chat at that time.';
comment on column public.feedback_responses.rating is 'One to five stars; null when the vote was withdrawn.';
comment on column public.feedback_responses.comment is 'What the person added.';
comment on column public.feedback_responses.created_at is 'When it was cast.';
comment on column public.feedback_responses.superseded_at is 'When a later row of the same person took its place; null for the live one.';

alter table public.feedback_surveys enable row level security;
alter table public.feedback_responses enable row level security;
grant
  select, insert (name, starts_on, ends_on), update (name, starts_on, ends_on), delete
on public.feedback_surveys to authenticated;
grant select, insert, update, delete on public.feedback_surveys to service_role;
grant select on public.feedback_responses to authenticated;
grant select, insert on public.feedback_responses to service_role;

create function private.keep_survey_ended()
returns trigger
language plpgsql
set search_path = ''
as $$
/* What has ended stays so: its figures are published, and a vote that came later could be told from the difference. */
begin
  if new.status not in ('closed', 'expired') or (new.starts_on, new.ends_on) is distinct from (old.starts_on, old.ends_on) then
    raise exception 'survey_is_over' using errcode = 'PT409';
  end if;
  return new;
end
$$;

create trigger feedback_surveys_stay_ended
before update on public.feedback_surveys
for each row when (old.status in ('closed', 'expired'))
execute function private.keep_survey_ended();
create trigger feedback_surveys_touch_updated_at
before update on public.feedback_surveys
for each row execute function private.touch_updated_at();
create trigger feedback_surveys_audited after insert or update or delete on public.feedback_surveys
for each row execute function private.record_change();

create function private.take_vote()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
/* A vote takes the place of the same person's earlier one, and remembers whose chat it was. Refuses with survey_is_over and, for people of
   the firm, staff_do_not_vote. A definer, because nobody may change a vote that was cast, not even the service. */
begin
  -- Presses of one person follow one another, or both would find nothing to replace. An ending survey waits for votes under way.
  perform pg_advisory_xact_lock(hashtextextended(concat_ws(' ', new.survey_id, new.chat_id, new.telegram_user_id), 0));
  if not exists (select from public.feedback_surveys as s where s.id = new.survey_id and s.status = 'active' for share) then
    raise exception 'survey_is_over' using errcode = 'PT409';
  end if;
  if exists (select from public.users as u where u.telegram_id = new.telegram_user_id) then
    raise exception 'staff_do_not_vote' using errcode = 'PT403';
  end if;

  update public.feedback_responses as r
  set superseded_at = now()
  where r.survey_id = new.survey_id
    and r.chat_id = new.chat_id
    and r.telegram_user_id = new.telegram_user_id
    and r.superseded_at is null;

  select c.client_id, c.assigned_accountant_id
  from public.chats as c
  where c.chat_id = new.chat_id
  into new.client_id, new.assigned_accountant_id;
  new.superseded_at := null;
  return new;
end
$$;

create trigger feedback_responses_take_their_place
before insert on public.feedback_responses
for each row execute function private.take_vote();

create view api.feedback_surveys with (security_invoker = true) as
select s.id, s.name, s.starts_on, s.ends_on, s.quarter, s.status, s.ended_at, s.created_by, s.created_at, s.updated_at
from public.feedback_surveys as s;

create view api.feedback_responses with (security_invoker = true) as
select
  r.id,
  r.survey_id,
  (select s.quarter from public.feedback_surveys as s where s.id = r.survey_id) as quarter,
  r.chat_id,
  r.telegram_user_id,
  r.voter_name,
  r.client_id,
  r.assigned_accountant_id,
  r.rating,
  r.comment,
  r.created_at
from public.feedback_responses as r
where r.superseded_at is null
  and r.rating is not null;

create function private.feedback_figures()
returns table (survey_id uuid, scope text, accountant_id uuid, voters bigint, average_rating numeric)
language sql
stable
security definer
set search_path = ''
as $$
/* Ratings by survey, of the firm and of each accountant. Admins, managers and the service get all of it. Accountants and observers get
   surveys that have ended, which nothing changes any more, and groups of three voters or more; when the groups kept back hold fewer
   than three together, the smallest shown one is kept back too, or the total less the rest would tell of them. A definer, because these
   groups are all that accountants and observers may know of votes. */
  with asker as (
    select
      (select private.role()) is not null as is_known,
      coalesce((select private.role()) in ('admin', 'manager'), false) or (select auth.role()) = 'service_role' as sees_all
  ),
  votes as (
    select r.survey_id, r.assigned_accountant_id, r.rating, coalesce(r.telegram_user_id::text, r.id::text) as voter
    from public.feedback_responses as r
    join public.feedback_surveys as s on s.id = r.survey_id
    cross join asker
    where r.superseded_at is null
      and r.rating is not null
      and (asker.sees_all or (asker.is_known and s.status in ('closed', 'expired')))
  ),
  accountants as (
    select v.survey_id, v.assigned_accountant_id, count(distinct v.voter) as voters, avg(v.rating) as average_rating
    from votes as v
    group by v.survey_id, v.assigned_accountant_id
  ),
  kept_back as (
    select v.survey_id, count(distinct v.voter) as voters
    from votes as v
    join accountants as a
      on a.survey_id = v.survey_id and a.assigned_accountant_id is not distinct from v.assigned_accountant_id and a.voters < 3
    group by v.survey_id
  ),
  shown as (
    select
      a.*,
      coalesce(k.voters, 0) in (1, 2) as rest_is_small,
      row_number() over (partition by a.survey_id order by a.voters, a.assigned_accountant_id) as nth
    from accountants as a
    left join kept_back as k on k.survey_id = a.survey_id
    where a.voters >= 3
  )
  select v.survey_id, 'firm', null::uuid, count(distinct v.voter), round(avg(v.rating), 2)
  from votes as v
  cross join asker
  group by v.survey_id, asker.sees_all
  having asker.sees_all or count(distinct v.voter) >= 3
  union all
  select s.survey_id, 'accountant', s.assigned_accountant_id, s.voters, round(s.average_rating, 2)
  from shown as s
  cross join asker
  where not asker.sees_all
    and not (s.rest_is_small and s.nth = 1)
  union all
  select a.survey_id, 'accountant', a.assigned_accountant_id, a.voters, round(a.average_rating, 2)
  from accountants as a
  cross join asker
  where asker.sees_all
$$;

create view api.feedback_summary with (security_invoker = true) as
select f.survey_id, s.quarter, f.scope, f.accountant_id, u.full_name as accountant_name, f.voters, f.average_rating
from private.feedback_figures() as f
join public.feedback_surveys as s on s.id = f.survey_id
left join public.users as u on u.id = f.accountant_id;

comment on view api.feedback_surveys is 'Campaigns.';
comment on view api.feedback_responses is 'Live votes with names, for those who run the firm.';
comment on view api.feedback_summary is
  'Ratings of the firm and of each accountant, by survey: for accountants and observers never of fewer than three voters, nor before the survey has ended.';

grant execute on function private.feedback_figures() to authenticated, service_role;
grant
  select, insert (name, starts_on, ends_on), update (name, starts_on, ends_on), delete
on api.feedback_surveys to authenticated;
grant select, insert, update, delete on api.feedback_surveys to service_role;
grant select on api.feedback_responses, api.feedback_summary to authenticated;
grant select, insert on api.feedback_responses to service_role;
grant select on api.feedback_summary to service_role;
