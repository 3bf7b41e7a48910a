-- What the palette finds: requests by their number; chats, clients and people by a part of their name.
set lock_timeout = '5s';

create function api.find_places(words text)
returns table (kind text, id uuid, title text, detail text)
language plpgsql
stable
set search_path = ''
as $$
/* The request of that number («51», «№ 51»), and at most six chats, clients and people each whose name holds the words, names that begin
   with them first; only what the reader may see. detail is the chat of a request, the client of a chat and the role of a person. */
#variable_conflict use_column
begin
  return query
  with asked as (select '%' || replace(replace(replace(trim(find_places.words), '\', '\\'), '%', '\%'), '_', '\_') || '%' as pattern)
  (
    select 'request', r.id, '№ ' || r.number, c.chat_name
    from public.client_requests as r
    join public.chats as c on c.chat_id = r.chat_id
    where r.number = (regexp_match(find_places.words, '^\s*№?\s*(\d{1,18})\s*$'))[1]::bigint
  )
  union all
  (
    select 'chat', c.id, c.chat_name, k.name
    from asked
    join public.chats as c on c.chat_name ilike asked.pattern or c.id in (
      select one.id from public.chats as one join public.clients as owner on owner.id = one.client_id where owner.name ilike asked.pattern
    )
    left join public.clients as k on k.id = c.client_id
    where c.deleted_at is null
    order by strpos(lower(c.chat_name), lower(trim(find_places.words))), c.chat_name, c.id
    limit 6
  )
  union all
  (
    select 'client', k.id, k.name, null
    from asked
    join public.clients as k on k.name ilike asked.pattern
    where k.erased_at is null
    order by strpos(lower(k.name), lower(trim(find_places.words))), k.name, k.id
    limit 6
  )
  union all
  (
    select 'person', u.id, u.full_name, u.role
    from asked
    join public.users as u on u.full_name ilike asked.pattern
    where u.active
    order by strpos(lower(u.full_name), lower(trim(find_places.words))), u.full_name, u.id
    limit 6
  );
end
$$;

grant execute on function api.find_places to authenticated;
