-- The work list: windows by state, chat, owner, tier, period and words, page by page, and how many there are of each outcome.
set lock_timeout = '5s';

create function private.seconds_left(of_schedules uuid[], due_at timestamptz[], as_of timestamptz)
returns bigint[]
language plpgsql
stable
security definer
set search_path = ''
as $$
/* Working seconds left to each of these deadlines by its schedule, as private.clock_face counts them; where it knows none, less than any.
   A definer, because the calendar is no secret and its policy would be asked again for each deadline. */
#variable_conflict use_column
begin
  return (
    with clocks as materialized (
      select
        s.id, s.around_the_clock,
        case when s.materialised @> as_of then s.materialised end as known,
        coalesce(p.starts_after + (least(as_of, upper(p.period)) - lower(p.period)), interval '0') as worked
      from public.working_schedules as s
      left join lateral (
        select p.*
        from public.working_periods as p
        where p.schedule_id = s.id
          and lower(p.period) <= as_of
        order by lower(p.period) desc
        limit 1
      ) as p on true
    )
    select array_agg(
      coalesce(
        case
          when s.around_the_clock then extract(epoch from d.due_at - as_of)
          when s.known @> d.due_at then extract(epoch from w.worked - s.worked)
        end::bigint,
        -4000000000000000000
      )
      order by d.place
    )
    from unnest(of_schedules, seconds_left.due_at) with ordinality as d (schedule_id, due_at, place)
    join clocks as s on s.id = d.schedule_id
    left join lateral (
      select p.starts_after + (least(d.due_at, upper(p.period)) - lower(p.period)) as worked
      from public.working_periods as p
      where p.schedule_id = d.schedule_id
        and lower(p.period) <= d.due_at
      order by lower(p.period) desc
      limit 1
    ) as w on not s.around_the_clock
  );
end
$$;

create function private.request_rows(requests uuid[], as_of timestamptz)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* What a list shows of some windows, in their order. */
#variable_conflict use_column
begin
  return (
    with listed as materialized (
      select w.*, t.place, t.seconds_left
      from (
        select array_agg(o.id order by o.place) as ids, array_agg(o.schedule_id order by o.place) as schedules,
          array_agg(o.due_at order by o.place) as due
        from (
          select r.id, r.place, w.schedule_id, w.due_at
          from unnest(requests) with ordinality as r (id, place)
          join public.client_requests as w on w.id = r.id
        ) as o
      ) as a
      cross join lateral unnest(a.ids, private.seconds_left(a.schedules, a.due, as_of)) with ordinality as t (id, seconds_left, place)
      join public.client_requests as w on w.id = t.id
    ),
    -- The clock of a schedule, once and not for each window.
    faces as materialized (
      select s.id, f.runs, f.changes_at
      from (select distinct l.schedule_id as id from listed as l) as s
      cross join lateral private.clock_face(s.id, null, as_of) as f
    )
    select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'id', w.id,
          'number', w.number,
          'chat', c.id,
          'chat_name', c.chat_name,
          'client_name', k.name,
          'tier', k.tier,
          'last_message', (
            select jsonb_build_object('author', t.author_name, 'text', left(coalesce(t.message_text, t.caption), 300), 'kind', t.kind)
            from public.chat_messages as t
            where t.chat_id = w.chat_id
              and t.message_id = w.last_message_id
              and t.telegram_date between w.last_message_at - interval '48 hours' and w.last_message_at
            order by t.edited_at desc nulls last, t.update_id desc
            limit 1
          ),
          'message_count', w.message_count,
          'opened_at', w.opened_at,
          'due_at', w.due_at,
          'acknowledged_at', case when w.acknowledged_at >= w.last_message_at then w.acknowledged_at end,
          'acknowledged_by_name', taker.full_name,
          'owner_name', holder.full_name,
          'is_given', w.assignee_id is not null,
          'state', private.outcome_at(w.closed_as, w.warn_at, w.due_at, as_of),
          'working_seconds_left', nullif(w.seconds_left, -4000000000000000000),
          'clock_runs', clock.runs,
          'clock_changes_at', clock.changes_at,
          'closed_at', w.closed_at,
          'closed_by_name', closer.full_name,
          'working_seconds', w.working_seconds
        )
        order by w.place
      ),
      '[]'
    )
    from listed as w
    join faces as clock on clock.id = w.schedule_id
    join public.chats as c on c.chat_id = w.chat_id
    left join public.clients as k on k.id = w.client_id
    left join public.users as taker on taker.id = w.acknowledged_by
    left join public.users as closer on closer.id = coalesce(w.responded_by, w.closed_by)
    left join public.users as holder
      on holder.id = case
        when w.closed_as is null then coalesce(w.assignee_id, c.assigned_accountant_id)
        else w.assigned_accountant_id
      end
  );
end
$$;

create function private.find_open(
  state text, chat bigint, owner uuid, unowned boolean, tier text, since timestamptz, until timestamptz, words text, after jsonb,
  amount integer
)
returns jsonb
language plpgsql
stable
set search_path = ''
-- Every search is planned for what it asks: most filters are empty, and then cost nothing.
set plan_cache_mode = 'force_custom_plan'
as $$
/* Windows that wait, least working time left first: {found: [id], next, counts, changes_at}. The order is that of the instant at which the
   first page was read, carried in `next`: while clocks run and stop, nothing is shown twice or lost. changes_at is when the next of all
   that fits passes its warning or deadline. */
declare
  number_asked constant bigint := substring(words from '^№?\s*(\d{1,18})$')::bigint;
  as_of constant timestamptz := coalesce((after ->> 'as_of')::timestamptz, date_trunc('second', now()));
  answer jsonb;
begin
  with fitting as materialized (
    select
      w.id, w.schedule_id, w.opened_at, w.warn_at, w.due_at,
      -- As private.outcome_at, which would be called for each row.
      case when now() > w.due_at then 'overdue' when now() >= w.warn_at then 'at_risk' else 'waiting' end as state
    from public.client_requests as w
    -- Both joins fall away where no filter needs them.
    left join public.chats as c on c.chat_id = w.chat_id
    left join public.clients as k on k.id = w.client_id
    where w.closed_as is null
      and (find_open.chat is null or w.chat_id = find_open.chat)
      and (find_open.owner is null or coalesce(w.assignee_id, c.assigned_accountant_id) = find_open.owner)
      and (not unowned or coalesce(w.assignee_id, c.assigned_accountant_id) is null)
      and (find_open.tier is null or k.tier = find_open.tier)
      and (find_open.since is null or w.opened_at >= find_open.since)
      and (find_open.until is null or w.opened_at < find_open.until)
      and (
        find_open.words is null
        or w.number = number_asked
        or strpos(lower(concat_ws(' ', c.chat_name, k.name)), find_open.words) > 0
        or (
          select strpos(lower(coalesce(t.message_text, t.caption)), find_open.words) > 0
          from public.chat_messages as t
          where t.chat_id = w.chat_id
            and t.message_id = w.last_message_id
            and t.telegram_date between w.last_message_at - interval '48 hours' and w.last_message_at
          order by t.edited_at desc nulls last, t.update_id desc
          limit 1
        )
      )
  ),
  placed as (
    select p.*
    from (
      select array_agg(f.id) as ids, array_agg(f.opened_at) as opened, array_agg(f.schedule_id) as schedules, array_agg(f.due_at) as due
      from (
        select s.*, row_number() over (partition by s.schedule_id order by s.due_at nulls first, s.opened_at, s.id) as nth
        from fitting as s
        where find_open.state in ('open', s.state)
      ) as f
      -- By one schedule, who is due first has least time left: the first page needs no clock but of these.
      where after is not null
        or f.nth <= amount + 1
    ) as a
    cross join lateral unnest(a.ids, a.opened, private.seconds_left(a.schedules, a.due, as_of)) as p (id, opened_at, seconds_left)
  ),
  page as (
    select p.*, row_number() over (order by p.seconds_left, p.opened_at, p.id) as nth
    from placed as p
    where after is null
      or (p.seconds_left, p.opened_at, p.id)
        > ((after ->> 'seconds_left')::bigint, (after ->> 'opened_at')::timestamptz, (after ->> 'id')::uuid)
    order by p.seconds_left, p.opened_at, p.id
    limit amount + 1
  )
  select jsonb_build_object(
    'found', (select coalesce(jsonb_agg(p.id order by p.nth) filter (where p.nth <= amount), '[]') from page as p),
    'next', (
      select jsonb_build_object('as_of', as_of, 'seconds_left', p.seconds_left, 'opened_at', p.opened_at, 'id', p.id)
      from page as p
      where p.nth = amount
        and exists (select from page as further where further.nth > amount)
    ),
    'counts', (
      select jsonb_build_object(
        'overdue', count(*) filter (where f.state = 'overdue'),
        'at_risk', count(*) filter (where f.state = 'at_risk'),
        'waiting', count(*) filter (where f.state = 'waiting')
      )
      from fitting as f
    ),
    'changes_at', (
      select least(min(f.warn_at) filter (where f.warn_at > now()), min(f.due_at) filter (where f.due_at > now())) from fitting as f
    )
  )
  into answer;
  return answer;
end
$$;

create function private.find_closed(
  state text, chat bigint, owner uuid, unowned boolean, tier text, since timestamptz, until timestamptz, words text, after jsonb,
  amount integer
)
returns jsonb
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
as $$
/* Windows that are closed and were decided in a period (S15), the latest first: {found: [id], next, counts}; counts are null beyond the
   first page, which reads no further than it goes. */
declare
  number_asked constant bigint := substring(words from '^№?\s*(\d{1,18})$')::bigint;
  answer jsonb;
begin
  with fitting as not materialized (
    select w.id, w.decides_at, w.closed_as as state
    from public.client_requests as w
    -- Both joins fall away where no filter needs them.
    left join public.chats as c on c.chat_id = w.chat_id
    left join public.clients as k on k.id = w.client_id
    where w.closed_as is not null
      and w.decides_at >= find_closed.since
      and w.decides_at < find_closed.until
      and (find_closed.chat is null or w.chat_id = find_closed.chat)
      and (find_closed.owner is null or w.assigned_accountant_id = find_closed.owner)
      and (not unowned or w.assigned_accountant_id is null)
      and (find_closed.tier is null or k.tier = find_closed.tier)
      and (
        find_closed.words is null
        or w.number = number_asked
        or strpos(lower(concat_ws(' ', c.chat_name, k.name)), find_closed.words) > 0
        or (
          select strpos(lower(coalesce(t.message_text, t.caption)), find_closed.words) > 0
          from public.chat_messages as t
          where t.chat_id = w.chat_id
            and t.message_id = w.last_message_id
            and t.telegram_date between w.last_message_at - interval '48 hours' and w.last_message_at
          order by t.edited_at desc nulls last, t.update_id desc
          limit 1
        )
      )
  ),
  page as (
    select f.*, row_number() over (order by f.decides_at desc, f.id desc) as nth
    from fitting as f
    where (find_closed.state in ('closed', f.state) or (find_closed.state = 'answered' and f.state in ('met', 'met_late')))
      and (after is null or (f.decides_at, f.id) < ((after ->> 'decides_at')::timestamptz, (after ->> 'id')::uuid))
    order by f.decides_at desc, f.id desc
    limit amount + 1
  )
  select jsonb_build_object(
    'found', (select coalesce(jsonb_agg(p.id order by p.nth) filter (where p.nth <= amount), '[]') from page as p),
    'next', (
      select jsonb_build_object('decides_at', p.decides_at, 'id', p.id)
      from page as p
      where p.nth = amount
        and exists (select from page as further where further.nth > amount)
    ),
    'counts', case when after is null then (
      select jsonb_build_object(
        'met', count(*) filter (where f.state = 'met'),
        'met_late', count(*) filter (where f.state = 'met_late'),
        'excused', count(*) filter (where f.state = 'excused'),
        'voided', count(*) filter (where f.state = 'voided')
      )
      from fitting as f
    ) end
  )
  into answer;
  return answer;
end
$$;

create function api.find_requests(
  state text default 'open', chat uuid default null, owner text default null, tier text default null, since date default null,
  until date default null, words text default null, after jsonb default null, amount integer default 50
)
returns jsonb
language plpgsql
stable
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
/* The work list of who asks, a page at a time: {rows, next, counts, changes_at, since, until, chat_name, people, views}. state is open, waiting,
   at_risk or overdue, least working time left first; or closed, answered, met, met_late, excused or voided, the latest first, by default of
   the last seven days. The days are the firm's, both included: those on which open windows opened, and on which closed ones were decided.
   owner is a person's id, me or nobody; words are looked for in chat, client and last phrase, or are a number. `next` goes back as `after`. counts holds
   all that fits but the state. people are those who may own a request; views are the reader's own: {id,
   name, query}. */
declare
  is_open constant boolean := state in ('open', 'waiting', 'at_risk', 'overdue');
  zone constant text := private.firm_zone();
  today constant date := timezone(zone, now())::date;
  first_on constant date := coalesce(since, case when not is_open then coalesce(until, today) - 6 end);
  last_on constant date := coalesce(until, case when not is_open then today end);
  sought constant text := nullif(lower(left(btrim(words), 100)), '');
  begins_at constant timestamptz := timezone(zone, first_on::timestamp);
  ends_at constant timestamptz := timezone(zone, (last_on + 1)::timestamp);
  owner_id constant uuid := case owner when 'me' then (select auth.uid()) when 'nobody' then null else owner::uuid end;
  telegram_chat constant bigint := case when chat is not null then coalesce((select c.chat_id from public.chats as c where c.id = chat), 0) end;
  answer jsonb;
begin
  if is_open then
    answer := private.find_open(
      state, telegram_chat, owner_id, coalesce(owner = 'nobody', false), tier, begins_at, ends_at, sought, after, least(amount, 200)
    );
  else
    answer := private.find_closed(
      state, telegram_chat, owner_id, coalesce(owner = 'nobody', false), tier, begins_at, ends_at, sought, after, least(amount, 200)
    );
  end if;
  return answer - 'found' || jsonb_build_object(
    'rows', private.request_rows(array(select f::uuid from jsonb_array_elements_text(answer -> 'found') as f), now()),
    'since', first_on,
    'until', last_on,
    'chat_name', (select c.chat_name from public.chats as c where c.id = find_requests.chat),
    'people', (
      select coalesce(jsonb_agg(jsonb_build_object('id', u.id, 'name', u.full_name) order by u.full_name, u.id), '[]')
      from public.users as u
      where u.active
        and u.role <> 'observer'
    ),
    'views', (
      select coalesce(jsonb_agg(jsonb_build_object('id', v.id, 'name', v.name, 'query', v.query) order by v.name), '[]')
      from api.saved_views as v
      where v.page = '/requests'
    )
  );
end
$$;

grant execute on function
  private.firm_zone(),
  private.request_rows(uuid[], timestamptz),
  private.seconds_left(uuid[], timestamptz[], timestamptz),
  private.find_open(text, bigint, uuid, boolean, text, timestamptz, timestamptz, text, jsonb, integer),
  private.find_closed(text, bigint, uuid, boolean, text, timestamptz, timestamptz, text, jsonb, integer),
  api.find_requests(text, uuid, text, text, date, date, text, jsonb, integer)
to authenticated;
