-- The people of a large firm are found by a word, and come page by page.
set lock_timeout = '5s';

create function api.list_team(words text default '', who text default null, after jsonb default null, most integer default 50)
returns jsonb
language plpgsql
stable
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
/* {total, rows} of the people whom api.team shows to the reader, by name; those whose access is switched off come last. who is unlinked,
   whom the bot cannot write to, or inactive; after is {inactive, name, id} of the last row seen. */
#variable_conflict use_column
begin
  return (
    with fitting as materialized (
      select t.id, not t.active as inactive, lower(t.full_name) as name
      from api.team as t
      where (
          list_team.words = ''
          or private.has_words(array[t.full_name, t.email, coalesce(t.telegram_username, '')], list_team.words)
        )
        and case list_team.who
          when 'unlinked' then t.active and (not t.telegram_linked or t.unreachable_because is not null)
          when 'inactive' then not t.active
          else true
        end
    ),
    page as (
      select f.*
      from fitting as f
      where list_team.after is null
        or (f.inactive, f.name, f.id) > (
          (list_team.after ->> 'inactive')::boolean, lower(list_team.after ->> 'name'), (list_team.after ->> 'id')::uuid
        )
      order by f.inactive, f.name, f.id
      limit list_team.most
    )
    select jsonb_build_object(
      'total', (select count(*) from fitting),
      'rows', (
        select coalesce(jsonb_agg(to_jsonb(t) order by p.inactive, p.name, p.id), '[]')
        from page as p
        join api.team as t on t.id = p.id
      )
    )
  );
end
$$;

grant execute on function api.list_team(text, text, jsonb, integer) to authenticated;
