-- The life of a chat: measured or not, moved to a new id, left by the bot, deleted and restored (C14, G2, G3).
set lock_timeout = '5s';

create function private.measuring_ended()
returns trigger
language plpgsql
set search_path = ''
as $$
/* When measuring stops, the chat's open windows are void, with the cause; nothing more is told of them. */
declare
  voided uuid[];
begin
  with closed as (
    update public.client_requests as w
    set
      closed_as = 'voided',
      closed_at = greatest(now(), w.opened_at),
      closed_because = coalesce(new.paused_because, 'monitoring_off')
    where w.chat_id = new.chat_id
      and w.closed_as is null
    returning w.id, w.closed_at, w.closed_because
  ),
  ledger as (
    insert into public.request_events (request_id, kind, happened_at, actor_id, detail)
    select c.id, 'voided', c.closed_at, (select auth.uid()), jsonb_build_object('cause', c.closed_because)
    from closed as c
  )
  select array_agg(c.id)
  from closed as c
  into voided;

  perform private.resolve_alerts(voided);
  perform private.revise_messages(voided);
  return null;
end
$$;

create trigger chats_measuring_ended
after update on public.chats
for each row when (old.monitoring_enabled and not new.monitoring_enabled)
execute function private.measuring_ended();

create function private.chat_removed()
returns trigger
language plpgsql
set search_path = ''
as $$
/* Deleting a chat pauses its measuring, restoring it goes on where it was. */
begin
  if new.deleted_at is not null and old.deleted_at is null and new.monitoring_enabled then
    new.monitoring_enabled := false;
    new.paused_because := 'chat_deleted';
  elsif new.deleted_at is null and old.deleted_at is not null and new.paused_because = 'chat_deleted' then
    new.monitoring_enabled := true;
    new.paused_because := null;
  end if;
  return new;
end
$$;

create trigger chats_removed
before update of deleted_at on public.chats
for each row execute function private.chat_removed();

create function private.chat_handed_over()
returns trigger
language plpgsql
set search_path = ''
as $$
/* Another accountant takes the chat: open windows that are not due yet follow, the clock does not restart (B6). */
begin
  with moved as (
    update public.client_requests as w
    set assigned_accountant_id = new.assigned_accountant_id
    where w.chat_id = new.chat_id
      and w.closed_as is null
      and w.breached_at is null
    returning w.id
  )
  insert into public.request_events (request_id, kind, happened_at, actor_id, detail)
  select m.id, 'handed_over', now(), (select auth.uid()), jsonb_build_object('from', old.assigned_accountant_id, 'to', new.assigned_accountant_id)
  from moved as m;
  return null;
end
$$;

create trigger chats_handed_over
after update of assigned_accountant_id on public.chats
for each row when (new.assigned_accountant_id is distinct from old.assigned_accountant_id)
execute function private.chat_handed_over();

create function private.note_memberships(records private.intake_record[])
returns bigint[]
language plpgsql
set search_path = ''
as $$
/* What became of the bot in a chat. Removed from a group: measuring is paused, and the owner hears of it once; back again: everything
   goes on (G2, G3). Blocked or unblocked in private: whether that person can be reached. Returns the updates that said something new. */
declare
  noted bigint[];
begin
  with latest as (
    select distinct on (r.chat_id) r.chat_id, r.update_id, r.status, r.date
    from unnest(records) as r
    where r.type = 'membership'
    order by r.chat_id, r.date desc, r.update_id desc
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
    returning c.chat_id, c.id, c.type, l.update_id, l.status, c.paused_because
  ),
  people as (
    update public.users as u
    set
      unreachable_since = case when c.status = 'kicked' then now() end,
      unreachable_because = case when c.status = 'kicked' then 'blocked' end
    from changed as c
    where c.type = 'private'
      and u.telegram_id = c.chat_id
  )
  select array_agg(c.update_id)
  from changed as c
  into noted;
  return noted;
end
$$;

create function private.tell_of_removal(of_chat uuid, as_of timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
/* The owner of a chat, or whoever stands in or comes next in line, is told that nobody watches it any more. */
begin
  insert into public.outbox (kind, recipient_chat_id, subject_id, payload, next_attempt_at)
  select 'chat_notice', p.telegram_id, c.id, jsonb_build_object('event', 'bot_removed'), as_of
  from public.chats as c
  cross join lateral private.line_of(c.assigned_accountant_id, array['owner'], as_of) as p
  where c.id = of_chat
  on conflict (recipient_chat_id, subject_id, kind) where finished_at is null do nothing;
end
$$;

create function private.owner_hears_of_removal()
returns trigger
language plpgsql
set search_path = ''
as $$
/* Once, when the bot is gone from a chat that was measured. */
begin
  perform private.tell_of_removal(new.id, now());
  return null;
end
$$;

create trigger chats_lost_the_bot
after update on public.chats
for each row when (new.paused_because = 'bot_removed' and old.paused_because is distinct from 'bot_removed')
execute function private.owner_hears_of_removal();

create function private.migrate_chats(records private.intake_record[])
returns void
language plpgsql
security definer
set search_path = ''
as $$
/* A group became a supergroup: everything it has goes on under the new id, in one transaction. Either side's service message will do,
   and the second finds nothing left to move. Messages that came under the new id first are kept. A definer, because nobody else may
   touch a message that is stored. */
declare
  move record;
  waiting_room bigint;
begin
  for move in
    select distinct
      case when r.migrated_to is not null then r.chat_id else r.migrated_from end as old_id,
      coalesce(r.migrated_to, r.chat_id) as new_id
    from unnest(records) as r
    where r.type = 'message'
      and (r.migrated_to is not null or r.migrated_from is not null)
    order by 1
  loop
    if not exists (select from public.chats as c where c.chat_id = move.old_id) or move.old_id = move.new_id then
      continue;
    end if;
    perform pg_advisory_xact_lock(c.id)
    from (values (least(move.old_id, move.new_id)), (greatest(move.old_id, move.new_id))) as c (id);
    set constraints all deferred;

    waiting_room := null;
    if exists (select from public.chats as c where c.chat_id = move.new_id) then
      -- What already arrived under the new id steps aside, and joins the old chat's rows when they have come.
      waiting_room := move.new_id - 1000000000000000;
      update public.chats as c set chat_id = waiting_room where c.chat_id = move.new_id;
    end if;
    update public.chats as c
    set chat_id = move.new_id, migrated_from = move.old_id, type = 'supergroup'
    where c.chat_id = move.old_id;
    update public.outbox as o set recipient_chat_id = move.new_id where o.recipient_chat_id = move.old_id;

    if waiting_room is not null then
      update public.chat_messages as m
      set chat_id = move.new_id, is_measured = c.monitoring_enabled
      from public.chats as c
      where m.chat_id = waiting_room
        and c.chat_id = move.new_id;
      update public.message_reactions as r set chat_id = move.new_id where r.chat_id = waiting_room;
      delete from public.client_requests as w where w.chat_id = waiting_room;
      delete from public.chat_topics as t where t.chat_id = waiting_room;
      delete from public.chats as c where c.chat_id = waiting_room;
      perform private.continue_topics(array_agg(t.topic), array_agg(t.latest))
      from (
        select
          (m.chat_id, m.topic_id, (array_agg((m.telegram_date, m.message_id)::private.place order by m.telegram_date, m.message_id))[1], false)::private.touched_topic as topic,
          (max(x.latest), 9223372036854775807)::private.place as latest
        from public.chat_messages as m
        cross join lateral (select greatest(m.telegram_date, m.edited_at) as latest) as x
        where m.chat_id = move.new_id
        group by m.chat_id, m.topic_id
      ) as t;
      perform private.settle_windows(array(
        select distinct (m.chat_id, m.topic_id, (timestamptz '-infinity', 0)::private.place, false)::private.touched_topic
        from public.chat_messages as m
        join public.chats as c on c.chat_id = m.chat_id and c.monitoring_enabled
        where m.chat_id = move.new_id
      ));
    end if;
  end loop;
end
$$;

grant execute on function
  private.note_memberships(private.intake_record[]),
  private.tell_of_removal(uuid, timestamptz),
  private.migrate_chats(private.intake_record[])
to service_role;
