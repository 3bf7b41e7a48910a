-- A function in SQL is planned anew whenever it is called, and that takes longer than to run it: what pages call a hundred times keeps its
-- plan. Each says what it said.
set lock_timeout = '5s';

create or replace function private.outcome_at(closed_as text, warn_at timestamptz, due_at timestamptz, as_of timestamptz)
returns text
language plpgsql
immutable
set search_path = ''
as $$
/* Outcome of a window at an instant (S12): stored once closed, derived while open. */
#variable_conflict use_column
begin
  return (
    select case
      when closed_as is not null then closed_as
      when as_of > due_at then 'overdue'
      when as_of >= warn_at then 'at_risk'
      else 'waiting'
    end
  );
end
$$;

create or replace function private.firm_zone()
returns text
language plpgsql
stable
set search_path = ''
as $$
/* The zone of the firm's clock. */
#variable_conflict use_column
begin
  return (
    select s.timezone
    from public.settings as f
    join public.working_schedules as s on s.id = f.default_schedule_id
  );
end
$$;

create or replace function private.chat_link(chat_id bigint, topic_id bigint, message_id bigint)
returns text
language plpgsql
immutable
set search_path = ''
as $$
/* Where Telegram opens a chat at a message, for its members; null for basic groups and private chats, which have no such address. What has
   no message of its own is at the end. */
#variable_conflict use_column
begin
  return (
    select case
      -- A supergroup's id is its channel's number below this.
      when chat_id < -1000000000000
      then 'https://t.me/c/' || (-1000000000000 - chat_id) || case when topic_id > 0 then '/' || topic_id else '' end || '/'
        || case when message_id > 0 then message_id else 999999999 end
    end
  );
end
$$;

create or replace function private.zone_offsets(zone text, during tstzrange)
returns table (piece tstzrange, utc_offset interval)
language plpgsql
stable
set search_path = ''
as $$
/* Cuts a span of time into pieces of constant UTC offset: probes every 24 hours, then by minutes where two probes differ. */
#variable_conflict use_column
begin
  return query
  with probes as (
    select t as at, timezone(zone, t) - timezone('UTC', t) as utc_offset
    from generate_series(lower(during), upper(during), interval '24 hours') as t
  ),
  jumps as (
    select lag(p.at) over (order by p.at) as after, p.at as until, lag(p.utc_offset) over (order by p.at) as was, p.utc_offset
    from probes as p
  ),
  starts as (
    select lower(during) as at
    union all
    select (
      select min(t)
      from generate_series(j.after, j.until, interval '1 minute') as t
      where timezone(zone, t) - timezone('UTC', t) <> j.was
    )
    from jumps as j
    where j.was <> j.utc_offset
  )
  select
    tstzrange(s.at, lead(s.at, 1, upper(during)) over (order by s.at)),
    timezone(zone, s.at) - timezone('UTC', s.at)
  from starts as s;
end
$$;

create or replace function private.exceptions_in_force(of_schedule uuid, days daterange)
returns setof public.calendar_exceptions
language plpgsql
stable
set search_path = ''
as $$
/* The exceptions that a schedule obeys: its own, and on dates without one the firm's. None around the clock. */
#variable_conflict use_column
begin
  return query
  select e.*
  from public.calendar_exceptions as e
  join public.working_schedules as s on s.id = of_schedule
  where days @> e.on_date
    and not s.around_the_clock
    and (
      e.schedule_id = s.id
      or (
        e.schedule_id is null
        and s.follows_firm_calendar
        and not exists (select from public.calendar_exceptions as o where o.schedule_id = s.id and o.on_date = e.on_date)
      )
    );
end
$$;

create or replace function private.weekly_working_time(of_schedule uuid, days daterange)
returns tsmultirange
language plpgsql
stable
set search_path = ''
as $$
/* Working time in wall-clock time as the weekly hours give it: each date those of its weekday, or of the one it works as, less the
   minutes that it is shortened by. What starts on a date counts as that date's, over midnight too. Closed dates, and those with
   intervals of their own, give nothing here. */
#variable_conflict use_column
begin
  return (
    with dates as (
      select d::date as on_date, coalesce(e.works_as, extract(isodow from d)) as weekday, coalesce(e.shortened_minutes, 0) as minutes
      from generate_series(lower(days)::timestamp, upper(days)::timestamp, interval '1 day') as d
      left join private.exceptions_in_force(of_schedule, days) as e on e.on_date = d::date
      where e.id is null or e.works_as is not null or e.shortened_minutes is not null
    ),
    shifts as (
      select d.on_date, make_interval(mins => d.minutes) as shortened, range_agg(private.hours_on(d.on_date, i.opens, i.closes)) as hours
      from dates as d
      join public.working_intervals as i on i.schedule_id = of_schedule and i.weekday = d.weekday
      group by d.on_date, d.minutes
    ),
    stretches as (
      select
        r,
        s.shortened - coalesce(
          sum(upper(r) - lower(r)) over (partition by s.on_date order by r desc rows between unbounded preceding and 1 preceding),
          interval '0'
        ) as to_lose
      from shifts as s, unnest(s.hours) as r
    )
    select coalesce(
      range_agg(tsrange(lower(x.r), upper(x.r) - least(greatest(x.to_lose, interval '0'), upper(x.r) - lower(x.r)))),
      '{}'
    )
    from stretches as x
  );
end
$$;

create or replace function private.local_working_time(of_schedule uuid, days daterange)
returns tsmultirange
language plpgsql
stable
set search_path = ''
as $$
/* Working time in wall-clock time. A date that is closed or has intervals of its own states the whole truth about its 24 hours:
   nothing of a neighbour's night shift reaches into it. A date that works as some weekday, or is shortened, is an ordinary neighbour. */
#variable_conflict use_column
begin
  return (
    with stated as (
      select
        tsrange(e.on_date::timestamp, e.on_date + interval '1 day') as whole_day,
        private.hours_on(e.on_date, e.opens, e.closes) as hours
      from private.exceptions_in_force(of_schedule, days) as e
      where e.closed or e.opens is not null
    ),
    special as (
      select coalesce(range_agg(x.whole_day), '{}') as dates
      from stated as x
    ),
    custom as (
      select coalesce(range_agg(tsmultirange(x.hours) - (special.dates - tsmultirange(x.whole_day))), '{}') as hours
      from stated as x, special
      where x.hours is not null
    )
    select (private.weekly_working_time(of_schedule, days) - special.dates) + custom.hours
    from special, custom
  );
end
$$;

create or replace function private.time_pieces(of_schedule uuid, of_version integer, since timestamptz, until timestamptz)
returns table (piece tstzrange, counted boolean, reason text, name text)
language plpgsql
stable
set search_path = ''
as $$
/* [since, until) as consecutive pieces, by what a version of a schedule said. Reasons: working; break (a pause of less than eight hours);
   night; weekend; day_off (another weekday without hours); holiday, with its name; no_working_time; beyond_calendar (never materialised).
   A working piece has a name when its date is exceptional. */
#variable_conflict use_column
begin
  return query
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
  order by 1;
end
$$;

create or replace function private.explained_person(person uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* A person of the firm: {id, name}; null for nobody. */
#variable_conflict use_column
begin
  return (
    select jsonb_build_object('id', u.id, 'name', u.full_name)
    from public.users as u
    where u.id = person
  );
end
$$;

create or replace function private.explained_opening(w public.client_requests)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* The message that opened a window: {at, message_id, author, kind, text}; author and text are null to who may not read messages. */
#variable_conflict use_column
begin
  return (
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
  );
end
$$;

create or replace function private.explained_rules(w public.client_requests)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* By what a window was measured: {target_minutes, warn_percent, policy, schedule}; the target is the chat's own where it differs from
   that of the policy's version. */
#variable_conflict use_column
begin
  return (
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
  );
end
$$;

create or replace function private.explained_alerts(of_request uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* Alerts of a window in order, and who was told: [{kind, level, raised_at, resolved_at, resolution, resolved_by, told: [{to, status, sent_at,
   error}]}]; `to` is null for the firm's own chat. */
#variable_conflict use_column
begin
  return (
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
  );
end
$$;
