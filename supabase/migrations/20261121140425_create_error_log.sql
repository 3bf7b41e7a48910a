-- Faults as people may look them up: by the reference number that somebody read on a page or in the bot.
set lock_timeout = '5s';

create table public.error_log (
  id bigint generated always as identity primary key,
  happened_at timestamptz not null default now(),
  reference text not null,
  component text not null,
  event text not null,
  fingerprint text not null,
  user_id uuid references public.users (id) on delete set null,
  detail jsonb not null default '{}',
  constraint component_is_known check (component in ('bot', 'jobs', 'admin')),
  constraint detail_is_an_object check (jsonb_typeof(detail) = 'object')
);

create index errors_by_reference on public.error_log (reference);
create index errors_by_kind on public.error_log (fingerprint, happened_at);
create index errors_of_a_person on public.error_log (user_id);

comment on table public.error_log is 'Faults, append-only: ids and places, never texts, names or tokens.';
comment on column public.error_log.id is 'Key, in order of recording.';
comment on column public.error_log.happened_at is 'When.';
comment on column public.error_log.reference is 'Number that the person was told.';
comment on column public.error_log.component is 'Process: bot, jobs or admin.';
comment on column public.error_log.event is 'Name of the event in the log.';
comment on column public.error_log.fingerprint is 'The same for faults of the same kind and place.';
comment on column public.error_log.user_id is 'Who met it; null for the service.';
comment on column public.error_log.detail is 'Ids and places, such as the page.';

alter table public.error_log enable row level security;
grant select on public.error_log to authenticated;
grant insert on public.error_log to service_role;

create view api.error_log with (security_invoker = true) as
select e.id, e.happened_at, e.reference, e.component, e.event, e.fingerprint, e.user_id, e.detail
from public.error_log as e;

comment on view api.error_log is 'Faults.';

grant select on api.error_log to authenticated;
grant insert on api.error_log to service_role;
