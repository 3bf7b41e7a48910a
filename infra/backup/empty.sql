-- Takes away all that an archive brings back, and every sign-in with it.
set lock_timeout = '15s';
set statement_timeout = 0;
set client_min_messages = warning;
drop schema if exists public, private, api, supabase_migrations cascade;
do $$
declare
  found regclass;
begin
  for found in
    select c.oid::regclass
    from pg_class as c
    where c.relnamespace = 'auth'::regnamespace
      and c.relkind in ('r', 'p')
      and c.relname in (
        'flow_state', 'identities', 'mfa_factors', 'one_time_tokens', 'refresh_tokens', 'sessions', 'users'
      )
    order by c.relname = 'users'
  loop
    execute format('delete from %s', found);
  end loop;
end $$;
-- What the dump says of rights, it says beside Postgres' own defaults.
alter default privileges for role postgres grant execute on functions to public;
