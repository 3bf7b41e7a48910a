-- Whom the bot speaks to and in which language, many at once.
set lock_timeout = '5s';

create function api.identify_all(people jsonb)
returns jsonb
language sql
stable
set search_path = ''
as $$
/* What api.identify says of each of [{telegram_id, language, chat_id}], in their order, and answer_locale, the language of an answer there:
   in the group chat_id the group's, because everybody reads it; without one the person's own. People who write in the same moment are one
   question. */
  select coalesce(
    jsonb_agg(
      i.person || jsonb_build_object(
        'answer_locale', case when p.chat_id is null then i.person ->> 'locale' else private.language_of(p.chat_id) end
      )
      order by p.position
    ),
    '[]'
  )
  from rows from (
    jsonb_to_recordset(identify_all.people) as (telegram_id bigint, language text, chat_id bigint)
  ) with ordinality as p (telegram_id, language, chat_id, position)
  cross join lateral (select api.identify(p.telegram_id, p.language)) as i (person)
$$;

grant execute on function api.identify_all(jsonb) to service_role;
