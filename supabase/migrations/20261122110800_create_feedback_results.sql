-- What clients think of the firm: every figure from the same live votes, and for accountants and observers what names nobody, for good.
set lock_timeout = '5s';

create function private.figures(asked bigint, voters bigint, distribution bigint[])
returns jsonb
language sql
immutable
set search_path = ''
as $$
/* {asked, voters, votes, rate, average, csat, nps, distribution} of votes by stars, one to five. Asked are those who could vote, each in each
   chat; rate and csat (four stars and five) are in percent, nps is five stars less one to three, in points. Null where nobody voted. */
  select jsonb_build_object(
    'asked', greatest(figures.asked, v.votes),
    'voters', figures.voters,
    'votes', v.votes,
    'rate', round(100.0 * v.votes / nullif(greatest(figures.asked, v.votes), 0), 1),
    'average', round((d[1] + 2 * d[2] + 3 * d[3] + 4 * d[4] + 5 * d[5]) / nullif(v.votes, 0)::numeric, 2),
    'csat', round(100.0 * (d[4] + d[5]) / nullif(v.votes, 0), 1),
    'nps', round(100.0 * (d[5] - d[1] - d[2] - d[3]) / nullif(v.votes, 0)),
    'distribution', to_jsonb(d)
  )
  from (select figures.distribution as d) as given
  cross join lateral (select d[1] + d[2] + d[3] + d[4] + d[5] as votes) as v
$$;

create function private.by_stars(ratings integer[])
returns bigint[]
language sql
immutable
set search_path = ''
as $$
/* How many votes have one star, two, … five. */
  select array_agg((select count(*) from unnest(ratings) as r (rating) where r.rating = s.stars) order by s.stars)
  from generate_series(1, 5) as s (stars)
$$;

-- They come back below, wider.
-- squawk-ignore ban-drop-view
drop view api.feedback_summary;
-- squawk-ignore ban-drop-function
drop function private.feedback_figures();

create table public.published_groups (
  survey_id uuid not null references public.feedback_surveys (id) on delete cascade,
  scope text not null,
  accountant_id uuid references public.users (id) on delete cascade,
  figures jsonb not null,
  published_at timestamptz not null default now(),
  constraint a_group_is_published_once unique nulls not distinct (survey_id, scope, accountant_id),
  constraint scope_is_known check (scope in ('firm', 'accountant')),
  constraint the_firm_is_nobodys check (scope = 'accountant' or accountant_id is null)
);

create index groups_published_of_an_accountant on public.published_groups (accountant_id);

comment on table public.published_groups is
  'What accountants and observers may know of surveys that have ended: written once, as each ends, and never counted again.';
comment on column public.published_groups.survey_id is 'The survey.';
comment on column public.published_groups.scope is 'firm or accountant.';
comment on column public.published_groups.accountant_id is 'Whose chats were rated; null for the firm and for chats that were nobody''s.';
comment on column public.published_groups.figures is 'Of private.figures what names nobody: each person counts once.';
comment on column public.published_groups.published_at is 'When the survey ended.';

alter table public.published_groups enable row level security;
grant select on public.published_groups to service_role;

create function private.rated_groups(of_survey uuid default null)
returns table (survey_id uuid, scope text, accountant_id uuid, figures jsonb)
language sql
stable
set search_path = ''
as $$
/* Ratings of a survey, or of all when null, of the firm and of each accountant, for those who see all of it. A vote without a voter, whose
   person counts by another vote, adds to the average and not to the number. */
  with votes as (
    select r.survey_id, r.assigned_accountant_id, r.rating, r.telegram_user_id as voter
    from public.feedback_responses as r
    where (of_survey is null or r.survey_id = of_survey)
      and r.superseded_at is null
      and r.rating is not null
  ),
  asked as (
    select d.survey_id, d.assigned_accountant_id, sum(p.people)::bigint as people
    from private.asked_people(of_survey) as p
    join public.survey_deliveries as d on d.id = p.delivery_id
    group by d.survey_id, d.assigned_accountant_id
  ),
  accountants as (
    select
      coalesce(v.survey_id, a.survey_id) as survey_id,
      coalesce(v.assigned_accountant_id, a.assigned_accountant_id) as assigned_accountant_id,
      coalesce(v.voters, 0) as voters,
      coalesce(v.distribution, array[0, 0, 0, 0, 0]::bigint[]) as distribution,
      a.people
    from (
      select
        v.survey_id, v.assigned_accountant_id, count(distinct v.voter) as voters, private.by_stars(array_agg(v.rating)) as distribution
      from votes as v
      group by v.survey_id, v.assigned_accountant_id
    ) as v
    full join asked as a
      on a.survey_id = v.survey_id and coalesce(a.assigned_accountant_id::text, '') = coalesce(v.assigned_accountant_id::text, '')
  ),
  firm as (
    select
      a.survey_id,
      (select count(distinct v.voter) from votes as v where v.survey_id = a.survey_id) as voters,
      private.by_stars(array(select v.rating from votes as v where v.survey_id = a.survey_id)) as distribution,
      sum(a.people)::bigint as people
    from accountants as a
    group by a.survey_id
  )
  select f.survey_id, 'firm', null::uuid, private.figures(f.people, f.voters, f.distribution)
  from firm as f
  union all
  select a.survey_id, 'accountant', a.assigned_accountant_id, private.figures(a.people, a.voters, a.distribution)
  from accountants as a
$$;

create function private.names_nobody(voters numeric, lowest integer, highest integer, some_were_silent boolean)
returns boolean
language sql
immutable
set search_path = ''
as $$
/* Whether the stars of a group may be known: of three voters or more, not all of one mind, nor all who could have voted. Groups without a
   person in common keep that when they are taken together. */
  select voters >= 3 and coalesce(lowest < highest, false) and some_were_silent
$$;

create function private.groups_to_publish(of_survey uuid)
returns table (scope text, accountant_id uuid, figures jsonb)
language sql
stable
set search_path = ''
as $$
/* What everybody may know of a survey. Each person counts once, by the latest vote, with the accountant it was for, so that no two
   accountants have a voter in common and every sum or difference of groups is of whole groups. When those kept back do not name nobody
   together, the smallest other one is kept back too, or the firm less the rest would tell of them. */
  with live as (
    select r.*
    from public.feedback_responses as r
    where r.survey_id = of_survey
      and r.superseded_at is null
      and r.rating is not null
  ),
  votes as (
    select distinct on (l.telegram_user_id) l.telegram_user_id as voter, l.assigned_accountant_id as accountant_id, l.rating
    from live as l
    where l.telegram_user_id is not null
    order by l.telegram_user_id, l.created_at desc, l.id
  ),
  places as (
    select d.chat_id, d.assigned_accountant_id as accountant_id
    from public.survey_deliveries as d
    where d.survey_id = of_survey
      and d.status = 'sent'
    union
    select l.chat_id, l.assigned_accountant_id
    from live as l
  ),
  silent as (
    select p.accountant_id, k.telegram_user_id as person
    from places as p
    join private.chat_voters as k on k.chat_id = p.chat_id
    where k.telegram_user_id not in (select v.voter from votes as v)
  ),
  people as (
    select v.accountant_id, v.voter, v.rating, null::bigint as silent
    from votes as v
    union all
    select s.accountant_id, null, null, s.person
    from silent as s
  ),
  accountants as (
    select
      p.accountant_id,
      count(p.voter) as voters,
      array_agg(p.rating) filter (where p.rating is not null) as ratings,
      min(p.rating) as lowest,
      max(p.rating) as highest,
      -- Whose data is erased may still be a member of a chat, under the own id.
      count(distinct p.silent) > (select count(*) from votes as v where v.voter >= 4000000000000000000) as some_were_silent
    from people as p
    group by p.accountant_id
  ),
  fit as (
    select a.*, private.names_nobody(a.voters, a.lowest, a.highest, a.some_were_silent) as is_fit
    from accountants as a
  ),
  beside as (
    select
      f.*,
      sum(f.voters) over smaller as others,
      private.names_nobody(
        sum(f.voters) over smaller, min(f.lowest) over smaller, max(f.highest) over smaller, bool_or(f.some_were_silent) over smaller
      ) as others_are_fit
    from fit as f
    window smaller as (order by f.is_fit, f.voters, f.accountant_id rows between unbounded preceding and 1 preceding)
  ),
  shown as (
    select 'accountant' as scope, b.accountant_id, b.voters, b.ratings
    from beside as b
    where b.is_fit
      and (coalesce(b.others, 0) = 0 or b.others_are_fit)
    union all
    select 'firm', null, sum(a.voters)::bigint, (select array_agg(v.rating) from votes as v)
    from accountants as a
    having private.names_nobody(sum(a.voters), min(a.lowest), max(a.highest), bool_or(a.some_were_silent))
  )
  select s.scope, s.accountant_id, private.figures(null, s.voters, private.by_stars(s.ratings)) - array['asked', 'votes', 'rate']
  from shown as s
$$;

create function private.publish_groups()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
/* Writes what everybody may know of a survey as it ends, whoever ends it; two looks around a later erasure would tell of whom it was. A
   definer, because nobody writes that by hand. */
begin
  insert into public.published_groups (survey_id, scope, accountant_id, figures, published_at)
  select new.id, g.scope, g.accountant_id, g.figures, new.ended_at
  from private.groups_to_publish(new.id) as g;
  return null;
end
$$;

create trigger feedback_surveys_publish_groups
after update on public.feedback_surveys
for each row when (old.ended_at is null and new.ended_at is not null)
execute function private.publish_groups();

insert into public.published_groups (survey_id, scope, accountant_id, figures, published_at)
select s.id, g.scope, g.accountant_id, g.figures, s.ended_at
from public.feedback_surveys as s
cross join lateral private.groups_to_publish(s.id) as g
where s.ended_at is not null;

create function private.feedback_figures(of_survey uuid default null)
returns table (survey_id uuid, scope text, accountant_id uuid, figures jsonb)
language sql
stable
security definer
set search_path = ''
as $$
/* The groups of a survey, or of all: everything for admins, managers and the service, what was published for accountants and observers.
   A definer, because these groups are all that they may know of votes. */
  with asker as (
    select
      (select private.role()) is not null as is_known,
      coalesce((select private.role()) in ('admin', 'manager'), false) or (select auth.role()) = 'service_role' as sees_all
  )
  select g.*
  from asker
  cross join lateral private.rated_groups(of_survey) as g
  where asker.sees_all
  union all
  select p.survey_id, p.scope, p.accountant_id, p.figures
  from public.published_groups as p
  cross join asker
  where asker.is_known
    and not asker.sees_all
    and (of_survey is null or p.survey_id = of_survey)
$$;

create view api.feedback_summary with (security_invoker = true) as
select
  f.survey_id,
  s.quarter,
  f.scope,
  f.accountant_id,
  u.full_name as accountant_name,
  (f.figures ->> 'voters')::bigint as voters,
  (f.figures ->> 'average')::numeric as average_rating,
  (f.figures ->> 'votes')::bigint as votes,
  (f.figures ->> 'asked')::bigint as asked,
  (f.figures ->> 'rate')::numeric as rate,
  (f.figures ->> 'csat')::numeric as csat,
  (f.figures ->> 'nps')::integer as nps,
  f.figures -> 'distribution' as distribution,
  s.name as survey_name,
  s.kind,
  s.starts_on,
  s.ends_on,
  f.figures
from private.feedback_figures() as f
join public.feedback_surveys as s on s.id = f.survey_id
left join public.users as u on u.id = f.accountant_id;

comment on view api.feedback_summary is
  'Ratings of the firm and of each accountant, by survey: for accountants and observers what was published when the survey ended, which names nobody.';

-- Of one table, so that votes go in through it.
create or replace view api.feedback_responses with (security_invoker = true) as
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
  r.created_at,
  (select s.name from public.feedback_surveys as s where s.id = r.survey_id) as survey_name,
  (select s.kind from public.feedback_surveys as s where s.id = r.survey_id) as kind,
  (select c.id from public.chats as c where c.chat_id = r.chat_id) as chat,
  (select c.chat_name from public.chats as c where c.chat_id = r.chat_id) as chat_name,
  (select n.name from public.clients as n where n.id = r.client_id) as client_name,
  (select a.full_name from public.users as a where a.id = r.assigned_accountant_id) as accountant_name
from public.feedback_responses as r
where r.superseded_at is null
  and r.rating is not null;

create view private.delivery_rows with (security_invoker = true) as
select
  d.id, d.survey_id, d.chat_id, c.id as chat, c.chat_name, n.name as client_name, d.status, d.reason, d.due_at, d.sent_at, d.reminded_at,
  (select p.people from private.asked_people(d.survey_id, d.id) as p) as people,
  (
    select count(*)
    from public.feedback_responses as r
    where r.survey_id = d.survey_id
      and r.chat_id = d.chat_id
      and r.superseded_at is null
      and r.rating is not null
  ) as voted
from public.survey_deliveries as d
join public.chats as c on c.chat_id = d.chat_id
left join public.clients as n on n.id = d.client_id;

comment on view api.feedback_responses is 'Live votes with names, for those who run the firm; every figure is of these.';
comment on view private.delivery_rows is 'Whom a survey asked, and why others it did not, for those who run the firm.';

create function private.figures_by(of_survey uuid, groups text)
returns jsonb
language sql
stable
set search_path = ''
as $$
/* [{id, name, …figures}] of a survey by client or by segment, best known first; for those who see all of it. */
  with members as (
    select d.chat_id, d.client_id as id
    from public.survey_deliveries as d
    where groups = 'client'
      and d.survey_id = of_survey
    union
    select r.chat_id, r.client_id
    from public.feedback_responses as r
    where groups = 'client'
      and r.survey_id = of_survey
    union
    select c.chat_id, c.segment_id
    from public.chat_segment_chats as c
    where groups = 'segment'
  ),
  votes as (
    select m.id, count(distinct r.telegram_user_id) as voters, private.by_stars(array_agg(r.rating)) as distribution
    from members as m
    join public.feedback_responses as r on r.chat_id = m.chat_id
    where r.survey_id = of_survey
      and r.superseded_at is null
      and r.rating is not null
      and m.id is not null
    group by m.id
  ),
  asked as (
    select m.id, sum(p.people)::bigint as people
    from members as m
    join public.survey_deliveries as d on d.chat_id = m.chat_id
    join private.asked_people(of_survey) as p on p.delivery_id = d.id
    where m.id is not null
    group by m.id
  ),
  named as (
    select
      x.id,
      coalesce(n.name, g.name) as name,
      private.figures(x.people, coalesce(x.voters, 0), coalesce(x.distribution, array[0, 0, 0, 0, 0]::bigint[])) as figures
    from (
      select coalesce(v.id, a.id) as id, v.voters, v.distribution, a.people
      from votes as v
      full join asked as a on a.id = v.id
    ) as x
    left join public.clients as n on n.id = x.id
    left join public.chat_segments as g on g.id = x.id
  )
  select coalesce(jsonb_agg(jsonb_build_object('id', n.id, 'name', n.name) || n.figures order by n.name, n.id), '[]')
  from named as n
$$;

create function private.survey_results(of_survey uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
/* {firm, accountants, clients, segments, comments, open_cases} of a survey, with names, for those who see all of it. */
  select jsonb_build_object(
    'firm', coalesce(
      (select g.figures from private.rated_groups(of_survey) as g where g.scope = 'firm'),
      private.figures(0, 0, array[0, 0, 0, 0, 0]::bigint[])
    ),
    'accountants', (
      select coalesce(
        jsonb_agg(jsonb_build_object('id', g.accountant_id, 'name', u.full_name) || g.figures order by u.full_name, g.accountant_id), '[]'
      )
      from private.rated_groups(of_survey) as g
      left join public.users as u on u.id = g.accountant_id
      where g.scope = 'accountant'
    ),
    'clients', private.figures_by(of_survey, 'client'),
    'segments', private.figures_by(of_survey, 'segment'),
    'comments', (
      select count(*)
      from public.feedback_responses as r
      where r.survey_id = of_survey
        and r.superseded_at is null
        and r.comment is not null
    ),
    'open_cases', (
      select count(*) from public.feedback_cases as k where k.survey_id = of_survey and k.resolved_at is null
    )
  )
$$;

create function api.survey_results(id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
/* {survey, firm, accountants, clients, segments, comments, open_cases}: what a survey found, with names. For admins and managers; refuses
   with not_allowed and survey_not_found. A definer, because the groups with all there is are for nobody else to ask for. */
declare
  survey jsonb;
begin
  if (select private.role()) in ('admin', 'manager') is not true then
    raise exception 'not_allowed' using errcode = 'PT403';
  end if;
  select to_jsonb(s) from api.feedback_surveys as s where s.id = survey_results.id into survey;
  if survey is null then
    raise exception 'survey_not_found' using errcode = 'PT404';
  end if;
  return jsonb_build_object('survey', survey) || private.survey_results(survey_results.id);
end
$$;

create function api.survey_overview()
returns jsonb
language sql
stable
set search_path = ''
as $$
/* [{…survey, figures}]: every survey, the latest first; figures are the firm's, null where the reader may not know them. */
  select coalesce(
    jsonb_agg(to_jsonb(s) || jsonb_build_object('figures', f.figures) order by s.starts_on desc, s.created_at desc), '[]'
  )
  from api.feedback_surveys as s
  left join api.feedback_summary as f on f.survey_id = s.id and f.scope = 'firm'
$$;

create function api.feedback_trend(kind text default 'campaign')
returns jsonb
language sql
stable
set search_path = ''
as $$
/* [{survey, name, quarter, starts_on, ends_on, …figures}]: the firm's figures, survey by survey, the oldest first, as far as the reader may
   know them. */
  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'survey', f.survey_id, 'name', f.survey_name, 'quarter', f.quarter, 'starts_on', f.starts_on, 'ends_on', f.ends_on
      ) || f.figures
      order by f.starts_on, f.survey_id
    ),
    '[]'
  )
  from api.feedback_summary as f
  where f.scope = 'firm'
    and f.kind = feedback_trend.kind
$$;

create function api.find_comments(
  query text default null, survey uuid default null, accountant uuid default null, most integer default null, after jsonb default null,
  batch integer default 50
)
returns setof api.feedback_responses
language sql
stable
security definer
set search_path = ''
as $$
/* Comments, the latest first, of a survey, about an accountant, with at most so many stars, that contain these words; from the one after
   `after` ({created_at, id}) on. For admins and managers, none for others. A definer, because nobody reads votes themselves. */
  select r.*
  from api.feedback_responses as r
  where (select private.role()) in ('admin', 'manager')
    and r.comment is not null
    and (find_comments.query is null or strpos(lower(r.comment), lower(btrim(find_comments.query))) > 0)
    and (find_comments.survey is null or r.survey_id = find_comments.survey)
    and (find_comments.accountant is null or r.assigned_accountant_id = find_comments.accountant)
    and (find_comments.most is null or r.rating <= find_comments.most)
    and (
      find_comments.after is null
      or (r.created_at, r.id) < ((find_comments.after ->> 'created_at')::timestamptz, (find_comments.after ->> 'id')::uuid)
    )
  order by r.created_at desc, r.id desc
  limit least(greatest(batch, 1), 1000)
$$;

grant select on api.feedback_summary to authenticated, service_role;
-- Nobody reads rows of these themselves: PostgREST may answer with a guess of the planner (`Prefer: count=planned`), which guesses from
-- everybody's. Functions that know who asks read them; of a function the planner guesses always the same.
revoke select on public.feedback_responses, api.feedback_responses from authenticated;
grant execute on function
  private.figures(bigint, bigint, bigint[]),
  private.by_stars(integer[]),
  private.feedback_figures(uuid)
to authenticated, service_role;
grant execute on function
  private.rated_groups(uuid),
  private.figures_by(uuid, text),
  private.survey_results(uuid)
to service_role;
grant execute on function
  api.survey_results(uuid),
  api.survey_overview(),
  api.feedback_trend(text),
  api.find_comments(text, uuid, uuid, integer, jsonb, integer)
to authenticated;
