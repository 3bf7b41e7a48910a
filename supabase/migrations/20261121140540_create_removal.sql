-- Removing a person for good: figures keep leading to a row, and nobody is in it any more (I8).
set lock_timeout = '5s';

-- The row outlives the sign-in: what the person answered stays answered.
-- squawk-ignore ban-drop-constraint
alter table public.users drop constraint users_id_fkey;
comment on table public.users is 'People of the firm, one row per sign-in; deactivated by the admin, and emptied or deleted only when a person is removed.';
comment on column public.users.id is 'The same id as in auth.users, as long as the person can sign in.';

create function private.what_needs(person uuid)
returns table (kind text, name text)
language sql
stable
security definer
set search_path = ''
as $$
/* What would be left without the person: chats to answer in, the head of the firm, absences to stand in for. A definer, because whoever
   removes a sign-in at Auth may read none of it. */
  select 'chat', c.chat_name from public.chats as c where c.assigned_accountant_id = person and c.deleted_at is null
  union all
  select 'head', s.firm_name from public.settings as s where s.head_id = person
  union all
  select 'substitution', u.full_name
  from public.absences as a
  join public.users as u on u.id = a.user_id
  where a.substitute_id = person
    and a.user_id <> person
    and coalesce(upper(a.during) > now(), true)
  order by 1, 2
$$;

create function private.empty_person()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
/* When a sign-in goes, by whatever way, its person goes with it: the whole row when no figure leads to it, else all that says who it was.
   Refuses with person_is_needed, naming what is in the way, or last_admin. A definer, because Auth may not write people. */
declare
  in_the_way text;
begin
  select string_agg(n.kind || ': ' || n.name, '; ') into in_the_way from private.what_needs(old.id) as n;
  if in_the_way is not null then
    raise exception 'person_is_needed' using errcode = 'PT409', detail = in_the_way;
  end if;
  delete from public.staff_invitations as i where i.used_by = old.id;
  delete from public.telegram_links as l where l.user_id = old.id;
  delete from public.manager_accountants as m where old.id in (m.manager_id, m.accountant_id);
  begin
    delete from public.users as u where u.id = old.id;
  exception
    when foreign_key_violation then
      update public.users as u
      set
        email = 'removed-' || u.id || '@removed.invalid', full_name = 'Удалённый сотрудник', active = false, removed_at = now(),
        telegram_id = null, telegram_username = null, quiet_from = null, quiet_until = null, unreachable_since = null,
        unreachable_because = null
      where u.id = old.id;
  end;
  return old;
end
$$;

create trigger persons_go_with_their_sign_in
before delete on auth.users
for each row execute function private.empty_person();

create function api.remove_person(email text)
returns table (kind text, name text)
language plpgsql
security definer
set search_path = ''
as $$
/* For the operator: removes the person with this address and the sign-in. Returns what is in the way (chat, head, substitution, with its
   name), and then nothing was done; no row means that the person is gone. Refuses with unknown_person or last_admin. A definer, because the
   service may not touch Auth's tables. */
#variable_conflict use_column
declare
  person constant uuid := (select u.id from public.users as u where u.email = lower(btrim(remove_person.email)));
begin
  if person is null then
    raise exception 'unknown_person' using errcode = 'PT404';
  end if;
  return query select n.kind, n.name from private.what_needs(person) as n;
  if not found then
    delete from auth.users as s where s.id = person;
  end if;
end
$$;

grant execute on function api.remove_person(text) to service_role;
