-- The demo firm, for the local stack only: `make up` applies it with --include-seed, a production deploy never does.

-- Nobody comes in without an invitation, the demo firm included.
insert into public.staff_invitations (id, email, role, full_name)
values
  ('00000000-0000-4000-8000-000000001001', 'admin@buhbot.test', 'admin', 'Ирина Соколова'),
  ('00000000-0000-4000-8000-000000001002', 'manager@buhbot.test', 'manager', 'Пётр Волков'),
  ('00000000-0000-4000-8000-000000001003', 'accountant@buhbot.test', 'accountant', 'Ольга Петрова'),
  ('00000000-0000-4000-8000-000000001004', 'accountant2@buhbot.test', 'accountant', 'Иван Кузнецов'),
  ('00000000-0000-4000-8000-000000001005', 'observer@buhbot.test', 'observer', 'Мария Орлова');

with sign_ins as (
  insert into auth.users (
    id, aud, role, email, encrypted_password, raw_app_meta_data, raw_user_meta_data, email_confirmed_at
  )
  select
    i.id, 'authenticated', 'authenticated', i.email, extensions.crypt('buhbot-demo-2026', extensions.gen_salt('bf', 10)),
    '{"provider": "email", "providers": ["email"]}',
    jsonb_build_object('email_verified', true, 'invitation', private.link_token('invitation', i.id)),
    now()
  from public.staff_invitations as i
  returning id, email
)
insert into auth.identities (id, provider, provider_id, user_id, identity_data)
select gen_random_uuid(), 'email', s.id::text, s.id, jsonb_build_object('sub', s.id, 'email', s.email, 'email_verified', true)
from sign_ins as s;

update public.users as u
set telegram_id = right(u.id::text, 4)::bigint;

insert into public.sla_policies (id, name, target_minutes, around_the_clock)
values ('00000000-0000-4000-8000-000000000024', 'Круглосуточно', 60, true);

insert into public.clients (id, name, tier)
values
  ('00000000-0000-4000-8000-000000000001', 'ООО Ромашка', 'standard'),
  ('00000000-0000-4000-8000-000000000002', 'ИП Лебедева', 'basic'),
  ('00000000-0000-4000-8000-000000000003', 'ООО Круглосуточно', 'premium');

insert into public.chats (
  chat_id, type, chat_name, client_id, assigned_accountant_id, schedule_id, policy_id, monitoring_enabled, connected_at, bot_status
)
values
  (
    -1001000000001, 'supergroup', 'ООО Ромашка', '00000000-0000-4000-8000-000000000001',
    '00000000-0000-4000-8000-000000001003', null, null, true, now(), 'administrator'
  ),
  (
    -1001000000002, 'supergroup', 'ИП Лебедева', '00000000-0000-4000-8000-000000000002',
    '00000000-0000-4000-8000-000000001004', null, null, true, now(), 'administrator'
  ),
  (
    -1001000000003, 'supergroup', 'ООО Круглосуточно', '00000000-0000-4000-8000-000000000003',
    '00000000-0000-4000-8000-000000001003', null, '00000000-0000-4000-8000-000000000024', true, now(), 'administrator'
  );
