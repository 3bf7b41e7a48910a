-- Whom and what a notice names is checked once for all notices of a statement, and no longer by three foreign keys row by row: a sweep
-- writes thousands of them, and the checks took longer than all else. What the keys promised still holds: nothing is named that is not
-- there, what is named is held until the transaction ends, a window or an alert takes its notices along, and nobody who was told is
-- deleted. Notices are written once and never changed (nobody may), nor is the key of what they name.
set lock_timeout = '5s';

create function private.check_notices()
returns trigger
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* A notice tells a person of the firm, or a group, of an alert and its window, or of a window alone. */
begin
  if exists (
    with alerts as (
      select a.id, a.request_id
      from public.sla_alerts as a
      where a.id = any (array(select n.alert_id from added as n where n.alert_id is not null))
      for key share
    ),
    windows as (
      select w.id
      from public.client_requests as w
      where w.id = any (array(select n.request_id from added as n where n.alert_id is null))
      for key share
    ),
    people as (
      select u.id
      from public.users as u
      where u.id = any (array(select distinct n.user_id from added as n where n.user_id is not null))
      for key share
    )
    select
    from added as n
    where (n.user_id is not null and n.user_id not in (select u.id from people as u))
      or case
        when n.alert_id is null then n.request_id not in (select w.id from windows as w)
        else (n.alert_id, n.request_id) not in (select a.id, a.request_id from alerts as a)
      end
  ) then
    raise exception 'notice_of_nothing' using errcode = 'foreign_key_violation', constraint = 'a_notice_names_what_there_is';
  end if;
  return null;
end
$$;

create trigger notices_checked
after insert on public.notices
referencing new table as added
for each statement execute function private.check_notices();

create function private.drop_notices()
returns trigger
language plpgsql
security definer
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* The notices that tell of a window or an alert go with it. A definer, as a cascade is: who may drop a window may not drop a notice. */
begin
  if tg_argv[0] = 'window' then
    delete from public.notices as n where n.request_id = old.id;
  else
    delete from public.notices as n where n.alert_id = old.id;
  end if;
  return null;
end
$$;

create trigger client_requests_take_their_notices
after delete on public.client_requests
for each row execute function private.drop_notices('window');

create trigger sla_alerts_take_their_notices
after delete on public.sla_alerts
for each row execute function private.drop_notices('alert');

create function private.keep_the_told()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
/* Who was told of a window is not deleted. A definer, as a foreign key is: it looks at all notices, whoever asks. */
begin
  if exists (select from public.notices as n where n.user_id = old.id) then
    raise exception 'person_was_told' using errcode = 'foreign_key_violation', constraint = 'who_was_told_is_kept';
  end if;
  return old;
end
$$;

create trigger users_told_are_kept
before delete on public.users
for each row execute function private.keep_the_told();

-- squawk-ignore ban-drop-constraint
alter table public.notices drop constraint notices_request_id_fkey;
-- squawk-ignore ban-drop-constraint
alter table public.notices drop constraint notices_alert_id_fkey;
-- squawk-ignore ban-drop-constraint
alter table public.notices drop constraint notices_user_id_fkey;
