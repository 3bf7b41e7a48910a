-- The long lists of surveys and of feedback, page by page.
set lock_timeout = '5s';

create function api.find_deliveries(
  survey uuid, status text default null, reason text default null, after_name text default null, after_id uuid default null,
  batch integer default 51
)
returns setof private.delivery_rows
language sql
stable
security definer
set search_path = ''
as $$
/* Deliveries of a survey by the name of the chat, of a status or for a reason, from the one after these on. For admins and
   managers, none for others. A definer, because nobody reads deliveries themselves. */
  select d.*
  from private.delivery_rows as d
  where (select private.role()) in ('admin', 'manager')
    and d.survey_id = find_deliveries.survey
    and (find_deliveries.status is null or d.status = find_deliveries.status)
    and (find_deliveries.reason is null or d.reason = find_deliveries.reason)
    and (find_deliveries.after_id is null or (d.chat_name, d.id) > (find_deliveries.after_name, find_deliveries.after_id))
  order by d.chat_name, d.id
  limit least(greatest(batch, 1), 2000)
$$;

create function api.find_votes(
  survey uuid default null, accountant uuid default null, client uuid default null, rating integer default null,
  after jsonb default null, batch integer default 51
)
returns setof api.feedback_responses
language sql
stable
security definer
set search_path = ''
as $$
/* Live votes, the latest first, of a survey, about an accountant, of a client, with so many stars, from the one after `after`
   ({created_at, id}) on. For admins and managers, none for others. A definer, because nobody reads votes themselves. */
  select r.*
  from api.feedback_responses as r
  where (select private.role()) in ('admin', 'manager')
    and (find_votes.survey is null or r.survey_id = find_votes.survey)
    and (find_votes.accountant is null or r.assigned_accountant_id = find_votes.accountant)
    and (find_votes.client is null or r.client_id = find_votes.client)
    and (find_votes.rating is null or r.rating = find_votes.rating)
    and (
      find_votes.after is null
      or (r.created_at, r.id) < ((find_votes.after ->> 'created_at')::timestamptz, (find_votes.after ->> 'id')::uuid)
    )
  order by r.created_at desc, r.id desc
  limit least(greatest(batch, 1), 2000)
$$;

create function api.find_cases(
  state text default 'open', survey uuid default null, after jsonb default null, batch integer default 51
)
returns setof private.case_rows
language sql
stable
security definer
set search_path = ''
as $$
/* Cases that are open, resolved or either (all), the latest first, from the one after `after` ({opened_at, id}) on. For admins and
   managers, none for others. A definer, because nobody reads cases themselves. */
  select k.*
  from private.case_rows as k
  where (select private.role()) in ('admin', 'manager')
    and (find_cases.state = 'all' or (k.resolved_at is null) = (find_cases.state = 'open'))
    and (find_cases.survey is null or k.survey_id = find_cases.survey)
    and (
      find_cases.after is null
      or (k.opened_at, k.id) < ((find_cases.after ->> 'opened_at')::timestamptz, (find_cases.after ->> 'id')::uuid)
    )
  order by k.opened_at desc, k.id desc
  limit least(greatest(batch, 1), 2000)
$$;

grant execute on function
  api.find_deliveries(uuid, text, text, text, uuid, integer),
  api.find_votes(uuid, uuid, uuid, integer, jsonb, integer),
  api.find_cases(text, uuid, jsonb, integer)
to authenticated;
