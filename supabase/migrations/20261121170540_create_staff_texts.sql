-- Ready texts in the bot: found by words, filled in for a chat, looked at, and only then sent; and answers to frequent questions.
set lock_timeout = '5s';

create function private.filled(content text, chat public.chats, person public.users, at timestamptz)
returns text
language plpgsql
stable
set search_path = ''
as $$
/* A template's text with its variables filled in: {{client_name}}, {{accountant_name}} (of the chat, else whoever sends it), {{chat_title}}
   and {{date}}, the firm's today. Refuses with template_is_unfinished when anything in braces is left: no client may read that. */
declare
  answer text := content;
  variable record;
begin
  for variable in
    select v.name, v.value
    from (
      values
        ('client_name', coalesce((select k.name from public.clients as k where k.id = chat.client_id), chat.chat_name)),
        (
          'accountant_name',
          coalesce((select u.full_name from public.users as u where u.id = chat.assigned_accountant_id), person.full_name)
        ),
        ('chat_title', chat.chat_name),
        ('date', to_char(timezone(private.firm_zone(), at), 'DD.MM.YYYY'))
    ) as v (name, value)
  loop
    answer := regexp_replace(answer, '\{\{\s*' || variable.name || '\s*\}\}', replace(variable.value, '\', '\\'), 'gi');
  end loop;
  -- What the template itself leaves open, and not what a name brings in.
  if regexp_replace(content, '\{\{\s*(client_name|accountant_name|chat_title|date)\s*\}\}', '', 'gi') ~ '\{\{|\}\}' then
    raise exception 'template_is_unfinished' using errcode = 'PT422';
  elsif length(answer) > 4096 then
    raise exception 'reply_is_too_long' using errcode = 'PT422';
  end if;
  return answer;
end
$$;

create function api.staff_templates(telegram_id bigint, words text default '', page integer default 0)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* Ready texts, eight to a page, those used most first: {words, page, pages, total, templates: [{id, category, title}]}. With words the best
   eight that have them, by stem, by a piece of the title, or almost. */
declare
  person constant public.users := private.staff(telegram_id);
  sought constant text := left(btrim(coalesce(words, '')), 100);
  query constant tsquery := websearch_to_tsquery('pg_catalog.russian', nullif(sought, ''));
  answer jsonb;
begin
  with found as materialized (
    select
      t.id, t.category, t.title, t.usage_count,
      case
        when sought = '' then 0
        when lower(t.title) = lower(sought) then 3
        when strpos(lower(t.title), lower(sought)) > 0 then 2
        else extensions.word_similarity(sought, t.category || ' ' || t.title)
      end as rank
    from public.templates as t
    where sought = ''
      or to_tsvector('pg_catalog.russian', t.category || ' ' || t.title || ' ' || t.content) @@ query
      or strpos(lower(t.category || ' ' || t.title), lower(sought)) > 0
      or extensions.word_similarity(sought, t.category || ' ' || t.title) > 0.5
  ),
  amounts as (
    select
      count(*) as total,
      case when sought = '' then greatest(ceil(count(*) / 8.0)::integer, 1) else 1 end as pages
    from found
  )
  select jsonb_build_object(
    'words', sought,
    'page', greatest(least(staff_templates.page, a.pages - 1), 0),
    'pages', a.pages,
    'total', a.total,
    'templates', (
      select coalesce(
        jsonb_agg(
          jsonb_build_object('id', s.id, 'category', s.category, 'title', s.title)
          order by s.rank desc, s.usage_count desc, s.title, s.id
        ),
        '[]'
      )
      from (
        select f.*
        from found as f
        order by f.rank desc, f.usage_count desc, f.title, f.id
        limit 8
        offset 8 * greatest(least(staff_templates.page, a.pages - 1), 0)
      ) as s
    )
  )
  from amounts as a
  into answer;
  return answer;
end
$$;

create function private.template_to_send(template_id uuid)
returns public.templates
language plpgsql
stable
set search_path = ''
as $$
/* A template by its id. Refuses with unknown_template. */
declare
  template public.templates;
begin
  select t.* into template from public.templates as t where t.id = template_id;
  if template.id is null then
    raise exception 'unknown_template' using errcode = 'PT404';
  end if;
  return template;
end
$$;

create function api.template_chats(template_id uuid, telegram_id bigint, page integer default 0, as_of timestamptz default now())
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* Where a template may be sent, whoever waits longest first: {template, title} and staff_chats. Refuses with unknown_template. */
declare
  template constant public.templates := private.template_to_send(template_id);
begin
  return api.staff_chats(telegram_id, page, as_of) || jsonb_build_object('template', template.id, 'title', template.title);
end
$$;

create function api.preview_template(template_id uuid, chat uuid, telegram_id bigint, as_of timestamptz default now())
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* What a chat would read: {template, chat, title, chat_name, text}. Refuses with unknown_template, as chat_to_answer and as filled do. */
declare
  person constant public.users := private.staff(telegram_id);
  template constant public.templates := private.template_to_send(template_id);
  place constant public.chats := private.chat_to_answer(chat, person, as_of);
begin
  return jsonb_build_object(
    'template', template.id,
    'chat', place.id,
    'title', template.title,
    'chat_name', place.chat_name,
    'text', private.filled(template.content, place, person, as_of)
  );
end
$$;

create function api.send_template(
  template_id uuid, chat uuid, telegram_id bigint, preview_id bigint, seen_at timestamptz, as_of timestamptz default now()
)
returns jsonb
language plpgsql
set search_path = ''
as $$
/* Sends a template into a chat in a person's name, once for each preview (the Telegram id of the message that showed it, seen_at), to the
   topic where the client waits longest: {outcome: sent or already_sent, chat_name}. Refuses as preview_template does, and with
   template_changed when the text is not the one that was seen. */
declare
  person constant public.users := private.acting_staff(telegram_id);
  template constant public.templates := private.template_to_send(template_id);
  place constant public.chats := private.chat_to_answer(chat, person, as_of);
  is_new boolean;
begin
  -- Telegram dates by the second. What cannot be told to be the same is looked at again.
  if (date_trunc('second', template.updated_at) <= seen_at) is not true then
    raise exception 'template_changed' using errcode = 'PT409';
  end if;
  is_new := private.owe_reply(
    md5(concat_ws(':', telegram_id, preview_id, template.id, place.id))::uuid,
    place,
    person.id,
    private.filled(template.content, place, person, as_of),
    (
      select w.topic_id
      from public.client_requests as w
      where w.chat_id = place.chat_id
        and w.closed_as is null
      order by w.opened_at
      limit 1
    ),
    null,
    as_of
  );
  if is_new then
    perform api.use_template(template.id);
  end if;
  return jsonb_build_object('outcome', case when is_new then 'sent' else 'already_sent' end, 'chat_name', place.chat_name);
end
$$;

create function api.staff_faq(telegram_id bigint, words text default '')
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* Answers to frequent questions, the five that fit the words best, or that are given most often: {words, items: [{id, question,
   answer}]}. */
declare
  person constant public.users := private.staff(telegram_id);
  sought constant text := left(btrim(coalesce(words, '')), 200);
  stems constant text[] := tsvector_to_array(to_tsvector('pg_catalog.russian', sought));
begin
  return jsonb_build_object(
    'words', sought,
    'items', (
      select coalesce(
        jsonb_agg(
          jsonb_build_object('id', b.id, 'question', b.question, 'answer', b.answer)
          order by b.rank desc, b.usage_count desc, b.question
        ),
        '[]'
      )
      from (
        select
          f.id, f.question, f.answer, f.usage_count,
          (select count(*) from unnest(stems) as s where s = any (tsvector_to_array(f.search)))
          + (select count(*) from unnest(f.keywords) as k where lower(sought) ~ ('\m' || regexp_replace(lower(k), '\W', '.', 'g') || '\M'))
          + extensions.word_similarity(sought, f.question) as rank
        from public.faq_items as f
        where person.id is not null
        order by rank desc, f.usage_count desc, f.question
        limit 5
      ) as b
      where sought = ''
        or b.rank > 0.5
    )
  );
end
$$;

grant execute on function
  private.filled(text, public.chats, public.users, timestamptz),
  private.template_to_send(uuid),
  api.staff_templates(bigint, text, integer),
  api.template_chats(uuid, bigint, integer, timestamptz),
  api.preview_template(uuid, uuid, bigint, timestamptz),
  api.send_template(uuid, uuid, bigint, bigint, timestamptz, timestamptz),
  api.staff_faq(bigint, text)
to service_role;
