-- The conversation around a window goes on in both directions, and what was edited tells what it said before.
set lock_timeout = '5s';

-- The page that asked for rows asks for one object now.
-- squawk-ignore ban-drop-function
drop function api.transcript(uuid, integer, integer);

create function private.told_messages(of_chat bigint, places private.place[])
returns jsonb
language plpgsql
stable
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
/* Some messages of a chat as a page shows them, oldest first, each as it stands now and, where it was edited, as it stood before:
   [{message_id, at, author, is_staff, is_bot, kind, text, edited_at, has_file, reply_to, versions: [{at, text}]}]. */
#variable_conflict use_column
begin
  return (
    select coalesce(
      jsonb_agg(
        (m.versions -> -1) || jsonb_build_object('versions', m.versions - -1) order by m.at, m.message_id
      ),
      '[]'
    )
    from (
      select
        v.message_id,
        v.telegram_date as at,
        jsonb_agg(
          jsonb_build_object(
            'message_id', v.message_id,
            'at', v.telegram_date,
            'author', coalesce(v.author_name, u.full_name),
            'is_staff', v.is_staff,
            'is_bot', v.is_bot,
            'kind', v.kind,
            'text', coalesce(v.message_text, v.caption),
            'edited_at', v.edited_at,
            'has_file', v.media_file_id is not null,
            'reply_to', v.reply_to_message_id
          )
          order by v.edited_at nulls first, v.update_id
        ) as versions
      from unnest(places) as p
      join public.chat_messages as v on v.chat_id = of_chat and v.message_id = p.message_id and v.telegram_date = p.at
      left join public.users as u on u.id = v.user_id
      group by v.message_id, v.telegram_date
    ) as m
  );
end
$$;

create function private.places_before(of_chat bigint, of_topic bigint, place private.place, amount integer)
returns private.place[]
language plpgsql
stable
set search_path = ''
as $$
/* The last messages of a topic before one, the latest first; what is ninety days older is another talk. */
#variable_conflict use_column
begin
  return (
    select array_agg(m.place)
    from (
      select (m.telegram_date, m.message_id)::private.place as place
      from public.chat_messages as m
      where m.chat_id = of_chat
        and m.topic_id = of_topic
        and m.edit_version = 0
        and (m.telegram_date, m.message_id) < ((place).at, (place).message_id)
        -- Said beside the row's own comparison, which leaves no month out.
        and m.telegram_date <= (place).at
        and m.telegram_date > (place).at - interval '90 days'
      order by m.telegram_date desc, m.message_id desc
      limit amount
    ) as m
  );
end
$$;

create function private.places_from(of_chat bigint, of_topic bigint, place private.place, until timestamptz, amount integer)
returns private.place[]
language plpgsql
stable
set search_path = ''
as $$
/* The first messages of a topic from one on, that one included, up to an instant. */
#variable_conflict use_column
begin
  return (
    select array_agg(m.place)
    from (
      select (m.telegram_date, m.message_id)::private.place as place
      from public.chat_messages as m
      where m.chat_id = of_chat
        and m.topic_id = of_topic
        and m.edit_version = 0
        and (m.telegram_date, m.message_id) >= ((place).at, (place).message_id)
        and m.telegram_date >= (place).at
        and m.telegram_date <= until
      order by m.telegram_date, m.message_id
      limit amount
    ) as m
  );
end
$$;

create function api.transcript(
  request_id uuid, before_at timestamptz default null, before_id bigint default null, after_at timestamptz default null,
  after_id bigint default null, amount integer default 30
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* What was written in the topic of a window: {chat_id, messages, has_earlier, has_later, belongs_from, belongs_until}, messages as told_messages
   gives them. Without more, ten messages before its opening and `amount` from there on until its end; else `amount` before a message, or
   after one. Empty to who may not read messages. Refuses with unknown_request when the window does not exist for who asks. */
declare
  w public.client_requests;
  most constant integer := least(amount, 200);
  opening private.place;
  latest private.place;
  ends_at timestamptz;
  places private.place[];
  has_earlier boolean := false;
  has_later boolean := false;
begin
  select r.* into w from public.client_requests as r where r.id = transcript.request_id;
  if w.id is null then
    raise exception 'unknown_request' using errcode = 'PT404';
  end if;
  opening := (w.opened_at, w.first_message_id);
  ends_at := coalesce(w.closed_at, now());

  if before_at is not null then
    places := private.places_before(w.chat_id, w.topic_id, (before_at, before_id), most + 1);
    has_earlier := cardinality(places) > most;
    places := places[:most];
  elsif after_at is not null then
    places := private.places_from(w.chat_id, w.topic_id, (after_at, after_id + 1), 'infinity', most + 1);
    has_later := cardinality(places) > most;
    places := places[:most];
  else
    places := private.places_before(w.chat_id, w.topic_id, opening, 11);
    has_earlier := cardinality(places) > 10;
    places := private.places_from(w.chat_id, w.topic_id, opening, ends_at, most) || places[:10];
    select p.at, p.message_id into latest from unnest(places) as p order by p.at desc, p.message_id desc limit 1;
    has_later := private.places_from(w.chat_id, w.topic_id, (latest.at, latest.message_id + 1), 'infinity', 1) is not null;
  end if;
  return jsonb_build_object(
    'chat_id', w.chat_id,
    'messages', private.told_messages(w.chat_id, places),
    'has_earlier', coalesce(has_earlier, false),
    'has_later', coalesce(has_later, false),
    'belongs_from', w.opened_at,
    'belongs_until', ends_at
  );
end
$$;

grant execute on function
  private.told_messages(bigint, private.place[]),
  private.places_before(bigint, bigint, private.place, integer),
  private.places_from(bigint, bigint, private.place, timestamptz, integer),
  api.transcript(uuid, timestamptz, bigint, timestamptz, bigint, integer)
to authenticated;
