-- A large firm beside the demo one: forty accountants in four teams, nine hundred and fifty clients, a thousand chats. Names are as long
-- as they get. The first chats are those in which weeks are played; the rest get copies.

create temp table bench_people as
select
  n,
  ('00000000-0000-4000-8000-' || lpad((70000 + n)::text, 12, '0'))::uuid as id,
  'bench' || n || '@buhbot.test' as email,
  case when n <= 40 then 'accountant' when n <= 44 then 'manager' when n <= 46 then 'observer' else 'admin' end as role,
  case
    when n % 20 = 7 then 'Константинопольская-Преображенская Александра Вячеславовна №' || n
    else (array['Анна', 'Борис', 'Вера', 'Глеб', 'Дарья', 'Егор', 'Жанна'])[1 + n % 7] || ' '
      || (array['Белова', 'Гусева', 'Зимина', 'Котова', 'Лунёва'])[1 + n % 5] || '-' || n
  end as full_name,
  7100000 + n as telegram_id
from generate_series(1, 47) as n;

insert into public.staff_invitations (id, email, role, full_name)
select p.id, p.email, p.role, p.full_name
from bench_people as p;

-- Nobody knows their passwords: in comes the demo firm.
insert into auth.users (id, aud, role, email, encrypted_password, raw_app_meta_data, raw_user_meta_data, email_confirmed_at)
select
  p.id, 'authenticated', 'authenticated', p.email, '', '{"provider": "email", "providers": ["email"]}',
  jsonb_build_object('email_verified', true, 'invitation', private.link_token('invitation', p.id)), now()
from bench_people as p;

update public.users as u
set telegram_id = p.telegram_id
from bench_people as p
where u.id = p.id;

insert into public.manager_accountants (manager_id, accountant_id)
select m.id, a.id
from bench_people as a
join bench_people as m on m.n = 41 + a.n % 4
where a.role = 'accountant'
union all
select '00000000-0000-4000-8000-000000001002', id
from unnest(
  array['00000000-0000-4000-8000-000000001003', '00000000-0000-4000-8000-000000001004', '00000000-0000-4000-8000-000000070001']::uuid[]
) as id
on conflict do nothing;

insert into public.absences (user_id, substitute_id, during, reason)
select
  p.id, s.id, tstzrange(now() - interval '2 days', now() + interval '12 days'),
  (array['vacation', 'sick', 'other'])[1 + p.n / 9 % 3]
from bench_people as p
join bench_people as s on s.n = p.n + 1
where p.role = 'accountant'
  and p.n % 9 = 0;

-- Its hours follow no holidays, so that any week may be copied to any other.
insert into public.working_schedules (id, name, follows_firm_calendar)
values ('00000000-0000-4000-8000-0000000000f0', 'Будни', false);

insert into public.working_intervals (schedule_id, weekday, opens, closes)
select '00000000-0000-4000-8000-0000000000f0', d.weekday, '09:00', '18:00'
from generate_series(1, 5) as d (weekday);

create temp table bench_chats as
select
  n,
  md5('bench chat ' || n)::uuid as id,
  -1097000000000 - n as chat_id,
  md5('bench client ' || case when n >= :played and n % 20 = 19 then n - 1 else n end)::uuid as client_id,
  -- Those played in belong to one accountant; of the others every forty-first too.
  case
    when n < :played or n % 41 = 0 then '00000000-0000-4000-8000-000000001003'
    else ('00000000-0000-4000-8000-' || lpad((70000 + n % 41)::text, 12, '0'))::uuid
  end as owner,
  case
    when n < :played then n / 2 % 4
    else (array[0, 0, 1, 1, 1, 1, 1, 1, 2, 3])[1 + (n - (n % 20) / 19) % 10]
  end as tier,
  case
    when n % 50 = 33 then 'Общество с ограниченной ответственностью «Северо-Западная логистика и сервис» №' || n
    else (array['ООО', 'ИП', 'АО', 'Кафе', 'Стоматология', 'Фонд'])[1 + n % 6] || ' «'
      || (array['Вектор', 'Ромашка', 'Север', 'Кедр', 'Улыбка', 'Заря', 'Маяк', 'Пион', 'Щегол', 'Ёлка', 'Юность'])[1 + n % 11]
      || '» ' || n
  end as name
from generate_series(0, :chats - 1) as n;

insert into public.clients (id, name, tier)
select distinct on (c.client_id)
  c.client_id, c.name, (array['basic', 'standard', 'vip', 'premium'])[1 + c.tier]
from bench_chats as c
order by c.client_id, c.n;

insert into public.chats (
  id, chat_id, type, chat_name, client_id, assigned_accountant_id, schedule_id, policy_id, monitoring_enabled, connected_at, bot_status,
  paused_because, deleted_at, off_hours_reply
)
select
  c.id, c.chat_id, 'supergroup', c.name, c.client_id, c.owner, '00000000-0000-4000-8000-0000000000f0', p.id,
  c.n % 100 not in (85, 95), now() - interval '900 days', case when c.n % 100 in (85, 95) then 'left' else 'member' end,
  case when c.n % 100 = 85 then 'bot_removed' end, case when c.n % 100 = 95 then now() - interval '3 days' end, false
from bench_chats as c
left join public.sla_policies as p on p.tier = (array['basic', 'standard', 'vip', 'premium'])[1 + c.tier];

insert into public.templates (category, title, content, usage_count)
select
  (array['Налоги', 'Зарплата', 'Документы', 'Банк'])[1 + n % 4], 'Ответ ' || n,
  'Здравствуйте, {{client_name}}. Документ готов, отправили на почту. Если что-то не так, напишите.', n
from generate_series(1, 200) as n;

insert into public.faq_items (question, answer, keywords, usage_count)
select 'Когда сдавать отчёт ' || n || '?', 'До двадцать пятого числа следующего месяца.', array['отчёт' || n, 'срок' || n], n
from generate_series(1, 200) as n;

insert into public.error_log (happened_at, reference, component, event, fingerprint, detail)
select
  now() - interval '20 minutes' * n, upper(substr(md5('error ' || n), 1, 8)), (array['bot', 'jobs', 'admin'])[1 + n % 3],
  (array['send_failed', 'page_failed', 'model_unavailable'])[1 + n % 3], md5('kind ' || n % 60), jsonb_build_object('attempt', n % 5)
from generate_series(1, 5000) as n;

select
  private.record_entry(
    c.owner, 'update', 'chats', c.id::text, jsonb_build_object('sla_threshold_minutes', nth),
    jsonb_build_object('sla_threshold_minutes', nth + 1),
    array['sla_threshold_minutes'], null
  )
from bench_chats as c
cross join generate_series(1, 20) as nth;
