-- The first page: what is going on today, and what is not as it should be.
set lock_timeout = '5s';

create function api.today(as_of timestamptz default now())
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* Today in the firm's zone, of what the reader may see: {since, until, timezone, waiting, at_risk, overdue, figures, urgent}. The three
   counts are of all that is open now, figures as api.sla_report gives them for the day, urgent the three that are overdue longest. */
declare
  firm_zone constant text := private.firm_zone();
  since constant timestamptz := timezone(firm_zone, date_trunc('day', timezone(firm_zone, as_of)));
  until constant timestamptz := timezone(firm_zone, date_trunc('day', timezone(firm_zone, as_of)) + interval '1 day');
begin
  return (
    with still_open as (
      select
        w.id,
        w.chat_id,
        w.assignee_id,
        w.due_at,
        -- As private.outcome_at says, which costs more than all the rest when it is called.
        case when w.due_at < as_of then 'overdue' when w.warn_at <= as_of then 'at_risk' else 'waiting' end as state
      from public.client_requests as w
      where w.closed_as is null
    )
    select jsonb_build_object(
      'since', since,
      'until', until,
      'timezone', firm_zone,
      'waiting', count(*) filter (where o.state = 'waiting'),
      'at_risk', count(*) filter (where o.state = 'at_risk'),
      'overdue', count(*) filter (where o.state = 'overdue'),
      'figures', (select to_jsonb(r) from api.sla_report(since, until, slowest => false) as r),
      'urgent', (
        select coalesce(jsonb_agg(to_jsonb(u) order by u.due_at, u.id), '[]')
        from (
          select l.id, c.chat_name, l.due_at, owner.full_name as accountant_name
          from still_open as l
          join public.chats as c on c.chat_id = l.chat_id
          left join public.users as owner on owner.id = coalesce(l.assignee_id, c.assigned_accountant_id)
          where l.state = 'overdue'
          order by l.due_at, l.id
          limit 3
        ) as u
      )
    )
    from still_open as o
  );
end
$$;

create function api.watch()
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* What is watched, of what the reader may see: {watched, unwell, reasons, steps}. Watched are the groups that are measured, unwell those of
   them that are red; reasons say why, [{fix, chats}]. Steps are what those who run the firm should see to, worst first: [{fix, state,
   amount, subject, place}], the name when there is one only, the place firm or chats; empty for everybody else. */
#variable_conflict use_column
begin
  return (
    with findings as materialized (
      select f.*, c.chat_name, c.monitoring_enabled
      from private.chat_findings(now(), null, only_amiss => true) as f
      join public.chats as c on c.chat_id = f.chat_id
    ),
    of_the_firm as materialized (
      select h.fix, h.state, count(*) as amount, case when count(*) = 1 then min(h.subject) end as subject, 'firm' as place
      from api.firm_health() as h
      where h.state <> 'green'
      group by h.fix, h.state
    ),
    steps as (
      select * from of_the_firm
      union all
      -- What mends the firm mends its chats: the same is asked for once.
      select f.fix, f.state, count(*), case when count(*) = 1 then min(f.chat_name) end, 'chats'
      from findings as f
      where f.state = 'red'
        and f.fix not in (select h.fix from of_the_firm as h)
      group by f.fix, f.state
    )
    select jsonb_build_object(
      'watched', (select count(*) from public.chats as c where c.monitoring_enabled and c.deleted_at is null and not c.internal),
      'unwell', (select count(distinct f.chat_id) from findings as f where f.monitoring_enabled and f.state = 'red'),
      'reasons', (
        select coalesce(jsonb_agg(to_jsonb(r) order by r.chats desc, r.fix), '[]')
        from (
          select f.fix, count(*) as chats
          from findings as f
          where f.monitoring_enabled
            and f.state = 'red'
          group by f.fix
        ) as r
      ),
      'steps', (
        select coalesce(jsonb_agg(to_jsonb(s) order by s.state desc, s.place desc, s.amount desc, s.fix), '[]')
        from steps as s
        where (select private.role()) in ('admin', 'manager')
      )
    )
  );
end
$$;

create function api.overview()
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* What the first page shows, in one answer: {today, watch, days}, the last as api.sla_times gives the thirty days that end today. */
declare
  today constant jsonb := api.today();
  until constant timestamptz := today ->> 'until';
  firm_zone constant text := today ->> 'timezone';
begin
  return jsonb_build_object(
    'today', today,
    'watch', api.watch(),
    'days', (
      select coalesce(jsonb_agg(to_jsonb(t)), '[]')
      from api.sla_times(timezone(firm_zone, timezone(firm_zone, until) - interval '30 days'), until, 'day') as t
      where t.by = 'day'
    )
  );
end
$$;

grant execute on function api.today(timestamptz), api.watch(), api.overview() to authenticated, service_role;
