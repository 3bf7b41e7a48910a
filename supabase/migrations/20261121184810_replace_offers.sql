-- No more choices than Telegram takes buttons.
set lock_timeout = '5s';

create or replace function api.offer_owners(telegram_id bigint)
returns table (id uuid, name text)
language plpgsql
set search_path = ''
as $$
/* To whom the asker may give a chat, as private.team_of has it, whoever answers for most chats first: Telegram shows a hundred buttons at
   most. Refuses with not_allowed. */
#variable_conflict use_column
declare
  team constant uuid[] := private.team_of(private.chat_keeper(telegram_id));
begin
  return query
  select u.id, u.full_name
  from public.users as u
  where u.id = any (team)
  order by (select count(*) from public.chats as c where c.assigned_accountant_id = u.id and c.deleted_at is null) desc, u.full_name, u.id
  limit 90;
end
$$;

create or replace function api.offer_policies(telegram_id bigint)
returns table (id uuid, name text)
language plpgsql
set search_path = ''
as $$
/* Policies that a chat can have of its own, by name; those of a tier follow from the client. Refuses with not_allowed. */
#variable_conflict use_column
begin
  perform private.chat_keeper(telegram_id);
  return query
  select p.id, p.name
  from public.sla_policies as p
  where p.tier is null
  order by p.name
  limit 90;
end
$$;
