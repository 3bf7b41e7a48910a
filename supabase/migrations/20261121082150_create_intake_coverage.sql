-- When intake was up: what a report says of the hours in which nobody could have been counted (S16).
set lock_timeout = '5s';

create table public.intake_coverage (
  id bigint generated always as identity primary key,
  up tstzrange not null,
  constraint up_has_both_ends check (not isempty(up) and lower(up) is not null and upper(up) is not null),
  constraint stretches_do_not_overlap exclude using gist (up with &&)
);

comment on table public.intake_coverage is 'When intake was up: one row per stretch without a pause of more than 90 seconds.';
comment on column public.intake_coverage.id is 'Key, in order of time.';
comment on column public.intake_coverage.up is 'From the first to the latest sign of life, both included.';

alter table public.intake_coverage enable row level security;
grant select on public.intake_coverage to authenticated;
grant select, insert, update on public.intake_coverage to service_role;

create function api.note_intake(as_of timestamptz default now())
returns void
language plpgsql
set search_path = ''
as $$
/* A sign of life of the intake; each bot gives one every 30 seconds. One more than 90 seconds after the latest begins a new stretch: it
   was down meanwhile. One that is older than the latest says nothing new. */
declare
  latest public.intake_coverage;
begin
  -- One at a time, or two bots that start together would begin two stretches.
  perform pg_advisory_xact_lock(hashtextextended('intake_coverage', 0));
  select c.* into latest from public.intake_coverage as c order by c.id desc limit 1;
  if latest.id is null or as_of > upper(latest.up) + interval '90 seconds' then
    insert into public.intake_coverage (up) values (tstzrange(as_of, as_of, '[]'));
  elsif as_of > upper(latest.up) then
    update public.intake_coverage as c
    set up = tstzrange(lower(latest.up), as_of, '[]')
    where c.id = latest.id;
  end if;
end
$$;

create function private.intake_pauses(since timestamptz, until timestamptz, as_of timestamptz default now())
returns setof tstzrange
language sql
stable
set search_path = ''
as $$
/* When intake was down within [since, until): between its stretches, and after the latest sign of life once that is 90 seconds old.
   Before the first sign ever nothing is known. */
  with stretches as (
    select upper(c.up) as ended_at, lead(lower(c.up), 1, 'infinity') over (order by c.id) as began_again_at
    from public.intake_coverage as c
  ),
  pauses as (
    select tstzrange(s.ended_at, s.began_again_at) * tstzrange(since, least(until, as_of)) as pause
    from stretches as s
    where since < least(until, as_of)
      and s.ended_at < as_of - interval '90 seconds'
  )
  select p.pause
  from pauses as p
  where not isempty(p.pause)
  order by 1
$$;

grant execute on function api.note_intake(timestamptz) to service_role;
grant execute on function private.intake_pauses(timestamptz, timestamptz, timestamptz) to authenticated, service_role;
