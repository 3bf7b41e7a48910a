-- Whom the bot speaks to, many at once.
set lock_timeout = '5s';

create function api.identify_all(people jsonb)
returns jsonb
language sql
stable
set search_path = ''
as $$
/* What api.identify says of each of [{telegram_id, language}], in their order: people who write in the same moment are one question. */
  select coalesce(jsonb_agg(api.identify(p.telegram_id, p.language) order by p.position), '[]')
  from rows from (
    jsonb_to_recordset(identify_all.people) as (telegram_id bigint, language text)
  ) with ordinality as p (telegram_id, language, position)
$$;

grant execute on function api.identify_all(jsonb) to service_role;
