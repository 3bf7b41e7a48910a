-- People edit schedules and dates, and read beforehand which deadlines that moves: the same change, made and taken back (S6, S8).
set lock_timeout = '5s';

create function private.stated_hours(hours jsonb)
returns table (weekday smallint, opens time, closes time)
language plpgsql
stable
set search_path = ''
as $$
/* Hours as a person states them, [{weekday, opens, closes}], where midnight at the end of a day that began with it is 24:00. Refuses
   with hours_are_malformed and, where a break was typed as hours, with hours_overlap. */
begin
  return query
  select h.weekday, h.opens, case when h.closes = '00:00' and h.opens = '00:00' then time '24:00' else h.closes end
  from jsonb_to_recordset(hours) as h (weekday smallint, opens time, closes time);
  if exists (
    select
    from jsonb_to_recordset(hours) as h (weekday smallint, opens time, closes time)
    where h.weekday is null
      or h.weekday not between 1 and 7
      or h.opens is null
      or h.closes is null
      or (h.opens = h.closes and h.opens <> '00:00')
  ) then
    raise exception 'hours_are_malformed' using errcode = 'PT422';
  elsif exists (
    with stretches as (
      select
        row_number() over () as nth,
        -- The first of January 2001 is a Monday.
        private.hours_on(date '2000-12-31' + h.weekday, h.opens, case when h.closes = '00:00' then time '24:00' else h.closes end) as during
      from jsonb_to_recordset(hours) as h (weekday smallint, opens time, closes time)
    )
    select
    from stretches as one
    join stretches as other on other.nth <> one.nth and other.during && one.during
  ) then
    raise exception 'hours_overlap' using errcode = 'PT422';
  end if;
exception
  when data_exception then
    raise exception 'hours_are_malformed' using errcode = 'PT422';
end
$$;

create function private.write_schedule(of_schedule uuid, name text, timezone text, follows_firm_calendar boolean, hours jsonb)
returns void
language plpgsql
set search_path = ''
as $$
/* Gives a schedule its name, zone and week. One statement, so that what follows from it sees the end and nothing in between. Refuses with
   unknown_schedule, schedule_has_no_name, schedule_name_taken or timezone_is_unknown, and as private.stated_hours does. */
begin
  if coalesce(length(btrim(name)), 0) not between 1 and 100 then
    raise exception 'schedule_has_no_name' using errcode = 'PT422';
  end if;
  if not exists (select from public.working_schedules as s where s.id = of_schedule) then
    raise exception 'unknown_schedule' using errcode = 'PT404';
  end if;
  if jsonb_typeof(hours) is distinct from 'array' then
    raise exception 'hours_are_malformed' using errcode = 'PT422';
  end if;

  with wanted as materialized (
    select * from private.stated_hours(hours)
  ),
  gone as (
    delete from public.working_intervals as i
    where i.schedule_id = of_schedule
      and not exists (select from wanted as w where (w.weekday, w.opens, w.closes) = (i.weekday, i.opens, i.closes))
    returning 1
  ),
  renamed as (
    update public.working_schedules as s
    set name = btrim(write_schedule.name), timezone = write_schedule.timezone, follows_firm_calendar = write_schedule.follows_firm_calendar
    where s.id = of_schedule
      and (s.name, s.timezone, s.follows_firm_calendar)
        is distinct from (btrim(write_schedule.name), write_schedule.timezone, write_schedule.follows_firm_calendar)
  )
  insert into public.working_intervals (schedule_id, weekday, opens, closes)
  select of_schedule, w.weekday, w.opens, w.closes
  from wanted as w
  -- What goes has gone before anything comes.
  where (select count(*) from gone) >= 0
    and not exists (
      select
      from public.working_intervals as i
      where i.schedule_id = of_schedule
        and (i.weekday, i.opens, i.closes) = (w.weekday, w.opens, w.closes)
    );
exception
  when unique_violation then
    raise exception 'schedule_name_taken' using errcode = 'PT409';
  when check_violation or invalid_parameter_value then
    raise exception 'timezone_is_unknown' using errcode = 'PT422';
end
$$;

create function api.save_schedule(
  schedule_id uuid,
  name text,
  timezone text,
  follows_firm_calendar boolean,
  hours jsonb,
  dry_run boolean default true,
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
set search_path = ''
as $$
/* Changes a schedule; hours are [{weekday, opens, closes}]. Returns which deadlines that moves, as private.effect_since, or on a dry run
   would move: the change is made in earnest and taken back. Refuses with not_allowed and as private.write_schedule does. */
declare
  mark constant bigint := private.latest_event();
  moved jsonb;
begin
  perform private.expect_role('admin', 'manager');
  begin
    perform private.write_schedule(schedule_id, name, timezone, follows_firm_calendar, hours);
    moved := private.effect_since(mark, as_of);
    if dry_run then
      raise exception 'only_a_trial' using errcode = 'TRIAL';
    end if;
  exception
    when sqlstate 'TRIAL' then
      null;
  end;
  return moved;
end
$$;

create function api.add_schedule(name text, copy_of uuid default null)
returns uuid
language plpgsql
set search_path = ''
as $$
/* Makes a schedule, with the zone, the week and the dates of another when it is a copy. Returns its id. Refuses with not_allowed,
   unknown_schedule, schedule_has_no_name or schedule_name_taken. */
declare
  pattern public.working_schedules;
  made uuid;
begin
  perform private.expect_role('admin', 'manager');
  if coalesce(length(btrim(name)), 0) not between 1 and 100 then
    raise exception 'schedule_has_no_name' using errcode = 'PT422';
  end if;
  select s.*
  from public.settings as f
  join public.working_schedules as s on s.id = coalesce(copy_of, f.default_schedule_id)
  into pattern;
  if pattern.id is null then
    raise exception 'unknown_schedule' using errcode = 'PT404';
  end if;

  insert into public.working_schedules (name, timezone, around_the_clock, follows_firm_calendar)
  values (btrim(add_schedule.name), pattern.timezone, copy_of is not null and pattern.around_the_clock, pattern.follows_firm_calendar)
  returning id into made;
  if copy_of is not null then
    insert into public.working_intervals (schedule_id, weekday, opens, closes)
    select made, i.weekday, i.opens, i.closes
    from public.working_intervals as i
    where i.schedule_id = copy_of;
    insert into public.calendar_exceptions (schedule_id, on_date, name, opens, closes, works_as, shortened_minutes)
    select made, e.on_date, e.name, e.opens, e.closes, e.works_as, e.shortened_minutes
    from public.calendar_exceptions as e
    where e.schedule_id = copy_of;
  end if;
  return made;
exception
  when unique_violation then
    raise exception 'schedule_name_taken' using errcode = 'PT409';
end
$$;

create function private.is_promised(schedule uuid)
returns boolean
language sql
stable
security definer
set search_path = ''
as $$
/* Whether a link that is still open gives a group this schedule. A definer, because a manager sees no links of other teams, and this tells
   nothing else of them. */
  select exists (
    select
    from public.chat_invitations as i
    where i.schedule_id = schedule
      and i.used_at is null
      and i.expires_at > now()
  )
$$;

create function api.archive_schedule(schedule_id uuid, archived boolean)
returns void
language plpgsql
set search_path = ''
as $$
/* Puts a schedule away, or back. Refuses with not_allowed, unknown_schedule, and schedule_is_in_use while the firm, a chat or an open
   window is measured by it, or a link would give it to a group. */
begin
  perform private.expect_role('admin', 'manager');
  if not exists (select from public.working_schedules as s where s.id = archive_schedule.schedule_id) then
    raise exception 'unknown_schedule' using errcode = 'PT404';
  end if;
  if archived and (
    exists (
      select
      from public.settings as f
      where archive_schedule.schedule_id in (f.default_schedule_id, f.around_the_clock_schedule_id)
    )
    or exists (select from public.chats as c where c.schedule_id = archive_schedule.schedule_id and c.deleted_at is null)
    or exists (
      select from public.client_requests as w where w.schedule_id = archive_schedule.schedule_id and w.closed_as is null
    )
    or private.is_promised(archive_schedule.schedule_id)
  ) then
    raise exception 'schedule_is_in_use' using errcode = 'PT409';
  end if;
  update public.working_schedules as s
  set archived_at = case when archived then coalesce(s.archived_at, now()) end
  where s.id = archive_schedule.schedule_id;
end
$$;

create function private.write_dates(of_schedule uuid, first_on date, last_on date, says text, name text, hours jsonb)
returns void
language plpgsql
set search_path = ''
as $$
/* Says of some days in a row that they are closed, have hours of their own, or are ordinary: of one schedule, or of the firm where none
   is given. Refuses with unknown_schedule, dates_are_backwards, too_many_dates or date_has_no_reason, and as private.stated_hours does. */
begin
  if of_schedule is not null and not exists (select from public.working_schedules as s where s.id = of_schedule) then
    raise exception 'unknown_schedule' using errcode = 'PT404';
  elsif first_on is null or last_on < first_on then
    raise exception 'dates_are_backwards' using errcode = 'PT422';
  elsif last_on - first_on > 365 then
    raise exception 'too_many_dates' using errcode = 'PT422';
  elsif says is distinct from 'ordinary' and coalesce(length(btrim(name)), 0) not between 1 and 100 then
    raise exception 'date_has_no_reason' using errcode = 'PT422';
  elsif says in ('closed', 'hours', 'ordinary') is not true
    or says = 'hours' and (jsonb_typeof(hours) is distinct from 'array' or hours = '[]') then
    raise exception 'hours_are_malformed' using errcode = 'PT422';
  end if;

  with wanted as materialized (
    select h.opens, h.closes
    from private.stated_hours(hours) as h
    where says = 'hours'
    union all
    select null, null
    where says = 'closed'
  ),
  gone as (
    delete from public.calendar_exceptions as e
    where e.schedule_id is not distinct from of_schedule
      and e.on_date between first_on and coalesce(last_on, first_on)
    returning 1
  )
  insert into public.calendar_exceptions (schedule_id, on_date, name, opens, closes)
  select of_schedule, d::date, btrim(write_dates.name), w.opens, w.closes
  from generate_series(first_on::timestamp, coalesce(last_on, first_on)::timestamp, interval '1 day') as d
  cross join wanted as w
  -- What goes has gone before anything comes.
  where (select count(*) from gone) >= 0;
end
$$;

create function api.set_dates(
  schedule_id uuid,
  first_on date,
  last_on date,
  says text,
  name text default null,
  hours jsonb default '[]',
  dry_run boolean default true,
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
set search_path = ''
as $$
/* Says of days in a row that they are closed, have hours of their own ([{weekday, opens, closes}], where the weekday means nothing), or
   are ordinary. Returns which deadlines that moves, or on a dry run would. Refuses with not_allowed and as private.write_dates does. */
declare
  mark constant bigint := private.latest_event();
  moved jsonb;
begin
  perform private.expect_role('admin', 'manager');
  begin
    perform private.write_dates(schedule_id, first_on, last_on, says, name, hours);
    moved := private.effect_since(mark, as_of);
    if dry_run then
      raise exception 'only_a_trial' using errcode = 'TRIAL';
    end if;
  exception
    when sqlstate 'TRIAL' then
      null;
  end;
  return moved;
end
$$;

create function private.dates_of(of_schedule uuid, year integer)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* Exceptional dates of a year, of a schedule or of the firm where none is given: [{on_date, source, says: [{name, opens, closes, works_as,
   shortened_minutes}]}]. */
#variable_conflict use_column
begin
  return (
    select coalesce(jsonb_agg(d.about order by d.on_date), '[]')
    from (
      select
        e.on_date,
        jsonb_build_object(
          'on_date', e.on_date,
          'source', min(e.source),
          'says', jsonb_agg(
            jsonb_build_object(
              'name', e.name, 'opens', to_char(e.opens, 'HH24:MI'), 'closes', left(e.closes::text, 5), 'works_as', e.works_as,
              'shortened_minutes', e.shortened_minutes
            )
            order by e.opens
          )
        ) as about
      from public.calendar_exceptions as e
      where e.schedule_id is not distinct from of_schedule
        and e.on_date between make_date(dates_of.year, 1, 1) and make_date(dates_of.year, 12, 31)
      group by e.on_date
    ) as d
  );
end
$$;

create function api.bring_in_calendar(year integer, days jsonb, dry_run boolean default true, as_of timestamptz default now())
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
/* What api.import_calendar does, for the people who keep the calendar: {changes: [{on_date, change, was}], moved}, where was is what the
   firm had on that date. Refuses with not_allowed or calendar_is_of_another_year. A definer, because only an import may say of a date that
   it is the state's. */
declare
  mark constant bigint := private.latest_event();
  firms constant jsonb := private.dates_of(null, year);
  changes jsonb;
  moved jsonb;
begin
  perform private.expect_role('admin', 'manager');
  if jsonb_typeof(days) is distinct from 'array' then
    raise exception 'calendar_is_of_another_year' using errcode = 'PT422';
  end if;
  begin
    select coalesce(jsonb_agg(jsonb_build_object('on_date', c.on_date, 'change', c.change, 'was', f.says) order by c.on_date), '[]')
    from api.import_calendar(bring_in_calendar.year, days, false) as c
    left join jsonb_to_recordset(firms) as f (on_date date, says jsonb) on f.on_date = c.on_date
    into changes;
    moved := private.effect_since(mark, as_of);
    if dry_run then
      raise exception 'only_a_trial' using errcode = 'TRIAL';
    end if;
  exception
    when sqlstate 'TRIAL' then
      null;
  end;
  return jsonb_build_object('changes', changes, 'moved', moved);
end
$$;

grant execute on function
  private.stated_hours(jsonb),
  private.write_schedule(uuid, text, text, boolean, jsonb),
  private.write_dates(uuid, date, date, text, text, jsonb),
  private.hours_on(date, time, time),
  private.is_promised(uuid),
  api.save_schedule(uuid, text, text, boolean, jsonb, boolean, timestamptz),
  api.add_schedule(text, uuid),
  api.archive_schedule(uuid, boolean),
  api.set_dates(uuid, date, date, text, text, jsonb, boolean, timestamptz),
  api.bring_in_calendar(integer, jsonb, boolean, timestamptz)
to authenticated;
