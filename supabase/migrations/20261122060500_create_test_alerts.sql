-- A test alert goes the way of every alert, through the outbox to people of the firm, and is told to be a test.
set lock_timeout = '5s';

-- It holds next to nothing, and reading the rest takes moments.
-- squawk-ignore require-concurrent-index-creation
create index outbox_tests on public.outbox (created_at) where payload ->> 'event' = 'test';

create function api.send_test_alert(people uuid[] default null, as_of timestamptz default now())
returns integer
language plpgsql
security definer
set search_path = ''
as $$
/* Owes a test alert to some people, or to the admin who asks; returns to how many. One that is still on its way is not doubled. Refuses
   with not_allowed, and nobody_to_tell when none of them is linked to Telegram. A definer, because no person may write the outbox. */
declare
  recipients bigint[];
begin
  perform private.expect_role('admin');
  select array_agg(u.telegram_id)
  from public.users as u
  where u.id = any (coalesce(people, array[auth.uid()]))
    and u.active
    and u.telegram_id is not null
  into recipients;
  if recipients is null then
    raise exception 'nobody_to_tell' using errcode = 'PT409';
  end if;

  insert into public.outbox (kind, recipient_chat_id, subject_id, payload, next_attempt_at, expires_at, created_at)
  select 'chat_notice', r, gen_random_uuid(), jsonb_build_object('event', 'test'), as_of, as_of + interval '15 minutes', as_of
  from unnest(recipients) as r
  where not exists (
    select
    from public.outbox as o
    where o.recipient_chat_id = r
      and o.status in ('pending', 'sending')
      and o.payload ->> 'event' = 'test'
  );
  return cardinality(recipients);
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
  join public.users as u on u.telegram_id = o.recipient_chat_id
  where o.payload ->> 'event' = 'test'
  order by o.created_at desc
  limit 10;
end
$$;

grant execute on function api.send_test_alert(uuid[], timestamptz), api.test_alerts() to authenticated;
