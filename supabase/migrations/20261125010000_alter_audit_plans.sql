-- A page of the log cost three times what it found: every statement of it was planned anew, over each partition, because some question
-- might have had a filter; and each text in an entry was held against the pattern of an id.
set lock_timeout = '5s';

create or replace function private.names_in(records jsonb) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* What the ids in some records stand for, {id: name}, as far as the reader may see the rows: people, clients, chats, schedules, policies. */
#variable_conflict use_column
begin
  return (
    with texts as materialized (
      select distinct v.value
      from jsonb_array_elements(records) as r (record)
      cross join lateral jsonb_each_text(case when jsonb_typeof(r.record) = 'object' then r.record else '{}' end) as v
      where length(v.value) = 36
    ),
    ids as materialized (
      select t.value::uuid as id
      from texts as t
      where t.value ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
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

create function private.entries_like(
  actor uuid, entity text, entity_id text, action text, since timestamptz, until timestamptz, request text, before_id bigint, batch integer
) returns setof public.audit_log
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
as $$
/* Entries that the reader may see, the newest first. Custom plans, so that each filter that is given is part of the search. */
begin
  return query
  select a.*
  from public.audit_log as a
  where (entries_like.before_id is null or a.id < entries_like.before_id)
    and (entries_like.actor is null or a.actor_id = entries_like.actor)
    and (entries_like.entity is null or a.entity = entries_like.entity)
    and (entries_like.entity_id is null or a.entity_id = entries_like.entity_id)
    and (entries_like.action is null or a.action = entries_like.action)
    and (entries_like.since is null or a.happened_at >= entries_like.since)
    and (entries_like.until is null or a.happened_at < entries_like.until)
    and (entries_like.request is null or a.request_id = entries_like.request)
  order by a.id desc
  limit entries_like.batch;
end
$$;

create function private.latest_entries(before_id bigint, batch integer) returns setof public.audit_log
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
/* The same without a filter: one plan for all, because to make it means to look at every partition. */
begin
  return query
  select a.*
  from public.audit_log as a
  where a.id < latest_entries.before_id
  order by a.id desc
  limit latest_entries.batch;
end
$$;

grant execute on function
  private.entries_like(uuid, text, text, text, timestamptz, timestamptz, text, bigint, integer), private.latest_entries(bigint, integer)
to authenticated;
