-- Of ten thousand clients the page of each chat offered every one: 290 kB to choose from by eye. Now they are searched, as everywhere else.
set lock_timeout = '5s';

create function api.chat_offers(words text, clients uuid[])
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
/* What an admin or manager may choose for a chat: {owners, policies, schedules, clients} as [{id, name}]; policies of a tier are left out,
   they follow from the client, and so are schedules that are put away. Of the clients those that are named and, with words, the first
   fifty-one whose names have them. Refuses with not_allowed. A definer, because whose work a manager runs is not for all to read. */
#variable_conflict use_column
declare
  keeper constant public.users := private.chat_keeper(null);
  team constant uuid[] := private.team_of(keeper);
begin
  return jsonb_build_object(
    'owners', (
      select coalesce(jsonb_agg(jsonb_build_object('id', u.id, 'name', u.full_name) order by u.full_name, u.id), '[]')
      from public.users as u
      where u.id = any (team)
    ),
    'policies', (
      select coalesce(jsonb_agg(jsonb_build_object('id', p.id, 'name', p.name) order by p.name, p.id), '[]')
      from public.sla_policies as p
      where p.tier is null
    ),
    'schedules', (
      select coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'name', s.name) order by s.name, s.id), '[]')
      from public.working_schedules as s
      where s.archived_at is null
    ),
    'clients', (
      select coalesce(jsonb_agg(jsonb_build_object('id', o.id, 'name', o.name) order by o.name, o.id), '[]')
      from (
        select k.id, k.name
        from public.clients as k
        where k.id = any (chat_offers.clients)
          and k.erased_at is null
        union
        (
          select k.id, k.name
          from public.clients as k
          where btrim(chat_offers.words) <> ''
            and private.has_words(array[k.name], chat_offers.words)
            and k.erased_at is null
          order by k.name, k.id
          limit 51
        )
      ) as o
    )
  );
end
$$;

-- The release before this one still asks for all of them.
create or replace function api.chat_offers()
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
/* What api.chat_offers tells, with every client. Refuses with not_allowed. A definer for the same reason. */
begin
  return api.chat_offers('', array(select k.id from public.clients as k));
end
$$;

create function api.chat_page(chat uuid, words text, before jsonb, client_words text, clients uuid[])
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* All that the page of a group shows: {card, talk, offers}, as api.chat_card, api.find_messages and api.chat_offers tell them, and refused
   as they refuse; the clients offered are that of the chat, those that are named and those that are found by client_words. Offers are null
   to who changes no chat. */
declare
  card constant jsonb := api.chat_card(chat);
begin
  return jsonb_build_object(
    'card', card,
    'talk', api.find_messages(chat, words, before),
    'offers', case
      when private.role() in ('admin', 'manager') then api.chat_offers(client_words, clients || (card #>> '{client,id}')::uuid)
    end
  );
end
$$;

grant execute on function api.chat_offers(text, uuid[]), api.chat_page(uuid, text, jsonb, text, uuid[]) to authenticated;
