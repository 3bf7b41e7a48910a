-- Makes an empty cluster look like a hosted Supabase project. Run once, by the superuser supabase_admin, in
-- single-user mode: a semicolon followed by an empty line ends a group of statements, and a group is one transaction.

-- The names and powers that hosted Supabase has. `postgres` is no superuser there, so it is none here: a migration
-- that needs one fails at home and not in production.
alter role supabase_admin password 'postgres';
create role anon nologin noinherit;
create role authenticated nologin noinherit;
create role service_role nologin noinherit bypassrls;
create role authenticator login noinherit password 'postgres';
create role supabase_auth_admin login noinherit createrole password 'postgres';
create role dashboard_user nologin createdb createrole replication;
create role postgres login createdb createrole replication bypassrls password 'postgres';
grant anon, authenticated, service_role to authenticator;
grant anon, authenticated, service_role, authenticator to postgres with admin option;
grant pg_monitor, pg_read_all_data, pg_signal_backend to postgres;
alter role authenticator set statement_timeout = '8s';
alter role authenticated set statement_timeout = '8s';
alter role anon set statement_timeout = '3s';
alter role postgres set search_path to "$user", public, extensions;
alter role supabase_auth_admin set search_path to auth;
alter database postgres owner to postgres;
alter schema public owner to pg_database_owner;

create schema extensions authorization postgres;
create schema graphql_public;
create schema auth;
create schema supabase_migrations authorization postgres;
grant usage on schema extensions to postgres, anon, authenticated, service_role, supabase_auth_admin;
grant usage on schema graphql_public to anon, authenticated, service_role;
grant usage on schema auth to postgres, anon, authenticated, service_role;
grant create, usage on schema auth to supabase_auth_admin;
grant create on database postgres to supabase_auth_admin;
grant all on schema public to postgres;
grant usage on schema public to anon, authenticated, service_role;

-- Only the extensions that hosted Supabase brings. Any other trusted one (btree_gist, pg_trgm) belongs in a migration:
-- `supabase db reset` drops it as postgres and fails on a foreign owner.
create extension if not exists "uuid-ossp" with schema extensions;
create extension if not exists pgcrypto with schema extensions;
create extension if not exists pg_stat_statements with schema extensions;
create publication supabase_realtime;

-- No default privileges for anon, authenticated or service_role: as in hosted projects since 2026-10-30, a table that
-- nobody was granted answers 42501, and a migration that forgets its grants fails here first.
alter default privileges for role supabase_auth_admin in schema auth grant all on tables to postgres, dashboard_user;
alter default privileges for role supabase_auth_admin in schema auth grant all on sequences to postgres, dashboard_user;

-- Who is calling. Owned by supabase_admin on purpose: the auth library would replace these four at each of its starts
-- with bodies that are blind to PostgREST 12 and later; `must be owner` stops it, and it swallows that error.
create function auth.jwt() returns jsonb language sql stable as
  $$ select nullif(current_setting('request.jwt.claims', true), '')::jsonb $$;
create function auth.uid() returns uuid language sql stable as $$ select (auth.jwt() ->> 'sub')::uuid $$;
create function auth.role() returns text language sql stable as $$ select auth.jwt() ->> 'role' $$;
create function auth.email() returns text language sql stable as $$ select auth.jwt() ->> 'email' $$;

-- PostgREST re-reads the schema after each DDL statement, as on hosted (allow it 0.3 s).
create function extensions.reload_postgrest() returns event_trigger language plpgsql as
  $$ begin notify pgrst, 'reload schema'; end $$;
create event trigger reload_postgrest on ddl_command_end execute function extensions.reload_postgrest();
create event trigger reload_postgrest_after_drop on sql_drop execute function extensions.reload_postgrest();

