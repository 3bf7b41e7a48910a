-- A person of the firm links the own Telegram account: one link, one person, one use.
set lock_timeout = '5s';

create table public.telegram_links (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.users (id) on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '7 days',
  used_at timestamptz,
  revoked_at timestamptz,
  constraint a_telegram_link_ends_once check (used_at is null or revoked_at is null),
  constraint a_telegram_link_lasts check (expires_at > created_at)
);

create unique index one_open_telegram_link_per_person on public.telegram_links (user_id) where used_at is null and revoked_at is null;
create index telegram_links_of_a_person on public.telegram_links (user_id);

comment on table public.telegram_links is 'Deep links that tie a Telegram account to a person. The token is not stored: private.link_token makes it.';
comment on column public.telegram_links.id is 'Key, and half of the token.';
comment on column public.telegram_links.user_id is 'Whose account it will be.';
comment on column public.telegram_links.created_at is 'When it was asked for.';
comment on column public.telegram_links.expires_at is 'Until when it opens.';
comment on column public.telegram_links.used_at is 'When an account was tied with it.';
comment on column public.telegram_links.revoked_at is 'When another link took its place, or the account was untied.';

alter table public.telegram_links enable row level security;
grant select on public.telegram_links to authenticated;
grant select, insert, update, delete on public.telegram_links to service_role;

create function api.telegram_link(renew boolean default false)
returns table (token text, expires_at timestamptz, bot_username text)
language plpgsql
security definer
set search_path = ''
as $$
/* The asker's own link to the bot: the same one while it is good (I9), a new one that ends the old when renew is true. Refuses with
   not_allowed, or telegram_already_linked. A definer, because nobody may write links by hand. */
#variable_conflict use_column
declare
  asker public.users;
begin
  select u.* into asker from public.users as u where u.id = (select auth.uid()) and u.active for update;
  if asker.id is null then
    raise exception 'not_allowed' using errcode = 'PT403';
  elsif asker.telegram_id is not null then
    raise exception 'telegram_already_linked' using errcode = 'PT409';
  end if;
  update public.telegram_links as l
  set revoked_at = now()
  where l.user_id = asker.id
    and l.used_at is null
    and l.revoked_at is null
    and (telegram_link.renew or l.expires_at <= now());
  insert into public.telegram_links (user_id)
  values (asker.id)
  on conflict (user_id) where used_at is null and revoked_at is null do nothing;

  return query
  select private.link_token('telegram', l.id), l.expires_at, s.bot_username
  from public.telegram_links as l
  cross join public.settings as s
  where l.user_id = asker.id
    and l.used_at is null
    and l.revoked_at is null;
end
$$;

create function api.unlink_telegram(user_id uuid default null)
returns void
language plpgsql
security definer
set search_path = ''
as $$
/* Unties a Telegram account: the own when no person is named, anybody's for an admin. The @name is forgotten as well, or the next message
   would tie it again (B2). Refuses with not_allowed or unknown_person. A definer, because nobody may write this by hand. */
declare
  person constant uuid := coalesce(unlink_telegram.user_id, (select auth.uid()));
begin
  if (select private.role()) is null or (select private.role()) <> 'admin' and person <> (select auth.uid()) then
    raise exception 'not_allowed' using errcode = 'PT403';
  end if;
  update public.users as u
  set telegram_id = null, telegram_username = null, unreachable_since = null, unreachable_because = null
  where u.id = person;
  if not found then
    raise exception 'unknown_person' using errcode = 'PT404';
  end if;
  update public.telegram_links as l
  set revoked_at = now()
  where l.user_id = person
    and l.used_at is null
    and l.revoked_at is null;
end
$$;

grant execute on function api.telegram_link(boolean), api.unlink_telegram(uuid) to authenticated;

create function api.link_telegram(token text, telegram_id bigint, username text default null)
returns text
language plpgsql
security definer
set search_path = ''
as $$
/* Ties the account that pressed a link to the link's person, whose full name it returns. Refuses with link_unknown, link_used (a replay,
   whoever sends it), link_expired, not_allowed (the person has no access any more), telegram_already_linked or telegram_is_of_another. A
   definer, because the token is checked with a secret. */
declare
  pressed public.telegram_links;
  person public.users;
begin
  select l.* into pressed
  from public.telegram_links as l
  where l.id = private.id_of_link('telegram', link_telegram.token)
  for update;
  if pressed.id is null then
    raise exception 'link_unknown' using errcode = 'PT404';
  elsif pressed.used_at is not null then
    raise exception 'link_used' using errcode = 'PT410';
  elsif pressed.revoked_at is not null or pressed.expires_at <= now() then
    raise exception 'link_expired' using errcode = 'PT410';
  end if;
  select u.* into person from public.users as u where u.id = pressed.user_id for update;
  if not person.active then
    raise exception 'not_allowed' using errcode = 'PT403';
  elsif person.telegram_id is distinct from link_telegram.telegram_id and person.telegram_id is not null then
    raise exception 'telegram_already_linked' using errcode = 'PT409';
  end if;

  begin
    update public.users as u
    set
      telegram_id = link_telegram.telegram_id,
      telegram_username = coalesce(link_telegram.username, u.telegram_username),
      unreachable_since = null,
      unreachable_because = null
    where u.id = person.id;
  exception
    when unique_violation then
      raise exception 'telegram_is_of_another' using errcode = 'PT409';
  end;
  update public.telegram_links as l set used_at = now() where l.id = pressed.id;
  return person.full_name;
end
$$;

grant execute on function api.link_telegram(text, bigint, text) to service_role;
