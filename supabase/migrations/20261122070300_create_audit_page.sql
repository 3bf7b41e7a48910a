-- `/audit`: who did what, found by whom, by what and by the number of a request.
set lock_timeout = '5s';

-- Inside the transaction of a migration nothing is built concurrently; lock_timeout bounds the wait.
-- squawk-ignore require-concurrent-index-creation
create index audit_log_of_a_person on public.audit_log (actor_id, id desc);
-- squawk-ignore require-concurrent-index-creation
create index audit_log_of_a_kind on public.audit_log (entity, id desc);
-- squawk-ignore require-concurrent-index-creation
create index audit_log_of_a_call on public.audit_log (request_id) where request_id is not null;

create function private.names_in(records jsonb) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* What the ids in some records stand for, {id: name}, as far as the reader may see the rows: people, clients, chats, schedules, policies. */
#variable_conflict use_column
begin
  return (
    with ids as materialized (
      select distinct v.value::uuid as id
      from jsonb_array_elements(records) as r (record)
      cross join lateral jsonb_each_text(case when jsonb_typeof(r.record) = 'object' then r.record else '{}' end) as v
      where v.value ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
    )
    select coalesce(jsonb_object_agg(n.id, n.name), '{}')
    from (
      select u.id, u.full_name as name from public.users as u where u.id in (select i.id from ids as i)
      union all
      select c.id, c.name from public.clients as c where c.id in (select i.id from ids as i)
      union all
      select c.id, c.chat_name from public.chats as c where c.id in (select i.id from ids as i)
      union all
      select s.id, s.name from public.working_schedules as s where s.id in (select i.id from ids as i)
      union all
      select p.id, p.name from public.sla_policies as p where p.id in (select i.id from ids as i)
    ) as n
    where n.name is not null
  );
end
$$;

create function api.audit_page(
  actor uuid default null,
  entity text default null,
  entity_id text default null,
  action text default null,
  since timestamptz default null,
  until timestamptz default null,
  request text default null,
  before_id bigint default null,
  batch integer default 51
) returns jsonb
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
as $$
/* Entries that the reader may see, the newest first: {head, people, names, entries}. `head` is api.audit_head for admins, else null; `names`
   are those of ids in the entries; an entry has its seal's number once it is sealed. Custom plans, so that each filter that is given is
   part of the search. */
declare
  entries jsonb;
begin
  select coalesce(
    jsonb_agg(
      to_jsonb(f)
      || jsonb_build_object(
        'actor_name', (select u.full_name from public.users as u where u.id = f.actor_id),
        'seal', (select s.number from public.audit_seals as s where s.entry_id = f.id)
      )
      order by f.id desc
    ),
    '[]'
  )
  from (
    select
      a.id, a.happened_at, a.actor_id, a.actor_role, a.action, a.entity, a.entity_id, a.before, a.after, a.changed, a.details,
      a.request_id, a.address
    from public.audit_log as a
    where (audit_page.before_id is null or a.id < audit_page.before_id)
      and (audit_page.actor is null or a.actor_id = audit_page.actor)
      and (audit_page.entity is null or a.entity = audit_page.entity)
      and (audit_page.entity_id is null or a.entity_id = audit_page.entity_id)
      and (audit_page.action is null or a.action = audit_page.action)
      and (audit_page.since is null or a.happened_at >= audit_page.since)
      and (audit_page.until is null or a.happened_at < audit_page.until)
      and (audit_page.request is null or a.request_id = audit_page.request)
    order by a.id desc
    limit least(batch, 1001)
  ) as f
  into entries;
  return jsonb_build_object(
    'head', case when private.role() = 'admin' then api.audit_head() end,
    'people', (
      select coalesce(jsonb_agg(jsonb_build_object('id', u.id, 'name', u.full_name) order by u.full_name, u.id), '[]')
      from public.users as u
    ),
    'names', private.names_in(
      (
        select coalesce(jsonb_agg(v.record), '[]')
        from jsonb_array_elements(entries) as e (entry)
        cross join lateral (values (e.entry -> 'before'), (e.entry -> 'after'), (e.entry -> 'details'), (jsonb_build_object('id', e.entry -> 'entity_id'))) as v (record)
      )
    ),
    'entries', entries
  );
end
$$;

create function api.export_audit(
  actor uuid default null,
  entity text default null,
  entity_id text default null,
  action text default null,
  since timestamptz default null,
  until timestamptz default null,
  request text default null,
  before_id bigint default null,
  batch integer default 1000
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
/* A page of api.audit_page to take along: {people, names, entries} and so on; the first is recorded as an export, with what was asked for.
   For admins. Refuses with not_allowed. A definer, because an export is recorded where nobody may write by hand. */
declare
  page jsonb;
begin
  if private.role() is distinct from 'admin' then
    raise exception 'not_allowed' using errcode = 'PT403';
  end if;
  -- Read first: the record of an export is not among what was exported.
  page := api.audit_page(
    export_audit.actor, export_audit.entity, export_audit.entity_id, export_audit.action, export_audit.since, export_audit.until,
    export_audit.request, export_audit.before_id, export_audit.batch
  );
  if export_audit.before_id is null then
    perform private.record_event(
      auth.uid(), 'export', 'audit_log', '',
      jsonb_strip_nulls(jsonb_build_object(
        'actor', export_audit.actor, 'entity', export_audit.entity, 'entity_id', export_audit.entity_id, 'action', export_audit.action,
        'since', export_audit.since, 'until', export_audit.until, 'request', export_audit.request
      ))
    );
  end if;
  return page;
end
$$;

grant execute on function
  private.names_in(jsonb),
  api.export_audit(uuid, text, text, text, timestamptz, timestamptz, text, bigint, integer),
  api.audit_page(uuid, text, text, text, timestamptz, timestamptz, text, bigint, integer)
to authenticated;
