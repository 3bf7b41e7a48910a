-- Names and addresses of people are one line that everybody sees as it is written: nothing in them ends the line, turns
-- the text after it round or leaves nothing to see, in a message of the bot as little as on a page.
set lock_timeout = '5s';

create function private.is_plain_line(line text)
returns boolean
language sql
immutable
set search_path = ''
as $$
/* Whether there is something to see, and no control character, end of a line or change of direction. */
  select line !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]' and line ~ '[^[:space:]\u200b-\u200f\u2060\ufeff]'
$$;

comment on function private.is_plain_line(text) is 'What people may be called, and written to.';
-- Constraints run as whoever writes the row.
grant execute on function private.is_plain_line(text) to authenticated, service_role;

-- Under their old names, which the edges have words for.
-- squawk-ignore ban-drop-constraint
alter table public.users drop constraint full_name_is_written;
alter table public.users add constraint full_name_is_written check (
  length(btrim(full_name)) between 1 and 200 and private.is_plain_line(full_name)
) not valid;

-- squawk-ignore ban-drop-constraint
alter table public.staff_invitations drop constraint invited_name_is_written;
alter table public.staff_invitations add constraint invited_name_is_written check (
  length(btrim(full_name)) between 1 and 200 and private.is_plain_line(full_name)
) not valid;

-- squawk-ignore ban-drop-constraint
alter table public.staff_invitations drop constraint invited_email_is_an_address;
alter table public.staff_invitations add constraint invited_email_is_an_address check (
  email = lower(email)
  and length(email) <= 320
  and private.is_plain_line(email)
  and email ~ '^[^[:space:]@<>(),;:\\"]+@[^[:space:]@<>(),;:\\"]+\.[^[:space:]@<>(),;:\\"]+$'
) not valid;

create or replace function private.judge_invitations(invitations jsonb, inviter_id uuid, inviter_role text)
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
      when a.email is null or length(a.email) > 320 or not private.is_plain_line(a.email)
        or a.email !~ '^[^[:space:]@<>(),;:\\"]+@[^[:space:]@<>(),;:\\"]+\.[^[:space:]@<>(),;:\\"]+$' then 'email_is_wrong'
      when a.full_name is null or not private.is_plain_line(a.full_name) or length(a.full_name) not between 1 and 200
        then 'name_is_missing'
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
