-- Who runs whose work, who is away, and who stands in: the people behind «owner → substitute → manager → head».
set lock_timeout = '5s';

create extension if not exists btree_gist with schema extensions;

create table public.manager_accountants (
  manager_id uuid not null references public.users (id) on delete cascade,
  accountant_id uuid not null references public.users (id) on delete cascade,
  primary key (manager_id, accountant_id),
  constraint nobody_runs_their_own_work check (manager_id <> accountant_id)
);

create index managers_of_an_accountant on public.manager_accountants (accountant_id);

comment on table public.manager_accountants is 'Whose work a manager runs; an accountant without a row here is every manager''s.';
comment on column public.manager_accountants.manager_id is 'The manager.';
comment on column public.manager_accountants.accountant_id is 'The accountant.';

alter table public.manager_accountants enable row level security;
grant select on public.manager_accountants to authenticated;
grant select, insert, update, delete on public.manager_accountants to service_role;

create table public.absences (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.users (id) on delete cascade,
  substitute_id uuid references public.users (id),
  during tstzrange not null,
  reason text not null default 'vacation',
  created_at timestamptz not null default now(),
  constraint reason_is_known check (reason in ('vacation', 'sick', 'other')),
  constraint nobody_stands_in_for_themselves check (substitute_id <> user_id),
  constraint absence_has_length check (not isempty(during) and lower(during) is not null),
  constraint one_absence_at_a_time exclude using gist (user_id with =, during with &&)
);

create index absences_covered_by on public.absences (substitute_id);

comment on table public.absences is 'When people are away, and who answers for them meanwhile.';
comment on column public.absences.id is 'Key.';
comment on column public.absences.user_id is 'Who is away.';
comment on column public.absences.substitute_id is 'Who stands in; null when nobody does and alerts go to the next in line.';
comment on column public.absences.during is 'From when until when, [from, until).';
comment on column public.absences.reason is 'Vacation, sick or other.';
comment on column public.absences.created_at is 'When the row was made.';

alter table public.absences enable row level security;
grant select on public.absences to authenticated;
grant select, insert, update, delete on public.absences to service_role;

create function private.stand_ins(person uuid, during tstzrange)
returns table (substitute_id uuid, shared tstzrange)
language sql
stable
set search_path = ''
as $$
/* Everybody who stands in for a person within a span, directly or through others who are away as well, with the time of it. */
  with recursive chain as (
    select a.substitute_id, a.during * stand_ins.during as shared
    from public.absences as a
    where a.user_id = person
      and a.during && stand_ins.during
    union
    select a.substitute_id, a.during * c.shared
    from chain as c
    join public.absences as a on a.user_id = c.substitute_id and a.during && c.shared
  )
  select c.substitute_id, c.shared
  from chain as c
  where c.substitute_id is not null
$$;

create function private.refuse_circle()
returns trigger
language plpgsql
set search_path = ''
as $$
/* Refuses an absence whose substitute would be away and covered, at the end of the chain, by the absent person (E23). One change at
   a time, or two halves of a circle pass each other. */
begin
  perform pg_advisory_xact_lock(hashtextextended('absences', 0));
  if exists (select from private.stand_ins(new.substitute_id, new.during) as s where s.substitute_id = new.user_id) then
    raise exception 'substitutes_form_a_circle' using errcode = 'PT409';
  end if;
  return new;
end
$$;

create trigger absences_form_no_circle
after insert or update on public.absences
for each row execute function private.refuse_circle();

create function private.on_duty(person uuid, at timestamptz)
returns uuid
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
/* Who answers for a person at an instant: the person, or the last of the substitutes in line; null when nobody does. */
begin
  return (
    with recursive line as (
      select person as id, 0 as depth
      union all
      select a.substitute_id, l.depth + 1
      from line as l
      join public.absences as a on a.user_id = l.id and a.during @> at
      where l.depth < 100
    )
    select l.id
    from line as l
    order by l.depth desc
    limit 1
  );
end
$$;

create function private.covered_by(person uuid, at timestamptz)
returns setof uuid
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
/* Everybody for whom a person answers at an instant, besides the person. */
#variable_conflict use_column
begin
  return query
  with recursive line as (
    select a.user_id
    from public.absences as a
    where a.substitute_id = person
      and a.during @> at
    union
    select a.user_id
    from line as l
    join public.absences as a on a.substitute_id = l.user_id and a.during @> at
  )
  select l.user_id
  from line as l;
end
$$;

grant execute on function
  private.stand_ins(uuid, tstzrange),
  private.on_duty(uuid, timestamptz),
  private.covered_by(uuid, timestamptz)
to service_role;
