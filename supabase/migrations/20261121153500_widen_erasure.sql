-- Erasure of a client reaches what came beside the messages: members of the chats, votes, invitations. Figures stay (152-FZ, GDPR).
set lock_timeout = '5s';

comment on column public.feedback_responses.telegram_user_id is
  'Who voted; once erased, an id that Telegram never gives, the same in all votes of the person that were erased together, or null when the person counts by another vote.';
comment on column public.feedback_responses.voter_name is 'The person''s name at that time; null once erased.';
comment on column public.feedback_responses.comment is 'What the person added; null once erased.';
comment on column public.chat_invitations.used_by_telegram_id is 'Who connected it; an id that Telegram never gives once the person is removed.';

-- The audit log is for good, so nobody's Telegram id may come into it.
create or replace trigger chat_invitations_audited after insert or update or delete on public.chat_invitations
for each row execute function private.record_change('used_by_telegram_id');

create function private.chance_id()
returns bigint
language sql
set search_path = ''
as $$
/* An id of nobody, drawn by chance from those that Telegram never gives: stands where a person's stood, and leads back to none. */
  select 4000000000000000000 + floor(random() * 500000000000000000)::bigint
$$;

create function private.erase_votes(of_chats bigint[], until timestamptz)
returns integer
language sql
set search_path = ''
as $$
/* Erases who voted and what they added, in these chats, or in all when null, where it was cast before an instant; returns how many votes
   had any. Ratings stay, and a person with several of these votes in a survey stays one voter. Who has another live vote in the survey
   that is not erased counts by that one. */
  with found as (
    select r.id, r.survey_id, r.telegram_user_id
    from public.feedback_responses as r
    where (erase_votes.of_chats is null or r.chat_id = any (erase_votes.of_chats))
      and r.created_at < erase_votes.until
      and (num_nonnulls(r.voter_name, r.comment) > 0 or r.telegram_user_id < 4000000000000000000)
  ),
  voters as (
    select
      f.survey_id,
      f.telegram_user_id,
      case
        when not exists (
          select
          from public.feedback_responses as r
          where r.survey_id = f.survey_id
            and r.telegram_user_id = f.telegram_user_id
            and r.superseded_at is null
            and r.rating is not null
            and r.id not in (select g.id from found as g)
        )
        then private.chance_id()
      end as instead
    from found as f
    where f.telegram_user_id is not null
    group by f.survey_id, f.telegram_user_id
  ),
  erased as (
    update public.feedback_responses as r
    set telegram_user_id = v.instead, voter_name = null, comment = null
    from found as f
    left join voters as v on v.survey_id = f.survey_id and v.telegram_user_id = f.telegram_user_id
    where r.id = f.id
    returning 1
  )
  select count(*)::integer
  from erased
$$;

create or replace function private.people_of_chats(of_chats bigint[])
returns bigint[]
language sql
stable
set search_path = ''
as $$
/* Telegram ids of those who wrote, reacted or voted in these chats, or are their members, and are not of the firm. */
  select coalesce(array_agg(x.id), '{}')
  from (
    select m.telegram_user_id as id
    from public.chat_messages as m
    where m.chat_id = any (of_chats)
    union
    select r.telegram_user_id
    from public.message_reactions as r
    where r.chat_id = any (of_chats)
    union
    select k.telegram_user_id
    from public.chat_members as k
    where k.chat_id = any (of_chats)
    union
    select v.telegram_user_id
    from public.feedback_responses as v
    where v.chat_id = any (of_chats)
  ) as x
  where x.id is not null
    and not exists (select from public.users as u where u.telegram_id = x.id)
$$;

create or replace function private.erase_traces(of_chats bigint[], of_people bigint[])
returns void
language plpgsql
set search_path = ''
as $$
/* Erases what stands beside the messages: who reacted, who voted and what they added, who is a member and who was invited, records that
   could not be stored, and what Telegram said of alerts. That they existed is a figure and stays, except for members and invitations,
   which no figure needs. */
begin
  update public.message_reactions as r
  set telegram_user_id = null
  where r.chat_id = any (of_chats)
    and r.telegram_user_id is not null;

  perform private.erase_votes(of_chats, 'infinity');

  delete from public.chat_members as k
  where k.chat_id = any (of_chats);

  delete from public.chat_invitations as i
  where i.chat_id = any (of_chats)
    or i.client_id in (select c.client_id from public.chats as c where c.chat_id = any (of_chats));

  update public.intake_rejects as r
  set record = '{}'
  where r.record ->> 'chat_id' = any (of_chats::text[])
    or r.record ->> 'user_id' = any (of_people::text[]);

  update public.outbox as o
  set last_error = null
  from public.chats as c
  where c.chat_id = any (of_chats)
    and o.subject_id = c.id
    and o.last_error is not null;
end
$$;

create or replace function private.feedback_figures()
returns table (survey_id uuid, scope text, accountant_id uuid, voters bigint, average_rating numeric)
language sql
stable
security definer
set search_path = ''
as $$
/* Ratings by survey, of the firm and of each accountant. Admins, managers and the service get all of it. Accountants and observers get
   surveys that have ended, which nothing changes any more, and groups of three voters or more; when the groups kept back hold fewer
   than three together, the smallest shown one is kept back too, or the total less the rest would tell of them. A vote without a voter,
   whose person counts by another vote, adds to the average and not to the number. A definer, because these
   groups are all that accountants and observers may know of votes. */
  with asker as (
    select
      (select private.role()) is not null as is_known,
      coalesce((select private.role()) in ('admin', 'manager'), false) or (select auth.role()) = 'service_role' as sees_all
  ),
  votes as (
    select r.survey_id, r.assigned_accountant_id, r.rating, r.telegram_user_id as voter
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
      coalesce(k.voters, 3) < 3 as rest_is_small,
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
