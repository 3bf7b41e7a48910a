-- What people do with an alert: take it, be reminded, say that no answer is needed (S5, S11).
set lock_timeout = '5s';

create function private.may_act_on(person public.users, of_chat bigint, at timestamptz)
returns boolean
language sql
stable
set search_path = ''
as $$
/* Whether a person may act on the windows of a chat: admins and managers on all, accountants on their own and on those they stand in
   for, others on none. */
  select coalesce(person.active, false)
    and (
      person.role in ('admin', 'manager')
      or (
        person.role = 'accountant'
        and exists (
          select
          from public.chats as c
          where c.chat_id = of_chat
            and (
              c.assigned_accountant_id = person.id
              or c.assigned_accountant_id in (select private.covered_by(person.id, at))
            )
        )
      )
    )
$$;

create function private.take_in_hand(windows uuid[], person uuid, at timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
/* The person has these windows in hand, from the first press since the client last wrote; the clock goes on (S5). */
begin
  insert into public.request_events (request_id, kind, happened_at, actor_id)
  select w.id, 'acknowledged', at, person
  from public.client_requests as w
  where w.id = any (windows)
    and (w.acknowledged_at is null or w.acknowledged_at < w.last_message_at);

  perform private.settle_acknowledgements(windows);
  perform private.revise_messages(windows);
end
$$;

create function private.excuse(windows uuid[], person uuid, at timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
/* No answer is needed: the windows close outside the percentage, counted for the person, and are kept as examples (S11, C13). */
begin
  with excused as (
    update public.client_requests as w
    set
      closed_as = 'excused',
      closed_at = greatest(at, w.opened_at),
      closed_by = person,
      closed_because = 'no_answer_needed',
      on_duty_id = coalesce(w.on_duty_id, private.on_duty(w.assigned_accountant_id, least(at, w.due_at)))
    where w.id = any (windows)
      and w.closed_as is null
    returning w.*
  ),
  ledger as (
    insert into public.request_events (request_id, kind, happened_at, actor_id)
    select x.id, 'excused', x.closed_at, person
    from excused as x
  )
  insert into public.classification_corrections (chat_id, message_id, telegram_date, was, became, corrected_by, corrected_at)
  select x.chat_id, x.first_message_id, x.opened_at, x.classification, 'no_answer_needed', person, at
  from excused as x;

  perform private.resolve_alerts(windows);
  perform private.revise_messages(windows);
end
$$;

create function api.press_alert(message_id uuid, verb text, telegram_id bigint, as_of timestamptz default now())
returns jsonb
language plpgsql
set search_path = ''
as $$
/* A button under an alert: take, no_answer_needed, remind_30, remind_60, remind_opening. It concerns the windows of the message that still
   wait. Returns {outcome, by, remind_at, timezone}; outcome is taken, already_taken, excused or reminded. Refuses with unknown_alert,
   not_allowed, alert_already_resolved, alert_tells_of_several (one tap excuses one window), unknown_button. */
declare
  presser public.users;
  message public.outbox;
  waiting uuid[];
  allowed uuid[];
  holders text;
  remind timestamptz;
  zone constant text := (
    select s.timezone from public.settings as f join public.working_schedules as s on s.id = f.default_schedule_id
  );
begin
  select u.* into presser from public.users as u where u.telegram_id = press_alert.telegram_id and u.active;
  select o.* into message from public.outbox as o where o.id = press_alert.message_id for update;
  if presser.id is null or presser.role = 'observer' then
    raise exception 'not_allowed' using errcode = 'PT403';
  end if;
  if message.id is null then
    raise exception 'unknown_alert' using errcode = 'PT404';
  end if;

  select array_agg(w.id), array_agg(w.id) filter (where private.may_act_on(presser, w.chat_id, as_of))
  from (
    select w.id, w.chat_id
    from public.client_requests as w
    where w.id in (select n.request_id from public.notices as n where n.message_id = message.id)
      and w.closed_as is null
    order by w.id
    for update
  ) as w
  into waiting, allowed;
  if waiting is null then
    raise exception 'alert_already_resolved' using errcode = 'PT409';
  end if;
  if allowed is null then
    raise exception 'not_allowed' using errcode = 'PT403';
  end if;

  case verb
    when 'take' then
      select string_agg(distinct u.full_name, ', ')
      from public.client_requests as w
      join public.users as u on u.id = w.acknowledged_by
      where w.id = any (allowed)
      having bool_and(w.acknowledged_at >= w.last_message_at) and count(*) = cardinality(allowed)
      into holders;
      if holders is not null then
        return jsonb_build_object('outcome', 'already_taken', 'by', holders);
      end if;
      perform private.take_in_hand(allowed, presser.id, as_of);
      return jsonb_build_object('outcome', 'taken', 'by', presser.full_name);
    when 'no_answer_needed' then
      if cardinality(waiting) > 1 then
        raise exception 'alert_tells_of_several' using errcode = 'PT409';
      end if;
      perform private.excuse(allowed, presser.id, as_of);
      return jsonb_build_object('outcome', 'excused', 'by', presser.full_name);
    when 'remind_30', 'remind_60', 'remind_opening' then
      remind := case verb
        when 'remind_30' then as_of + interval '30 minutes'
        when 'remind_60' then as_of + interval '60 minutes'
        else coalesce(private.next_opening(as_of), as_of + interval '60 minutes')
      end;
      update public.outbox as o set remind_at = remind where o.id = message.id;
      return jsonb_build_object('outcome', 'reminded', 'remind_at', remind, 'timezone', zone);
    else
      raise exception 'unknown_button' using errcode = 'PT400';
  end case;
end
$$;

create function private.next_opening(at timestamptz)
returns timestamptz
language sql
stable
set search_path = ''
as $$
/* When the firm's next day of work begins; null without one, and around the clock. */
  select lower(p.period)
  from public.settings as f
  join public.working_schedules as s on s.id = f.default_schedule_id and not s.around_the_clock
  join public.working_periods as p on p.schedule_id = s.id
  where lower(p.period) > at
    and lower(p.period) >= timezone(s.timezone, date_trunc('day', timezone(s.timezone, at)) + interval '1 day')
    or (
      lower(p.period) > at
      and not exists (
        select
        from public.working_periods as earlier
        where earlier.schedule_id = s.id
          and lower(earlier.period) <= at
          and lower(earlier.period) >= timezone(s.timezone, date_trunc('day', timezone(s.timezone, at)))
      )
    )
  order by lower(p.period)
  limit 1
$$;

grant execute on function
  private.may_act_on(public.users, bigint, timestamptz),
  private.take_in_hand(uuid[], uuid, timestamptz),
  private.excuse(uuid[], uuid, timestamptz),
  private.next_opening(timestamptz),
  api.press_alert(uuid, text, bigint, timestamptz)
to service_role;
