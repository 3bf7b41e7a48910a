-- Whoever's list of commands is due for a new reason is somebody else to the bot than before, however that came about.
set lock_timeout = '5s';

create or replace function api.claim_menus(edition text, as_of timestamptz default now(), batch integer default 20)
returns jsonb
language plpgsql
set search_path = ''
as $$
/* Accounts whose list of commands is not what it should be: [{telegram_id, role, locale, told, is_changed}], role null where nothing of its
   own is to be listed any more: the account belongs to nobody active (B7). `edition` names the release's table of commands. What fails is
   handed out again after a minute, or at once when something else is wanted. is_changed where the account has another role or language than
   when its list was last tried, and so not where it is only tried again, or a release has other commands. */
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
    select
      coalesce(w.telegram_id, m.telegram_id) as telegram_id, w.role, w.locale, w.told,
      substring(m.attempted from ':.*') is distinct from substring(w.told from ':.*') as is_changed
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
