-- Versions of schedules and policies say who made them and what the week looked like.
set lock_timeout = '5s';

alter table public.schedule_versions add column hours jsonb;
alter table public.schedule_versions add column made_by uuid;
comment on column public.schedule_versions.hours is
  'Weekly hours of the version, [{"weekday", "opens", "closes"}] in order; null for versions from before they were kept.';
alter table public.schedule_versions
add constraint schedule_versions_are_made_by_people foreign key (made_by) references public.users (id) on delete set null not valid;
comment on column public.schedule_versions.made_by is 'Who made it; null for the system, and for somebody who has been removed.';

alter table public.sla_policy_versions add column made_by uuid;
alter table public.sla_policy_versions
add constraint policy_versions_are_made_by_people foreign key (made_by) references public.users (id) on delete set null not valid;
comment on column public.sla_policy_versions.made_by is 'Who made it; null for the system, and for somebody who has been removed.';

create function private.hours_of(of_schedule uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* Weekly hours of a schedule as its versions and pages have them, in order. */
#variable_conflict use_column
begin
  return (
    select coalesce(
      jsonb_agg(
        jsonb_build_object('weekday', i.weekday, 'opens', to_char(i.opens, 'HH24:MI'), 'closes', left(i.closes::text, 5))
        order by i.weekday, i.opens
      ),
      '[]'
    )
    from public.working_intervals as i
    where i.schedule_id = of_schedule
  );
end
$$;

create or replace function private.keep_schedule_version(of_schedule uuid)
returns void
language sql
security definer
set search_path = ''
as $$
/* Writes down what the current version of a schedule says, and who says so (S8). A version that is materialised further grows at its end
   and keeps its beginning, which windows may have been measured with. A definer, because nobody may write versions by hand. */
  insert into public.schedule_versions as v (schedule_id, version, timezone, around_the_clock, periods, named_dates, hours, made_by)
  select
    s.id,
    s.version,
    s.timezone,
    s.around_the_clock,
    case
      when s.around_the_clock then '{}'
      else coalesce((select range_agg(p.period) from public.working_periods as p where p.schedule_id = s.id), '{}')
    end,
    coalesce(
      (
        select jsonb_object_agg(named.on_date, named.names)
        from (
          select e.on_date, string_agg(distinct e.name, ', ') as names
          from private.exceptions_in_force(s.id, daterange(lower(s.materialised)::date, upper(s.materialised)::date, '[]')) as e
          group by e.on_date
        ) as named
      ),
      '{}'
    ),
    private.hours_of(s.id),
    private.acting_person()
  from public.working_schedules as s
  where s.id = of_schedule
  on conflict (schedule_id, version) do update
  set
    periods = (
      select v.periods - tstzmultirange(s.materialised) + excluded.periods
      from public.working_schedules as s
      where s.id = excluded.schedule_id
    ),
    named_dates = v.named_dates || excluded.named_dates
$$;

create or replace function private.keep_policy_version()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
/* Keeps what each version said and who said so, with the ladder of the version before; a new policy gets the firm's usual ladder (S13).
   A definer, because versions are kept for everybody who edits, and edited by nobody. */
begin
  insert into public.sla_policy_versions (policy_id, version, target_minutes, warn_percent, around_the_clock, made_by)
  values (new.id, new.version, new.target_minutes, new.warn_percent, new.around_the_clock, private.acting_person());

  if tg_op = 'UPDATE' then
    insert into public.ladder_steps (policy_id, version, kind, level, after_minutes, recipients)
    select s.policy_id, new.version, s.kind, s.level, s.after_minutes, s.recipients
    from public.ladder_steps as s
    where s.policy_id = new.id
      and s.version = old.version;
    return null;
  end if;

  insert into public.ladder_steps (policy_id, version, kind, level, after_minutes, recipients)
  values
    (new.id, new.version, 'warning', 0, null, '{owner}'),
    (new.id, new.version, 'breach', 0, null, '{owner,manager}'),
    (new.id, new.version, 'escalation', 1, 30, '{owner,manager}'),
    (new.id, new.version, 'escalation', 2, 60, '{manager}'),
    (new.id, new.version, 'escalation', 3, 90, '{manager,head}'),
    (new.id, new.version, 'escalation', 4, 120, '{manager,head}'),
    (new.id, new.version, 'escalation', 5, 150, '{manager,head}');
  return null;
end
$$;

-- What is in force now is known; what earlier versions said of the week is not.
update public.schedule_versions as v
set hours = private.hours_of(s.id)
from public.working_schedules as s
where s.id = v.schedule_id
  and s.version = v.version;

create or replace view api.working_schedules with (security_invoker = true) as
select s.id, s.name, s.timezone, s.around_the_clock, s.follows_firm_calendar, s.version, s.created_at, s.updated_at, s.archived_at
from public.working_schedules as s;

grant update (archived_at) on public.working_schedules to authenticated;
grant execute on function private.hours_of(uuid) to authenticated, service_role;
