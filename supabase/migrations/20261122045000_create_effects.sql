-- What a change of rules does to those who wait, counted from what it wrote into the ledger (S8).
set lock_timeout = '5s';

create function private.expect_role(variadic roles text[])
returns void
language plpgsql
stable
set search_path = ''
as $$
/* Refuses everybody but active people of these roles with not_allowed. */
begin
  if private.role() = any (roles) is not true then
    raise exception 'not_allowed' using errcode = 'PT403';
  end if;
end
$$;

create function private.latest_event()
returns bigint
language sql
stable
set search_path = ''
as $$
/* The end of the ledger: what a change writes comes after it. */
  select coalesce(max(e.id), 0)
  from public.request_events as e
$$;

create function private.effect_since(mark bigint, as_of timestamptz)
returns jsonb
language sql
stable
set search_path = ''
as $$
/* What this transaction has done to windows since a mark in the ledger: {moved, sooner, later, newly_overdue, no_longer_overdue,
   without_deadline, voided, handed_over, windows: [{id, chat_name, client_name, opened_at, was, becomes, effect}]}; windows are the
   gravest thirty of those whose deadlines move. */
  with events as (
    select e.request_id, e.id, e.kind, e.detail
    from public.request_events as e
    where e.id > mark
      -- Of this transaction alone.
      and e.recorded_at = now()
  ),
  told as (
    select
      e.request_id,
      (array_agg((e.detail ->> 'due_at_before')::timestamptz order by e.id))[1] as was,
      (array_agg((e.detail ->> 'due_at')::timestamptz order by e.id desc))[1] as becomes
    from events as e
    where e.kind = 'rescheduled'
    group by e.request_id
  ),
  moved as (
    select
      t.*,
      case
        when t.becomes is null then 'without_deadline'
        when t.becomes < as_of and coalesce(t.was >= as_of, true) then 'newly_overdue'
        when t.was < as_of and t.becomes >= as_of then 'no_longer_overdue'
        when t.becomes < t.was then 'sooner'
        else 'later'
      end as effect
    from told as t
    where t.was is distinct from t.becomes
  ),
  gravest as (
    select m.*, w.chat_id, w.client_id, w.opened_at
    from moved as m
    join public.client_requests as w on w.id = m.request_id
    order by array_position(array['without_deadline', 'newly_overdue', 'sooner', 'later', 'no_longer_overdue'], m.effect), m.becomes, w.id
    limit 30
  )
  select jsonb_build_object(
    'moved', count(*),
    'sooner', count(*) filter (where m.becomes < m.was),
    'later', count(*) filter (where m.becomes > m.was),
    'newly_overdue', count(*) filter (where m.effect = 'newly_overdue'),
    'no_longer_overdue', count(*) filter (where m.effect = 'no_longer_overdue'),
    'without_deadline', count(*) filter (where m.effect = 'without_deadline'),
    'voided', (select count(distinct e.request_id) from events as e where e.kind = 'voided'),
    'handed_over', (select count(distinct e.request_id) from events as e where e.kind = 'handed_over'),
    'windows', coalesce(
      (
        select jsonb_agg(
          jsonb_build_object(
            'id', g.request_id, 'chat_name', c.chat_name, 'client_name', k.name, 'opened_at', g.opened_at, 'was', g.was,
            'becomes', g.becomes, 'effect', g.effect
          )
        )
        from gravest as g
        join public.chats as c on c.chat_id = g.chat_id
        left join public.clients as k on k.id = g.client_id
      ),
      '[]'
    )
  )
  from moved as m
$$;

grant execute on function private.expect_role(text[]), private.latest_event(), private.effect_since(bigint, timestamptz) to authenticated;
grant execute on function private.latest_event(), private.effect_since(bigint, timestamptz) to service_role;
