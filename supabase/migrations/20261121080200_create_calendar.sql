-- When the firm works: schedules, their weekly hours, exceptional dates; the same as materialised UTC periods, and as versions (S6, S8).
set lock_timeout = '5s';

create extension if not exists btree_gist with schema extensions;

create table public.working_schedules (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  timezone text not null default 'Europe/Moscow',
  around_the_clock boolean not null default false,
  follows_firm_calendar boolean not null default true,
  version integer not null default 1,
  materialised tstzrange not null default 'empty',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint one_schedule_per_name unique (name),
  -- An IANA name; Postgres would take POSIX's `MSK-3` too, whose sign means the opposite. Unknown names raise in timezone().
  constraint timezone_is_known check (
    (timezone = 'UTC' or timezone ~ '^[A-Z][A-Za-z_]+/[A-Za-z0-9_/+-]+$')
    and pg_catalog.timezone(timezone, timestamptz '2026-01-01T00:00:00Z') is not null
  )
);

comment on table public.working_schedules is 'Named working time in one time zone; its hours are in working_intervals and calendar_exceptions.';
comment on column public.working_schedules.id is 'Key.';
comment on column public.working_schedules.name is 'Name as people choose it.';
comment on column public.working_schedules.timezone is 'IANA zone in which the hours are meant.';
comment on column public.working_schedules.around_the_clock is 'Every instant is working time, exceptions included; exact to the second (S6).';
comment on column public.working_schedules.follows_firm_calendar is 'Whether exceptions of the whole firm apply.';
comment on column public.working_schedules.version is 'Grows with each change of the working time; windows keep the one they were measured with (S8).';
comment on column public.working_schedules.materialised is 'The span of time that working_periods covers; outside it the clock answers null.';
comment on column public.working_schedules.created_at is 'When the row was made.';
comment on column public.working_schedules.updated_at is 'When the row last changed.';

alter table public.working_schedules enable row level security;
grant select on public.working_schedules to authenticated;
grant select on public.working_schedules to service_role;

create trigger working_schedules_touch_updated_at
before update on public.working_schedules
for each row execute function private.touch_updated_at();

create table public.working_intervals (
  id uuid primary key default gen_random_uuid(),
  schedule_id uuid not null references public.working_schedules (id) on delete cascade,
  weekday smallint not null,
  opens time not null,
  closes time not null,
  constraint one_interval_per_opening unique (schedule_id, weekday, opens),
  constraint weekday_is_iso check (weekday between 1 and 7),
  constraint interval_has_length check (opens <> closes)
);

comment on table public.working_intervals is 'Weekly hours, half-open [opens, closes); several a day leave breaks between them.';
comment on column public.working_intervals.id is 'Key.';
comment on column public.working_intervals.schedule_id is 'Whose hours these are.';
comment on column public.working_intervals.weekday is 'Day on which the interval starts: Monday = 1 … Sunday = 7.';
comment on column public.working_intervals.opens is 'First working moment, wall-clock time of the schedule.';
comment on column public.working_intervals.closes is 'First closed moment; earlier than opens means the next day, 24:00 is midnight.';

alter table public.working_intervals enable row level security;
grant select on public.working_intervals to authenticated, service_role;

create table public.calendar_exceptions (
  id uuid primary key default gen_random_uuid(),
  schedule_id uuid references public.working_schedules (id) on delete cascade,
  on_date date not null,
  name text not null,
  opens time,
  closes time,
  works_as smallint,
  shortened_minutes integer,
  closed boolean not null generated always as (opens is null and works_as is null and shortened_minutes is null) stored,
  source text,
  constraint one_exception_per_opening unique nulls not distinct (schedule_id, on_date, opens),
  constraint an_interval_has_both_ends check ((opens is null) = (closes is null) and opens <> closes),
  constraint an_interval_is_no_weekdays_hours check (opens is null or (works_as is null and shortened_minutes is null)),
  constraint weekday_is_iso check (works_as between 1 and 7),
  constraint a_shortened_day_loses_part_of_itself check (shortened_minutes between 1 and 1439),
  constraint source_is_known check (source = 'production_calendar'),
  constraint a_source_speaks_to_the_whole_firm check (source is null or schedule_id is null),
  -- Closed and weekday's hours are one row a date (one_exception_per_opening); intervals may be several, and among themselves.
  constraint a_date_has_intervals_or_one_rule exclude using gist (
    coalesce(schedule_id, '00000000-0000-0000-0000-000000000000') with =,
    on_date with =,
    ((opens is null)::integer) with <>
  )
);

comment on table public.calendar_exceptions is
  'Dates that are not like their weekday: closed, with intervals of their own (several rows of one date), or with the weekly hours of some weekday, all or all but the last.';
comment on column public.calendar_exceptions.id is 'Key.';
comment on column public.calendar_exceptions.schedule_id is 'Whose exception; null is the whole firm''s. On one date a schedule''s own beats the firm''s.';
comment on column public.calendar_exceptions.on_date is 'Local date of the schedule.';
comment on column public.calendar_exceptions.name is 'What people call it: the holiday, the short day, the moved Saturday.';
comment on column public.calendar_exceptions.opens is 'Start of an interval of that date; null when the row states none.';
comment on column public.calendar_exceptions.closes is 'End of the interval; earlier than opens means the next day.';
comment on column public.calendar_exceptions.works_as is
  'The weekday whose weekly hours the date has, in every schedule its own: Monday = 1 … Sunday = 7. Null is the date''s own.';
comment on column public.calendar_exceptions.shortened_minutes is 'Working minutes that the hours of the weekday lose at their end.';
comment on column public.calendar_exceptions.closed is 'True when the row gives no working time.';
comment on column public.calendar_exceptions.source is 'The calendar that the row was imported from, which may change it again; null is a person''s, and stays.';

alter table public.calendar_exceptions enable row level security;
grant select on public.calendar_exceptions to authenticated, service_role;

create table public.working_periods (
  schedule_id uuid not null references public.working_schedules (id) on delete cascade,
  period tstzrange not null,
  starts_after interval not null,
  primary key (schedule_id, starts_after),
  constraint period_has_length check (not isempty(period))
);

create unique index working_periods_by_opening on public.working_periods (schedule_id, lower(period));

comment on table public.working_periods is
  'Working time as UTC ranges with a running total: both directions of the clock are one index look-up. Made from the calendar, never edited.';
comment on column public.working_periods.schedule_id is 'Whose working time.';
comment on column public.working_periods.period is 'One stretch without a break, [opens, closes).';
comment on column public.working_periods.starts_after is 'Working time of the schedule before this period, in seconds; hours and days never mixed.';

alter table public.working_periods enable row level security;
grant select on public.working_periods to authenticated, service_role;

create table public.schedule_versions (
  schedule_id uuid not null references public.working_schedules (id) on delete cascade,
  version integer not null,
  timezone text not null,
  around_the_clock boolean not null,
  periods tstzmultirange not null,
  named_dates jsonb not null,
  made_at timestamptz not null default now(),
  primary key (schedule_id, version),
  constraint around_the_clock_needs_no_periods check (not around_the_clock or isempty(periods)),
  constraint named_dates_are_an_object check (jsonb_typeof(named_dates) = 'object')
);

comment on table public.schedule_versions is
  'What each version of a schedule said, for windows measured with it (S8). Made from the calendar, never edited.';
comment on column public.schedule_versions.schedule_id is 'Whose working time.';
comment on column public.schedule_versions.version is 'As in working_schedules.';
comment on column public.schedule_versions.timezone is 'Zone of the version.';
comment on column public.schedule_versions.around_the_clock is 'Whether every instant was working time.';
comment on column public.schedule_versions.periods is
  'Working time as far as it was materialised while the version was in force; empty around the clock.';
comment on column public.schedule_versions.named_dates is
  'Exceptional dates of the version with their names: {"2027-01-01": "Новогодние каникулы"}.';
comment on column public.schedule_versions.made_at is 'When the version came into force.';

alter table public.schedule_versions enable row level security;
grant select on public.schedule_versions to authenticated, service_role;
