-- The rows behind every figure of a report, page by page.
set lock_timeout = '5s';

create function api.find_outcomes(
  since timestamptz,
  until timestamptz,
  chat bigint default null,
  client uuid default null,
  person uuid default null,
  policy uuid default null,
  tier text default null,
  outcomes text[] default null,
  hour text default null,
  before timestamptz default null,
  before_id uuid default null,
  batch integer default 50
)
returns table (
  id uuid,
  counts_at timestamptz,
  outcome text,
  chat_id bigint,
  chat_name text,
  client_name text,
  client_tier text,
  policy_name text,
  person_name text,
  responded_by_name text,
  target_minutes integer,
  opened_at timestamptz,
  due_at timestamptz,
  responded_at timestamptz,
  working_seconds bigint,
  calendar_seconds bigint
)
language plpgsql
stable
set search_path = ''
set plan_cache_mode = force_custom_plan
as $$
/* The windows that api.sla_report counts when it is asked the same, latest first, at most `batch` (up to 5000) of those that come after
   (before, before_id): of some outcomes only, or of those asked in an hour of the week («1-09», the firm's). Whoever reads it gets the
   windows of the own scope, and no text of anybody. */
#variable_conflict use_column
declare
  nobody constant uuid := '00000000-0000-0000-0000-000000000000';
  firm_zone constant text := private.firm_zone();
  wanted integer := least(greatest(batch, 1), 5000);
  given integer;
  ends_at timestamptz := least(find_outcomes.until, before + interval '1 microsecond');
  begins_at timestamptz := ends_at;
  step interval := greatest((ends_at - find_outcomes.since) / 64, interval '1 hour');
begin
  -- Backwards in growing steps: a page of a year lies in its last days, and what is rare is looked for in the rest only then.
  while wanted > 0 and begins_at > find_outcomes.since loop
    ends_at := begins_at;
    begins_at := greatest(ends_at - step, find_outcomes.since);
    step := step * 8;
    return query
    with found as (
      select o.*
      from api.request_outcomes as o
      where o.counts_at >= begins_at
        and o.counts_at < ends_at
        and (find_outcomes.chat is null or o.chat_id = find_outcomes.chat)
        and (find_outcomes.client is null or coalesce(o.client_id, nobody) = find_outcomes.client)
        and (find_outcomes.person is null or coalesce(o.person_id, nobody) = find_outcomes.person)
        and (find_outcomes.policy is null or o.policy_id = find_outcomes.policy)
        and (find_outcomes.tier is null or o.tier = find_outcomes.tier)
        and (outcomes is null or o.outcome = any (outcomes))
        and (hour is null or to_char(timezone(firm_zone, o.opened_at), 'ID-HH24') = hour)
        and (before_id is null or (o.counts_at, o.id) < (before, before_id))
      order by o.counts_at desc, o.id desc
      limit wanted
    )
    select
      o.id,
      o.counts_at,
      o.outcome,
      o.chat_id,
      c.chat_name,
      k.name,
      o.tier,
      p.name,
      person.full_name,
      responder.full_name,
      o.target_minutes,
      o.opened_at,
      o.due_at,
      o.responded_at,
      o.working_seconds,
      o.calendar_seconds
    from found as o
    left join public.chats as c on c.chat_id = o.chat_id
    left join public.clients as k on k.id = o.client_id
    left join public.sla_policies as p on p.id = o.policy_id
    left join public.users as person on person.id = o.person_id
    left join public.users as responder on responder.id = o.responded_by
    order by o.counts_at desc, o.id desc;
    get diagnostics given = row_count;
    wanted := wanted - given;
  end loop;
end
$$;

grant execute on function api.find_outcomes(
  timestamptz, timestamptz, bigint, uuid, uuid, uuid, text, text[], text, timestamptz, uuid, integer
) to authenticated, service_role;

create function api.report_choices(chat bigint default null, client uuid default null)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* What a report can be asked for: {timezone, firm_name, people, policies}, the last two as [{id, name}], who left last; and what the chat and
   the client that it is asked for are called, {chat_name, client_name}, null for those that the reader may not see. */
#variable_conflict use_column
begin
  return (
    select jsonb_build_object(
      'timezone', s.timezone,
      'firm_name', f.firm_name,
      'people', (
        select coalesce(jsonb_agg(jsonb_build_object('id', u.id, 'name', u.full_name) order by u.active desc, u.full_name, u.id), '[]')
        from public.users as u
        where u.role <> 'observer'
      ),
      'policies', (
        select coalesce(jsonb_agg(jsonb_build_object('id', p.id, 'name', p.name) order by p.name, p.id), '[]') from public.sla_policies as p
      ),
      'chat_name', (select c.chat_name from public.chats as c where c.chat_id = report_choices.chat),
      'client_name', (select k.name from public.clients as k where k.id = report_choices.client)
    )
    from public.settings as f
    join public.working_schedules as s on s.id = f.default_schedule_id
  );
end
$$;

grant execute on function api.report_choices(bigint, uuid) to authenticated, service_role;

create function api.report_page(
  since timestamptz,
  until timestamptz,
  by text,
  step text,
  chat bigint default null,
  client uuid default null,
  person uuid default null,
  policy uuid default null,
  tier text default null
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* What a page of figures shows, in one answer: {choices, lines, steps, worst}, as api.report_choices gives the choices, api.sla_report the
   lines, the whole first, api.sla_times the steps and api.find_longest_waits the worst. Refuses with unknown_grouping. */
#variable_conflict use_column
begin
  return jsonb_build_object(
    'choices', api.report_choices(report_page.chat, report_page.client),
    'lines', (
      select coalesce(jsonb_agg(to_jsonb(l)), '[]')
      from api.sla_report(
        report_page.since, report_page.until, report_page.by, report_page.chat, report_page.client, report_page.person, report_page.policy,
        report_page.tier, whole => true
      ) as l
    ),
    'steps', (
      select coalesce(jsonb_agg(to_jsonb(s)), '[]')
      from api.sla_times(
        report_page.since, report_page.until, report_page.step, report_page.chat, report_page.client, report_page.person,
        report_page.policy, report_page.tier
      ) as s
    ),
    'worst', (
      select coalesce(jsonb_agg(to_jsonb(w)), '[]')
      from api.find_longest_waits(
        report_page.since, report_page.until, report_page.chat, report_page.client, report_page.person, report_page.policy,
        report_page.tier
      ) as w
    )
  );
end
$$;

grant execute on function api.report_page(timestamptz, timestamptz, text, text, bigint, uuid, uuid, uuid, text)
to authenticated, service_role;
