-- The firm's settings, its default working time and policy, and the record of who changed what.
set lock_timeout = '5s';

create table public.settings (
  id boolean primary key default true,
  firm_name text not null default 'Бухгалтерия',
  default_schedule_id uuid not null references public.working_schedules (id),
  default_policy_id uuid not null references public.sla_policies (id),
  around_the_clock_schedule_id uuid not null references public.working_schedules (id),
  files_answer boolean not null default false,
  head_id uuid references public.users (id),
  silent_after_days integer not null default 14,
  bot_telegram_id bigint,
  bot_username text,
  bot_reads_all boolean,
  bot_seen_at timestamptz,
  defaults_adopted_at timestamptz,
  updated_at timestamptz not null default now(),
  constraint settings_are_one_row check (id),
  constraint silence_is_counted_in_days check (silent_after_days between 1 and 365)
);

comment on table public.settings is 'Settings of the firm: exactly one row.';
comment on column public.settings.id is 'Always true.';
comment on column public.settings.firm_name is 'Name of the firm.';
comment on column public.settings.default_schedule_id is 'Working time of chats that name none.';
comment on column public.settings.default_policy_id is 'Policy of chats that name none.';
comment on column public.settings.around_the_clock_schedule_id is 'The schedule by which policies that are around the clock measure.';
comment on column public.settings.files_answer is 'Whether a bare file or voice message of the firm counts as an answer; text and captions always do (S3).';
comment on column public.settings.head_id is 'Head of the firm, the top of every ladder; null means all admins.';
comment on column public.settings.silent_after_days is 'A measured chat without any message for so long looks broken on the health page.';
comment on column public.settings.bot_telegram_id is 'The bot''s own account, as it said at its last start.';
comment on column public.settings.bot_username is 'Its @name, without the sign.';
comment on column public.settings.bot_reads_all is 'Whether Telegram shows it every message of a group (privacy mode off).';
comment on column public.settings.bot_seen_at is 'When it last started.';
comment on column public.settings.defaults_adopted_at is 'When the values that the operator chose for a new firm were taken over, once.';
comment on column public.settings.updated_at is 'When the row last changed.';

alter table public.settings enable row level security;
grant select on public.settings to authenticated, service_role;

create trigger settings_touch_updated_at
before update on public.settings
for each row execute function private.touch_updated_at();

-- Service levels that firms of this kind agree on; what a chat or the firm says beats them (S8).
insert into public.sla_policies (name, tier, target_minutes)
values ('Премиум', 'premium', 15), ('VIP', 'vip', 30), ('Стандарт', 'standard', 60), ('Базовый', 'basic', 120);

with schedules as (
  insert into public.working_schedules (name, timezone, around_the_clock)
  values ('Основной', 'Europe/Moscow', false), ('Круглосуточно', 'Europe/Moscow', true)
  returning id, around_the_clock
),
policy as (
  insert into public.sla_policies (name)
  values ('Основная')
  returning id
)
insert into public.settings (default_schedule_id, around_the_clock_schedule_id, default_policy_id)
select office.id, always.id, policy.id
from schedules as office, schedules as always, policy
where not office.around_the_clock
  and always.around_the_clock;

insert into public.working_intervals (schedule_id, weekday, opens, closes)
select s.default_schedule_id, d, '09:00', '18:00'
from public.settings as s, generate_series(1, 5) as d;

create table public.audit_log (
  id bigint generated always as identity,
  happened_at timestamptz not null default now(),
  actor_id uuid,
  action text not null,
  entity text not null,
  entity_id text not null,
  before jsonb,
  after jsonb,
  primary key (id, happened_at),
  constraint action_is_known check (action in ('insert', 'update', 'delete'))
) partition by range (happened_at);

create index audit_log_of_an_entity on public.audit_log (entity, entity_id, happened_at);

comment on table public.audit_log is 'Who changed what, append-only. Partitioned by month.';
comment on column public.audit_log.id is 'Key, in order of recording.';
comment on column public.audit_log.happened_at is 'When.';
comment on column public.audit_log.actor_id is 'Who; null for the service and for operators.';
comment on column public.audit_log.action is 'Insert, update or delete.';
comment on column public.audit_log.entity is 'Table that changed.';
comment on column public.audit_log.entity_id is 'Key of the row that changed.';
comment on column public.audit_log.before is 'The row before.';
comment on column public.audit_log.after is 'The row after.';

alter table public.audit_log enable row level security;
grant select on public.audit_log to authenticated;
grant insert on public.audit_log to service_role;

create table public.audit_log_other partition of public.audit_log default;
alter table public.audit_log_other enable row level security;
comment on table public.audit_log_other is 'Entries dated outside the months that have a partition.';

select private.create_partitions('public.audit_log', now()::date, (now() + interval '12 months')::date);

create function private.record_change()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
/* Writes each change that somebody made in a watched row into the audit log. A definer: nobody who changes a row may write the log by hand. */
declare
  old_row constant jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) - array['updated_at', 'materialised'] end;
  new_row constant jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) - array['updated_at', 'materialised'] end;
begin
  if old_row is distinct from new_row then
    insert into public.audit_log (actor_id, action, entity, entity_id, before, after)
    values (auth.uid(), lower(tg_op), tg_table_name, coalesce(new_row, old_row) ->> 'id', old_row, new_row);
  end if;
  return null;
end
$$;

create trigger users_audited after insert or update or delete on public.users
for each row execute function private.record_change();
create trigger clients_audited after insert or update or delete on public.clients
for each row execute function private.record_change();
create trigger chats_audited after insert or update or delete on public.chats
for each row execute function private.record_change();
create trigger working_schedules_audited after insert or update or delete on public.working_schedules
for each row execute function private.record_change();
create trigger working_intervals_audited after insert or update or delete on public.working_intervals
for each row execute function private.record_change();
create trigger calendar_exceptions_audited after insert or update or delete on public.calendar_exceptions
for each row execute function private.record_change();
create trigger sla_policies_audited after insert or update or delete on public.sla_policies
for each row execute function private.record_change();
create trigger absences_audited after insert or update or delete on public.absences
for each row execute function private.record_change();
create trigger settings_audited after insert or update or delete on public.settings
for each row execute function private.record_change();

-- A breach that never was is the one change of an alert that somebody will ask about (S9).
create trigger sla_alerts_audited after update on public.sla_alerts
for each row when (new.resolution = 'voided') execute function private.record_change();

create function api.extend_horizon(as_of timestamptz default now())
returns void
language plpgsql
security definer
set search_path = ''
-- A backup that reads a partition for hours must not make intake queue behind us: tomorrow will do.
set lock_timeout = '1s'
as $$
/* Keeps the materialised calendar and the partitions ahead of time; run daily, cheap when nothing is to do. A definer, because it
   makes tables and writes periods, which no role may do by itself. */
declare
  stale uuid;
begin
  perform private.create_partitions('public.chat_messages', as_of::date, (as_of + interval '12 months')::date);
  perform private.create_partitions('public.audit_log', as_of::date, (as_of + interval '12 months')::date);
  for stale in
    select s.id
    from public.working_schedules as s
    where upper(s.materialised) < as_of + interval '770 days'
    order by s.id
  loop
    perform private.rebuild_working_periods(stale, as_of);
  end loop;
end
$$;

grant execute on function api.extend_horizon(timestamptz) to service_role;
