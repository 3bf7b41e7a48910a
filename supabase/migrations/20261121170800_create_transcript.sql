-- The conversation around one window, for its page.
set lock_timeout = '5s';

create function api.transcript(request_id uuid, before integer default 10, most integer default 200)
returns table (
  message_id bigint,
  telegram_date timestamptz,
  author_name text,
  is_staff boolean,
  is_bot boolean,
  kind text,
  text text,
  reply_to_message_id bigint,
  edited_at timestamptz,
  has_file boolean,
  belongs boolean
)
language plpgsql
stable
set search_path = ''
as $$
/* What was written in the topic of a window, each message in its latest version, oldest first: at most `before` messages that precede its
   opening and `most` from there on until its end, or now. belongs is true within the window. Empty to who may not read messages. Refuses
   with unknown_request when the window does not exist for who asks. */
declare
  w public.client_requests;
begin
  select r.* into w from public.client_requests as r where r.id = transcript.request_id;
  if w.id is null then
    raise exception 'unknown_request' using errcode = 'PT404';
  end if;

  return query
  with around as (
    (
      select m.message_id, m.telegram_date, false as belongs
      from public.chat_messages as m
      where m.chat_id = w.chat_id
        and m.topic_id = w.topic_id
        and m.edit_version = 0
        and (m.telegram_date, m.message_id) < (w.opened_at, w.first_message_id)
        and m.telegram_date > w.opened_at - interval '90 days'
      order by m.telegram_date desc, m.message_id desc
      limit before
    )
    union all
    (
      select m.message_id, m.telegram_date, true
      from public.chat_messages as m
      where m.chat_id = w.chat_id
        and m.topic_id = w.topic_id
        and m.edit_version = 0
        and (m.telegram_date, m.message_id) >= (w.opened_at, w.first_message_id)
        and m.telegram_date <= coalesce(w.closed_at, now())
      order by m.telegram_date, m.message_id
      limit most
    )
  )
  select
    a.message_id, a.telegram_date, v.author_name, v.is_staff, v.is_bot, v.kind, coalesce(v.message_text, v.caption),
    v.reply_to_message_id, v.edited_at, v.media_file_id is not null, a.belongs
  from around as a
  cross join lateral (
    select m.*
    from public.chat_messages as m
    where m.chat_id = w.chat_id
      and m.message_id = a.message_id
      and m.telegram_date = a.telegram_date
    order by m.edited_at desc nulls last, m.update_id desc
    limit 1
  ) as v
  order by a.telegram_date, a.message_id;
end
$$;

grant execute on function api.transcript(uuid, integer, integer) to authenticated;
