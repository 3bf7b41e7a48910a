-- Counts come from the rows that a person may read, or not at all. `Prefer: count=planned` and `count=estimated` answer with a guess of
-- the planner instead, and it guesses from everybody's rows: whoever asks for a name could tell whether anybody bears it.
-- PostgREST runs this before every request once its setting db-pre-request names it (README: an own Supabase project).
set lock_timeout = '5s';

create function private.check_request()
returns void
language plpgsql
stable
set search_path = ''
as $$
/* Refuses a request that asks PostgREST for a guess of the planner. Nobody without a role of ours gets as far as this. */
begin
  if current_setting('request.headers', true)::json ->> 'prefer' ~* 'count\s*=\s*(planned|estimated)' then
    raise exception 'only_exact_counts' using errcode = 'PT400';
  end if;
end
$$;

grant execute on function private.check_request() to authenticated, service_role;
