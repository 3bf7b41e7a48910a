-- When the firm works: schedules, their weekly hours, exceptional dates, and the same as materialised UTC periods (S6).
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
comment on column public.working_schedules.version is 'Grows with each change of the working time; windows keep the one they were opened under (S8).';
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
  closed boolean not null generated always as (opens is null) stored,
  constraint one_exception_per_opening unique nulls not distinct (schedule_id, on_date, opens),
  constraint exception_is_closed_or_an_interval check ((opens is null) = (closes is null) and opens <> closes),
  constraint a_date_is_closed_or_has_intervals exclude using gist (
    coalesce(schedule_id, '00000000-0000-0000-0000-000000000000') with =,
    on_date with =,
    (closed::integer) with <>
  )
);

comment on table public.calendar_exceptions is
  'Dates that state their own working time instead of the weekly hours; several rows of one date are several intervals.';
comment on column public.calendar_exceptions.id is 'Key.';
comment on column public.calendar_exceptions.schedule_id is 'Whose exception; null is the whole firm''s. On one date a schedule''s own beats the firm''s.';
comment on column public.calendar_exceptions.on_date is 'Local date of the schedule.';
comment on column public.calendar_exceptions.name is 'What people call it: the holiday, the short day, the moved Saturday.';
comment on column public.calendar_exceptions.opens is 'Start of working time on that date; null when the date is closed.';
comment on column public.calendar_exceptions.closes is 'End of working time; earlier than opens means the next day.';
comment on column public.calendar_exceptions.closed is 'True when the row gives no working time.';

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

create table public.sla_policies (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  version integer not null default 1,
  target_minutes integer not null default 60,
  warn_percent integer not null default 80,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint one_policy_per_name unique (name),
  constraint target_is_between_a_minute_and_a_week check (target_minutes between 1 and 10080),
  constraint warning_comes_before_the_deadline check (warn_percent between 1 and 99)
);

comment on table public.sla_policies is 'How long a client may wait, in working minutes.';
comment on column public.sla_policies.id is 'Key.';
comment on column public.sla_policies.name is 'Name as people choose it.';
comment on column public.sla_policies.version is 'Grows with each change; windows keep the one they were opened under (S8).';
comment on column public.sla_policies.target_minutes is 'Working minutes until the answer is due.';
comment on column public.sla_policies.warn_percent is 'Share of the target after which a window is at risk, in percent.';
comment on column public.sla_policies.created_at is 'When the row was made.';
comment on column public.sla_policies.updated_at is 'When the row last changed.';

alter table public.sla_policies enable row level security;
grant select on public.sla_policies to authenticated, service_role;

create trigger sla_policies_touch_updated_at
before update on public.sla_policies
for each row execute function private.touch_updated_at();
