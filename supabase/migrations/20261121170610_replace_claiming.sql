-- A message is handed out with the language of whoever gets it.
set lock_timeout = '5s';

create or replace function api.claim_outbox(as_of timestamptz default now(), batch integer default 30)
returns jsonb
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* Claims messages to send: [{id, kind, recipient_chat_id, attempts, revision, telegram_message_id, rings, locale, facts}];
   locale is the recipient's language. Each recipient gets them in order, one a second, but a failure delays nobody's next message; all
   senders together stay below Telegram's 30 a second and 20 a minute for a group. A claim lapses after a minute, so what a killed sender
   held is sent by the next: at least once. */
declare
  claimed jsonb;
begin
  -- One claim at a time, or two would each use up the whole of Telegram's patience.
  perform pg_advisory_xact_lock(hashtextextended('outbox', 0));
  delete from public.outbox_sends as s where s.claimed_at <= as_of - interval '1 minute';
  -- A sender died with it, and meanwhile there is nothing left to tell; or it would come too late.
  update public.outbox as o
  set status = 'cancelled', finished_at = coalesce(o.finished_at, as_of)
  where o.status in ('pending', 'sending')
    and o.next_attempt_at <= as_of
    and o.telegram_message_id is null
    and ((o.status = 'sending' and o.finished_at is not null) or o.expires_at <= as_of);

  with heads as (
    select distinct on (o.recipient_chat_id) o.id, o.recipient_chat_id, o.position
    from public.outbox as o
    where o.status in ('pending', 'sending')
      and o.next_attempt_at <= as_of
      -- Nothing overtakes what is under way, or waits because Telegram said so; what failed otherwise holds up no other message.
      and not exists (
        select
        from public.outbox as earlier
        where earlier.recipient_chat_id = o.recipient_chat_id
          and earlier.position < o.position
          and earlier.status in ('pending', 'sending')
          and earlier.next_attempt_at > as_of
          and (earlier.status = 'sending' or (earlier.last_error is not null and earlier.attempts = 0))
      )
    order by o.recipient_chat_id, o.position
  ),
  ready as (
    -- A claim that lapsed may have died before its sound.
    select o.id, o.rings or o.status = 'sending' as rings
    from heads as h
    join public.outbox as o on o.id = h.id
    where not exists (
      select
      from public.outbox_sends as s
      where s.recipient_chat_id = h.recipient_chat_id
        and s.claimed_at > as_of - interval '1 second'
        and s.claimed_at <= as_of
    )
      and (
        h.recipient_chat_id > 0
        or (select count(*) from public.outbox_sends as s where s.recipient_chat_id = h.recipient_chat_id and s.claimed_at <= as_of) < 20
      )
    order by h.position
    limit least(batch, 30 - (
      select count(*) from public.outbox_sends as s where s.claimed_at > as_of - interval '1 second' and s.claimed_at <= as_of
    ))
    for update of o skip locked
  ),
  taken as (
    update public.outbox as o
    set
      status = 'sending',
      attempts = o.attempts + 1,
      rings = false,
      next_attempt_at = as_of + interval '60 seconds'
    from ready as r
    where o.id = r.id
    returning o as message, r.rings
  ),
  counted as (
    insert into public.outbox_sends (recipient_chat_id, claimed_at)
    select (t.message).recipient_chat_id, as_of
    from taken as t
  )
  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'id', (t.message).id,
        'kind', (t.message).kind,
        'recipient_chat_id', (t.message).recipient_chat_id,
        'attempts', (t.message).attempts,
        'revision', (t.message).revision,
        'telegram_message_id', (t.message).telegram_message_id,
        'rings', t.rings,
        'locale', private.language_of((t.message).recipient_chat_id),
        'facts', private.message_facts(t.message, as_of)
      )
      order by (t.message).position
    ),
    '[]'
  )
  from taken as t
  into claimed;
  return claimed;
end
$$;
