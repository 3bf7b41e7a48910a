-- Inviting people, one or many at once, and taking an invitation back.
set lock_timeout = '5s';

create function private.judge_invitations(invitations jsonb, inviter_id uuid, inviter_role text)
returns table (
  line integer, email text, full_name text, role text, telegram_username text, manager_id uuid, standing_id uuid, reason text
)
language sql
stable
set search_path = ''
as $$
/* Each row of a list of invitations, tidied, with the open invitation it repeats and the reason why it cannot be stored, if there is one. */
  with asked as (
    select
      r.n::integer as line,
      lower(btrim(r.entry ->> 'email')) as email,
      regexp_replace(btrim(r.entry ->> 'full_name'), '\s+', ' ', 'g') as full_name,
      lower(btrim(r.entry ->> 'role')) as role,
      nullif(ltrim(btrim(r.entry ->> 'telegram_username'), '@'), '') as telegram_username,
      nullif(lower(btrim(r.entry ->> 'manager')), '') as manager
    from jsonb_array_elements(invitations) with ordinality as r (entry, n)
  )
  select
    a.line, a.email, a.full_name, a.role, a.telegram_username, coalesce(m.id, case when inviter_role = 'manager' then inviter_id end), i.id,
    case
      when a.email is null or length(a.email) > 320 or a.email !~ '^[^[:space:]@]+@[^[:space:]@]+\.[^[:space:]@]+$' then 'email_is_wrong'
      when a.full_name is null or length(a.full_name) not between 1 and 200 then 'name_is_missing'
      when a.role is null or a.role not in ('admin', 'manager', 'accountant', 'observer') then 'role_is_unknown'
      when not private.may_invite(inviter_role, a.role) then 'role_is_not_yours_to_give'
      when a.telegram_username !~ '^[A-Za-z0-9_]{4,32}$' then 'telegram_name_is_wrong'
      when row_number() over (partition by a.email order by a.line) > 1 then 'email_repeats'
      when exists (select from public.users as u where u.email = a.email)
        or exists (select from auth.users as s where s.email = a.email) then 'person_exists'
      when a.manager is not null and (m.id is null or inviter_role = 'manager' and m.id <> inviter_id) then 'manager_is_unknown'
      when i.role <> a.role then 'invited_as_another'
      when inviter_role = 'manager' and i.id is not null and not coalesce(inviter_id in (i.invited_by, i.manager_id), false) then 'invited_by_another'
    end
  from asked as a
  left join public.users as m on m.email = a.manager and m.role = 'manager' and m.active
  left join public.staff_invitations as i
    on i.email = a.email and i.used_at is null and i.revoked_at is null and i.expires_at > now()
$$;

create function private.store_invitations(invitations jsonb, inviter_id uuid, inviter_role text, dry_run boolean)
returns table (line integer, email text, full_name text, role text, outcome text, reason text, token text)
language plpgsql
set search_path = ''
as $$
/* What becomes of each row: invited, already_invited (the same link again, I9) or refused with its reason. Tokens are given when the list
   was stored, and it is stored whole or not at all. */
#variable_conflict use_column
begin
  if jsonb_typeof(invitations) is distinct from 'array' or jsonb_array_length(invitations) = 0 then
    raise exception 'invitations_are_not_a_list' using errcode = 'PT422';
  elsif jsonb_array_length(invitations) > 500 then
    raise exception 'too_many_invitations' using errcode = 'PT413';
  end if;
  -- Before the look at what is there, or two lists with the same address would meet in the index.
  perform pg_advisory_xact_lock(hashtextextended('staff_invitations', 0));
  dry_run := dry_run or exists (
    select from private.judge_invitations(invitations, inviter_id, inviter_role) as j where j.reason is not null
  );
  if not dry_run then
    update public.staff_invitations as i
    set revoked_at = now(), revoked_by = inviter_id
    where i.used_at is null
      and i.revoked_at is null
      and i.expires_at <= now();
  end if;

  return query
  with judged as materialized (
    select * from private.judge_invitations(invitations, inviter_id, inviter_role)
  ),
  stored as (
    insert into public.staff_invitations (email, role, full_name, telegram_username, manager_id, invited_by)
    select j.email, j.role, j.full_name, j.telegram_username, j.manager_id, inviter_id
    from judged as j
    where j.standing_id is null
      and not dry_run
    returning id, email
  )
  select
    j.line, j.email, j.full_name, j.role,
    case when j.reason is not null then 'refused' when j.standing_id is not null then 'already_invited' else 'invited' end,
    j.reason,
    case when not dry_run then private.link_token('invitation', coalesce(j.standing_id, s.id)) end
  from judged as j
  left join stored as s on s.email = j.email
  order by j.line;
end
$$;

create function api.invite_staff(invitations jsonb, dry_run boolean default false)
returns table (line integer, email text, full_name text, role text, outcome text, reason text, token text)
language plpgsql
security definer
set search_path = ''
as $$
/* Invites people: [{email, full_name, role, telegram_username, manager}], the last two optional, manager by address. An admin invites
   anybody, a manager accountants and observers. Refuses with not_allowed, invitations_are_not_a_list or too_many_invitations; a row that is
   wrong is told in the answer, and then none is stored. A definer, because nobody may write invitations by hand. */
begin
  if not private.may_invite((select private.role()), 'observer') then
    raise exception 'not_allowed' using errcode = 'PT403';
  end if;
  return query
  select * from private.store_invitations(invitations, (select auth.uid()), (select private.role()), dry_run);
end
$$;

create function api.revoke_invitation(invitation_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
/* Takes an invitation back; its link opens nothing from then on. An admin any, a manager the own and those into the own team. Refuses with
   not_allowed, invitation_unknown or invitation_used. A definer, because nobody may write invitations by hand. */
declare
  found public.staff_invitations;
begin
  if not private.may_invite((select private.role()), 'observer') then
    raise exception 'not_allowed' using errcode = 'PT403';
  end if;
  select i.* into found
  from public.staff_invitations as i
  where i.id = revoke_invitation.invitation_id
    and ((select private.role()) = 'admin' or (select auth.uid()) in (i.invited_by, i.manager_id))
  for update;
  if found.id is null then
    raise exception 'invitation_unknown' using errcode = 'PT404';
  elsif found.used_at is not null then
    raise exception 'invitation_used' using errcode = 'PT410';
  end if;
  update public.staff_invitations as i
  set revoked_at = now(), revoked_by = (select auth.uid())
  where i.id = found.id
    and i.revoked_at is null;
end
$$;

grant execute on function api.invite_staff(jsonb, boolean), api.revoke_invitation(uuid) to authenticated;
