-- Long work that a person starts, leaves and finds again: checked first, then carried out by a job with the rights of that person alone.
set lock_timeout = '5s';

create table public.tasks (
  id uuid primary key default gen_random_uuid(),
  kind text not null,
  state text not null default 'draft',
  input jsonb,
  client_id uuid references public.clients (id) on delete cascade,
  total integer not null,
  result jsonb not null default '{}',
  problem text,
  attempts integer not null default 0,
  created_by uuid not null default auth.uid() references public.users (id) on delete cascade,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  constraint kind_is_known check (kind in ('import_chats', 'erase_client')),
  constraint an_erasure_is_of_a_client check ((kind = 'erase_client') = (client_id is not null)),
  constraint state_is_known check (state in ('draft', 'queued', 'running', 'done', 'failed')),
  constraint a_finished_task_keeps_no_input check ((finished_at is null) = (input is not null)),
  constraint finished_means_done_or_failed check ((finished_at is not null) = (state in ('done', 'failed')))
);

create index tasks_of_a_person on public.tasks (created_by, created_at);
-- Two presses of one button are one erasure.
create unique index a_client_is_erased_by_one_task on public.tasks (client_id) where finished_at is null;

comment on table public.tasks is
  'Long work by people: a draft says what it would do, a queued one is carried out by a job in one transaction.';
comment on column public.tasks.id is 'Key.';
comment on column public.tasks.kind is 'What is done.';
comment on column public.tasks.state is 'draft until its author starts it, then queued, running, and done or failed.';
comment on column public.tasks.input is 'The rows to work on, as they were read from a file, none for an erasure; gone with the work, or after a day.';
comment on column public.tasks.client_id is 'Whose personal data is erased; null of other work.';
comment on column public.tasks.total is 'How many rows, or chats of the client, there are.';
comment on column public.tasks.result is 'What it would do, or what it did: counts, and of a draft the errors by row.';
comment on column public.tasks.problem is 'Key of the reason why it failed.';
comment on column public.tasks.attempts is 'How often it was begun; one whose process dies is begun again.';
comment on column public.tasks.created_by is 'Who started it, and with whose rights it is done.';
comment on column public.tasks.created_at is 'When the row was made.';
comment on column public.tasks.started_at is 'When it was begun last.';
comment on column public.tasks.finished_at is 'When it was over.';

alter table public.tasks enable row level security;
-- Not the rows themselves: the result says of them what is to be known.
grant
  select (id, kind, state, client_id, total, result, problem, attempts, created_by, created_at, started_at, finished_at)
on public.tasks to authenticated;
grant select, insert, update, delete on public.tasks to service_role;

create view api.tasks with (security_invoker = true) as
select
  t.id, t.kind, t.state, t.client_id, k.name as client, t.total, t.result, t.problem, t.created_by, u.full_name as author, t.created_at,
  t.started_at, t.finished_at
from public.tasks as t
left join public.clients as k on k.id = t.client_id
left join public.users as u on u.id = t.created_by;

comment on view api.tasks is 'Long work that the reader may see, and what became of it.';

grant select on api.tasks to authenticated, service_role;

create function private.author_of(of_task public.tasks)
returns public.users
language plpgsql
set search_path = ''
as $$
/* Who started a task, as long as this person may still do so; the audit names this person. Refuses with not_allowed. */
declare
  author public.users;
begin
  select u.* into author
  from public.users as u
  where u.id = of_task.created_by
    and u.active
    and (u.role = 'admin' or u.role = 'manager' and of_task.kind = 'import_chats');
  if author.id is null then
    raise exception 'not_allowed' using errcode = 'PT403';
  end if;
  perform set_config('buhbot.acting_for', author.id::text, true);
  return author;
end
$$;

create function api.start_task(id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
/* Hands the asker's own draft to the job. Refuses with unknown_task, task_is_started, task_has_errors. A definer, because people write no
   tasks by hand. */
declare
  draft public.tasks;
begin
  select t.* into draft from public.tasks as t where t.id = start_task.id and t.created_by = (select auth.uid()) for update;
  if draft.id is null or private.role() is null then
    raise exception 'unknown_task' using errcode = 'PT404';
  elsif draft.state <> 'draft' then
    raise exception 'task_is_started' using errcode = 'PT409';
  elsif jsonb_array_length(draft.result -> 'errors') > 0 then
    raise exception 'task_has_errors' using errcode = 'PT409';
  end if;
  update public.tasks as t set state = 'queued' where t.id = draft.id;
end
$$;

create function api.discard_task(id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
/* Throws the asker's own draft away. Refuses with unknown_task, task_is_started. A definer, because people write no tasks by hand. */
declare
  draft public.tasks;
begin
  select t.* into draft from public.tasks as t where t.id = discard_task.id and t.created_by = (select auth.uid()) for update;
  if draft.id is null or private.role() is null then
    raise exception 'unknown_task' using errcode = 'PT404';
  elsif draft.state <> 'draft' then
    raise exception 'task_is_started' using errcode = 'PT409';
  end if;
  delete from public.tasks as t where t.id = draft.id;
end
$$;

create function api.queue_erasure(client_id uuid, confirmation text)
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
/* Hands the erasure of a client's personal data, which is api.erase_client, to the job, and records who asked and from where. `confirmation`
   is the client's name as the firm writes it. Returns the task; asked again meanwhile, it is the same. For admins. Refuses with not_allowed,
   client_not_found, name_differs. A definer, because people write no tasks by hand. */
declare
  client public.clients;
  queued uuid;
begin
  if private.role() is distinct from 'admin' then
    raise exception 'not_allowed' using errcode = 'PT403';
  end if;
  -- Not `for update`: intake, which holds the chats' locks, refers to clients.
  select k.* into client from public.clients as k where k.id = queue_erasure.client_id for no key update;
  if client.id is null then
    raise exception 'client_not_found' using errcode = 'PT404';
  elsif btrim(confirmation) is distinct from btrim(client.name) then
    raise exception 'name_differs' using errcode = 'PT422';
  end if;
  insert into public.tasks (kind, state, input, client_id, total, created_by)
  select 'erase_client', 'queued', '[]', client.id, (select count(*) from public.chats as c where c.client_id = client.id), auth.uid()
  on conflict do nothing
  returning id into queued;
  if queued is null then
    select t.id into queued from public.tasks as t where t.client_id = client.id and t.finished_at is null;
  else
    perform private.record_event(auth.uid(), 'erase', 'clients', client.id::text, jsonb_build_object('task_id', queued));
  end if;
  return queued;
end
$$;

create function api.claim_task(as_of timestamptz default now())
returns uuid
language plpgsql
set search_path = ''
as $$
/* The next task to carry out, or null; one of those that wait, or one whose process has not been heard of for ten minutes, three times at
   most. Drafts go after a day, what is over after thirty. */
declare
  claimed uuid;
begin
  delete from public.tasks as t
  where t.state = 'draft' and t.created_at < as_of - interval '1 day'
    or t.finished_at < as_of - interval '30 days';
  update public.tasks as t
  set state = 'failed', problem = 'task_gave_up', finished_at = as_of, input = null
  where t.state = 'running'
    and t.started_at < as_of - interval '10 minutes'
    and t.attempts >= 3;
  update public.tasks as t
  set state = 'running', started_at = as_of, attempts = t.attempts + 1
  where t.id = (
    select w.id
    from public.tasks as w
    where w.state = 'queued'
      or w.state = 'running' and w.started_at < as_of - interval '10 minutes'
    order by w.created_at
    for update skip locked
    limit 1
  )
  returning t.id into claimed;
  return claimed;
end
$$;

grant execute on function api.start_task(uuid), api.discard_task(uuid), api.queue_erasure(uuid, text) to authenticated;
grant execute on function api.claim_task(timestamptz), private.author_of(public.tasks) to service_role;
