-- What an answer took is asked of the clock within the statement that closes the window.
set lock_timeout = '5s';

create or replace function private.continue_windows(
  stretches private.topic_stretch[], said private.said[], out settled uuid[], out closed uuid[], out taken uuid[]
)
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
/* Adds to each line what was said after all else, with the open window in hand. Snapshots of policy and schedule are taken when
   a window opens (S8). Returns the windows that are other than before, those that are closed, and those that somebody may have in hand. */
begin
  with line as (
    select
      m.chat_id, m.topic_id, m.at, m.message_id, not m.answers as asks, m.reach, m.user_id, m.classification, null::uuid as carried
    from unnest(said) as m
    union all
    select s.chat_id, s.topic_id, (s.asked).at, (s.asked).message_id, true, null, null, null, s.carried
    from unnest(stretches) as s
    where s.carried is not null
  ),
  walked as (
    select
      l.*,
      private.waiting_after((l.at, l.message_id)::private.place, l.asks, null, not l.asks, l.reach) over (
        partition by l.chat_id, l.topic_id order by l.at, l.message_id rows between unbounded preceding and 1 preceding
      ) as waited
    from line as l
  ),
  waits as materialized (
    -- The questions of each wait, and the answer that ended it.
    select
      k.chat_id,
      k.topic_id,
      k.opened_at,
      k.first_message_id,
      (array_agg(k.carried) filter (where k.carried is not null))[1] as carried,
      count(*) filter (where k.asks and k.carried is null)::integer as questions,
      max(k.at) filter (where k.asks and k.carried is null) as last_at,
      (array_agg(k.message_id order by k.at desc, k.message_id desc) filter (where k.asks and k.carried is null))[1] as last_message_id,
      max(k.classification) filter (where k.message_id = k.first_message_id) as classification,
      max(k.at) filter (where not k.asks) as answered_at,
      max(k.message_id) filter (where not k.asks) as answer_id,
      (array_agg(k.user_id) filter (where not k.asks))[1] as answered_by
    from (
      select
        w.*,
        coalesce(((w.waited).since).at, w.at) as opened_at,
        coalesce(((w.waited).since).message_id, w.message_id) as first_message_id
      from walked as w
      where w.asks
        or (
          w.waited is not null
          and private.next_waiting(w.waited, (w.at, w.message_id)::private.place, false, null, true, w.reach) is null
        )
    ) as k
    group by k.chat_id, k.topic_id, k.opened_at, k.first_message_id
  ),
  fresh as materialized (
    select
      n.*,
      t.client_id, t.assigned_accountant_id, t.policy_id, t.policy_version, t.schedule_id, t.schedule_version, t.target_minutes,
      t.warn_percent,
      d.warn_at, d.due_at
    from waits as n
    join private.chat_terms as t on t.chat_id = n.chat_id
    cross join lateral private.deadlines(t.schedule_id, n.opened_at, t.target_minutes, t.warn_percent) as d
    where n.carried is null
  ),
  opened as (
    insert into public.client_requests (
      chat_id, topic_id, client_id, assigned_accountant_id, first_message_id, last_message_id, message_count, classification,
      begins_at, begins_message_id, ends_at, ends_message_id, opened_at, last_message_at,
      policy_id, policy_version, schedule_id, schedule_version, target_minutes, warn_percent, warn_at, due_at, next_alert, next_alert_at,
      responded_at, responded_by, response_message_id, working_seconds, on_duty_id, closed_as, closed_at, closed_because
    )
    select
      f.chat_id, f.topic_id, f.client_id, f.assigned_accountant_id, f.first_message_id, f.last_message_id, f.questions, f.classification,
      f.opened_at, f.first_message_id, f.last_at, f.last_message_id, f.opened_at, f.last_at,
      f.policy_id, f.policy_version, f.schedule_id, f.schedule_version, f.target_minutes, f.warn_percent, f.warn_at, f.due_at,
      case when f.warn_at is not null then 'warning' end, f.warn_at,
      f.answered_at, f.answered_by, f.answer_id,
      case
        when f.answered_at is not null
        then (select extract(epoch from b.worked)::bigint from private.worked_between(f.schedule_id, f.opened_at, f.answered_at) as b)
      end,
      case when f.answered_at is not null then private.on_duty(f.assigned_accountant_id, least(f.answered_at, f.due_at)) end,
      case when f.answered_at is not null then private.answer_outcome(f.answered_at, f.due_at) end,
      f.answered_at,
      case when f.answered_at is not null then 'answered' end
    from fresh as f
    returning id, chat_id, opened_at, first_message_id, last_message_id, responded_at, responded_by, response_message_id, acknowledged_at
  ),
  continued as (
    update public.client_requests as w
    set
      last_message_id = coalesce(c.last_message_id, w.last_message_id),
      last_message_at = coalesce(c.last_at, w.last_message_at),
      ends_at = coalesce(c.last_at, w.ends_at),
      ends_message_id = coalesce(c.last_message_id, w.ends_message_id),
      message_count = w.message_count + c.questions,
      responded_at = c.answered_at,
      responded_by = c.answered_by,
      response_message_id = c.answer_id,
      working_seconds = case
        when c.answered_at is not null
        then (select extract(epoch from b.worked)::bigint from private.worked_between(w.schedule_id, w.opened_at, c.answered_at) as b)
      end,
      on_duty_id = case
        when c.answered_at is null or (w.breached_at is not null and c.answered_at > w.due_at) then w.on_duty_id
        else private.on_duty(w.assigned_accountant_id, least(c.answered_at, w.due_at))
      end,
      closed_as = case when c.answered_at is not null then private.answer_outcome(c.answered_at, w.due_at) end,
      closed_at = c.answered_at,
      closed_because = case when c.answered_at is not null then 'answered' end
    from waits as c
    where w.id = c.carried
      and (c.questions > 0 or c.answered_at is not null)
    returning
      w.id, w.chat_id, w.opened_at, w.first_message_id, w.last_message_id, w.responded_at, w.responded_by, w.response_message_id,
      w.acknowledged_at
  ),
  changed as (
    select * from opened
    union all
    select * from continued
  ),
  ledger as (
    insert into public.request_events (request_id, kind, happened_at, actor_id, message_id)
    select o.id, 'opened', o.opened_at, null, o.first_message_id
    from opened as o
    union all
    select c.id, 'answered', c.responded_at, c.responded_by, c.response_message_id
    from changed as c
    where c.responded_at is not null
  )
  select
    array_agg(c.id),
    array_agg(c.id) filter (where c.responded_at is not null),
    array_agg(c.id) filter (
      where c.acknowledged_at is not null
        or exists (
          select
          from public.message_reactions as r
          where r.chat_id = c.chat_id
            and r.message_id between c.first_message_id and c.last_message_id
        )
    )
  from changed as c
  into settled, closed, taken;
end
$$;
