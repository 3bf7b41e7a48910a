-- Views are kept, renamed and deleted by name: what is not one's own does not exist, and a refusal has a key.
set lock_timeout = '5s';

create function api.keep_view(page text, name text, query text)
returns void
language plpgsql
set search_path = ''
as $$
/* Keeps the filters of a list under a name for who asks; one of the same name holds these from now on. Refuses with view_needs_a_name. */
begin
  insert into public.saved_views as v (page, name, query)
  values (keep_view.page, keep_view.name, keep_view.query)
  on conflict on constraint one_saved_view_per_name do update set query = excluded.query;
exception
  when check_violation or not_null_violation then
    raise exception 'view_needs_a_name' using errcode = 'PT422';
end
$$;

create function api.rename_view(view uuid, name text)
returns void
language plpgsql
set search_path = ''
as $$
/* Gives an own view another name. Refuses with unknown_view, view_needs_a_name and view_name_is_taken. */
begin
  update public.saved_views as v set name = rename_view.name where v.id = rename_view.view;
  if not found then
    raise exception 'unknown_view' using errcode = 'PT404';
  end if;
exception
  when check_violation or not_null_violation then
    raise exception 'view_needs_a_name' using errcode = 'PT422';
  when unique_violation then
    raise exception 'view_name_is_taken' using errcode = 'PT409';
end
$$;

create function api.delete_view(view uuid)
returns void
language plpgsql
set search_path = ''
as $$
/* Deletes an own view. Refuses with unknown_view. */
begin
  delete from public.saved_views as v where v.id = delete_view.view;
  if not found then
    raise exception 'unknown_view' using errcode = 'PT404';
  end if;
end
$$;

grant execute on function api.keep_view(text, text, text), api.rename_view(uuid, text), api.delete_view(uuid) to authenticated;
