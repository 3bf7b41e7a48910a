-- What operators have to hear of by themselves: a webhook that was taken away, a certificate that runs out, a disk that fills.
set lock_timeout = '5s';

-- Reading what is there takes moments.
-- squawk-ignore require-concurrent-index-creation
create index outbox_told_to_operators on public.outbox (subject_id, created_at) where payload ? 'about';

create function private.installation_findings(as_of timestamptz)
returns table ("check" text, state text, fix text, subject text, amount bigint, since timestamptz)
language sql
stable
set search_path = ''
as $$
/* What the processes say of what they stand on, as far as one of them has spoken within the last minute and a half: whether Telegram comes
   to us, days that certificates are good for, percent of disk that is free. What nobody has said is left out. */
  with told as (
    select p.component, p.seen_at, p.facts
    from public.process_reports as p
    where p.seen_at > as_of - interval '95 seconds'
  ),
  webhook as (
    select
      bool_and((t.facts -> 'webhook' ->> 'is_ours')::boolean) as is_ours,
      max((t.facts -> 'webhook' ->> 'restored_at')::timestamptz) as restored_at
    from told as t
    where t.facts #> '{webhook,is_ours}' is not null
    having count(*) > 0
  ),
  certificates as (
    -- Whole days that visitors still take it; none when they do not.
    select distinct on (c.host)
      c.host,
      case
        when c.said ->> 'fault' is null
        then greatest(floor(extract(epoch from (c.said ->> 'expires_at')::timestamptz - as_of) / 86400), 0)::bigint
      end as days
    from told as t
    cross join lateral jsonb_each(t.facts -> 'certificates') as c (host, said)
    order by c.host, t.seen_at desc
  )
  select
    'webhook_ours',
    case when not w.is_ours then 'red' when w.restored_at > as_of - interval '1 day' then 'amber' else 'green' end,
    case
      when not w.is_ours then 'check_webhook_url'
      when w.restored_at > as_of - interval '1 day' then 'find_who_took_webhook'
    end,
    null::text,
    null::bigint,
    w.restored_at
  from webhook as w
  union all
  select
    'certificate_valid',
    case when c.days > 14 then 'green' when c.days > 3 then 'amber' else 'red' end,
    case when c.days > 14 then null else 'renew_certificate' end,
    c.host,
    c.days,
    null
  from certificates as c
  union all
  select
    'disk_has_room',
    case when d.free < 5 then 'red' when d.free < 15 then 'amber' else 'green' end,
    case when d.free < 15 then 'make_room' end,
    null,
    d.free,
    null
  from (
    select min((t.facts -> 'disk' ->> 'free_percent')::numeric)::bigint as free
    from told as t
  ) as d
  where d.free is not null
$$;

create function api.tell_operators(as_of timestamptz default now())
returns integer
language sql
set search_path = ''
as $$
/* Owes every admin who can be reached a notice of what is not well with the installation or with the chats; returns how many. Each degree
   is told once: a certificate's 14, 7, 3, 1 and 0 days and that it is refused, a disk that is short and one that is full (again after a
   day), each time that the webhook had to be set again, each morning of the firm how many chats are red. Several processes may ask: the
   first does it. */
  with wrong as (
    select
      f.*,
      case f."check"
        when 'webhook_ours' then f.since::text
        when 'disk_has_room' then f.state
        when 'chats_well' then timezone(private.firm_zone(), as_of)::date::text
        else (select min(days)::text from unnest(array[0, 1, 3, 7, 14]) as days where days >= f.amount)
      end as degree
    from (
      select * from private.installation_findings(as_of)
      union all
      -- Looked at in the morning only: it takes a look at every chat.
      select 'chats_well', 'red', 'mend_chats', null, count(distinct c.chat_id), null
      from private.chat_findings(as_of) as c
      where date_part('hour', timezone(private.firm_zone(), as_of)) between 9 and 11
        and c.state = 'red'
      having count(*) > 0
    ) as f
    where f.state <> 'green'
      -- A webhook that leads elsewhere although we set it again and again is on the health page: it cannot be told by Telegram.
      and f.fix <> 'check_webhook_url'
  ),
  owed as (
    select
      u.telegram_id,
      md5(concat_ws('/', w."check", w.subject, coalesce(w.degree, 'refused')))::uuid as subject_id,
      jsonb_build_object('event', w."check", 'about', coalesce(w.subject, ''), 'amount', w.amount) as payload,
      case w."check" when 'disk_has_room' then interval '1 day' else interval '20 days' end as quiet
    from wrong as w
    cross join public.users as u
    where u.role = 'admin'
      and u.active
      and u.telegram_id is not null
      and u.unreachable_since is null
  ),
  told as (
    insert into public.outbox (kind, recipient_chat_id, subject_id, payload, next_attempt_at, created_at)
    select 'chat_notice', o.telegram_id, o.subject_id, o.payload, as_of, as_of
    from owed as o
    where not exists (
      select
      from public.outbox as before
      where before.payload ? 'about'
        and before.subject_id = o.subject_id
        and before.recipient_chat_id = o.telegram_id
        and before.created_at > as_of - o.quiet
    )
    on conflict (recipient_chat_id, subject_id, kind) where finished_at is null do nothing
    returning 1
  )
  select count(*)::integer from told
$$;

create or replace function api.firm_health(as_of timestamptz default now())
returns table ("check" text, state text, fix text, subject text, amount bigint, since timestamptz)
language sql
stable
security definer
set search_path = ''
as $$
/* What is checked of the firm as a whole: green, amber or red, with the key of the fix, whom or what it concerns, how many or how long
   (minutes, days of a certificate, percent of a disk), and since when. For admins, managers and the service; empty for anybody else. A
   definer, because it looks into the outbox and the audit of intake, which nobody may read. */
  select f.*
  from (
    select * from private.people_findings()
    union all
    select * from private.process_findings(as_of)
    union all
    select * from private.horizon_findings(as_of)
    union all
    select * from private.installation_findings(as_of)
  ) as f
  where (select private.role()) in ('admin', 'manager')
    or (select auth.role()) = 'service_role'
  order by f."check", f.subject
$$;

grant execute on function private.installation_findings(timestamptz), api.tell_operators(timestamptz) to service_role;
