-- Whom the bot speaks to, and in which language.
set lock_timeout = '5s';

create function api.identify(telegram_id bigint, language text default null)
returns jsonb
language sql
stable
set search_path = ''
as $$
/* {telegram_id, user_id, role, full_name, locale, timezone} of whoever is behind a Telegram account: an active person of the firm has a
   role and the own language; for anybody else these are null and the language is Telegram's, where the bot speaks it. timezone is the
   firm's. */
  select jsonb_build_object(
    'telegram_id', identify.telegram_id,
    'user_id', u.id,
    'role', u.role,
    'full_name', u.full_name,
    'locale', coalesce(u.locale, case when identify.language like 'en%' then 'en' else 'ru' end),
    'timezone', w.timezone
  )
  from public.settings as s
  join public.working_schedules as w on w.id = s.default_schedule_id
  left join public.users as u on u.telegram_id = identify.telegram_id
  and u.active
$$;

grant execute on function api.identify(bigint, text) to service_role;
