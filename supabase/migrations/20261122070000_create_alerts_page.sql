-- `/alerts`: what was raised, who was told, what they did.
set lock_timeout = '5s';

-- Inside the transaction of a migration nothing is built concurrently; lock_timeout bounds the wait.
-- squawk-ignore require-concurrent-index-creation
create index alerts_by_time on public.sla_alerts (created_at desc, id desc);
-- squawk-ignore require-concurrent-index-creation
create index alerts_open on public.sla_alerts (created_at desc, id desc) where resolved_at is null;

create or replace function private.delivery_of(message uuid) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
/* Whether a message reached its recipient: {status, sent_at, error, remind_at}. A definer, because nobody but the service may read the
   outbox; who may read the notice that names the message may know what became of it. */
#variable_conflict use_column
begin
  return (
    select jsonb_build_object('status', o.status, 'sent_at', o.sent_at, 'error', o.last_error, 'remind_at', o.remind_at)
    from public.outbox as o
    where o.id = message
  );
end
$$;

create function private.deliveries_of(messages uuid[])
returns table (message_id uuid, delivery jsonb)
language plpgsql
stable
security definer
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
/* private.delivery_of many messages, in one statement. A definer for the same reason. */
#variable_conflict use_column
begin
  return query
  select o.id, jsonb_build_object('status', o.status, 'sent_at', o.sent_at, 'error', o.last_error, 'remind_at', o.remind_at)
  from public.outbox as o
  where o.id = any (messages);
end
$$;

create function private.alert_cards(alerts uuid[]) returns jsonb
language plpgsql
stable
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
/* Alerts as a page shows them, in the order given: each with its window, whom it concerns, who was told with what delivery, and what people
   did since. One statement for all of them: what the reader may see is then asked once and not for each. */
#variable_conflict use_column
begin
  return (
    with listed as materialized (
      select
        n.place, a.id, a.kind, a.level, a.created_at, a.resolved_at, a.resolution, a.resolved_by, a.request_id, w.closed_as, w.acknowledged_at,
        w.last_message_at, w.due_at, w.chat_id, w.assigned_accountant_id
      from unnest(alerts) with ordinality as n (id, place)
      join public.sla_alerts as a on a.id = n.id
      join public.client_requests as w on w.id = a.request_id
    ),
    people as materialized (
      select u.id, jsonb_build_object('id', u.id, 'name', u.full_name) as card from public.users as u
    ),
    notes as materialized (
      select n.alert_id, n.user_id, n.message_id
      from listed as l
      join public.notices as n on n.alert_id = l.id
    ),
    told as materialized (
      select
        n.alert_id,
        jsonb_agg(jsonb_build_object('to', p.card) || coalesce(d.delivery, '{}') order by n.user_id) as of_alert
      from notes as n
      left join private.deliveries_of(array(select m.message_id from notes as m)) as d on d.message_id = n.message_id
      left join people as p on p.id = n.user_id
      group by n.alert_id
    ),
    acts as materialized (
      select
        l.id as alert_id,
        jsonb_agg(jsonb_build_object('kind', e.kind, 'at', e.happened_at, 'by', p.card) order by e.happened_at, e.id) as of_alert
      from listed as l
      join public.request_events as e
        on e.request_id = l.request_id
          and e.kind in ('acknowledged', 'excused', 'answered', 'handed_over', 'reopened')
          and e.happened_at between l.created_at and coalesce(l.resolved_at, 'infinity')
      left join people as p on p.id = e.actor_id
      group by l.id
    )
    select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'id', l.id,
          'kind', l.kind,
          'level', l.level,
          'created_at', l.created_at,
          'resolved_at', l.resolved_at,
          'resolution', l.resolution,
          'resolved_by', resolver.card,
          'request_id', l.request_id,
          'waits', l.closed_as is null,
          'is_taken', l.closed_as is null and l.acknowledged_at >= l.last_message_at,
          'due_at', l.due_at,
          'chat_name', c.chat_name,
          'client_name', k.name,
          'owner', owner.card,
          'told', coalesce(t.of_alert, '[]'),
          'acts', coalesce(x.of_alert, '[]')
        )
        order by l.place
      ),
      '[]'
    )
    from listed as l
    join public.chats as c on c.chat_id = l.chat_id
    left join public.clients as k on k.id = c.client_id
    left join people as resolver on resolver.id = l.resolved_by
    left join people as owner on owner.id = l.assigned_accountant_id
    left join told as t on t.alert_id = l.id
    left join acts as x on x.alert_id = l.id
  );
end
$$;

create function api.alerts_page(
  state text default null,
  kind text default null,
  level integer default null,
  person uuid default null,
  since timestamptz default null,
  until timestamptz default null,
  after_at timestamptz default null,
  after_id uuid default null,
  batch integer default 51
) returns jsonb
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
as $$
/* Alerts that the reader may see, the newest first: {open, people, alerts}; `open` counts all that are not resolved, `people` are those to
   choose from. State is open or resolved; a person is who answers for the window, was told, or resolved the alert; since and until
   bound when it was raised; after_at and after_id name the last alert of the page before. Custom plans, so that each filter that is
   given is part of the search. */
begin
  return jsonb_build_object(
    'open', (select count(*) from public.sla_alerts as a where a.resolved_at is null),
    'people', (
      select coalesce(jsonb_agg(jsonb_build_object('id', u.id, 'name', u.full_name) order by u.full_name, u.id), '[]')
      from public.users as u
      where u.active
        and u.role <> 'observer'
    ),
    'alerts', private.alert_cards(array(
      select a.id
      from public.sla_alerts as a
      where (alerts_page.state is null or (a.resolved_at is null) = (alerts_page.state = 'open'))
        and (alerts_page.kind is null or a.kind = alerts_page.kind)
        and (alerts_page.level is null or a.level = alerts_page.level)
        and (alerts_page.since is null or a.created_at >= alerts_page.since)
        and (alerts_page.until is null or a.created_at < alerts_page.until)
        and (alerts_page.after_at is null or (a.created_at, a.id) < (alerts_page.after_at, alerts_page.after_id))
        and (
          alerts_page.person is null
          or a.resolved_by = alerts_page.person
          or exists (select from public.notices as n where n.alert_id = a.id and n.user_id = alerts_page.person)
          or exists (select from public.client_requests as w where w.id = a.request_id and w.assigned_accountant_id = alerts_page.person)
        )
      order by a.created_at desc, a.id desc
      limit least(batch, 201)
    ))
  );
end
$$;

grant execute on function
  private.deliveries_of(uuid[]),
  private.alert_cards(uuid[]),
  api.alerts_page(text, text, integer, uuid, timestamptz, timestamptz, timestamptz, uuid, integer)
to authenticated;
