-- Erasure of a client's personal data: what was said and by whom is gone for good, the figures stay (152-FZ, GDPR).
set lock_timeout = '5s';

alter table public.clients add column erased_at timestamptz;
comment on column public.clients.erased_at is 'When everything personal of the client was erased; null while it is kept.';
comment on column public.chat_messages.message_text is 'Text, as written; empty once it was erased.';
comment on column public.chat_messages.caption is 'Caption of media; empty once it was erased.';

create function private.may_handle_personal_data()
returns boolean
language sql
stable
set search_path = ''
as $$
/* Whether the caller may take out or erase all data of a client: an admin, or the service for an operator's command. */
  select coalesce((select private.role()) = 'admin', false) or coalesce((select auth.role()) = 'service_role', false)
$$;

create function private.chats_of_client(of_client uuid)
returns bigint[]
language sql
stable
set search_path = ''
as $$
/* Telegram ids, in order, of the client's chats and of the private chats in which its people talked to the bot. */
  select coalesce(array_agg(x.chat_id order by x.chat_id), '{}')
  from (
    select c.chat_id
    from public.chats as c
    where c.client_id = of_client
    union
    select c.chat_id
    from public.chats as own
    join public.chat_messages as m on m.chat_id = own.chat_id and not m.is_staff and not m.is_bot
    join public.chats as c on c.chat_id = m.telegram_user_id and c.type = 'private' and c.client_id is null
    where own.client_id = of_client
      and not exists (select from public.users as u where u.telegram_id = m.telegram_user_id)
  ) as x
$$;

create function private.people_of_chats(of_chats bigint[])
returns bigint[]
language sql
stable
set search_path = ''
as $$
/* Telegram ids of those who wrote or reacted in these chats and are not of the firm. */
  select coalesce(array_agg(x.id), '{}')
  from (
    select m.telegram_user_id as id
    from public.chat_messages as m
    where m.chat_id = any (of_chats)
    union
    select r.telegram_user_id
    from public.message_reactions as r
    where r.chat_id = any (of_chats)
  ) as x
  where x.id is not null
    and not exists (select from public.users as u where u.telegram_id = x.id)
$$;

create function private.erase_messages(of_chats bigint[], since timestamptz, until timestamptz, batch integer)
returns integer
language plpgsql
set search_path = ''
-- Planned for what was really asked: an argument that is null asks for nothing.
set plan_cache_mode = 'force_custom_plan'
as $$
/* Erases texts, media and authors of messages dated in [since, until), and who reacted to them: of these chats, or of all when null; at
   most so many, or all when null. Returns how many messages had any. A text becomes empty rather than null: that there was one is a
   figure (S16). */
declare
  erased integer;
begin
  with found as materialized (
    select m.chat_id, m.message_id, m.edit_version, m.telegram_date
    from public.chat_messages as m
    where (of_chats is null or m.chat_id = any (of_chats))
      and m.telegram_date >= since
      and m.telegram_date < until
      and (
        m.message_text <> ''
        or m.caption <> ''
        or num_nonnulls(m.media_file_id, m.media_group_id, m.author_name, m.telegram_user_id) > 0
      )
    limit batch
  ),
  reactions as (
    update public.message_reactions as r
    set telegram_user_id = null
    from (select distinct f.chat_id, f.message_id from found as f) as f
    where r.chat_id = f.chat_id
      and r.message_id = f.message_id
      and r.telegram_user_id is not null
  )
  update public.chat_messages as m
  set
    message_text = left(m.message_text, 0),
    caption = left(m.caption, 0),
    media_file_id = null,
    media_group_id = null,
    author_name = null,
    telegram_user_id = null
  from found as f
  where m.chat_id = f.chat_id
    and m.message_id = f.message_id
    and m.edit_version = f.edit_version
    and m.telegram_date = f.telegram_date
    -- Said again, so that only the months concerned are looked into.
    and m.telegram_date >= since
    and m.telegram_date < until;
  get diagnostics erased = row_count;
  return erased;
end
$$;

create function private.erase_traces(of_chats bigint[], of_people bigint[])
returns void
language plpgsql
set search_path = ''
as $$
/* Erases what stands beside the messages: who reacted, records that could not be stored, and what Telegram said of alerts. That they
   existed is a figure and stays. */
begin
  update public.message_reactions as r
  set telegram_user_id = null
  where r.chat_id = any (of_chats)
    and r.telegram_user_id is not null;

  update public.intake_rejects as r
  set record = '{}'
  where r.record ->> 'chat_id' = any (of_chats::text[])
    or r.record ->> 'user_id' = any (of_people::text[]);

  update public.outbox as o
  set last_error = null
  from public.chats as c
  where c.chat_id = any (of_chats)
    and o.subject_id = c.id
    and o.last_error is not null;
end
$$;

create function private.forget_chats(of_chats bigint[])
returns void
language plpgsql
set search_path = ''
as $$
/* Takes name and Telegram id from chats: all that hangs on them follows to an id that Telegram never gives, drawn by chance, so that
   nobody can tell which chat it was. Those that have one keep it. */
begin
  update public.chats as c
  set
    chat_id = -4000000000000000000 - floor(random() * 500000000000000000)::bigint,
    chat_name = 'Удалённый чат',
    migrated_from = null,
    bot_status = null,
    bot_status_at = null
  where c.chat_id = any (of_chats)
    and c.chat_id > -4000000000000000000;
end
$$;

create function api.erase_client(client_id uuid, confirmation text)
returns jsonb
language plpgsql
security definer
set search_path = ''
-- PostgREST takes this one over for the call: a client of years is a matter of seconds, and half of it would be no erasure.
set statement_timeout = '10min'
as $$
/* Erases everything personal of a client, in one transaction: texts, media, names, Telegram ids; times, counts and outcomes stay.
   `confirmation` is the client's name as the firm writes it. Its chats are deleted first, so what waits is void, as with any deleted
   chat. Intake of these chats waits meanwhile; what is written later, while the bot is still in the group, is recorded as a chat that
   nobody connected. Returns {chats, messages}; the second time nothing is left. For admins and the service. Refuses with not_allowed,
   client_not_found or name_differs. A definer, because nobody else may touch a message that is stored. */
declare
  client public.clients;
  chats bigint[];
  erased jsonb;
begin
  if not private.may_handle_personal_data() then
    raise exception 'not_allowed' using errcode = 'PT403';
  end if;
  -- Not `for update`: intake, which holds the chats' locks, refers to clients.
  select k.* into client from public.clients as k where k.id = erase_client.client_id for no key update;
  if client.id is null then
    raise exception 'client_not_found' using errcode = 'PT404';
  end if;
  if btrim(confirmation) is distinct from btrim(client.name) then
    raise exception 'name_differs' using errcode = 'PT422';
  end if;

  chats := private.chats_of_client(client.id);
  perform pg_advisory_xact_lock(c.chat_id)
  from (select c.chat_id from unnest(chats) as c (chat_id) order by c.chat_id) as c;

  update public.chats as c
  set deleted_at = coalesce(c.deleted_at, now())
  where c.chat_id = any (chats);
  perform private.erase_traces(chats, private.people_of_chats(chats));
  erased := jsonb_build_object('chats', cardinality(chats), 'messages', private.erase_messages(chats, '-infinity', 'infinity', null));
  perform private.forget_chats(chats);
  update public.clients as k
  set name = 'Удалённый клиент', erased_at = coalesce(k.erased_at, now())
  where k.id = client.id;

  perform private.record_event(auth.uid(), 'erase', 'clients', client.id::text, erased);
  return erased;
end
$$;

grant execute on function api.erase_client(uuid, text) to authenticated, service_role;
