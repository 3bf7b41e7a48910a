-- A test alert goes the way of every alert, through the outbox to people of the firm, and is told to be a test.
set lock_timeout = '5s';

-- It holds nothing yet, and reading the rest takes moments.
-- squawk-ignore require-concurrent-index-creation
create index outbox_test_alerts on public.outbox (created_at) where payload ->> 'event' = 'test_alert';

create function api.send_test_alert(people uuid[] default null, as_of timestamptz default now())
returns integer
language plpgsql
security definer
set search_path = ''
as $$
/* Owes a test alert to some people, or to the admin who asks; returns to how many. One that is still on its way is not doubled. Refuses
   with not_allowed, and nobody_to_tell when none of them can be reached in Telegram. A definer, because no person may write the outbox. */
declare
  owed integer;
begin
  perform private.expect_role('admin');
  insert into public.outbox as o (kind, recipient_chat_id, subject_id, payload, next_attempt_at)
  select
    'chat_notice', u.telegram_id, u.id, jsonb_build_object('event', 'test_alert', 'by', auth.uid()), as_of
  from public.users as u
  where u.id = any (coalesce(people, array[auth.uid()]))
    and u.active
    and u.telegram_id is not null
  on conflict (recipient_chat_id, subject_id, kind) where finished_at is null do update set
    payload = excluded.payload,
    created_at = now(),
    revision = o.revision + 1,
    attempts = case when o.status = 'sending' then o.attempts else 0 end,
    next_attempt_at = case when o.status = 'sending' then o.next_attempt_at else excluded.next_attempt_at end,
    status = case when o.status = 'sending' then 'sending' else 'pending' end;
  get diagnostics owed = row_count;
  if owed = 0 then
    raise exception 'nobody_to_tell' using errcode = 'PT409';
  end if;
  return owed;
end
$$;

create function api.test_alerts()
returns table (id uuid, recipient text, status text, reason text, created_at timestamptz, sent_at timestamptz)
language plpgsql
stable
security definer
set search_path = ''
as $$
/* What became of the latest ten test alerts, for admins: status as of any message of the outbox, and Telegram's reason where it failed.
   Refuses with not_allowed. A definer, because no person may read the outbox. */
begin
  perform private.expect_role('admin');
  return query
  select o.id, u.full_name, o.status, o.last_error, o.created_at, o.sent_at
  from public.outbox as o
  join public.users as u on u.id = o.subject_id
  where o.payload ->> 'event' = 'test_alert'
  order by o.created_at desc
  limit 10;
end
$$;

grant execute on function api.send_test_alert(uuid[], timestamptz), api.test_alerts() to authenticated;
