-- The state's production calendar: imported a year at a time, never over what a person of the firm entered (S6).
set lock_timeout = '5s';

create function private.words_of_exception(name text, opens time, closes time, works_as smallint, shortened_minutes integer)
returns text
language sql
immutable
set search_path = ''
as $$
/* What a calendar exception says, for the line of a diff. */
  select concat_ws(
    ', ',
    case
      when opens is not null then to_char(opens, 'HH24:MI') || '–' || to_char(closes, 'HH24:MI')
      when works_as is not null
      then (array['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'])[works_as] || '''s hours'
      when shortened_minutes is null then 'closed'
    end,
    shortened_minutes || ' min shorter'
  ) || ' «' || name || '»'
$$;

create function private.calendar_changes(year integer, days jsonb)
returns table (on_date date, change text, was text, becomes text, name text, works_as smallint, shortened_minutes integer)
language sql
stable
set search_path = ''
as $$
/* What an import would do to the firm's exceptions of a year, one row a date that is not yet as the calendar has it: added, changed,
   removed; or kept, where a person of the firm says something else. */
  with wanted as (
    select d.*, private.words_of_exception(d.name, null, null, d.works_as, d.shortened_minutes) as says
    from jsonb_to_recordset(days) as d (on_date date, name text, works_as smallint, shortened_minutes integer)
  ),
  known as (
    select
      e.on_date,
      bool_or(e.source is null) as by_person,
      string_agg(
        private.words_of_exception(e.name, e.opens, e.closes, e.works_as, e.shortened_minutes), '; ' order by e.opens
      ) as says
    from public.calendar_exceptions as e
    where e.schedule_id is null
      and extract(year from e.on_date) = calendar_changes.year
    group by e.on_date
  )
  select
    on_date,
    case
      when k.by_person then 'kept'
      when k.on_date is null then 'added'
      when w.on_date is null then 'removed'
      else 'changed'
    end,
    k.says,
    w.says,
    w.name,
    w.works_as,
    w.shortened_minutes
  from wanted as w
  full join known as k using (on_date)
  where w.says is distinct from k.says
    -- A person's date is no news to a calendar that has nothing to say about it.
    and not (w.on_date is null and k.by_person)
$$;

create function api.import_calendar(year integer, days jsonb, dry_run boolean default true)
returns table (on_date date, change text, was text, becomes text)
language plpgsql
security definer
set search_path = ''
as $$
/* Brings the state's calendar of a year into the firm's: days is [{on_date, name, works_as, shortened_minutes}], the last two null for a
   closed date. Returns what changes, and on a dry run changes nothing. Refuses with calendar_is_of_another_year. A definer, because the
   service imports calendars and may not write any other. */
#variable_conflict use_column
begin
  if exists (
    select from jsonb_to_recordset(days) as d (on_date date)
    where extract(year from d.on_date) is distinct from import_calendar.year
  ) then
    raise exception 'calendar_is_of_another_year' using errcode = 'PT422';
  end if;
  if not dry_run then
    -- Before the look at what is there, or two imports at once would both add it.
    perform pg_advisory_xact_lock(hashtextextended('calendar', 0));
  end if;

  return query
  select c.on_date, c.change, c.was, c.becomes
  from private.calendar_changes(import_calendar.year, days) as c
  order by c.on_date;

  if not dry_run then
    -- One statement, whose triggers follow when all of it is done.
    merge into public.calendar_exceptions as e
    using (select * from private.calendar_changes(import_calendar.year, days) as c where c.change <> 'kept') as c
    on e.schedule_id is null and e.source = 'production_calendar' and e.on_date = c.on_date
    when matched and c.change = 'removed' then
      delete
    when matched then
      update set name = c.name, works_as = c.works_as, shortened_minutes = c.shortened_minutes
    when not matched then
      insert (on_date, name, works_as, shortened_minutes, source)
      values (c.on_date, c.name, c.works_as, c.shortened_minutes, 'production_calendar');
  end if;
end
$$;

grant execute on function api.import_calendar(integer, jsonb, boolean) to service_role;
