-- The firm of `make demo`, beside that of supabase/seed.sql: a third accountant, six chats, and a schedule whose one day lies around now,
-- from %(opens)s to %(closes)s, the eve of a holiday. Run again, it moves the day and makes nothing twice.

insert into public.staff_invitations (id, email, role, full_name)
values ('00000000-0000-4000-8000-000000001006', 'accountant3@buhbot.test', 'accountant', 'Елена Морозова')
on conflict do nothing;

with sign_in as (
  insert into auth.users (
    id, aud, role, email, encrypted_password, raw_app_meta_data, raw_user_meta_data, email_confirmed_at
  )
  select
    i.id, 'authenticated', 'authenticated', i.email, extensions.crypt('buhbot-demo-2026', extensions.gen_salt('bf', 10)),
    '{"provider": "email", "providers": ["email"]}',
    jsonb_build_object('email_verified', true, 'invitation', private.link_token('invitation', i.id)),
    now()
  from public.staff_invitations as i
  where i.id = '00000000-0000-4000-8000-000000001006'
  on conflict do nothing
  returning id, email
)
insert into auth.identities (id, provider, provider_id, user_id, identity_data)
select gen_random_uuid(), 'email', s.id::text, s.id, jsonb_build_object('sub', s.id, 'email', s.email, 'email_verified', true)
from sign_in as s;

update public.users as u
set telegram_id = 1006
where u.id = '00000000-0000-4000-8000-000000001006'
  and u.telegram_id is null;

insert into public.working_schedules (id, name, timezone, around_the_clock)
values ('00000000-0000-4000-8000-0000000000d0', 'Демонстрация', 'Europe/Moscow', false)
on conflict do nothing;

insert into public.working_intervals (schedule_id, weekday, opens, closes)
select '00000000-0000-4000-8000-0000000000d0', d.weekday, '09:00', '18:00'
from generate_series(1, 5) as d (weekday)
on conflict do nothing;

delete from public.calendar_exceptions where schedule_id = '00000000-0000-4000-8000-0000000000d0';

-- An exception is the whole truth about its own date and about no other: a day over midnight takes one of each.
with day as (
  select timezone('Europe/Moscow', %(opens)s) as opens, timezone('Europe/Moscow', %(closes)s) as closes
)
insert into public.calendar_exceptions (schedule_id, on_date, name, opens, closes)
select
  '00000000-0000-4000-8000-0000000000d0'::uuid,
  midnight::date,
  'Предпраздничный день',
  greatest(d.opens, midnight)::time,
  case when d.closes < midnight + interval '1 day' then d.closes::time else '24:00' end
from day as d, generate_series(d.opens::date::timestamp, d.closes - interval '1 microsecond', interval '1 day') as midnight
union all
select '00000000-0000-4000-8000-0000000000d0', (d.closes - interval '1 microsecond')::date + 1, 'День бухгалтера', null, null
from day as d;

insert into public.chats (chat_id, type, chat_name, assigned_accountant_id, schedule_id, monitoring_enabled, connected_at, bot_status)
select
  c.chat_id, 'supergroup', c.chat_name, c.accountant_id, '00000000-0000-4000-8000-0000000000d0', true, now(), 'administrator'
from (
  values
    (-1001000000011, 'ООО Север', '00000000-0000-4000-8000-000000001003'::uuid),
    (-1001000000012, 'ИП Жуков', '00000000-0000-4000-8000-000000001003'),
    (-1001000000013, 'ООО Кедр', '00000000-0000-4000-8000-000000001004'),
    (-1001000000014, 'АО Заря', '00000000-0000-4000-8000-000000001004'),
    (-1001000000015, 'Кафе Уют', '00000000-0000-4000-8000-000000001006'),
    (-1001000000016, 'Стоматология Улыбка', '00000000-0000-4000-8000-000000001006')
) as c (chat_id, chat_name, accountant_id)
on conflict do nothing;
