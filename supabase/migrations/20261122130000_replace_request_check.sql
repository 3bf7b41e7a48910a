-- Whoever is of the firm no more hears so of the first thing that they ask, whatever it is: pages need not ask for it beforehand.
set lock_timeout = '5s';

create or replace function private.check_request()
returns void
language plpgsql
stable
set search_path = ''
as $$
/* Refuses a request of somebody signed in who is not, or no longer, of the firm; and one that asks PostgREST for a guess of the planner.
   Nobody without a role of ours gets as far as this. */
begin
  if current_user = 'authenticated' and private.role() is null then
    raise exception 'not_of_the_firm' using errcode = 'PT401';
  end if;
  if current_setting('request.headers', true)::json ->> 'prefer' ~* 'count\s*=\s*(planned|estimated)' then
    raise exception 'only_exact_counts' using errcode = 'PT400';
  end if;
end
$$;
