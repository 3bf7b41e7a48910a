-- Clients order documents by a short form. An order is the client's message: it opens a window like any other, at the moment of ordering.
set lock_timeout = '5s';

create sequence public.order_numbers;
grant usage on sequence public.order_numbers to service_role;

comment on column public.chat_messages.message_id is
  'Telegram''s id of the message within its chat; negative for an order through the bot, which Telegram has no message of.';

create or replace function private.chat_link(chat_id bigint, topic_id bigint, message_id bigint)
returns text
language sql
immutable
set search_path = ''
as $$
/* Where Telegram opens a chat at a message, for its members; null for basic groups and private chats, which have no such address. What has
   no message of its own is at the end. */
  select case
    -- A supergroup's id is its channel's number below this.
    when chat_id < -1000000000000
    then 'https://t.me/c/' || (-1000000000000 - chat_id) || case when topic_id > 0 then '/' || topic_id else '' end || '/'
      || case when message_id > 0 then message_id else 999999999 end
  end
$$;

create function private.order_facts(message public.outbox)
returns jsonb
language sql
stable
set search_path = ''
as $$
/* What a client's group reads of an order: who ordered what, and its number. */
  select jsonb_build_object('topic_id', nullif(m.topic_id, 0), 'ordered_by', m.author_name, 'words', m.message_text, 'number', w.number)
  from public.chat_messages as m
  left join public.client_requests as w
    on w.chat_id = m.chat_id and w.topic_id = m.topic_id and w.opened_at = m.telegram_date and w.first_message_id = m.message_id
  where m.chat_id = message.recipient_chat_id
    and m.message_id = (message.payload ->> 'order')::bigint
    and m.telegram_date = (message.payload ->> 'ordered_at')::timestamptz
$$;

create function api.order_document(
  telegram_id bigint, pressed_in bigint, order_id uuid, words text, author_name text, topic_id bigint default 0,
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* Records what a client ordered as the client's message, whose clock runs from now on, and owes the chat word of it, once for each
   order_id, which the caller makes up. Returns {chat_name}. Refuses with chat_is_not_served, not_a_client (also people of the firm, who
   answer and do not ask) and order_is_malformed. */
declare
  chat constant public.chats := private.chat_of_client(telegram_id, pressed_in, as_of);
  topic constant bigint := case when pressed_in = telegram_id then 0 else coalesce(order_document.topic_id, 0) end;
  ordered_at constant timestamptz := date_trunc('second', as_of);
  number constant bigint := -nextval('public.order_numbers');
  place constant private.place := (ordered_at, number);
begin
  if exists (select from public.users as u where u.telegram_id = order_document.telegram_id and u.active) then
    raise exception 'not_a_client' using errcode = 'PT403';
  elsif length(btrim(words)) not between 1 and 1000 then
    raise exception 'order_is_malformed' using errcode = 'PT422';
  end if;
  -- As ingest does, in its order.
  perform pg_advisory_xact_lock_shared(hashtextextended('calendar', 0));
  perform pg_advisory_xact_lock(chat.chat_id);

  insert into public.outbox (id, kind, recipient_chat_id, subject_id, payload, next_attempt_at, created_at)
  values (
    order_id, 'document_order', chat.chat_id, order_id,
    jsonb_build_object('order', number, 'ordered_at', ordered_at), as_of, as_of
  )
  on conflict (id) do nothing;
  if found then
    insert into public.chat_messages (
      chat_id, message_id, update_id, topic_id, telegram_user_id, author_name, is_staff, is_bot, kind, message_text, telegram_date,
      classification, is_measured
    )
    values (
      chat.chat_id, number, 0, topic, telegram_id, left(order_document.author_name, 300), false, false, 'text', words, ordered_at,
      'request', true
    );
    perform private.settle_order(chat.chat_id, topic, place);
  end if;
  return jsonb_build_object('chat_name', chat.chat_name);
end
$$;

create function private.settle_order(of_chat bigint, of_topic bigint, at private.place)
returns void
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
/* Puts an order on the line of its topic and settles the windows there, as ingest does. For a caller who holds the chat. */
declare
  touched private.touched_topic[];
begin
  select array[
    (of_chat, of_topic, at, k.chat_id is null or (at.at, at.message_id) > (k.last_message_at, k.last_message_id))::private.touched_topic
  ]
  from (values (1)) as always
  left join public.chat_topics as k on k.chat_id = of_chat and k.topic_id = of_topic
  into touched;
  perform private.continue_topics(touched, array[at]);
  perform private.settle_windows(touched);
end
$$;

grant execute on function
  private.order_facts(public.outbox),
  private.settle_order(bigint, bigint, private.place),
  api.order_document(bigint, bigint, uuid, text, text, bigint, timestamptz)
to service_role;
