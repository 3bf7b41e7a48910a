-- What reports do not cover is counted from two narrow indexes, and no message is read for it.
set lock_timeout = '5s';

-- Intake waits while they are made: seconds on ten million messages, and nothing is lost meanwhile.
-- squawk-ignore require-concurrent-index-creation
create index messages_of_clients on public.chat_messages (telegram_date) include (chat_id, on_behalf)
where edit_version = 0 and not is_staff and not is_bot and kind not in ('service', 'command');
-- squawk-ignore require-concurrent-index-creation
create index messages_nobody_can_read on public.chat_messages (telegram_date) include (chat_id)
where edit_version = 0
and not is_staff
and not is_bot
and kind not in ('service', 'command')
and message_text is null
and caption is null;

create or replace function api.coverage_report(since timestamptz, until timestamptz, as_of timestamptz default now())
returns table (
  known_since timestamptz,
  down_seconds bigint,
  pauses integer,
  messages bigint,
  by_unknown_senders bigint,
  unread bigint,
  unread_percent numeric,
  rejected bigint
)
language plpgsql
stable
security definer
set search_path = ''
-- Many messages become few rows before chats are looked up, and the period decides how.
set plan_cache_mode = force_custom_plan
set max_parallel_workers_per_gather = 0
as $$
/* What the figures of [since, until) do not cover (S16): how long intake was down, as far as signs of life go back (known_since); of the
   messages that clients wrote in groups, those by senders whom nobody can place (in a group that nobody connected, or as the group
   itself where that is not the firm), and those that no rule could read because they have no text, which count as questions; updates that
   were set aside. One row. A definer, because who may not read messages may know how many there are; nothing for strangers. */
#variable_conflict use_column
begin
  if (select private.role()) is null and (select auth.role()) is distinct from 'service_role' then
    return;
  end if;
  return query
  with groups as materialized (
    select c.chat_id, c.connected_at is null as is_unknown
    from public.chats as c
    where c.type in ('group', 'supergroup')
      and not c.internal
  ),
  written as materialized (
    select m.chat_id, count(*) as messages, count(*) filter (where m.on_behalf) as on_behalf
    from public.chat_messages as m
    where m.telegram_date >= coverage_report.since
      and m.telegram_date < coverage_report.until
      and m.edit_version = 0
      and not m.is_staff
      and not m.is_bot
      and m.kind not in ('service', 'command')
    group by m.chat_id
  ),
  without_text as materialized (
    select m.chat_id, count(*) as messages
    from public.chat_messages as m
    where m.telegram_date >= coverage_report.since
      and m.telegram_date < coverage_report.until
      and m.edit_version = 0
      and not m.is_staff
      and not m.is_bot
      and m.kind not in ('service', 'command')
      and m.message_text is null
      and m.caption is null
    group by m.chat_id
  ),
  counted as (
    select
      coalesce(sum(w.messages), 0)::bigint as messages,
      coalesce(sum(case when g.is_unknown then w.messages else w.on_behalf end), 0)::bigint as by_unknown_senders,
      coalesce(sum(n.messages), 0)::bigint as unread
    from groups as g
    join written as w on w.chat_id = g.chat_id
    left join without_text as n on n.chat_id = g.chat_id
  ),
  down as (
    select coalesce(sum(extract(epoch from upper(p) - lower(p))), 0)::bigint as seconds, count(*)::integer as pauses
    from private.intake_pauses(coverage_report.since, coverage_report.until, coverage_report.as_of) as p
  )
  select
    (select min(lower(u.up)) from public.intake_coverage as u),
    d.seconds,
    d.pauses,
    c.messages,
    c.by_unknown_senders,
    c.unread,
    round(100.0 * c.unread / nullif(c.messages, 0), 1),
    (
      select count(*)
      from public.intake_rejects as r
      where r.recorded_at >= coverage_report.since
        and r.recorded_at < coverage_report.until
    )
  from counted as c
  cross join down as d;
end
$$;
