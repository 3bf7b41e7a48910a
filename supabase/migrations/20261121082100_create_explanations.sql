-- Why a figure is what it is: the ledger of one window, whose pieces add up to the figure shown (I14).
set lock_timeout = '5s';

create function private.time_pieces(of_schedule uuid, of_version integer, since timestamptz, until timestamptz)
returns table (piece tstzrange, counted boolean, reason text, name text)
language sql
stable
set search_path = ''
as $$
/* [since, until) as consecutive pieces, by what a version of a schedule said. Reasons: working; break (a pause of less than eight hours);
   night; weekend; day_off (another weekday without hours); holiday, with its name; no_working_time; beyond_calendar (never materialised).
   A working piece has a name when its date is exceptional. */
  with version as (
    select v.timezone, v.around_the_clock, v.periods, v.named_dates, tstzrange(since, until) as span
    from public.schedule_versions as v
    where v.schedule_id = of_schedule
      and v.version = of_version
      and since < until
  ),
  dates as (
    -- A local date is cut where the clocks change: only then is its midnight the right instant under every zone.
    select d::date as on_date, p.day_piece, v.periods && range_agg(p.day_piece) over (partition by d) as is_worked
    from version as v
    cross join lateral private.zone_offsets(v.timezone, tstzrange(since - interval '48 hours', until + interval '48 hours')) as z
    cross join lateral generate_series(
      date_trunc('day', timezone(v.timezone, since)), date_trunc('day', timezone(v.timezone, until)), interval '1 day'
    ) as d
    cross join lateral (
      select z.piece * tstzrange(timezone('UTC', d - z.utc_offset), timezone('UTC', d + interval '1 day' - z.utc_offset)) as day_piece
    ) as p
    where not isempty(p.day_piece)
  ),
  gaps as (
    select g as gap, upper(g) - lower(g) < interval '8 hours' as is_break
    from version as v
    cross join lateral unnest(tstzmultirange(tstzrange(lower(v.periods), upper(v.periods))) - v.periods) as g
    where g && v.span
  ),
  pieces as (
    select w as piece, true as counted, 'working' as reason, v.named_dates ->> d.on_date::text as name
    from version as v
    cross join dates as d
    cross join lateral unnest(
      tstzmultirange(d.day_piece * v.span) * case when v.around_the_clock then tstzmultirange(v.span) else v.periods end
    ) as w
    union all
    select
      c,
      false,
      case
        when isempty(v.periods) then 'no_working_time'
        when g.gap is null then 'beyond_calendar'
        when g.is_break then 'break'
        when d.is_worked then 'night'
        when v.named_dates ? d.on_date::text then 'holiday'
        when extract(isodow from d.on_date) > 5 then 'weekend'
        else 'day_off'
      end,
      case when g.gap is not null and not g.is_break and not d.is_worked then v.named_dates ->> d.on_date::text end
    from version as v
    cross join dates as d
    cross join lateral unnest(tstzmultirange(d.day_piece * v.span) - v.periods) as c
    left join gaps as g on g.gap @> c
    where not v.around_the_clock
  ),
  marked as (
    select
      p.*,
      (p.counted, p.reason, p.name) is distinct from (
        lag(p.counted) over in_time, lag(p.reason) over in_time, lag(p.name) over in_time
      ) as begins
    from pieces as p
    window in_time as (order by p.piece)
  ),
  numbered as (
    select m.*, count(*) filter (where m.begins) over (order by m.piece) as part
    from marked as m
  )
  select range_merge(range_agg(n.piece)), n.counted, n.reason, n.name
  from numbered as n
  group by n.part, n.counted, n.reason, n.name
  order by 1
$$;

create function private.explained_time(of_schedule uuid, of_version integer, since timestamptz, until timestamptz)
returns jsonb
language sql
stable
set search_path = ''
as $$
/* The same for a reader: {counted_seconds, segments: [{from, until, counted, seconds, reason, name}]}. */
  select jsonb_build_object(
    'counted_seconds', coalesce(sum(s.seconds) filter (where p.counted), 0),
    'segments', coalesce(
      jsonb_agg(
        jsonb_build_object(
          'from', lower(p.piece), 'until', upper(p.piece), 'counted', p.counted, 'seconds', s.seconds, 'reason', p.reason, 'name', p.name
        )
        order by p.piece
      ),
      '[]'
    )
  )
  from private.time_pieces(of_schedule, of_version, since, until) as p
  cross join lateral (select extract(epoch from upper(p.piece) - lower(p.piece))::bigint as seconds) as s
$$;

create function private.delivery_of(message uuid)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
/* Whether a message reached its recipient: {status, sent_at, error}. A definer, because nobody but the service may read the outbox; who
   may read the notice that names the message may know what became of it. */
  select jsonb_build_object('status', o.status, 'sent_at', o.sent_at, 'error', o.last_error)
  from public.outbox as o
  where o.id = message
$$;

create function private.explained_person(person uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
/* A person of the firm: {id, name}; null for nobody. */
  select jsonb_build_object('id', u.id, 'name', u.full_name)
  from public.users as u
  where u.id = person
$$;

create function private.explained_events(of_request uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
/* What happened to a window, in order: [{at, kind, by, message_id, detail}]. */
  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'at', e.happened_at, 'kind', e.kind, 'by', private.explained_person(e.actor_id), 'message_id', e.message_id, 'detail', e.detail
      )
      order by e.happened_at, e.id
    ),
    '[]'
  )
  from public.request_events as e
  where e.request_id = of_request
$$;

create function private.explained_alerts(of_request uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
/* Alerts of a window in order, and who was told: [{kind, level, raised_at, resolved_at, resolution, resolved_by, told: [{to, status, sent_at,
   error}]}]; `to` is null for the firm's own chat. */
  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'kind', a.kind,
        'level', a.level,
        'raised_at', a.created_at,
        'resolved_at', a.resolved_at,
        'resolution', a.resolution,
        'resolved_by', private.explained_person(a.resolved_by),
        'told', (
          select coalesce(
            jsonb_agg(
              jsonb_build_object('to', private.explained_person(n.user_id)) || private.delivery_of(n.message_id) order by n.user_id
            ),
            '[]'
          )
          from public.notices as n
          where n.alert_id = a.id
        )
      )
      order by a.created_at, a.level
    ),
    '[]'
  )
  from public.sla_alerts as a
  where a.request_id = of_request
$$;

create function private.explained_rules(w public.client_requests)
returns jsonb
language sql
stable
set search_path = ''
as $$
/* By what a window was measured: {target_minutes, warn_percent, policy, schedule}; the target is the chat's own where it differs from
   that of the policy's version. */
  select jsonb_build_object(
    'target_minutes', w.target_minutes,
    'warn_percent', w.warn_percent,
    'policy', (
      select jsonb_build_object(
        'id', p.id, 'name', p.name, 'version', v.version, 'target_minutes', v.target_minutes, 'warn_percent', v.warn_percent,
        'around_the_clock', v.around_the_clock
      )
      from public.sla_policies as p
      join public.sla_policy_versions as v on v.policy_id = p.id
      where p.id = w.policy_id
        and v.version = w.policy_version
    ),
    'schedule', (
      select jsonb_build_object(
        'id', s.id, 'name', s.name, 'version', v.version, 'timezone', v.timezone, 'around_the_clock', v.around_the_clock
      )
      from public.working_schedules as s
      join public.schedule_versions as v on v.schedule_id = s.id
      where s.id = w.schedule_id
        and v.version = w.schedule_version
    )
  )
$$;

create function private.explained_opening(w public.client_requests)
returns jsonb
language sql
stable
set search_path = ''
as $$
/* The message that opened a window: {at, message_id, author, kind, text}; author and text are null to who may not read messages. */
  select jsonb_build_object(
    'at', w.opened_at,
    'message_id', w.first_message_id,
    'author', m.author_name,
    'kind', m.kind,
    'text', coalesce(m.message_text, m.caption)
  )
  from (values (true)) as always (here)
  left join lateral (
    select t.author_name, t.kind, t.message_text, t.caption
    from public.chat_messages as t
    where t.chat_id = w.chat_id
      and t.message_id = w.first_message_id
      and t.telegram_date between w.opened_at - interval '48 hours' and w.opened_at
    order by t.edited_at desc nulls last, t.update_id desc
    limit 1
  ) as m on always.here
$$;

create function api.explain_request(request_id uuid, as_of timestamptz default now())
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* The ledger of one window: what opened it, each piece of time until its answer, closure or `as_of` with the reason why it counts or not,
   how its deadline came about, what happened, who was told, who answered, and by which rules. The counted pieces add up to the figure
   shown. Refuses with unknown_request when it does not exist for who asks. */
declare
  w public.client_requests;
  measured jsonb;
begin
  select r.* into w from public.client_requests as r where r.id = explain_request.request_id;
  if w.id is null then
    raise exception 'unknown_request' using errcode = 'PT404';
  end if;

  measured := private.explained_time(
    w.schedule_id, w.schedule_version, w.opened_at, date_trunc('second', coalesce(w.closed_at, as_of), 'UTC')
  );
  return measured || jsonb_build_object(
    'request_id', w.id,
    'chat_id', w.chat_id,
    'chat_name', (select c.chat_name from public.chats as c where c.chat_id = w.chat_id),
    'topic_id', w.topic_id,
    'outcome', private.outcome_at(w.closed_as, w.warn_at, w.due_at, as_of),
    'message_count', w.message_count,
    'opened', private.explained_opening(w),
    'rules', private.explained_rules(w),
    'working_seconds', w.working_seconds,
    'calendar_seconds', greatest(extract(epoch from coalesce(w.closed_at, as_of) - w.opened_at)::bigint, 0),
    'late_by_seconds', case
      when coalesce(w.closed_at, as_of) > w.due_at
      then (measured ->> 'counted_seconds')::bigint - w.target_minutes * 60
    end,
    'deadline', jsonb_build_object('warn_at', w.warn_at, 'due_at', w.due_at)
      || private.explained_time(w.schedule_id, w.schedule_version, w.opened_at, w.due_at),
    'events', private.explained_events(w.id),
    'alerts', private.explained_alerts(w.id),
    'acknowledged', case
      when w.acknowledged_at is not null
      then jsonb_build_object('at', w.acknowledged_at, 'by', private.explained_person(w.acknowledged_by))
    end,
    'answer', case
      when w.responded_at is not null
      then jsonb_build_object(
        'at', w.responded_at, 'by', private.explained_person(w.responded_by), 'message_id', w.response_message_id
      )
    end,
    'closed', case
      when w.closed_at is not null
      then jsonb_build_object('at', w.closed_at, 'because', w.closed_because, 'by', private.explained_person(w.closed_by))
    end,
    'owner', private.explained_person(w.assigned_accountant_id),
    'on_duty', private.explained_person(w.on_duty_id)
  );
end
$$;

grant execute on function
  private.zone_offsets(text, tstzrange),
  private.time_pieces(uuid, integer, timestamptz, timestamptz),
  private.explained_time(uuid, integer, timestamptz, timestamptz),
  private.delivery_of(uuid),
  private.explained_person(uuid),
  private.explained_events(uuid),
  private.explained_alerts(uuid),
  private.explained_rules(public.client_requests),
  private.explained_opening(public.client_requests),
  api.explain_request(uuid, timestamptz)
to authenticated, service_role;
