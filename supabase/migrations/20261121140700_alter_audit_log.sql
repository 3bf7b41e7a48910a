-- The record of changes becomes an audit: who in which role, from where, what exactly, without secrets, and for good.
set lock_timeout = '5s';

alter table public.audit_log
  add column actor_role text,
  add column changed text[],
  add column details jsonb,
  add column request_id text,
  add column address text,
  add column forwarded_for text;

-- A wider one takes its place.
-- squawk-ignore ban-drop-constraint
alter table public.audit_log drop constraint action_is_known;
alter table public.audit_log add constraint action_is_a_word check (action ~ '^[a-z][a-z_]{1,40}$') not valid;

comment on table public.audit_log is
'Who did what, append-only for everybody, partitioned by month, sealed entry by entry in audit_seals. Holds no secret, no text of a message
and nothing personal of a client: an entry outlives every erasure.';
comment on column public.audit_log.happened_at is 'When it was recorded: the start of the transaction. An event told later has its own time in details.';
comment on column public.audit_log.actor_id is 'Who; from the verified token, or as whom the service acted; null for the system and for operators.';
comment on column public.audit_log.actor_role is 'The person''s role then; for nobody, the database role: service_role, or the operator''s.';
comment on column public.audit_log.action is 'Insert, update or delete of a row, or what else happened: sign_in, refusal, export.';
comment on column public.audit_log.entity is 'Table it is about.';
comment on column public.audit_log.entity_id is 'Key of the row; the columns of a longer key are joined by colons.';
comment on column public.audit_log.before is 'The row before; hidden values read «[hidden]».';
comment on column public.audit_log.after is 'The row after, likewise.';
comment on column public.audit_log.changed is 'Columns that an update changed, hidden ones too.';
comment on column public.audit_log.details is 'What else is known: the cause of a decision, numbers of an export.';
comment on column public.audit_log.request_id is
'X-Request-Id of the call, as in the logs of the admin. A person who calls the interface directly can send any: it leads to a log line, it
proves nothing.';
comment on column public.audit_log.address is 'X-Client-Address of the call: the address the admin saw. To be trusted like request_id, as far as forwarded_for fits.';
comment on column public.audit_log.forwarded_for is
'X-Forwarded-For as it arrived. Its right end was written by the gateway before us and cannot be forged: the admin''s own address for a call
of the admin; any other went around it, and then request_id and address are only what the caller said.';

create or replace view api.audit_log with (security_invoker = true) as
select
  a.id, a.happened_at, a.actor_id, a.action, a.entity, a.entity_id, a.before, a.after, a.actor_role, a.changed, a.details, a.request_id,
  a.address, a.forwarded_for
from public.audit_log as a;

-- --- For good ---------------------------------------------------------------------------------------------------------------------

revoke insert on public.audit_log from service_role;

create function private.refuse_rewriting()
returns trigger
language plpgsql
set search_path = ''
as $$
/* What is recorded stays, for the owner of the table too; only who disables this trigger on purpose gets past it. */
begin
  raise exception 'audit_is_append_only' using errcode = 'PT403';
end
$$;

create trigger audit_log_never_rewritten before update or delete on public.audit_log
for each row execute function private.refuse_rewriting();

create function private.close_partitions(parent regclass)
returns void
language plpgsql
set search_path = ''
as $$
/* Triggers on truncate are not handed down to partitions: gives each what its parent has. Harmless when repeated. */
declare
  open_one record;
begin
  for open_one in
    select c.relname, t.tgname, t.tgfoid::regprocedure as function
    from pg_catalog.pg_trigger as t
    join pg_catalog.pg_inherits as i on i.inhparent = t.tgrelid
    join pg_catalog.pg_class as c on c.oid = i.inhrelid
    where t.tgrelid = parent
      and t.tgname like '%\_never\_emptied'
      and not exists (select from pg_catalog.pg_trigger as own where own.tgrelid = c.oid and own.tgname = t.tgname)
  loop
    execute format(
      'create trigger %I before truncate on public.%I for each statement execute function %s',
      open_one.tgname, open_one.relname, open_one.function
    );
  end loop;
end
$$;

create trigger audit_log_never_emptied before truncate on public.audit_log
for each statement execute function private.refuse_rewriting();
select private.close_partitions('public.audit_log');

create or replace function private.create_partition(parent regclass, month date)
returns void
language plpgsql
set search_path = ''
as $$
/* One month of a partitioned table, with row security of its own and no grants: a granted partition would show what the parent
   hides. Rows of the month move in from the default partition, whose triggers rest meanwhile: nothing is rewritten. Harmless when it
   exists. */
declare
  parent_name constant text := (select c.relname from pg_catalog.pg_class as c where c.oid = parent);
  child_name constant text := parent_name || to_char(month, '_YYYY_MM');
  by_column constant text := (
    select a.attname
    from pg_catalog.pg_partitioned_table as t
    join pg_catalog.pg_attribute as a on a.attrelid = t.partrelid and a.attnum = t.partattrs[0]
    where t.partrelid = parent
  );
  opens constant timestamptz := timezone('UTC', month::timestamp);
  closes constant timestamptz := timezone('UTC', month + interval '1 month');
begin
  if to_regclass('public.' || child_name) is not null then
    return;
  end if;
  execute format('create table public.%I (like public.%I including defaults including constraints)', child_name, parent_name);
  execute format('alter table public.%I enable row level security', child_name);
  execute format('alter table public.%I disable trigger user', parent_name || '_other');
  execute format(
    'with moved as (delete from public.%I where %I >= %L and %I < %L returning *) insert into public.%I select * from moved',
    parent_name || '_other', by_column, opens, by_column, closes, child_name
  );
  execute format('alter table public.%I enable trigger user', parent_name || '_other');
  execute format(
    'alter table public.%I attach partition public.%I for values from (%L) to (%L)', parent_name, child_name, opens, closes
  );
  perform private.close_partitions(parent);
end
$$;

-- --- How entries are made ---------------------------------------------------------------------------------------------------------

create function private.acting_person()
returns uuid
language plpgsql
stable
set search_path = ''
as $$
/* Who acts: the person of the token, else the one for whom the service said it acts (`set_config('buhbot.acting_for', …, true)` in a
   function that has made sure of the person, such as a pressed button); null for the system. */
begin
  return coalesce(auth.uid(), nullif(current_setting('buhbot.acting_for', true), '')::uuid);
end
$$;

create function private.masked(record jsonb, hidden text[])
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
/* The record with the values of hidden columns replaced, and of those that are hidden wherever they occur: secrets, what clients wrote, and
   Telegram's ids of chats, which are people's in private ones. An empty value stays empty. */
declare
  everywhere constant text[] := array[
    'chat_id', 'migrated_from', 'message_text', 'text', 'caption', 'comment', 'password', 'secret', 'token', 'token_hash', 'code',
    'code_hash', 'email', 'email_hash'
  ];
  name text;
begin
  foreach name in array hidden || everywhere loop
    if record ->> name is not null then
      record := record || jsonb_build_object(name, '[hidden]');
    end if;
  end loop;
  return record;
end
$$;

create function private.record_entry(
  actor_id uuid, action text, entity text, entity_id text, before jsonb, after jsonb, changed text[], details jsonb
)
returns void
language plpgsql
security definer
set search_path = ''
as $$
/* Writes one entry, with the role of who acts and what is known of the call. A definer: nobody may write the log by hand. */
declare
  headers constant jsonb := nullif(current_setting('request.headers', true), '');
begin
  insert into public.audit_log (
    actor_id, actor_role, action, entity, entity_id, before, after, changed, details, request_id, address, forwarded_for
  )
  values (
    record_entry.actor_id,
    coalesce(
      (select u.role from public.users as u where u.id = record_entry.actor_id),
      nullif(current_setting('role'), 'none'),
      session_user::text
    ),
    record_entry.action, record_entry.entity, record_entry.entity_id, record_entry.before, record_entry.after, record_entry.changed,
    record_entry.details,
    substring(headers ->> 'x-request-id' from '^[\w-]{1,64}$'),
    substring(headers ->> 'x-client-address' from '^[0-9A-Fa-f:.]{2,45}$'),
    right(headers ->> 'x-forwarded-for', 200)
  );
end
$$;

create function private.record_event(actor_id uuid, action text, entity text, entity_id text, details jsonb default null)
returns void
language sql
set search_path = ''
as $$
/* Records what is no change of a row: a sign-in, an export, an erasure, a refusal. `actor_id` null means whoever acts, as far as known.
   Secrets in the details are hidden by the names of their keys. */
  select private.record_entry(
    coalesce(record_event.actor_id, private.acting_person()), record_event.action, record_event.entity,
    coalesce(record_event.entity_id, ''), null, null, null, private.masked(record_event.details, '{}')
  )
$$;

create function private.key_of(of_table oid, record jsonb)
returns text
language sql
stable
set search_path = ''
as $$
/* Key of a row whose table has no id: the columns of its primary key, joined by colons. */
  select string_agg(record ->> a.attname, ':' order by k.place)
  from pg_catalog.pg_index as i
  cross join lateral unnest(i.indkey::smallint[]) with ordinality as k (attnum, place)
  join pg_catalog.pg_attribute as a on a.attrelid = i.indrelid and a.attnum = k.attnum
  where i.indrelid = of_table
    and i.indisprimary
$$;

create or replace function private.record_change()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
/* Writes each change of a watched row into the audit log; arguments of the trigger name columns whose values are hidden. A definer: nobody
   who changes a row may write the log by hand. */
declare
  old_row constant jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) - array['updated_at', 'materialised'] end;
  new_row constant jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) - array['updated_at', 'materialised'] end;
  hidden constant text[] := coalesce(tg_argv, '{}');
  row_now constant jsonb := coalesce(new_row, old_row);
begin
  if old_row is distinct from new_row then
    perform private.record_entry(
      coalesce(private.acting_person(), (row_now ->> 'corrected_by')::uuid),
      lower(tg_op),
      tg_table_name,
      coalesce(row_now ->> 'id', private.key_of(tg_relid, row_now)),
      private.masked(old_row, hidden),
      private.masked(new_row, hidden),
      case
        when tg_op = 'UPDATE' then
          array(select n.key from jsonb_each(new_row) as n where n.value is distinct from old_row -> n.key order by n.key)
      end,
      null
    );
  end if;
  return null;
end
$$;

create function private.record_decision()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
/* What people did with a window, and each decision that moved or voided its deadline, from the window's ledger. A definer for the same
   reason. */
begin
  if new.kind = 'rescheduled' then
    perform private.record_entry(
      new.actor_id, 'update', 'client_requests', new.request_id::text,
      jsonb_build_object('due_at', new.detail -> 'due_at_before'),
      jsonb_build_object('due_at', new.detail -> 'due_at', 'cause', new.detail -> 'cause'),
      array['due_at'],
      null
    );
  else
    perform private.record_entry(
      coalesce(new.actor_id, private.acting_person()), new.kind, 'client_requests', new.request_id::text, null, null, null, new.detail
    );
  end if;
  return null;
end
$$;

-- Intake writes «opened», «answered» and the machine's own «excused» here: the condition keeps them off this way.
create trigger request_events_audited after insert on public.request_events
for each row when (
  new.kind in ('rescheduled', 'voided', 'handed_over') or (new.kind in ('acknowledged', 'excused') and new.actor_id is not null)
)
execute function private.record_decision();

create function private.record_void()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
/* A breach that never was, with its cause: the answer was in time, or the deadline moved (S8, S9). A definer for the same reason. */
begin
  perform private.record_entry(
    private.acting_person(), 'update', 'sla_alerts', new.id::text,
    private.masked(to_jsonb(old), '{}'), private.masked(to_jsonb(new), '{}'),
    array['resolution'],
    (
      select jsonb_build_object(
        'request_id', w.id, 'cause', case when w.closed_as = 'met' then 'answered_in_time' else 'deadline_moved' end
      )
      from public.client_requests as w
      where w.id = new.request_id
    )
  );
  return null;
end
$$;

create or replace trigger sla_alerts_audited after update on public.sla_alerts
for each row when (new.resolution = 'voided' and old.resolution is distinct from new.resolution)
execute function private.record_void();

-- Names of people go when an account is removed, names of clients when they are erased; who and which is told by the key.
create or replace trigger users_audited after insert or update or delete on public.users
for each row execute function private.record_change('full_name', 'telegram_username');
create or replace trigger clients_audited after insert or update or delete on public.clients
for each row execute function private.record_change('name');
create or replace trigger chats_audited after insert or update or delete on public.chats
for each row execute function private.record_change('chat_name');
create or replace trigger absences_audited after insert or update or delete on public.absences
for each row execute function private.record_change('reason');
create trigger manager_accountants_audited after insert or update or delete on public.manager_accountants
for each row execute function private.record_change();
create trigger ladder_steps_audited after insert or update or delete on public.ladder_steps
for each row execute function private.record_change();
create trigger sla_policy_versions_audited after insert or update or delete on public.sla_policy_versions
for each row execute function private.record_change();
create trigger classification_corrections_audited after insert or update or delete on public.classification_corrections
for each row execute function private.record_change();

create or replace function private.reschedule(windows uuid[], cause text)
returns integer
language sql
set search_path = ''
as $$
/* Computes the deadlines of open windows anew from their own target, warning share and schedule, and keeps old, new and cause in the
   ledger, from where the audit has them. Returns how many deadlines moved. */
  with computed as (
    select
      w.id,
      w.due_at as old_due_at,
      s.version as schedule_version,
      api.add_working(w.schedule_id, w.opened_at, make_interval(secs => w.target_minutes * 60)) as due_at,
      api.add_working(w.schedule_id, w.opened_at, make_interval(secs => w.target_minutes * 60 * w.warn_percent / 100.0)) as warn_at
    from public.client_requests as w
    join public.working_schedules as s on s.id = w.schedule_id
    where w.id = any (windows)
      and w.closed_as is null
  ),
  moved as (
    update public.client_requests as w
    set due_at = c.due_at, warn_at = c.warn_at, schedule_version = c.schedule_version
    from computed as c
    where w.id = c.id
      and (w.due_at, w.warn_at, w.schedule_version) is distinct from (c.due_at, c.warn_at, c.schedule_version)
    returning w.id, c.old_due_at, c.due_at
  ),
  ledger as (
    insert into public.request_events (request_id, kind, happened_at, actor_id, detail)
    select
      m.id, 'rescheduled', now(), (select auth.uid()),
      jsonb_build_object('cause', cause, 'due_at_before', m.old_due_at, 'due_at', m.due_at)
    from moved as m
    where m.due_at is distinct from m.old_due_at
    returning id
  )
  select count(*)::integer
  from ledger
$$;

grant execute on function
  private.acting_person(),
  private.masked(jsonb, text[]),
  private.record_entry(uuid, text, text, text, jsonb, jsonb, text[], jsonb),
  private.record_event(uuid, text, text, text, jsonb)
to service_role;
