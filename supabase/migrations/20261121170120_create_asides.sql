-- Asides: what Telegram brings beside the line of messages and what waits for nobody. Who is in a chat, where a message comes from, what
-- the firm's people say in business chats of their own.
-- The domains below are no column's type: api.ingest_asides only casts through them.
-- squawk-ignore-file ban-create-domain-with-constraint
set lock_timeout = '5s';

create table public.message_sources (
  chat_id bigint not null references public.chats (chat_id) on update cascade on delete cascade,
  message_id bigint not null,
  telegram_date timestamptz not null,
  forwarded_from text,
  forwarded_from_telegram_id bigint,
  forwarded_at timestamptz,
  quote text,
  primary key (chat_id, message_id)
);

create index message_sources_by_time on public.message_sources (telegram_date);
create index message_sources_of_an_account on public.message_sources (forwarded_from_telegram_id);

comment on table public.message_sources is 'Of messages that were forwarded, or that quote: whose words they are. Most messages have no row here.';
comment on column public.message_sources.chat_id is 'Telegram''s id of the chat.';
comment on column public.message_sources.message_id is 'Telegram''s id of the message within its chat.';
comment on column public.message_sources.telegram_date is 'Date that Telegram put on it.';
comment on column public.message_sources.forwarded_from is 'Who wrote it first: a person''s name or a chat''s title, cleaned; null when it only quotes, or was erased.';
comment on column public.message_sources.forwarded_from_telegram_id is 'Telegram''s id of that person or chat; null for who hides it.';
comment on column public.message_sources.forwarded_at is 'When it was first written.';
comment on column public.message_sources.quote is 'The piece that it quotes of the message it replies to.';

alter table public.message_sources enable row level security;
grant select on public.message_sources to authenticated;
grant select, insert on public.message_sources to service_role;

create table public.business_events (
  update_id bigint not null,
  message_id bigint not null,
  event text not null,
  connection_id text not null,
  chat_id bigint not null,
  telegram_user_id bigint,
  author_name text,
  kind text,
  message_text text,
  caption text,
  media_file_id text,
  happened_at timestamptz not null,
  recorded_at timestamptz not null default now(),
  primary key (update_id, message_id),
  constraint event_is_known check (event in ('connected', 'disconnected', 'said', 'edited', 'deleted'))
);

create index business_events_of_a_connection on public.business_events (connection_id);
create index business_events_of_a_chat on public.business_events (chat_id);
create index business_events_of_an_account on public.business_events (telegram_user_id);
create index business_events_by_time on public.business_events (happened_at);

comment on table public.business_events is
  'What the firm''s people say and hear in chats of their own Telegram Business accounts, append-only. Recorded, and nothing else: it is measured nowhere and nobody reads it yet.';
comment on column public.business_events.update_id is 'The update that brought it.';
comment on column public.business_events.message_id is 'Telegram''s id of the message within its chat; 0 for what became of a connection.';
comment on column public.business_events.event is 'What happened.';
comment on column public.business_events.connection_id is 'Telegram''s id of the connection between an account and the bot.';
comment on column public.business_events.chat_id is 'Telegram''s id of whom the account talks to; of the account itself for what became of a connection.';
comment on column public.business_events.telegram_user_id is 'Who wrote, or whose account it is; null for what was deleted.';
comment on column public.business_events.author_name is 'The name at that time, cleaned.';
comment on column public.business_events.kind is 'Telegram''s content type; null for what is no message.';
comment on column public.business_events.message_text is 'Text, as written.';
comment on column public.business_events.caption is 'Caption of media.';
comment on column public.business_events.media_file_id is 'Telegram''s handle of the file.';
comment on column public.business_events.happened_at is 'Date that Telegram put on it; for what was deleted, of which Telegram gives none, when we heard.';
comment on column public.business_events.recorded_at is 'When the row was written.';

alter table public.business_events enable row level security;
grant select, insert on public.business_events to service_role;

create domain private.aside_type as text check (value in ('member', 'source', 'business'));
create domain private.business_event as text check (value in ('connected', 'disconnected', 'said', 'edited', 'deleted'));

create type private.aside as (
  type private.aside_type,
  update_id private.count_number,
  chat_id private.chat_number,
  chat_type private.chat_type,
  chat_name text,
  date private.unix_time,
  user_id private.chat_number,
  author_name text,
  username text,
  is_bot boolean,
  status private.member_status,
  message_id private.message_number,
  forwarded_from text,
  forwarded_from_id private.chat_number,
  forwarded_at private.unix_time,
  quote text,
  event private.business_event,
  connection_id text,
  message_ids private.message_number[],
  kind private.message_kind,
  text text,
  caption text,
  media_file_id text
);
comment on type private.aside is 'An aside as the bot sends it: who somebody is in a chat, whose words a message holds, or a piece of business talk.';

create function private.aside_of(record jsonb)
returns private.aside
language plpgsql
immutable
set search_path = ''
as $$
/* The aside that a record describes; null when a value is malformed, or one is missing that its type cannot do without. */
declare
  aside private.aside;
begin
  aside := jsonb_populate_record(null::private.aside, record);
  if num_nulls(aside.type, aside.update_id, aside.chat_id) = 0
    and (
      case
        when aside.type = 'member' then num_nulls(aside.chat_type, aside.date, aside.user_id) = 0
        when aside.type = 'source' then num_nulls(aside.message_id, aside.date) = 0
        when aside.connection_id is null then false
        when aside.event = 'deleted' then aside.message_ids is not null
        when aside.event in ('said', 'edited') then num_nulls(aside.message_id, aside.date, aside.kind) = 0
        else num_nulls(aside.event, aside.user_id, aside.date) = 0
      end
    )
  then
    return aside;
  end if;
  return null;
exception
  when data_exception or check_violation then
    return null;
end
$$;

create function private.note_standings(asides private.aside[])
returns void
language sql
set search_path = ''
as $$
/* What Telegram says that people and bots are in a chat. The latest holds, whatever came last; of a removal it tells twice, and `kicked`
   says more than `left`. */
  insert into public.chat_members as k (chat_id, telegram_user_id, full_name, telegram_username, is_bot, status, status_at)
  select distinct on (1, 2)
    private.heir_of(a.chat_id), a.user_id, coalesce(nullif(a.author_name, ''), 'Без имени'), a.username, coalesce(a.is_bot, false), a.status,
    to_timestamp(a.date)
  from unnest(asides) as a
  where a.type = 'member'
    and a.status is not null
  order by 1, 2, a.date desc, a.status = 'kicked' desc, a.update_id desc
  on conflict (chat_id, telegram_user_id) do update set
    full_name = excluded.full_name,
    telegram_username = excluded.telegram_username,
    is_bot = excluded.is_bot,
    status = excluded.status,
    status_at = excluded.status_at
  where (k.status_at, k.status = 'kicked') <= (excluded.status_at, excluded.status = 'kicked')
$$;

create function private.note_presences(asides private.aside[])
returns void
language sql
set search_path = ''
as $$
/* Who joined or wrote is there, whatever else that person is: a standing that is known stays, unless it said that the person had left. */
  insert into public.chat_members as k (chat_id, telegram_user_id, full_name, telegram_username, is_bot, status, status_at)
  select distinct on (1, 2)
    private.heir_of(a.chat_id), a.user_id, coalesce(nullif(a.author_name, ''), 'Без имени'), a.username, coalesce(a.is_bot, false), 'member',
    to_timestamp(a.date)
  from unnest(asides) as a
  where a.type = 'member'
    and a.status is null
  order by 1, 2, a.date desc, a.update_id desc
  on conflict (chat_id, telegram_user_id) do update set
    full_name = excluded.full_name,
    telegram_username = excluded.telegram_username,
    is_bot = excluded.is_bot,
    status = case when k.status in ('left', 'kicked') then 'member' else k.status end,
    status_at = case when k.status in ('left', 'kicked') then excluded.status_at else k.status_at end
  where k.status_at < excluded.status_at
    or (k.status_at = excluded.status_at and k.status not in ('left', 'kicked'))
$$;

create function private.note_members(asides private.aside[])
returns void
language plpgsql
set search_path = ''
as $$
/* Keeps who is in a chat; a chat of which nothing was heard before becomes known as one that nobody connected. */
begin
  insert into public.chats (chat_id, type, chat_name)
  select distinct on (1) private.heir_of(a.chat_id), a.chat_type, coalesce(nullif(a.chat_name, ''), 'Без названия')
  from unnest(asides) as a
  where a.type = 'member'
  order by 1, a.date desc
  on conflict do nothing;

  perform private.note_standings(asides);
  perform private.note_presences(asides);
end
$$;

create function private.note_sources(asides private.aside[])
returns void
language sql
set search_path = ''
as $$
/* Keeps whose words messages hold. */
  insert into public.message_sources (
    chat_id, message_id, telegram_date, forwarded_from, forwarded_from_telegram_id, forwarded_at, quote
  )
  select c.chat_id, a.message_id, to_timestamp(a.date), a.forwarded_from, a.forwarded_from_id, to_timestamp(a.forwarded_at), a.quote
  from unnest(asides) as a
  join public.chats as c on c.chat_id = private.heir_of(a.chat_id)
  where a.type = 'source'
  order by c.chat_id, a.message_id
  on conflict do nothing
$$;

create function private.note_business(asides private.aside[])
returns void
language sql
set search_path = ''
as $$
/* Keeps what happened in business chats of the firm's people. Anybody can connect a bot to an account: what strangers say in theirs is none
   of ours. */
  with connections as (
    insert into public.business_events (
      update_id, message_id, event, connection_id, chat_id, telegram_user_id, author_name, happened_at
    )
    select a.update_id, 0, a.event, a.connection_id, a.chat_id, a.user_id, a.author_name, to_timestamp(a.date)
    from unnest(asides) as a
    join public.users as u on u.telegram_id = a.user_id and u.active
    where a.type = 'business'
      and a.event in ('connected', 'disconnected')
    on conflict do nothing
    returning connection_id, telegram_user_id
  ),
  known as (
    select c.connection_id
    from connections as c
    union
    select e.connection_id
    from public.business_events as e
    join public.users as u on u.telegram_id = e.telegram_user_id and u.active
    where e.event = 'connected'
      and e.connection_id in (select a.connection_id from unnest(asides) as a)
  )
  insert into public.business_events (
    update_id, message_id, event, connection_id, chat_id, telegram_user_id, author_name, kind, message_text, caption, media_file_id,
    happened_at
  )
  select
    a.update_id, m.message_id, a.event, a.connection_id, a.chat_id, a.user_id, a.author_name, a.kind, a.text, a.caption, a.media_file_id,
    coalesce(to_timestamp(a.date), now())
  from unnest(asides) as a
  cross join lateral unnest(coalesce(a.message_ids, array[a.message_id])) as m (message_id)
  where a.type = 'business'
    and a.event in ('said', 'edited', 'deleted')
    and a.connection_id in (select k.connection_id from known as k)
    and m.message_id is not null
  on conflict do nothing
$$;

create function api.ingest_asides(updates jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
/* Stores asides; repeating them changes nothing. Returns one {update_id, outcome} per record in the order given; outcome is recorded, or
   rejected for what was set aside. */
declare
  asides private.aside[];
begin
  if jsonb_typeof(updates) is distinct from 'array' then
    raise exception 'updates_are_not_a_list' using errcode = 'PT400';
  end if;
  asides := array(
    select private.aside_of(u.record)
    from jsonb_array_elements(updates) with ordinality as u (record, position)
    order by u.position
  );

  insert into public.intake_rejects (record, reason)
  select
    jsonb_build_object('type', u.record -> 'type', 'update_id', u.record -> 'update_id', 'chat_id', u.record -> 'chat_id', 'user_id', u.record -> 'user_id'),
    'malformed aside'
  from jsonb_array_elements(updates) with ordinality as u (record, position)
  where asides[u.position] is null;

  if exists (select from unnest(asides) as a where a.type = 'member') then
    perform private.note_members(asides);
  end if;
  if exists (select from unnest(asides) as a where a.type = 'source') then
    perform private.note_sources(asides);
  end if;
  if exists (select from unnest(asides) as a where a.type = 'business') then
    perform private.note_business(asides);
  end if;

  return (
    select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'update_id', u.record -> 'update_id',
          'outcome', case when asides[u.position] is null then 'rejected' else 'recorded' end
        )
        order by u.position
      ),
      '[]'
    )
    from jsonb_array_elements(updates) with ordinality as u (record, position)
  );
end
$$;

grant usage on type private.aside to service_role;
grant execute on function
  private.aside_of(jsonb),
  private.note_standings(private.aside[]),
  private.note_presences(private.aside[]),
  private.note_members(private.aside[]),
  private.note_sources(private.aside[]),
  private.note_business(private.aside[]),
  api.ingest_asides(jsonb)
to service_role;
