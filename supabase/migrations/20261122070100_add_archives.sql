-- A text that is not wanted any more goes into the archive: nobody is offered it, its uses stay counted, and it can come back.
set lock_timeout = '5s';

grant update (archived_at) on public.templates, public.faq_items to authenticated;

drop trigger templates_audited on public.templates;

create trigger templates_audited
after insert or delete or update of category, title, content, archived_at on public.templates
for each row execute function private.record_change();

drop trigger faq_items_audited on public.faq_items;

create trigger faq_items_audited
after insert or delete or update of question, answer, keywords, archived_at on public.faq_items
for each row execute function private.record_change();

create or replace view api.templates with (security_invoker = true) as
select t.id, t.category, t.title, t.content, t.usage_count, t.created_by, t.created_at, t.updated_at, t.archived_at
from public.templates as t;

create or replace view api.faq_items with (security_invoker = true) as
select f.id, f.question, f.answer, f.keywords, f.usage_count, f.created_by, f.created_at, f.updated_at, f.search, f.archived_at
from public.faq_items as f;

grant update (archived_at) on api.templates, api.faq_items to authenticated;

create or replace function api.staff_templates(telegram_id bigint, words text default '', page integer default 0)
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
    where t.archived_at is null
      and (
        sought = ''
        or to_tsvector('pg_catalog.russian', t.category || ' ' || t.title || ' ' || t.content) @@ query
        or strpos(lower(t.category || ' ' || t.title), lower(sought)) > 0
        or extensions.word_similarity(sought, t.category || ' ' || t.title) > 0.5
      )
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

create or replace function private.template_to_send(template_id uuid)
returns public.templates
language plpgsql
stable
set search_path = ''
as $$
/* A template in use, by its id. Refuses with unknown_template. */
declare
  template public.templates;
begin
  select t.* into template from public.templates as t where t.id = template_id and t.archived_at is null;
  if template.id is null then
    raise exception 'unknown_template' using errcode = 'PT404';
  end if;
  return template;
end
$$;

create or replace function api.staff_faq(telegram_id bigint, words text default '')
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
          and f.archived_at is null
        order by rank desc, f.usage_count desc, f.question
        limit 5
      ) as b
      where sought = ''
        or b.rank > 0.5
    )
  );
end
$$;

create function private.faq_threshold() returns real
language sql
immutable
set search_path = ''
as $$
/* From which likeness on the bot answers by itself. Measured: tests/sql/test_faq.py prints recall and precision. */
  select 0.5::real
$$;

create or replace function private.match_faq(words text, least_score real default private.faq_threshold())
returns table (faq_item_id uuid, score real)
language sql
stable
set search_path = ''
as $$
/* The frequent questions that some words ask, the best first. A keyword counts only as whole words; beside it counts how much of the
   question was said, and how much of what was said belongs to it: a long message about something else is no question of this kind. The
   least score is measured (tests/sql/test_faq.py prints recall and precision). */
  with said as (
    select s.stems, cardinality(s.stems) as amount, ' ' || private.plain_words(match_faq.words) || ' ' as line
    from (values (private.stems(left(match_faq.words, 1000)))) as s (stems)
  ),
  compared as (
    select
      f.id,
      said.amount,
      private.stems(f.question) as question,
      key.found,
      key.stems as keys
    from said
    cross join public.faq_items as f
    cross join lateral (
      select
        coalesce(
          bool_or(
            private.shared_stems(k.stems, said.stems) = cardinality(k.stems)
            -- «Куда платить» is more than «платить».
            and (cardinality(k.stems) > 1 or k.words not like '% %' or said.line like '% ' || k.words || ' %')
          ),
          false
        ) as found,
        coalesce(array_agg(distinct stem) filter (where stem is not null), '{}') as stems
      from (select private.stems(keyword) as stems, private.plain_words(keyword) as words from unnest(f.keywords) as keyword) as k
      left join lateral unnest(k.stems) as stem on true
      where cardinality(k.stems) > 0
    ) as key
    where said.amount > 0
      and f.archived_at is null
  ),
  weighed as (
    select
      c.id,
      c.found,
      private.shared_stems(c.question, said.stems) / greatest(cardinality(c.question), 1)::real as of_question,
      private.shared_stems(said.stems, c.question || c.keys) / c.amount::real as of_words
    from compared as c
    cross join said
  ),
  scored as (
    select w.id, (0.35 * w.found::integer + 0.2 * w.of_question + 0.45 * w.of_words)::real as score
    from weighed as w
    -- One word of a question, with nothing else said, is still another question.
    where w.found or w.of_question >= 0.5
  )
  select s.id, s.score
  from scored as s
  where s.score >= least_score
  order by s.score desc, s.id
$$;
