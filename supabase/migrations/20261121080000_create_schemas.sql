-- Three rooms. `public` holds the tables and is not served; `api` is all that PostgREST serves; `private` holds what only SQL calls.
set lock_timeout = '5s';

create schema api;
create schema private;
comment on schema api is 'The contract: security_invoker views and functions, the only schema PostgREST serves.';
comment on schema private is 'Helpers for policies, triggers and api functions; not served.';

grant usage on schema api, private to authenticated, service_role;

-- Nobody may do anything until it is granted. The form without `in schema` is the one that works for functions.
alter default privileges for role postgres revoke execute on functions from public;
alter default privileges for role postgres in schema public revoke all on tables from anon, authenticated, service_role;
alter default privileges for role postgres in schema public revoke all on sequences from anon, authenticated, service_role;
alter default privileges for role postgres in schema public revoke execute on functions from anon, authenticated, service_role;

create function private.drop_policies(of_table regclass)
returns void
language plpgsql
set search_path = ''
as $$
/* Drops every policy of a table, so that a portrait in supabase/policies states the whole truth and nothing survives it. */
declare
  policy record;
begin
  for policy in select p.polname from pg_catalog.pg_policy as p where p.polrelid = of_table loop
    execute pg_catalog.format('drop policy %I on %s', policy.polname, of_table);
  end loop;
end
$$;

create function private.touch_updated_at()
returns trigger
language plpgsql
set search_path = ''
as $$
/* Keeps updated_at true, whoever writes. */
begin
  new.updated_at := pg_catalog.now();
  return new;
end
$$;
