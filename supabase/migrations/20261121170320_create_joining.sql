-- The bot comes into a group, by a link or by hand, and whoever brought it learns what is still amiss.
set lock_timeout = '5s';

create function private.owe_chat_notice(of_chat uuid, recipient bigint, event text, due timestamptz)
returns void
language sql
set search_path = ''
as $$
/* Owes a person of the firm a notice about a chat. One that is not told yet gives way: only the latest is true. */
  insert into public.outbox as o (kind, recipient_chat_id, subject_id, payload, next_attempt_at)
  values ('chat_notice', recipient, of_chat, jsonb_build_object('event', event), due)
  on conflict (recipient_chat_id, subject_id, kind) where finished_at is null do update set
    payload = excluded.payload,
    revision = o.revision + 1,
    status = case when o.status = 'sending' then 'sending' else 'pending' end,
    attempts = case when o.status = 'sending' then o.attempts else 0 end,
    next_attempt_at = case when o.status = 'sending' then o.next_attempt_at else excluded.next_attempt_at end
$$;

create or replace function private.tell_of_removal(of_chat uuid, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
/* The owner of a chat, or whoever stands in or comes next in line, is told that nobody watches it any more. */
begin
  perform private.owe_chat_notice(c.id, p.telegram_id, 'bot_removed', as_of)
  from public.chats as c
  cross join lateral private.line_of(c.assigned_accountant_id, array['owner'], as_of) as p
  where c.id = of_chat;
end
$$;

create function private.tell_of_joining(joined uuid[], adders bigint[])
returns void
language sql
set search_path = ''
as $$
/* Who of the firm brought the bot into a group gets its checklist (G1, A7). A few seconds later: who came by a link connects the group in
   the next moment. Outsiders get none: nobody writes to them unasked. */
  select private.owe_chat_notice(c.id, u.telegram_id, 'checklist', now() + interval '3 seconds')
  from rows from (unnest(joined), unnest(adders)) as j (id, adder)
  join public.chats as c on c.id = j.id and c.type in ('group', 'supergroup') and not c.internal
  join public.users as u on u.telegram_id = j.adder
  where u.active
    and u.role <> 'observer'
    and u.unreachable_since is null
$$;

create or replace function private.note_memberships(records private.intake_record[])
returns bigint[]
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* What became of the bot in a chat. Removed from a group: measuring is paused, and the owner hears of it once; back again: everything
   goes on (G2, G3); come into one: who brought it gets the checklist (G1). Blocked or unblocked in private: whether that person can be
   reached. Returns the updates that said something new. */
declare
  noted bigint[];
  joined uuid[];
  adders bigint[];
begin
  with latest as (
    select distinct on (r.chat_id) r.chat_id, r.update_id, r.status, r.date, r.user_id
    from unnest(records) as r
    where r.type = 'membership'
    order by r.chat_id, r.date desc, r.update_id desc
  ),
  before as materialized (
    select l.chat_id, c.bot_status is null or c.bot_status in ('left', 'kicked') as was_gone
    from latest as l
    join public.chats as c on c.chat_id = l.chat_id
  ),
  changed as (
    update public.chats as c
    set
      bot_status = l.status,
      bot_status_at = to_timestamp(l.date),
      deleted_at = case when l.status in ('left', 'kicked') then c.deleted_at end,
      monitoring_enabled = case
        when l.status in ('left', 'kicked') then false
        when c.paused_because is not null then true
        else c.monitoring_enabled
      end,
      paused_because = case
        when l.status in ('left', 'kicked') then case when c.monitoring_enabled then 'bot_removed' else c.paused_because end
      end
    from latest as l
    where c.chat_id = l.chat_id
      and (c.bot_status_at is null or c.bot_status_at <= to_timestamp(l.date))
      and (c.bot_status, c.bot_status_at) is distinct from (l.status, to_timestamp(l.date))
    returning c.chat_id, c.id, c.type, l.update_id, l.status, l.user_id, c.paused_because
  ),
  people as (
    update public.users as u
    set
      unreachable_since = case when c.status = 'kicked' then now() end,
      unreachable_because = case when c.status = 'kicked' then 'blocked' end
    from changed as c
    where c.type = 'private'
      and u.telegram_id = c.chat_id
  ),
  came as (
    select c.id, c.user_id
    from changed as c
    join before as b on b.chat_id = c.chat_id and b.was_gone
    where c.type <> 'private'
      and c.status not in ('left', 'kicked')
  )
  select
    (select array_agg(c.update_id) from changed as c),
    (select array_agg(m.id order by m.id) from came as m),
    (select array_agg(m.user_id order by m.id) from came as m)
  into noted, joined, adders;

  if joined is not null then
    perform private.tell_of_joining(joined, adders);
  end if;
  return noted;
end
$$;

create function private.refuse_chat_link(token text)
returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
/* Says why a link that did not connect does not: chat_link_malformed, chat_link_unknown, chat_link_used or chat_link_expired, which is also
   said when whoever made it may not invite any more (G4). A definer, because the token is checked with a secret. */
declare
  pressed public.chat_invitations;
begin
  if token !~ '^[0-9a-f]{32}[A-Za-z0-9_-]{24}$' then
    raise exception 'chat_link_malformed' using errcode = 'PT400';
  end if;
  select i.* into pressed from public.chat_invitations as i where i.id = private.id_of_link('chat', token);
  if pressed.id is null then
    raise exception 'chat_link_unknown' using errcode = 'PT404';
  elsif pressed.used_at is not null then
    raise exception 'chat_link_used' using errcode = 'PT410';
  end if;
  raise exception 'chat_link_expired' using errcode = 'PT410';
end
$$;

create function api.connect_chat(token text, chat_id bigint, telegram_id bigint)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
/* Connects a group by a link: client, owner and policy are those of the invitation, who opened it is recorded, and whoever invited gets the
   checklist. The link is the authority, not who opens it: adding a bot takes an administrator of the group, who often is the client's. One
   statement takes the link, so of two groups at once one wins (G5). Returns {is_measured, hears}: it is not measured while nobody would hear
   of a breach, and the bot hears nothing in privacy mode. Refuses as private.refuse_chat_link does, or with chat_already_connected, and then the link stays good. A definer, because
   the token is checked with a secret. */
declare
  taken public.chat_invitations;
  here public.chats;
begin
  update public.chat_invitations as i
  set used_at = now(), used_by_telegram_id = connect_chat.telegram_id, chat_id = connect_chat.chat_id
  where i.id = private.id_of_link('chat', connect_chat.token)
    and i.used_at is null
    and i.expires_at > now()
    and exists (select from public.users as u where u.id = i.created_by and u.active and u.role in ('admin', 'manager'))
  returning i.* into taken;
  if taken.id is null then
    perform private.refuse_chat_link(connect_chat.token);
  end if;
  perform set_config('buhbot.acting_for', taken.created_by::text, true);

  update public.chats as c
  set
    client_id = taken.client_id,
    assigned_accountant_id = taken.accountant_id,
    policy_id = taken.policy_id,
    connected_at = now(),
    deleted_at = null
  where c.chat_id = connect_chat.chat_id
    and c.connected_at is null
    and not c.internal
    and c.type in ('group', 'supergroup')
  returning c.* into here;
  if here.id is null then
    raise exception 'chat_already_connected' using errcode = 'PT409';
  end if;
  perform private.measure_when_heard(here.id);
  perform private.owe_chat_notice(here.id, u.telegram_id, 'checklist', now())
  from public.users as u
  where u.id = taken.created_by
    and u.telegram_id is not null
    and u.unreachable_since is null;
  return jsonb_build_object(
    'is_measured', (select c.monitoring_enabled from public.chats as c where c.id = here.id),
    'hears', not exists (
      select
      from private.chat_findings(now()) as f
      where f.chat_id = here.chat_id
        and f."check" = 'may_read'
        and f.state = 'red'
    )
  );
end
$$;

-- What it returns is another thing now: how many groups it cannot hear.
-- squawk-ignore ban-drop-function
drop function api.note_bot(bigint, text, boolean);

create function api.note_bot(telegram_id bigint, username text, reads_all boolean)
returns integer
language plpgsql
set search_path = ''
as $$
/* What Telegram says of the bot, at its start: whether it may read every message shows on the health page. Returns in how many groups it
   hears only what is addressed to it. */
begin
  update public.settings
  set bot_telegram_id = note_bot.telegram_id, bot_username = note_bot.username, bot_reads_all = note_bot.reads_all, bot_seen_at = now();
  return (select count(*) from private.chat_findings(now()) as f where f."check" = 'may_read' and f.state = 'red');
end
$$;

grant execute on function
  private.owe_chat_notice(uuid, bigint, text, timestamptz),
  private.tell_of_joining(uuid[], bigint[]),
  api.connect_chat(text, bigint, bigint),
  api.note_bot(bigint, text, boolean)
to service_role;
