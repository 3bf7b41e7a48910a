-- `/system`: what the processes say of themselves, what waits, and what was given up.
set lock_timeout = '5s';

create table public.process_reports (
  component text not null,
  instance text not null,
  version text not null,
  started_at timestamptz not null,
  seen_at timestamptz not null,
  facts jsonb not null default '{}',
  primary key (component, instance),
  constraint component_is_known check (component in ('bot', 'jobs')),
  constraint instance_is_short check (instance ~ '^[0-9a-f]{8,32}$'),
  constraint version_is_short check (length(version) between 1 and 40),
  constraint facts_are_an_object check (jsonb_typeof(facts) = 'object'),
  constraint facts_are_few check (length(facts::text) <= 4000)
);

comment on table public.process_reports is 'The latest word of each process that runs: every 30 seconds; forgotten a day after the last.';
comment on column public.process_reports.component is 'Process: bot or jobs. The admin is there when its page is.';
comment on column public.process_reports.instance is 'Chance number of one start of one process.';
comment on column public.process_reports.version is 'Release that it runs.';
comment on column public.process_reports.started_at is 'When it started.';
comment on column public.process_reports.seen_at is 'When it last spoke.';
comment on column public.process_reports.facts is 'What it sees: {checks: {part: ok or kind of fault}, webhook, breaker, certificates, disk}; states and kinds of faults, never texts or names.';

alter table public.process_reports enable row level security;
grant select on public.process_reports to authenticated;
grant select, insert, update, delete on public.process_reports to service_role;

create function api.note_process(component text, instance text, version text, started_at timestamptz, facts jsonb, as_of timestamptz default now())
returns void
language sql
set search_path = ''
as $$
/* A sign of life of a process, with what it sees of the parts that only it can reach. */
  delete from public.process_reports as p
  where p.seen_at < as_of - interval '1 day';

  insert into public.process_reports as p (component, instance, version, started_at, seen_at, facts)
  values (
    note_process.component, note_process.instance, note_process.version, note_process.started_at, as_of, coalesce(note_process.facts, '{}')
  )
  on conflict on constraint process_reports_pkey do update set seen_at = excluded.seen_at, version = excluded.version, facts = excluded.facts;
$$;

create function api.system_page(as_of timestamptz default now()) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
/* For admins: {findings, processes, outbox, questions, sweep_due_at, intake_seen_at, rejects, undelivered, calendar_until, holidays_until,
   postgres, test}. `test` is what became of the reader's own test alert of the last quarter of an hour. Refuses with not_allowed. A definer,
   because it counts what only the service may read; of messages it tells kinds, recipients' names and faults. */
begin
  perform private.expect_role('admin');
  return jsonb_build_object(
    'findings', (select coalesce(jsonb_agg(to_jsonb(h) order by h."check", h.subject), '[]') from api.firm_health(as_of) as h),
    'processes', (
      select coalesce(jsonb_agg(to_jsonb(p) order by p.component, p.started_at desc, p.instance), '[]')
      from public.process_reports as p
      where p.seen_at > as_of - interval '1 hour'
    ),
    'outbox', (
      select jsonb_build_object(
        'waiting', count(*) filter (where o.next_attempt_at <= as_of),
        'later', count(*) filter (where o.next_attempt_at > as_of),
        'oldest_at', min(o.next_attempt_at) filter (where o.next_attempt_at <= as_of)
      )
      from public.outbox as o
      where o.status in ('pending', 'sending')
    ),
    'questions', (
      select jsonb_build_object('waiting', count(*), 'oldest_at', min(w.created_at))
      from public.client_requests as w
      where w.closed_as is null
        and w.classified_by = 'rule'
        and w.asked_message_id is distinct from w.first_message_id
        and w.created_at > as_of - interval '1 hour'
    ),
    'sweep_due_at', (select min(w.escalates_at) from public.client_requests as w where w.escalates_at < as_of),
    'intake_seen_at', (select max(upper(c.up)) from public.intake_coverage as c),
    'rejects', jsonb_build_object(
      -- A thousand and one means more than a thousand: the table only grows.
      'amount', (select count(*) from (select from public.intake_rejects limit 1001) as r),
      'latest', (
        select coalesce(jsonb_agg(jsonb_build_object('id', r.id, 'reason', r.reason, 'at', r.recorded_at) order by r.id desc), '[]')
        from (select x.* from public.intake_rejects as x order by x.id desc limit 20) as r
      )
    ),
    'undelivered', jsonb_build_object(
      'amount', (select count(*) from public.outbox as o where o.status = 'failed'),
      'latest', (
        select coalesce(jsonb_agg(to_jsonb(u) order by u.created_at desc, u.id), '[]')
        from (select m.* from api.undelivered_messages() as m limit 50) as u
      )
    ),
    'calendar_until', (select min(upper(s.materialised)) from public.working_schedules as s where not s.around_the_clock),
    'holidays_until', (select max(c.on_date) from public.calendar_exceptions as c where c.source = 'production_calendar'),
    'postgres', current_setting('server_version'),
    'test', (
      select private.delivery_of(o.id) || jsonb_build_object('created_at', o.created_at)
      from public.outbox as o
      where o.subject_id = (select auth.uid())
        and o.recipient_chat_id = (select u.telegram_id from public.users as u where u.id = (select auth.uid()))
        and o.kind = 'chat_notice'
        and o.payload ->> 'event' = 'test_alert'
        and o.created_at > as_of - interval '15 minutes'
      order by o.created_at desc
      limit 1
    )
  );
end
$$;

grant execute on function api.note_process(text, text, text, timestamptz, jsonb, timestamptz) to service_role;
grant execute on function api.system_page(timestamptz) to authenticated;
