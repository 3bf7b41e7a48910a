-- `/templates` and `/faq`: find, write, try out, put away.
set lock_timeout = '5s';

create function api.templates_page(words text default '', category text default null, archived boolean default false) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* Ready texts by category and title, those in use or those put away: {templates, categories, in_use, put_away}. Words are sought in all of
   a text, by stem and by a piece; `categories` counts the texts that the words leave. */
#variable_conflict use_column
begin
  return (
    with sought as (
      select left(btrim(coalesce(templates_page.words, '')), 100) as line
    ),
    found as materialized (
      select t.id, t.category, t.title, t.content, t.usage_count, t.updated_at, t.archived_at
      from public.templates as t
      cross join sought as s
      where (t.archived_at is not null) = archived
        and (
          s.line = ''
          or to_tsvector('pg_catalog.russian', t.category || ' ' || t.title || ' ' || t.content)
            @@ websearch_to_tsquery('pg_catalog.russian', s.line)
          or strpos(lower(t.category || ' ' || t.title || ' ' || t.content), lower(s.line)) > 0
        )
    )
    select jsonb_build_object(
      'in_use', (select count(*) from public.templates as t where t.archived_at is null),
      'put_away', (select count(*) from public.templates as t where t.archived_at is not null),
      'categories', (
        select coalesce(jsonb_agg(jsonb_build_object('name', c.category, 'amount', c.amount) order by c.category), '[]')
        from (select f.category, count(*) as amount from found as f group by f.category) as c
      ),
      'templates', (
        select coalesce(jsonb_agg(to_jsonb(f) order by f.category, f.title, f.id), '[]')
        from found as f
        where templates_page.category is null
          or f.category = templates_page.category
      )
    )
  );
end
$$;

create function api.save_template(category text, title text, content text, template_id uuid default null) returns uuid
language plpgsql
set search_path = ''
as $$
/* Writes a ready text, a new one where none is named, and returns its id. Refuses with not_allowed, unknown_template, template_is_unfinished
   (a variable that does not exist: it could not be sent), or the constraint that it breaks. */
declare
  saved uuid;
  promise text;
begin
  perform private.expect_role('admin', 'manager');
  perform private.filled(save_template.content, null, null, now());
  if template_id is null then
    insert into public.templates (category, title, content)
    values (btrim(save_template.category), btrim(save_template.title), btrim(save_template.content))
    returning id into saved;
  else
    update public.templates as t
    set category = btrim(save_template.category), title = btrim(save_template.title), content = btrim(save_template.content)
    where t.id = template_id
    returning t.id into saved;
  end if;
  if saved is null then
    raise exception 'unknown_template' using errcode = 'PT404';
  end if;
  return saved;
exception
  when check_violation then
    get stacked diagnostics promise = constraint_name;
    raise exception '%', promise using errcode = 'PT422';
end
$$;

create function api.archive_template(template_id uuid, archived boolean default true) returns void
language plpgsql
set search_path = ''
as $$
/* Puts a ready text away, or back. Refuses with not_allowed and unknown_template. */
begin
  perform private.expect_role('admin', 'manager');
  update public.templates as t
  set archived_at = case when archived then coalesce(t.archived_at, now()) end
  where t.id = template_id;
  if not found then
    raise exception 'unknown_template' using errcode = 'PT404';
  end if;
end
$$;

create function api.try_template(content text) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
/* What a client would read, with the variables of the chat where the reader was last written to: {chat_name, text}; both are null where the
   reader has no chat yet. Refuses with not_allowed, and as private.filled does. A definer, because filling reads what only the service
   may read; the chat is one that the reader answers for. */
declare
  reader public.users;
  example public.chats;
begin
  select u.* into reader from public.users as u where u.id = (select auth.uid()) and u.active and u.role <> 'observer';
  if reader.id is null then
    raise exception 'not_allowed' using errcode = 'PT403';
  end if;
  perform private.filled(try_template.content, null, null, now());
  select c.*
  into example
  from private.chats_of(reader, now()) as c
  order by c.chat_name, c.id
  limit 1;
  return jsonb_build_object(
    'chat_name', example.chat_name,
    'text', case when example.id is not null then private.filled(try_template.content, example, reader, now()) end
  );
end
$$;

create function api.faq_page(words text default '', archived boolean default false) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* Frequent questions by use, those asked or those put away: {items, in_use, put_away}. Words are sought in questions, answers and keywords.
   `helped` and `not_helped` count what clients said of the bot's answer. */
#variable_conflict use_column
begin
  return (
    with sought as (
      select left(btrim(coalesce(faq_page.words, '')), 100) as line
    )
    select jsonb_build_object(
      'in_use', (select count(*) from public.faq_items as f where f.archived_at is null),
      'put_away', (select count(*) from public.faq_items as f where f.archived_at is not null),
      'items', (
        select coalesce(
          jsonb_agg(
            jsonb_build_object(
              'id', f.id, 'question', f.question, 'answer', f.answer, 'keywords', f.keywords, 'usage_count', f.usage_count,
              'archived_at', f.archived_at, 'helped', v.helped, 'not_helped', v.not_helped
            )
            order by f.usage_count desc, f.question, f.id
          ),
          '[]'
        )
        from public.faq_items as f
        cross join sought as s
        cross join lateral (
          select
            count(*) filter (where a.verdict = 'helped') as helped,
            count(*) filter (where a.verdict = 'not_helped') as not_helped
          from public.faq_answers as a
          where a.faq_item_id = f.id
            and a.offered_at is not null
        ) as v
        where (f.archived_at is not null) = archived
          and (
            s.line = ''
            or f.search @@ websearch_to_tsquery('pg_catalog.russian', s.line)
            or strpos(lower(f.question || ' ' || f.answer || ' ' || array_to_string(f.keywords, ' ')), lower(s.line)) > 0
          )
      )
    )
  );
end
$$;

create function api.save_faq_item(question text, answer text, keywords text[] default '{}', faq_item_id uuid default null) returns uuid
language plpgsql
set search_path = ''
as $$
/* Writes a frequent question, a new one where none is named, and returns its id; empty and repeated keywords are left out. Refuses with
   not_allowed, unknown_faq_item, or the constraint that it breaks. */
declare
  kept constant text[] := array(
    select k.word
    from (
      select distinct on (lower(btrim(w.word))) btrim(w.word) as word, w.place
      from unnest(save_faq_item.keywords) with ordinality as w (word, place)
      where btrim(w.word) <> ''
      order by lower(btrim(w.word)), w.place
    ) as k
    order by k.place
  );
  saved uuid;
  promise text;
begin
  perform private.expect_role('admin', 'manager');
  if faq_item_id is null then
    insert into public.faq_items (question, answer, keywords)
    values (btrim(save_faq_item.question), btrim(save_faq_item.answer), kept)
    returning id into saved;
  else
    update public.faq_items as f
    set question = btrim(save_faq_item.question), answer = btrim(save_faq_item.answer), keywords = kept
    where f.id = faq_item_id
    returning f.id into saved;
  end if;
  if saved is null then
    raise exception 'unknown_faq_item' using errcode = 'PT404';
  end if;
  return saved;
exception
  when check_violation then
    get stacked diagnostics promise = constraint_name;
    raise exception '%', promise using errcode = 'PT422';
end
$$;

create function api.archive_faq_item(faq_item_id uuid, archived boolean default true) returns void
language plpgsql
set search_path = ''
as $$
/* Puts a frequent question away, or back. Refuses with not_allowed and unknown_faq_item. */
begin
  perform private.expect_role('admin', 'manager');
  update public.faq_items as f
  set archived_at = case when archived then coalesce(f.archived_at, now()) end
  where f.id = faq_item_id;
  if not found then
    raise exception 'unknown_faq_item' using errcode = 'PT404';
  end if;
end
$$;

create function api.try_faq(words text) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* What the bot would answer, by the same matcher: {answers, threshold, candidates: [{id, question, answer, score}]}, the best three of those
   that have a keyword or half of their question in the words; `answers` is whether the best is like enough. */
#variable_conflict use_column
begin
  return (
    with candidates as materialized (
      select f.id, f.question, f.answer, m.score
      from private.match_faq(words, 0::real) as m
      join public.faq_items as f on f.id = m.faq_item_id
      order by m.score desc, f.id
      limit 3
    )
    select jsonb_build_object(
      'answers', exists (select from private.match_faq(words)),
      'threshold', private.faq_threshold(),
      'candidates', (select coalesce(jsonb_agg(to_jsonb(c) order by c.score desc, c.id), '[]') from candidates as c)
    )
  );
end
$$;

grant execute on function private.faq_threshold() to authenticated, service_role;
grant execute on function
  private.match_faq(text, real),
  private.stems(text),
  private.shared_stems(text[], text[]),
  private.plain_words(text),
  private.filled(text, public.chats, public.users, timestamptz),
  api.templates_page(text, text, boolean),
  api.save_template(text, text, text, uuid),
  api.archive_template(uuid, boolean),
  api.try_template(text),
  api.faq_page(text, boolean),
  api.save_faq_item(text, text, text[], uuid),
  api.archive_faq_item(uuid, boolean),
  api.try_faq(text)
to authenticated;
