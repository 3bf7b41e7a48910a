-- Whoever wrote something that the bot answers is known with its commit.
set lock_timeout = '5s';

create or replace function api.identify_all(people jsonb)
returns jsonb
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = 'off'
as $$
/* Whoever is behind each of [{telegram_id, language, chat_id}], in their order: {telegram_id, user_id, role, full_name, locale, timezone,
   answer_locale}. An active person of the firm has a role and the own language; for anybody else role and name are null and the language is
   the one chosen in private, else Telegram's, where the bot speaks it. timezone is the firm's. answer_locale is the language of an answer
   there: in the group chat_id the group's, because everybody reads it; without one the person's own. People who write in the same moment
   are one question. */
begin
  return (
    select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'telegram_id', p.telegram_id,
          'user_id', u.id,
          'role', u.role,
          'full_name', u.full_name,
          'locale', o.locale,
          'timezone', w.timezone,
          'answer_locale', case when p.chat_id is null then o.locale else private.language_of(p.chat_id) end
        )
        order by p.position
      ),
      '[]'
    )
    from rows from (
      jsonb_to_recordset(identify_all.people) as (telegram_id bigint, language text, chat_id bigint)
    ) with ordinality as p (telegram_id, language, chat_id, position)
    join public.settings as s on true
    join public.working_schedules as w on w.id = s.default_schedule_id
    left join public.users as u on u.telegram_id = p.telegram_id
    and u.active
    left join public.chats as c on c.chat_id = p.telegram_id
    cross join lateral (
      select coalesce(u.locale, c.locale, case when p.language like 'en%' then 'en' else 'ru' end)
    ) as o (locale)
  );
end
$$;

-- Nobody asks it.
-- squawk-ignore ban-drop-function
drop function api.identify(bigint, text);

create function api.ingest_and_identify(updates jsonb, people jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
/* {answers, people}: what api.ingest says of the updates and then, in the same round trip, what api.identify_all says of the people. */
declare
  answers jsonb := api.ingest(updates);
begin
  return jsonb_build_object('answers', answers, 'people', api.identify_all(people));
end
$$;

grant execute on function api.ingest_and_identify(jsonb, jsonb) to service_role;
