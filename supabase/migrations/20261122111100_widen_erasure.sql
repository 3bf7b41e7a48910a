-- What was noted of a client who was not content goes with the client.
set lock_timeout = '5s';

create or replace function private.erase_votes(of_chats bigint[], until timestamptz)
returns integer
language sql
set search_path = ''
as $$
/* Erases who voted, what they added and what was noted of it, in these chats, or in all when null, where it was cast before an instant;
   returns how many votes had any. Ratings stay, and a person with several of these votes in a survey stays one voter. Who has another live vote in the survey
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
  ),
  noted as (
    update public.feedback_cases as k
    set note = null
    where (erase_votes.of_chats is null or k.chat_id = any (erase_votes.of_chats))
      and k.opened_at < erase_votes.until
      and k.note is not null
  )
  select count(*)::integer
  from erased
$$;
