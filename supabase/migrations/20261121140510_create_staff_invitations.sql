-- People come in by invitation only: a sign-in is made for a live invitation and its own token, or not at all (I7).
set lock_timeout = '5s';

create table public.staff_invitations (
  id uuid primary key default gen_random_uuid(),
  email text not null,
  role text not null,
  full_name text not null,
  telegram_username text,
  manager_id uuid references public.users (id) on delete set null,
  invited_by uuid references public.users (id) on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '7 days',
  used_at timestamptz,
  used_by uuid references public.users (id) on delete cascade deferrable initially deferred,
  revoked_at timestamptz,
  revoked_by uuid references public.users (id) on delete set null,
  constraint invited_role_is_known check (role in ('admin', 'manager', 'accountant', 'observer')),
  constraint invited_name_is_written check (length(btrim(full_name)) between 1 and 200),
  constraint invited_email_is_an_address check (
    email = lower(email) and length(email) <= 320 and email ~ '^[^[:space:]@]+@[^[:space:]@]+\.[^[:space:]@]+$'
  ),
  constraint invited_telegram_name_is_one check (telegram_username ~ '^[A-Za-z0-9_]{4,32}$'),
  constraint an_invitation_ends_once check (used_at is null or revoked_at is null),
  constraint an_invitation_lasts check (expires_at > created_at),
  constraint used_means_by_somebody check ((used_at is null) = (used_by is null))
);

create unique index one_open_invitation_per_email on public.staff_invitations (email) where used_at is null and revoked_at is null;
create unique index invitations_used_by on public.staff_invitations (used_by);
create index invitations_sent_by on public.staff_invitations (invited_by);
create index invitations_into_a_team on public.staff_invitations (manager_id);

comment on table public.staff_invitations is 'Who may become a person of the firm, as what, and until when. The token is not stored: private.link_token makes it.';
comment on column public.staff_invitations.id is 'Key, and half of the token.';
comment on column public.staff_invitations.email is 'The only address that the invitation admits, in lower case.';
comment on column public.staff_invitations.role is 'What the person will be.';
comment on column public.staff_invitations.full_name is 'Name as colleagues will read it.';
comment on column public.staff_invitations.telegram_username is 'Their @name without the sign, when known: the first message in a client chat then links the account (B2).';
comment on column public.staff_invitations.manager_id is 'Into whose team an accountant comes.';
comment on column public.staff_invitations.invited_by is 'Who invited; null for the operator.';
comment on column public.staff_invitations.created_at is 'When.';
comment on column public.staff_invitations.expires_at is 'Until when the link opens.';
comment on column public.staff_invitations.used_at is 'When the person signed up.';
comment on column public.staff_invitations.used_by is 'The person who came of it.';
comment on column public.staff_invitations.revoked_at is 'When it was taken back, or when a new one took the place of an expired one.';
comment on column public.staff_invitations.revoked_by is 'Who took it back.';

alter table public.staff_invitations enable row level security;
grant select on public.staff_invitations to authenticated;
grant select, insert, update, delete on public.staff_invitations to service_role;

create trigger staff_invitations_audited after insert or update or delete on public.staff_invitations
for each row execute function private.record_change();

create function private.may_invite(inviter text, invited text)
returns boolean
language sql
immutable
set search_path = ''
as $$
/* Whether a person of the first role may invite somebody to the second: an admin anybody, a manager the people of a team. */
  select coalesce(inviter = 'admin' or inviter = 'manager' and invited in ('accountant', 'observer'), false)
$$;

grant execute on function private.may_invite(text, text) to authenticated, service_role;

create function private.admit_invited()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
/* Before a sign-in is made at Auth: it carries the token of a live invitation for the same address, or is refused, and then nothing is
   stored. Two at once: the second waits for the first and finds the invitation used. A sign-up that only asks is refused in any case, and
   the refusal tells who invited whom: that is how the page behind the link, which may read nothing, knows. The link proves the address as
   a mail would. A definer, because Auth may not read invitations. */
declare
  found record;
begin
  select i.*, inviter.full_name as inviter_name, firm.firm_name into found
  from public.staff_invitations as i
  cross join public.settings as firm
  left join public.users as inviter on inviter.id = i.invited_by
  where i.id = private.id_of_link('invitation', new.raw_user_meta_data ->> 'invitation')
  for update of i;

  if found.id is null then
    raise exception 'invitation_unknown' using errcode = 'PT404';
  elsif found.used_at is not null then
    raise exception 'invitation_used' using errcode = 'PT410';
  elsif found.revoked_at is not null then
    raise exception 'invitation_revoked' using errcode = 'PT410';
  elsif found.expires_at <= now() then
    raise exception 'invitation_expired' using errcode = 'PT410';
  elsif new.raw_user_meta_data ->> 'only_asking' = 'true' then
    raise exception 'invitation_is_live' using
      errcode = 'PT409',
      detail = jsonb_build_object(
        'email', found.email, 'full_name', found.full_name, 'role', found.role, 'expires_at', found.expires_at,
        'invited_by', found.inviter_name, 'firm_name', found.firm_name
      )::text;
  elsif lower(new.email) is distinct from found.email then
    raise exception 'invitation_is_for_another' using errcode = 'PT403';
  end if;

  update public.staff_invitations as i set used_at = now(), used_by = new.id where i.id = found.id;
  new.raw_user_meta_data := new.raw_user_meta_data - 'invitation';
  new.email_confirmed_at := coalesce(new.email_confirmed_at, now());
  return new;
end
$$;

create function private.seat_invited()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
/* After a sign-in was made: its person, with the role of the invitation. A definer, because Auth may not write people. */
begin
  insert into public.users (id, email, role, full_name, telegram_username)
  select new.id, i.email, i.role, i.full_name, i.telegram_username
  from public.staff_invitations as i
  where i.used_by = new.id;

  insert into public.manager_accountants (manager_id, accountant_id)
  select i.manager_id, new.id
  from public.staff_invitations as i
  join public.users as m on m.id = i.manager_id and m.role = 'manager' and m.active
  where i.used_by = new.id
    and i.role = 'accountant';
  return null;
end
$$;

create function private.keep_email()
returns trigger
language plpgsql
set search_path = ''
as $$
/* The address of a sign-in is the one that was invited: a change would let somebody in whom nobody invited. */
begin
  raise exception 'email_is_fixed' using errcode = 'PT403';
end
$$;

create trigger invited_only
before insert on auth.users
for each row execute function private.admit_invited();

create trigger invited_take_their_seat
after insert on auth.users
for each row execute function private.seat_invited();

create trigger email_stays
before update of email on auth.users
for each row when (lower(old.email) is distinct from lower(new.email))
execute function private.keep_email();

create function private.invitation_token(invitation public.staff_invitations)
returns text
language sql
stable
security definer
set search_path = ''
as $$
/* The token of a live invitation, for those who may see it; null otherwise. A definer, because the token is worked out from a secret. */
  select private.link_token('invitation', i.id)
  from public.staff_invitations as i
  where i.id = invitation.id
    and i.used_at is null
    and i.revoked_at is null
    and i.expires_at > now()
    and (private.role() = 'admin' or private.role() = 'manager' and auth.uid() in (i.invited_by, i.manager_id))
$$;

grant execute on function private.invitation_token(public.staff_invitations) to authenticated;

create view api.staff_invitations with (security_invoker = true) as
select
  i.id, i.email, i.role, i.full_name, i.telegram_username, i.manager_id, i.invited_by, inviter.full_name as invited_by_name, i.created_at,
  i.expires_at, i.used_at, i.used_by, i.revoked_at,
  case
    when i.used_at is not null then 'used'
    when i.revoked_at is not null then 'revoked'
    when i.expires_at <= now() then 'expired'
    else 'live'
  end as state,
  private.invitation_token(i) as token
from public.staff_invitations as i
left join public.users as inviter on inviter.id = i.invited_by;

comment on view api.staff_invitations is 'Invitations that the reader may see, the live ones with the token of their link.';
grant select on api.staff_invitations to authenticated;
