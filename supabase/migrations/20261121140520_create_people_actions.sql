-- What becomes of people: other roles, no access any more, and at least one admin whatever happens (I8).
set lock_timeout = '5s';

create function private.keep_an_admin()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
/* The firm never loses its last active admin, by whatever statement. Losses queue up behind a lock, so that of two admins who remove each
   other at once the second is refused. A definer, because who changes one person need not see the others. */
begin
  perform pg_advisory_xact_lock(hashtextextended('the last admin', 0));
  if not exists (select from public.users as u where u.role = 'admin' and u.active) then
    raise exception 'last_admin' using errcode = 'PT409';
  end if;
  return null;
end
$$;

create constraint trigger an_admin_stays_when_one_changes
after update on public.users
not deferrable
for each row when (old.role = 'admin' and old.active and (new.role <> 'admin' or not new.active))
execute function private.keep_an_admin();

create constraint trigger an_admin_stays_when_one_goes
after delete on public.users
not deferrable
for each row when (old.role = 'admin' and old.active)
execute function private.keep_an_admin();

create function private.end_invitations_of()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
/* Links that a person gave out open nothing that the person may not give any more. A definer, because nobody may write invitations. */
begin
  update public.staff_invitations as i
  set revoked_at = now()
  where i.invited_by = new.id
    and i.used_at is null
    and i.revoked_at is null
    and not (new.active and private.may_invite(new.role, i.role));
  return null;
end
$$;

create trigger invitations_follow_their_sender
after update of role, active on public.users
for each row when (old.role <> new.role or old.active and not new.active)
execute function private.end_invitations_of();

create function private.changeable_person(person uuid)
returns public.users
language plpgsql
set search_path = ''
as $$
/* The person, locked, for the admin who asks; refuses with not_allowed or unknown_person. Only a definer's function can call it with
   profit: it locks rows as its caller. */
declare
  found public.users;
begin
  if (select private.role()) is distinct from 'admin' then
    raise exception 'not_allowed' using errcode = 'PT403';
  end if;
  select u.* into found from public.users as u where u.id = person and u.removed_at is null for update;
  if found.id is null then
    raise exception 'unknown_person' using errcode = 'PT404';
  end if;
  return found;
end
$$;

alter table public.users add column removed_at timestamptz;
comment on column public.users.removed_at is 'When the person was removed for good: figures still lead here, the person is gone from the row.';

create function api.set_role(user_id uuid, role text)
returns void
language plpgsql
security definer
set search_path = ''
as $$
/* Gives a person another role, from the next statement on. Admins only. Refuses with not_allowed, unknown_person, role_is_unknown or
   last_admin. A definer, because nobody may write roles by hand. */
declare
  person constant public.users := private.changeable_person(set_role.user_id);
begin
  if coalesce(set_role.role, '') not in ('admin', 'manager', 'accountant', 'observer') then
    raise exception 'role_is_unknown' using errcode = 'PT422';
  end if;
  update public.users as u set role = set_role.role where u.id = person.id and u.role <> set_role.role;
end
$$;

create function api.set_active(user_id uuid, active boolean)
returns void
language plpgsql
security definer
set search_path = ''
as $$
/* Takes all rights from a person with the next statement, or gives them back. Admins only. The person's chats stay the person's: the health
   page shows them red until they have another owner. Refuses with not_allowed, unknown_person or last_admin. A definer, because nobody may
   write this by hand. */
declare
  person constant public.users := private.changeable_person(set_active.user_id);
begin
  update public.users as u
  set active = coalesce(set_active.active, false)
  where u.id = person.id
    and u.active <> coalesce(set_active.active, false);
end
$$;

grant execute on function api.set_role(uuid, text), api.set_active(uuid, boolean) to authenticated;

create function api.admit_admin(email text, full_name text default null)
returns table (outcome text, token text)
language plpgsql
security definer
set search_path = ''
as $$
/* For the operator, who needs a first admin: makes one of the person with this address (promoted, with access again), or invites one and
   returns the token of the link (invited; the same link while it is good). Refuses with email_is_wrong. A definer, because it reads the
   secret of links. */
#variable_conflict use_column
declare
  address constant text := lower(btrim(admit_admin.email));
  answer record;
begin
  update public.users as u set role = 'admin', active = true where u.email = address and u.removed_at is null;
  if found then
    return query select 'promoted', null::text;
    return;
  end if;
  -- An open invitation to a lesser role gives way to this one.
  update public.staff_invitations as i
  set revoked_at = now()
  where i.email = address and i.role <> 'admin' and i.used_at is null and i.revoked_at is null;
  select s.* into answer
  from private.store_invitations(
    jsonb_build_array(jsonb_build_object('email', address, 'role', 'admin', 'full_name', coalesce(nullif(btrim(admit_admin.full_name), ''), address))),
    null, 'admin', false
  ) as s;
  if answer.reason is not null then
    raise exception using message = answer.reason, errcode = 'PT422';
  end if;
  return query select 'invited', answer.token;
end
$$;

grant execute on function api.admit_admin(text, text) to service_role;
