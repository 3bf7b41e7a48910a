-- Which commands Telegram lists to whom: what should be listed follows from the people, what is listed is noted, and the difference is sent.
set lock_timeout = '5s';

create table public.command_menus (
  telegram_id bigint primary key,
  told text,
  attempted text,
  attempted_at timestamptz not null
);

comment on table public.command_menus is 'The list of commands that Telegram shows to an account in private, as far as it took ours.';
comment on column public.command_menus.telegram_id is 'The account; the row goes when nothing of its own is listed any more.';
comment on column public.command_menus.told is 'What Telegram took last: edition:role:language; null before the first.';
comment on column public.command_menus.attempted is 'What was tried last, likewise; null was the taking away.';
comment on column public.command_menus.attempted_at is 'When.';

alter table public.command_menus enable row level security;
grant select, insert, update, delete on public.command_menus to service_role;

create function api.claim_menus(edition text, as_of timestamptz default now(), batch integer default 20)
returns jsonb
language plpgsql
set search_path = ''
as $$
/* Accounts whose list of commands is not what it should be: [{telegram_id, role, locale, told}], role null where nothing of its own is to be
   listed any more: the account belongs to nobody active (B7). `edition` names the release's table of commands. What fails is handed out
   again after a minute, or at once when something else is wanted. */
declare
  claimed jsonb;
begin
  with wanted as (
    select u.telegram_id, u.role, u.locale, concat_ws(':', claim_menus.edition, u.role, u.locale) as told
    from public.users as u
    where u.active
      and u.telegram_id is not null
      and u.role <> 'observer'
  ),
  stale as (
    select coalesce(w.telegram_id, m.telegram_id) as telegram_id, w.role, w.locale, w.told
    from wanted as w
    full join public.command_menus as m on m.telegram_id = w.telegram_id
    where m.told is distinct from w.told
      and (m.telegram_id is null or m.attempted is distinct from w.told or m.attempted_at < as_of - interval '1 minute')
    order by 1
    limit batch
  ),
  attempted as (
    insert into public.command_menus as m (telegram_id, attempted, attempted_at)
    select s.telegram_id, s.told, as_of
    from stale as s
    on conflict (telegram_id) do update set attempted = excluded.attempted, attempted_at = excluded.attempted_at
    -- Another copy of the bot was quicker.
    where m.attempted is distinct from excluded.attempted
      or m.attempted_at < as_of - interval '1 minute'
    returning m.telegram_id
  )
  select coalesce(jsonb_agg(to_jsonb(s) order by s.telegram_id), '[]')
  from stale as s
  join attempted as a on a.telegram_id = s.telegram_id
  into claimed;
  return claimed;
end
$$;

create function api.settle_menus(accepted jsonb)
returns void
language plpgsql
set search_path = ''
as $$
/* Notes what Telegram took: [{telegram_id, told}], told null where nothing is listed any more. */
begin
  delete from public.command_menus as m
  using jsonb_to_recordset(accepted) as a (telegram_id bigint, told text)
  where m.telegram_id = a.telegram_id
    and a.told is null;

  update public.command_menus as m
  set told = a.told
  from jsonb_to_recordset(accepted) as a (telegram_id bigint, told text)
  where m.telegram_id = a.telegram_id
    and a.told is not null;
end
$$;

grant execute on function api.claim_menus(text, timestamptz, integer), api.settle_menus(jsonb) to service_role;
