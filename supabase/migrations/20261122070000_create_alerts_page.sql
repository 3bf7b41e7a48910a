-- `/alerts`: what was raised, who was told, what they did.
set lock_timeout = '5s';

-- Inside the transaction of a migration nothing is built concurrently; lock_timeout bounds the wait.
-- squawk-ignore require-concurrent-index-creation
create index alerts_by_time on public.sla_alerts (created_at desc, id desc);
-- squawk-ignore require-concurrent-index-creation
create index alerts_open on public.sla_alerts (created_at desc, id desc) where resolved_at is null;

create or replace function private.delivery_of(message uuid) returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
/* Whether a message reached its recipient: {status, sent_at, error, remind_at}. A definer, because nobody but the service may read the
   outbox; who may read the notice that names the message may know what became of it. */
  select jsonb_build_object('status', o.status, 'sent_at', o.sent_at, 'error', o.last_error, 'remind_at', o.remind_at)
  from public.outbox as o
  where o.id = message
$$;

create function private.alert_card(alert public.sla_alerts) returns jsonb
language sql
stable
set search_path = ''
as $$
/* One alert as a page shows it: its window, whom it concerns, who was told with what delivery, and what people did since. Null when the
   reader does not see the window. */
  select jsonb_build_object(
    'id', alert.id,
    'kind', alert.kind,
    'level', alert.level,
    'created_at', alert.created_at,
    'resolved_at', alert.resolved_at,
    'resolution', alert.resolution,
    'resolved_by', private.explained_person(alert.resolved_by),
    'request_id', w.id,
    'waits', w.closed_as is null,
    'is_taken', w.closed_as is null and w.acknowledged_at >= w.last_message_at,
    'due_at', w.due_at,
    'chat_name', c.chat_name,
    'client_name', (select k.name from public.clients as k where k.id = c.client_id),
    'owner', private.explained_person(w.assigned_accountant_id),
    'told', (
      select coalesce(
        jsonb_agg(jsonb_build_object('to', private.explained_person(n.user_id)) || private.delivery_of(n.message_id) order by n.user_id), '[]'
      )
      from public.notices as n
      where n.alert_id = alert.id
    ),
    'acts', (
      select coalesce(
        jsonb_agg(jsonb_build_object('kind', e.kind, 'at', e.happened_at, 'by', private.explained_person(e.actor_id)) order by e.happened_at, e.id),
        '[]'
      )
      from public.request_events as e
      where e.request_id = w.id
        and e.kind in ('acknowledged', 'excused', 'answered', 'handed_over', 'reopened')
        and e.happened_at >= alert.created_at
        and e.happened_at <= coalesce(alert.resolved_at, 'infinity')
    )
  )
  from public.client_requests as w
  join public.chats as c on c.chat_id = w.chat_id
  where w.id = alert.request_id
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
    'alerts', (
      select coalesce(jsonb_agg(private.alert_card(f) order by f.created_at desc, f.id desc), '[]')
      from (
        select a.*
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
      ) as f
    )
  );
end
$$;

grant execute on function
  private.alert_card(public.sla_alerts),
  api.alerts_page(text, text, integer, uuid, timestamptz, timestamptz, timestamptz, uuid, integer)
to authenticated;
