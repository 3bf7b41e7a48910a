-- The first page shows days and no hours of the week: it need not count by both.
set lock_timeout = '5s';

-- Its successor takes what it took.
-- squawk-ignore ban-drop-function
drop function api.sla_times(timestamptz, timestamptz, text, bigint, uuid, uuid, uuid, text);

create function api.sla_times(
  since timestamptz,
  until timestamptz,
  step text,
  chat bigint default null,
  client uuid default null,
  person uuid default null,
  policy uuid default null,
  tier text default null,
  hours boolean default true
)
returns table (by text, key text, asked integer, n integer, breaches integer, met_percent numeric)
language plpgsql
stable
set search_path = ''
set plan_cache_mode = force_custom_plan
set work_mem = '32MB'
as $$
/* What pictures of time need of api.sla_report, asked the same: by day, week or month and, where `hours` are wanted, by «hour»; `asked`
   counts windows of whatever outcome. Refuses with unknown_grouping. */
#variable_conflict use_column
declare
  nobody constant uuid := '00000000-0000-0000-0000-000000000000';
  -- What the policies would leave anyway, said where the plan can use it.
  own constant bigint[] := case when private.role() = 'accountant' then private.own_chat_ids() end;
  firm_zone constant text := private.firm_zone();
begin
  if step in ('day', 'week', 'month') is not true then
    raise exception 'unknown_grouping' using errcode = 'PT400';
  end if;
  return query
  with counted as not materialized (
    -- A quarter of an hour is within one day and one hour of every zone there is: few of these are looked up in the firm's, not all windows.
    select date_bin('15 minutes', o.counts_at, 'epoch') as counted_in, date_bin('15 minutes', o.opened_at, 'epoch') as asked_in, o.outcome
    from api.request_outcomes as o
    where o.counts_at >= sla_times.since
      and o.counts_at < sla_times.until
      and (own is null or o.chat_id = any (own))
      and (sla_times.chat is null or o.chat_id = sla_times.chat)
      and (sla_times.client is null or coalesce(o.client_id, nobody) = sla_times.client)
      and (sla_times.person is null or coalesce(o.person_id, nobody) = sla_times.person)
      and (sla_times.policy is null or o.policy_id = sla_times.policy)
      and (sla_times.tier is null or o.tier = sla_times.tier)
  ),
  tallied as (
    select
      step as by,
      c.counted_in as at,
      count(*) as asked,
      count(*) filter (where c.outcome in ('met', 'met_late', 'overdue')) as n,
      count(*) filter (where c.outcome = 'met') as met
    from counted as c
    group by c.counted_in
    union all
    select
      'hour',
      c.asked_in,
      count(*),
      count(*) filter (where c.outcome in ('met', 'met_late', 'overdue')),
      count(*) filter (where c.outcome = 'met')
    from counted as c
    where hours
    group by c.asked_in
  ),
  summed as (
    select
      t.by,
      case
        when t.by = 'hour' then to_char(timezone(firm_zone, t.at), 'ID-HH24')
        else date_trunc(step, timezone(firm_zone, t.at))::date::text
      end as key,
      sum(t.asked)::integer as asked,
      sum(t.n)::integer as n,
      sum(t.met)::integer as met
    from tallied as t
    group by 1, 2
  )
  select s.by, s.key, s.asked, s.n, s.n - s.met, round(100.0 * s.met / nullif(s.n, 0), 1)
  from summed as s
  order by s.by, s.key;
end
$$;

grant execute on function api.sla_times(timestamptz, timestamptz, text, bigint, uuid, uuid, uuid, text, boolean)
to authenticated, service_role;

create or replace function api.overview()
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* What the first page shows, in one answer: {today, watch, month, days}; the month is the thirty days that end today, as private.report_days
   gives them, and days are what api.sla_times says of it. */
declare
  today constant jsonb := api.today();
  month constant jsonb := private.report_days('last_30_days', null, null, 'day');
begin
  return jsonb_build_object(
    'today', today,
    'watch', api.watch(),
    'month', month,
    'days', (
      select coalesce(jsonb_agg(to_jsonb(t)), '[]')
      from api.sla_times((month ->> 'since')::timestamptz, (month ->> 'until')::timestamptz, 'day', hours => false) as t
    )
  );
end
$$;
