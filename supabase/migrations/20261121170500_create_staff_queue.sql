-- What people of the firm see of their work in the bot: who waits, in which chats, and with what figures.
set lock_timeout = '5s';

create function private.staff(telegram_id bigint, roles text[] default array['admin', 'manager', 'accountant'])
returns public.users
language plpgsql
stable
set search_path = ''
as $$
/* The active person of the firm behind a Telegram account, in one of the roles. Refuses everybody else with not_allowed (B7). */
declare
  person public.users;
begin
  select u.*
  from public.users as u
  where u.telegram_id = staff.telegram_id
    and u.active
    and u.role = any (staff.roles)
  into person;
  if person.id is null then
    raise exception 'not_allowed' using errcode = 'PT403';
  end if;
  return person;
end
$$;

create function private.chats_of(person public.users, at timestamptz)
returns setof public.chats
language plpgsql
stable
set search_path = ''
as $$
/* The clients' groups that a person answers for: one's own, those of whom one stands in for, for a manager also the team's (accountants
   whom nobody runs, and groups without an owner, are every manager's), for an admin all. */
begin
  return query
  with selves as materialized (
    select person.id
    union
    select c from private.covered_by(person.id, at) as c
  )
  select c.*
  from public.chats as c
  where c.connected_at is not null
    and c.deleted_at is null
    and not c.internal
    and c.type in ('group', 'supergroup')
    and (
      person.role = 'admin'
      or c.assigned_accountant_id in (select s.id from selves as s)
      or (
        person.role = 'manager'
        and (
          not exists (select from public.manager_accountants as m where m.accountant_id = c.assigned_accountant_id)
          or exists (
            select
            from public.manager_accountants as m
            join selves as s on s.id = m.manager_id
            where m.accountant_id = c.assigned_accountant_id
          )
        )
      )
    );
end
$$;

create function private.waits_of(person public.users, at timestamptz)
returns setof public.client_requests
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* Open windows of the chats that a person answers for. */
begin
  return query
  select w.*
  from private.chats_of(person, at) as c
  join public.client_requests as w on w.chat_id = c.chat_id
  where w.closed_as is null;
end
$$;

create function api.staff_queue(telegram_id bigint, page integer default 0, as_of timestamptz default now())
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* Who waits for an answer of this person, or of the team, what is due first at the top, five to a page: {role, page, pages, waiting,
   overdue, windows}; windows as request_facts describes them. A page beyond the last is the last. */
declare
  person constant public.users := private.staff(telegram_id);
  answer jsonb;
begin
  with waits as materialized (
    select w.id, w.due_at, w.opened_at from private.waits_of(person, as_of) as w
  ),
  amounts as (
    select
      count(*) as waiting,
      count(*) filter (where w.due_at < as_of) as overdue,
      greatest(ceil(count(*) / 5.0)::integer, 1) as pages
    from waits as w
  ),
  shown as (
    select w.*
    from waits as w
    order by w.due_at nulls last, w.opened_at, w.id
    limit 5
    offset 5 * (select greatest(least(staff_queue.page, a.pages - 1), 0) from amounts as a)
  )
  select jsonb_build_object(
    'role', person.role,
    'page', greatest(least(staff_queue.page, a.pages - 1), 0),
    'pages', a.pages,
    'waiting', a.waiting,
    'overdue', a.overdue,
    'windows', (
      select coalesce(jsonb_agg(private.request_facts(s.id, as_of) order by s.due_at nulls last, s.opened_at, s.id), '[]')
      from shown as s
    )
  )
  from amounts as a
  into answer;
  return answer;
end
$$;

create function private.wait_to_act_on(request_id uuid, person public.users, at timestamptz)
returns public.client_requests
language plpgsql
stable
set search_path = ''
as $$
/* A window on which the person may act. Refuses with unknown_request, also one of another's chat. */
declare
  found_window public.client_requests;
begin
  select w.* into found_window from public.client_requests as w where w.id = wait_to_act_on.request_id;
  if found_window.id is null or not private.may_act_on(person, found_window.chat_id, at) then
    raise exception 'unknown_request' using errcode = 'PT404';
  end if;
  return found_window;
end
$$;

create function api.staff_request(request_id uuid, telegram_id bigint, as_of timestamptz default now())
returns jsonb
language sql
stable
set search_path = ''
as $$
/* One window in full, for who may act on it, with the id of its chat: request_facts and {chat}. Refuses as wait_to_act_on does. */
  select private.request_facts(w.id, as_of) || jsonb_build_object('chat', (select c.id from public.chats as c where c.chat_id = w.chat_id))
  from private.wait_to_act_on(request_id, private.staff(telegram_id), as_of) as w
$$;

create function api.press_request(request_id uuid, verb text, telegram_id bigint, as_of timestamptz default now())
returns jsonb
language plpgsql
set search_path = ''
as $$
/* A button under one window: take or no_answer_needed. Returns {outcome, by} as press_alert does. Refuses with not_allowed,
   unknown_request, request_already_closed and unknown_button. */
declare
  person constant public.users := private.staff(telegram_id);
  pressed public.client_requests;
begin
  perform from public.client_requests as w where w.id = press_request.request_id for update;
  pressed := private.wait_to_act_on(press_request.request_id, person, as_of);
  if pressed.closed_as is not null then
    raise exception 'request_already_closed' using errcode = 'PT409';
  end if;
  case verb
    when 'take' then
      if pressed.acknowledged_at >= pressed.last_message_at then
        return jsonb_build_object(
          'outcome', 'already_taken', 'by', (select u.full_name from public.users as u where u.id = pressed.acknowledged_by)
        );
      end if;
      perform private.take_in_hand(array[pressed.id], person.id, as_of);
      return jsonb_build_object('outcome', 'taken', 'by', person.full_name);
    when 'no_answer_needed' then
      perform private.excuse(array[pressed.id], person.id, as_of);
      return jsonb_build_object('outcome', 'excused', 'by', person.full_name);
    else
      raise exception 'unknown_button' using errcode = 'PT400';
  end case;
end
$$;

create function api.staff_chats(telegram_id bigint, page integer default 0, as_of timestamptz default now())
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* The chats that a person answers for, ten to a page, those with the longest wait first: {page, pages, total, chats: [{id, chat_name,
   chat_url, client_name, accountant, is_own, waiting, overdue, is_measured}]}. */
declare
  person constant public.users := private.staff(telegram_id);
  answer jsonb;
begin
  with chats as materialized (
    select c.*, o.waiting, o.overdue, o.due_at
    from private.chats_of(person, as_of) as c
    cross join lateral (
      select count(*) as waiting, count(*) filter (where w.due_at < as_of) as overdue, min(w.due_at) as due_at
      from public.client_requests as w
      where w.chat_id = c.chat_id
        and w.closed_as is null
    ) as o
  ),
  amounts as (
    select count(*) as total, greatest(ceil(count(*) / 10.0)::integer, 1) as pages from chats
  ),
  shown as (
    select c.*
    from chats as c
    order by c.due_at nulls last, c.chat_name, c.chat_id
    limit 10
    offset 10 * (select greatest(least(staff_chats.page, a.pages - 1), 0) from amounts as a)
  )
  select jsonb_build_object(
    'page', greatest(least(staff_chats.page, a.pages - 1), 0),
    'pages', a.pages,
    'total', a.total,
    'chats', (
      select coalesce(
        jsonb_agg(
          jsonb_build_object(
            'id', s.id,
            'chat_name', s.chat_name,
            'chat_url', (
              select private.chat_link(s.chat_id, k.topic_id, k.last_message_id)
              from public.chat_topics as k
              where k.chat_id = s.chat_id
              order by k.last_message_at desc
              limit 1
            ),
            'client_name', (select k.name from public.clients as k where k.id = s.client_id),
            'accountant', (select u.full_name from public.users as u where u.id = s.assigned_accountant_id),
            'is_own', s.assigned_accountant_id is not distinct from person.id,
            'waiting', s.waiting,
            'overdue', s.overdue,
            'is_measured', s.monitoring_enabled
          )
          order by s.due_at nulls last, s.chat_name, s.chat_id
        ),
        '[]'
      )
      from shown as s
    )
  )
  from amounts as a
  into answer;
  return answer;
end
$$;

create function api.staff_stats(telegram_id bigint, as_of timestamptz default now())
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* A person's figures today, in the last seven days and this month, by the firm's calendar, from the same rows as every report (S15):
   [{period, own, firm}], each as sla_report gives it; own is null without a window, firm for who runs nobody. */
declare
  person constant public.users := private.staff(telegram_id);
begin
  return (
    select jsonb_agg(
      jsonb_build_object(
        'period', p.period,
        'own', (
          select to_jsonb(r)
          from api.sla_report(timezone(s.timezone, p.since), as_of, 'person') as r
          where r.key = person.id::text
        ),
        'firm', case
          when person.role in ('admin', 'manager') then (select to_jsonb(r) from api.sla_report(timezone(s.timezone, p.since), as_of) as r)
        end
      )
      order by p.place
    )
    from public.settings as f
    join public.working_schedules as s on s.id = f.default_schedule_id
    cross join lateral (
      values
        (1, 'day', date_trunc('day', timezone(s.timezone, as_of))),
        (2, 'week', date_trunc('day', timezone(s.timezone, as_of)) - interval '6 days'),
        (3, 'month', date_trunc('month', timezone(s.timezone, as_of)))
    ) as p (place, period, since)
  );
end
$$;

create function api.staff_digest(telegram_id bigint, as_of timestamptz default now())
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* Who waits right now in the chats of a manager, those that are due first, at most ten: the shape of message_facts. */
declare
  person constant public.users := private.staff(telegram_id, array['admin', 'manager']);
  answer jsonb;
begin
  with waits as (
    select w.id, row_number() over (order by w.due_at nulls last, w.opened_at, w.id) as nth
    from private.waits_of(person, as_of) as w
  )
  select jsonb_build_object(
    'chat_name', null,
    'event', null,
    'waiting', count(*),
    'closed', 0,
    'windows', coalesce(
      jsonb_agg(private.request_facts(w.id, as_of) order by w.nth) filter (where w.nth <= 10), '[]'
    )
  )
  from waits as w
  into answer;
  return answer;
end
$$;

create function api.system_state(telegram_id bigint, as_of timestamptz default now())
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* For an admin: {firm_name, chats, unconnected, waiting, overdue, bot_seen_at, findings}; findings are those of firm_health that are not
   green, red first, and the number of chats that are red or amber. */
declare
  person constant public.users := private.staff(telegram_id, array['admin']);
begin
  return (
    select jsonb_build_object(
      'firm_name', f.firm_name,
      'chats', (select count(*) from private.chats_of(person, as_of)),
      'unconnected', (
        select count(*)
        from public.chats as c
        where c.connected_at is null and c.deleted_at is null and not c.internal and c.type in ('group', 'supergroup')
      ),
      'waiting', (select count(*) from private.waits_of(person, as_of)),
      'overdue', (select count(*) from private.waits_of(person, as_of) as w where w.due_at < as_of),
      'red_chats', (select count(distinct x.chat_id) from private.chat_findings(as_of) as x where x.state = 'red'),
      'intake_seen_at', (select max(upper(c.up)) from public.intake_coverage as c),
      'findings', (
        select coalesce(jsonb_agg(to_jsonb(h) order by h.state desc, h."check", h.subject), '[]')
        from api.firm_health(as_of) as h
        where h.state <> 'green'
      )
    )
    from public.settings as f
  );
end
$$;

grant execute on function
  private.staff(bigint, text[]),
  private.chats_of(public.users, timestamptz),
  private.waits_of(public.users, timestamptz),
  private.wait_to_act_on(uuid, public.users, timestamptz),
  api.staff_queue(bigint, integer, timestamptz),
  api.staff_request(uuid, bigint, timestamptz),
  api.press_request(uuid, text, bigint, timestamptz),
  api.staff_chats(bigint, integer, timestamptz),
  api.staff_stats(bigint, timestamptz),
  api.staff_digest(bigint, timestamptz),
  api.system_state(bigint, timestamptz)
to service_role;
