-- Links that let one person in once: the token is worked out from the row it belongs to and a secret that no role may read.
set lock_timeout = '5s';

create table private.link_secret (
  id boolean primary key default true,
  secret bytea not null default extensions.gen_random_bytes(32),
  constraint link_secret_is_one_row check (id)
);

comment on table private.link_secret is 'What the tokens of links are made with: exactly one row. A new secret ends every link that was given out.';
comment on column private.link_secret.id is 'Always true.';
comment on column private.link_secret.secret is 'Random bytes, made here; nobody is granted them.';

alter table private.link_secret enable row level security;
insert into private.link_secret default values;

create function private.link_token(purpose text, id uuid)
returns text
language sql
stable
security definer
set search_path = ''
as $$
/* The token of a link: 56 characters that fit Telegram's /start, the id of its row and 18 bytes of a keyed hash. It is stored nowhere, so a
   copy of the table opens nothing, and whoever asks again is given the same link (I9). A definer, because the secret is nobody's to read. */
  select replace(link_token.id::text, '-', '')
    || translate(encode(substr(extensions.hmac(convert_to(purpose || ':' || link_token.id, 'UTF8'), s.secret, 'sha256'), 1, 18), 'base64'), '+/', '-_')
  from private.link_secret as s
$$;

create function private.id_of_link(purpose text, token text)
returns uuid
language sql
stable
set search_path = ''
as $$
/* The row that a token of this purpose belongs to; null when we did not make the token. */
  select case
    when token ~ '^[0-9a-f]{32}[A-Za-z0-9_-]{24}$' then
      case when private.link_token(purpose, left(token, 32)::uuid) = token then left(token, 32)::uuid end
  end
$$;
