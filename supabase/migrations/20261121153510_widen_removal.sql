-- Removing a person reaches what the person left in chats, in the outbox and in logs: figures stay, and nothing tells whose they are (I8).
set lock_timeout = '5s';

-- The audit log is for good, so nobody's Telegram id may come into it; that it changed is still told.
create or replace trigger users_audited after insert or update or delete on public.users
for each row execute function private.record_change('full_name', 'telegram_username', 'telegram_id');

create function private.accounts_of_person(person uuid)
returns bigint[]
language sql
stable
set search_path = ''
as $$
/* Telegram ids of a person: the linked one, and those under which the person answered before and that are nobody else's now. */
  select coalesce(array_agg(x.id), '{}')
  from (
    select u.telegram_id as id
    from public.users as u
    where u.id = person
    union
    select m.telegram_user_id
    from public.client_requests as w
    join public.chat_messages as m on m.chat_id = w.chat_id and m.message_id = w.response_message_id and m.is_staff
    where w.responded_by = person
  ) as x
  where x.id is not null
    and not exists (select from public.users as u where u.telegram_id = x.id and u.id <> person)
$$;

create or replace function private.refuse_strangers()
returns trigger
language plpgsql
set search_path = ''
as $$
/* The other half of «never to a client»: a private recipient must be a person of the firm (E13), or have been one whose messages are all
   over (private.chance_id). */
begin
  if new.recipient_chat_id >= 4000000000000000000 and new.finished_at is not null and new.status not in ('pending', 'sending') then
    return new;
  elsif new.recipient_chat_id > 0 and not exists (
    select from public.users as u where u.telegram_id = new.recipient_chat_id
  ) then
    raise exception 'alert_to_a_stranger' using errcode = 'PT422', constraint = 'an_alert_goes_to_the_firms_people_only';
  end if;
  return new;
end
$$;

create function private.forget_accounts(accounts bigint[])
returns void
language plpgsql
set search_path = ''
as $$
/* Takes these Telegram accounts of a person of the firm out of everything: their private chats with the bot are erased, and what they wrote
   to clients, which is the client's as well, stays without saying who. */
begin
  update public.chats as c
  set deleted_at = coalesce(c.deleted_at, now())
  where c.chat_id = any (accounts);
  perform private.erase_traces(accounts, accounts);
  perform private.erase_messages(accounts, '-infinity', 'infinity', null);
  perform private.forget_chats(accounts);

  update public.chat_messages as m
  set telegram_user_id = null, author_name = 'Удалённый сотрудник'
  where m.telegram_user_id = any (accounts);

  update public.message_reactions as r
  set telegram_user_id = null
  where r.telegram_user_id = any (accounts);

  delete from public.chat_members as k
  where k.telegram_user_id = any (accounts);

  update public.chat_invitations as i
  set used_by_telegram_id = private.chance_id()
  where i.used_by_telegram_id = any (accounts);

  -- What is still to be sent has nobody to read it.
  update public.outbox as o
  set
    recipient_chat_id = private.chance_id(),
    last_error = null,
    status = case when o.status in ('pending', 'sending') then 'cancelled' else o.status end,
    finished_at = coalesce(o.finished_at, now())
  where o.recipient_chat_id = any (accounts);
end
$$;

create function private.forget_person(person uuid)
returns void
language plpgsql
set search_path = ''
as $$
/* Takes a person out of everything but the person's own row: accounts, sign-ins, invitations, filters, reasons to be away. */
begin
  perform private.forget_accounts(private.accounts_of_person(person));
  delete from public.staff_invitations as i
  using public.users as u
  where u.id = person
    and (i.used_by = u.id or i.email = lower(u.email));
  delete from public.telegram_links as l where l.user_id = person;
  delete from public.manager_accountants as m where person in (m.manager_id, m.accountant_id);
  delete from public.saved_views as v where v.user_id = person;
  update public.absences as a set reason = 'other' where a.user_id = person and a.reason <> 'other';
  update public.sign_in_log as s set address = null, device = null where s.user_id = person;
end
$$;

create or replace function private.empty_person()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
/* When a sign-in goes, by whatever way, its person goes with it: the whole row when no figure leads to it, else all that says who it was.
   Refuses with person_is_needed, naming what is in the way, or last_admin. A definer, because Auth may not write people. */
declare
  in_the_way text;
begin
  select string_agg(n.kind || ': ' || n.name, '; ') into in_the_way from private.what_needs(old.id) as n;
  if in_the_way is not null then
    raise exception 'person_is_needed' using errcode = 'PT409', detail = in_the_way;
  end if;
  perform private.forget_person(old.id);
  begin
    delete from public.users as u where u.id = old.id;
  exception
    when foreign_key_violation then
      update public.users as u
      set
        email = 'removed-' || u.id || '@removed.invalid', full_name = 'Удалённый сотрудник', active = false, removed_at = now(),
        telegram_id = null, telegram_username = null, quiet_from = null, quiet_until = null, unreachable_since = null,
        unreachable_because = null
      where u.id = old.id;
  end;
  return old;
end
$$;

create or replace function api.remove_person(email text)
returns table (kind text, name text)
language plpgsql
security definer
set search_path = ''
-- PostgREST takes this one over for the call: what the person ever wrote is looked for in every message.
set statement_timeout = '10min'
as $$
/* For the operator: removes the person with this address and the sign-in. Returns what is in the way (chat, head, substitution, with its
   name), and then nothing was done; no row means that the person is gone. Refuses with unknown_person or last_admin. A definer, because the
   service may not touch Auth's tables. */
#variable_conflict use_column
declare
  person constant uuid := (select u.id from public.users as u where u.email = lower(btrim(remove_person.email)));
begin
  if person is null then
    raise exception 'unknown_person' using errcode = 'PT404';
  end if;
  return query select n.kind, n.name from private.what_needs(person) as n;
  if not found then
    delete from auth.users as s where s.id = person;
  end if;
end
$$;
