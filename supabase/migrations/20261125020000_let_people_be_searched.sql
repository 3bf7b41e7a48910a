-- Of ten thousand people every page with a field for one of them offered all: two megabytes and a half to choose from by eye. Everybody is
-- still offered by a firm of up to fifty; in a larger one people are found by a word.
set lock_timeout = '5s';

create function private.people_to_choose(among text)
returns jsonb
language plpgsql
stable
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
/* Whom a field offers, {people: [{id, name}], many_people}: everybody of a firm of up to fifty, who left last; of a larger one nobody, for
   they are found by api.find_people. among is workers, who may own a request, answering, who may or could, or everybody. */
#variable_conflict use_column
begin
  return (
    with offered as materialized (
      select u.id, u.full_name, u.active
      from public.users as u
      where (among = 'everybody' or u.role <> 'observer')
        and (among <> 'workers' or u.active)
      limit 51
    )
    select jsonb_build_object(
      'many_people', count(*) > 50,
      'people', case
        when count(*) > 50 then '[]'
        else coalesce(jsonb_agg(jsonb_build_object('id', o.id, 'name', o.full_name) order by o.active desc, o.full_name, o.id), '[]')
      end
    )
    from offered as o
  );
end
$$;

create function api.find_people(words text, among text default 'workers', chosen uuid[] default '{}')
returns jsonb
language plpgsql
stable
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
/* Whom a field of a large firm offers: {chosen, people, has_more}, the first two as [{id, name}]. chosen are those named, whatever they are now;
   people the first fifty others whose names have the words, of those among whom private.people_to_choose chooses; without words, nobody. */
#variable_conflict use_column
begin
  return (
    with fitting as materialized (
      select u.full_name, u.id, row_number() over (order by u.active desc, u.full_name, u.id) as nth
      from public.users as u
      where btrim(find_people.words) <> ''
        and private.has_words(array[u.full_name], find_people.words)
        and (among = 'everybody' or u.role <> 'observer')
        and (among <> 'workers' or u.active)
        and u.id <> all (find_people.chosen)
      order by u.active desc, u.full_name, u.id
      limit 51
    )
    select jsonb_build_object(
      'chosen', (
        select coalesce(jsonb_agg(jsonb_build_object('id', u.id, 'name', u.full_name) order by u.full_name, u.id), '[]')
        from public.users as u
        where u.id = any (find_people.chosen)
      ),
      'people', coalesce(jsonb_agg(jsonb_build_object('id', f.id, 'name', f.full_name) order by f.nth) filter (where f.nth <= 50), '[]'),
      'has_more', count(*) > 50
    )
    from fitting as f
  );
end
$$;

grant execute on function private.people_to_choose(text), api.find_people(text, text, uuid[]) to authenticated, service_role;

create or replace function api.find_requests(
  state text default 'open', chat uuid default null, owner text default null, tier text default null, since date default null,
  until date default null, words text default null, after jsonb default null, amount integer default 50
)
returns jsonb
language plpgsql
stable
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
/* The work list of who asks, a page at a time: {rows, next, counts, changes_at, since, until, chat_name, people, many_people, views}. state
   is open, waiting, at_risk or overdue, least working time left first; or closed, answered, met, met_late, excused or voided, the latest
   first, by default of the last seven days. The days are the firm's, both included: those on which open windows opened, and on which closed
   ones were decided. owner is a person's id, me or nobody; words are looked for in chat, client and last phrase, or are a number. `next`
   goes back as `after`. counts holds all that fits but the state. people are those who may own a request, as private.people_to_choose
   offers them; views are the reader's own: {id, name, query}. */
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
  return answer - 'found' || private.people_to_choose('workers') || jsonb_build_object(
    'rows', private.request_rows(array(select f::uuid from jsonb_array_elements_text(answer -> 'found') as f), now()),
    'since', first_on,
    'until', last_on,
    'chat_name', (select c.chat_name from public.chats as c where c.id = find_requests.chat),
    'views', (
      select coalesce(jsonb_agg(jsonb_build_object('id', v.id, 'name', v.name, 'query', v.query) order by v.name), '[]')
      from api.saved_views as v
      where v.page = '/requests'
    )
  );
end
$$;

create or replace function api.request_desk(request_id uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
/* What the page of a window shows beside its story: {number, chat, client, client_name, tier, chat_url, owner_name, assignee,
   is_reachable, replies, templates, people, many_people}. Replies and templates are empty to observers. Refuses with unknown_request. */
declare
  w public.client_requests;
  c public.chats;
  may_act constant boolean := private.role() in ('admin', 'manager', 'accountant');
begin
  select r.* into w from public.client_requests as r where r.id = request_desk.request_id;
  if w.id is null then
    raise exception 'unknown_request' using errcode = 'PT404';
  end if;
  select k.* into c from public.chats as k where k.chat_id = w.chat_id;
  return private.people_to_choose('workers') || (
    select jsonb_build_object(
      'number', w.number,
      'chat', c.id,
      'client', w.client_id,
      'client_name', (select k.name from public.clients as k where k.id = w.client_id),
      'tier', (select k.tier from public.clients as k where k.id = w.client_id),
      'chat_url', private.chat_link(w.chat_id, w.topic_id, w.last_message_id),
      'owner_name', (
        select u.full_name
        from public.users as u
        where u.id = case when w.closed_as is null then coalesce(w.assignee_id, c.assigned_accountant_id) else w.assigned_accountant_id end
      ),
      'assignee', w.assignee_id,
      'is_reachable', private.is_reachable(c),
      'replies', case when may_act then private.replies_of(w.id) else '[]' end,
      'templates', case
        when may_act
        then (
          select coalesce(
            jsonb_agg(jsonb_build_object('id', t.id, 'category', t.category, 'title', t.title) order by t.category, t.usage_count desc, t.title),
            '[]'
          )
          from public.templates as t
          where t.archived_at is null
        )
        else '[]'
      end
    )
  );
end
$$;

create or replace function api.audit_page(
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
as $$
/* Entries that the reader may see, the newest first: {head, people, many_people, names, entries}. `head` is api.audit_head for admins, else
   null; `names` are those of ids in the entries; an entry has its seal's number once it is sealed. */
declare
  most constant integer := least(batch, 1001);
  found public.audit_log[];
  entries jsonb;
begin
  if num_nonnulls(actor, entity, entity_id, action, since, until, request) = 0 then
    found := array(select l from private.latest_entries(coalesce(before_id, 9223372036854775807), most) as l);
  else
    found := array(
      select l from private.entries_like(actor, entity, entity_id, action, since, until, request, before_id, most) as l
    );
  end if;
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
    from unnest(found) as a
  ) as f
  into entries;
  return private.people_to_choose('everybody') || jsonb_build_object(
    'head', case when private.role() = 'admin' then api.audit_head() end,
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

create or replace function api.report_choices(
  chat bigint default null,
  client uuid default null,
  period text default 'last_30_days',
  first_on date default null,
  last_on date default null,
  step text default null
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* What a report can be asked for: {timezone, firm_name, people, many_people, policies}, policies as [{id, name}]; what the chat and the
   client that it is asked for are called, {chat_name, client_name}, null for those that the reader may not see; and its days, as
   private.report_days gives them. */
#variable_conflict use_column
begin
  return (
    select private.people_to_choose('answering') || jsonb_build_object(
      'timezone', s.timezone,
      'firm_name', f.firm_name,
      'policies', (
        select coalesce(jsonb_agg(jsonb_build_object('id', p.id, 'name', p.name) order by p.name, p.id), '[]') from public.sla_policies as p
      ),
      'chat_name', (select c.chat_name from public.chats as c where c.chat_id = report_choices.chat),
      'client_name', (select k.name from public.clients as k where k.id = report_choices.client),
      'days', private.report_days(report_choices.period, report_choices.first_on, report_choices.last_on, report_choices.step)
    )
    from public.settings as f
    join public.working_schedules as s on s.id = f.default_schedule_id
  );
end
$$;
