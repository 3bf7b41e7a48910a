-- What people have said of the classifier, for whoever measures it.
set lock_timeout = '5s';

create function api.classification_examples(batch integer default 1000)
returns table (text text, classification text)
language sql
stable
set search_path = ''
as $$
/* The latest words of people on single messages, newest first: what was written, and what it is. Of what needed no answer, that it asked
   for nothing. Texts that are erased are no examples any more. For the service only. */
  select m.message_text, case c.became when 'no_answer_needed' then 'gratitude' else c.became end
  from (
    select distinct on (c.chat_id, c.message_id, c.telegram_date) c.*
    from public.classification_corrections as c
    where c.said_by = 'person'
    order by c.chat_id, c.message_id, c.telegram_date, c.corrected_at desc, c.id desc
  ) as c
  join public.chat_messages as m
    on m.chat_id = c.chat_id
    and m.message_id = c.message_id
    and m.telegram_date = c.telegram_date
    and m.edit_version = c.edit_version
  where m.kind = 'text'
    and m.message_text is not null
  order by c.corrected_at desc, c.id desc
  limit batch
$$;

grant execute on function api.classification_examples(integer) to service_role;
