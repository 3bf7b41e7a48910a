-- Events that the processes see and the database does not: sign-ins, and refusals, whose own transaction was rolled back.
set lock_timeout = '5s';

create table private.noted_events (
  id uuid primary key,
  noted_at timestamptz not null default now()
);

comment on table private.noted_events is 'Security events that are in the audit log already.';
comment on column private.noted_events.id is 'Given by the process that saw the event.';
comment on column private.noted_events.noted_at is 'When it was recorded.';

alter table private.noted_events enable row level security;
revoke all on private.noted_events from authenticated, service_role;

create function api.note_security_events(entries jsonb)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
/* Records events in the audit log, once each, however often they are told; returns how many were new. An entry: {id, at, kind, user_id,
   address, request_id, details}; `kind` becomes the action, `at` goes into the details. What has no id or no kind is left out: it would
   hold up all that come after it for ever. Secrets in the details are hidden by the names of their keys. A definer, because nobody may write
   the log by hand. */
declare
  told record;
  noted integer := 0;
  is_uuid constant text := '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';
begin
  for told in
    select e.id::uuid as id, e.at, e.kind, e.address, e.request_id, e.details, case when e.user_id ~* is_uuid then e.user_id::uuid end as user_id
    from jsonb_to_recordset(entries) as e (
      id text, at text, kind text, user_id text, address text, request_id text, details jsonb
    )
    where e.id ~* is_uuid
      and e.kind ~ '^[a-z][a-z_]{1,40}$'
      and e.kind not in ('insert', 'update', 'delete')
    order by e.at, e.id
  loop
    insert into private.noted_events (id) values (told.id) on conflict do nothing;
    if found then
      insert into public.audit_log (actor_id, actor_role, action, entity, entity_id, details, request_id, address)
      values (
        told.user_id,
        (select u.role from public.users as u where u.id = told.user_id),
        told.kind,
        'users',
        coalesce(told.user_id::text, ''),
        private.masked(
          case when jsonb_typeof(told.details) = 'object' then told.details else '{}' end || jsonb_build_object('at', told.at), '{}'
        ),
        substring(told.request_id from '^[\w-]{1,64}$'),
        substring(told.address from '^[0-9A-Fa-f:.]{2,45}$')
      );
      noted := noted + 1;
    end if;
  end loop;
  return noted;
end
$$;

grant execute on function api.note_security_events(jsonb) to service_role;
