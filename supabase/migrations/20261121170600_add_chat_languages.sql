-- Each chat has its language: a group the one that the firm chose, a private chat the one that its person chose.
set lock_timeout = '5s';

alter table public.chats
  add column locale text,
  -- squawk-ignore constraint-missing-not-valid
  add constraint locale_is_known check (locale in ('ru', 'en'));

comment on column public.chats.locale is
  'Language of the bot in this chat; null is the firm''s own, Russian, and in a private chat what the person''s Telegram speaks.';

grant update (locale) on public.chats to authenticated;

create or replace view api.chats with (security_invoker = true) as
select
  c.id, c.chat_id, c.type, c.chat_name, c.client_id, c.assigned_accountant_id, c.schedule_id, c.policy_id, c.sla_threshold_minutes,
  c.monitoring_enabled, c.anonymous_staff, c.internal, c.connected_at, c.bot_status, c.bot_status_at, c.paused_because, c.deleted_at,
  c.migrated_from, c.created_at, c.updated_at, c.off_hours_reply, c.receipts, c.locale
from public.chats as c;

grant update (locale) on api.chats to authenticated;

create function private.language_of(chat bigint)
returns text
language sql
stable
set search_path = ''
as $$
/* The language in which the bot writes into a chat by itself: that of the person of the firm whose private chat it is, else the chat's. */
  select coalesce(
    (select u.locale from public.users as u where u.telegram_id = language_of.chat and u.active),
    (select c.locale from public.chats as c where c.chat_id = language_of.chat),
    'ru'
  )
$$;

create function api.identify(telegram_id bigint, language text default null)
returns jsonb
language sql
stable
set search_path = ''
as $$
/* {telegram_id, user_id, role, full_name, locale, timezone} of whoever is behind a Telegram account: an active person of the firm has a
   role and the own language; for anybody else role and name are null and the language is the one chosen in private, else Telegram's, where
   the bot speaks it. timezone is the firm's. */
  select jsonb_build_object(
    'telegram_id', identify.telegram_id,
    'user_id', u.id,
    'role', u.role,
    'full_name', u.full_name,
    'locale', coalesce(u.locale, c.locale, case when identify.language like 'en%' then 'en' else 'ru' end),
    'timezone', w.timezone
  )
  from public.settings as s
  join public.working_schedules as w on w.id = s.default_schedule_id
  left join public.users as u on u.telegram_id = identify.telegram_id
  and u.active
  left join public.chats as c on c.chat_id = identify.telegram_id
$$;

create function api.choose_language(telegram_id bigint, locale text)
returns void
language plpgsql
set search_path = ''
as $$
/* From now on the bot speaks this language to whoever is behind the account: to a person of the firm everywhere, and the admin with it; to
   anybody else in private. Refuses with unknown_button where nobody has written in private. */
begin
  -- The audit log names who chose.
  perform set_config('buhbot.acting_for', u.id::text, true)
  from public.users as u
  where u.telegram_id = choose_language.telegram_id
    and u.active;

  update public.chats as c
  set locale = choose_language.locale
  where c.chat_id = choose_language.telegram_id
    and c.type = 'private';
  if not found then
    raise exception 'unknown_button' using errcode = 'PT404';
  end if;
  update public.users as u
  set locale = choose_language.locale
  where u.telegram_id = choose_language.telegram_id
    and u.active;
end
$$;

grant execute on function private.language_of(bigint), api.identify(bigint, text), api.choose_language(bigint, text) to service_role;
