-- What accountants answer with: ready texts, and answers that clients find by themselves.
set lock_timeout = '5s';

create extension if not exists pg_trgm with schema extensions;

create table public.templates (
  id uuid primary key default gen_random_uuid(),
  category text not null,
  title text not null,
  content text not null,
  usage_count integer not null default 0,
  created_by uuid default auth.uid() references public.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint template_has_a_category check (length(btrim(category)) between 1 and 100),
  constraint template_has_a_title check (length(btrim(title)) between 1 and 200),
  -- What Telegram takes in one message.
  constraint template_fits_one_message check (length(btrim(content)) between 1 and 4096),
  constraint usage_is_counted check (usage_count >= 0)
);

create index templates_by_category on public.templates (category, title);

comment on table public.templates is 'Ready texts with variables, for answers to clients.';
comment on column public.templates.id is 'Key.';
comment on column public.templates.category is 'Heading in lists.';
comment on column public.templates.title is 'Name as people choose it.';
comment on column public.templates.content is 'The text, with variables such as {{client_name}}.';
comment on column public.templates.usage_count is 'How often it was sent.';
comment on column public.templates.created_by is 'Who wrote it.';
comment on column public.templates.created_at is 'When the row was made.';
comment on column public.templates.updated_at is 'When the text last changed.';

create table public.faq_items (
  id uuid primary key default gen_random_uuid(),
  question text not null,
  answer text not null,
  keywords text[] not null default '{}',
  usage_count integer not null default 0,
  created_by uuid default auth.uid() references public.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  search tsvector not null generated always as (
    setweight(to_tsvector('pg_catalog.russian', question), 'A') || setweight(to_tsvector('pg_catalog.russian', answer), 'B')
  ) stored,
  constraint question_is_written check (length(btrim(question)) between 1 and 500),
  constraint answer_fits_one_message check (length(btrim(answer)) between 1 and 4096),
  constraint keywords_are_words check (array_position(keywords, null) is null and array_position(keywords, '') is null),
  constraint usage_is_counted check (usage_count >= 0)
);

create index faq_by_words on public.faq_items using gin (search);
create index faq_by_keyword on public.faq_items using gin (keywords);
create index faq_by_likeness on public.faq_items using gin (question extensions.gin_trgm_ops);

comment on table public.faq_items is 'Questions with answers that the bot offers to clients; an answer never stops a clock by itself.';
comment on column public.faq_items.id is 'Key.';
comment on column public.faq_items.question is 'The question, as clients ask it.';
comment on column public.faq_items.answer is 'What the bot says.';
comment on column public.faq_items.keywords is 'Words that mean this question; they match as whole words only.';
comment on column public.faq_items.usage_count is 'How often the answer was given.';
comment on column public.faq_items.created_by is 'Who wrote it.';
comment on column public.faq_items.created_at is 'When the row was made.';
comment on column public.faq_items.updated_at is 'When the text last changed.';
comment on column public.faq_items.search is 'Stems of question and answer, for the full-text search.';

alter table public.templates enable row level security;
alter table public.faq_items enable row level security;
grant
  select, insert (category, title, content), update (category, title, content), delete
on public.templates to authenticated;
grant
  select, insert (question, answer, keywords), update (question, answer, keywords), delete
on public.faq_items to authenticated;
grant select on public.templates, public.faq_items to service_role;

create trigger templates_touch_updated_at
before update of category, title, content on public.templates
for each row execute function private.touch_updated_at();
create trigger faq_items_touch_updated_at
before update of question, answer, keywords on public.faq_items
for each row execute function private.touch_updated_at();

create trigger templates_audited after insert or delete or update of category, title, content on public.templates
for each row execute function private.record_change();
create trigger faq_items_audited after insert or delete or update of question, answer, keywords on public.faq_items
for each row execute function private.record_change();

create view api.templates with (security_invoker = true) as
select t.id, t.category, t.title, t.content, t.usage_count, t.created_by, t.created_at, t.updated_at
from public.templates as t;

create view api.faq_items with (security_invoker = true) as
select f.id, f.question, f.answer, f.keywords, f.usage_count, f.created_by, f.created_at, f.updated_at, f.search
from public.faq_items as f;

comment on view api.templates is 'Ready texts.';
comment on view api.faq_items is 'Questions with answers.';

grant
  select, insert (category, title, content), update (category, title, content), delete
on api.templates to authenticated;
grant
  select, insert (question, answer, keywords), update (question, answer, keywords), delete
on api.faq_items to authenticated;
grant select on api.templates, api.faq_items to service_role;

create function api.use_template(template_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
/* Counts one use of a template. Refuses with not_allowed (observers and strangers) and unknown_template. A definer, because who may use a
   text need not be allowed to change it. */
begin
  if (select auth.role()) is distinct from 'service_role'
    and coalesce(private.role() not in ('admin', 'manager', 'accountant'), true)
  then
    raise exception 'not_allowed' using errcode = 'PT403';
  end if;
  update public.templates as t
  set usage_count = t.usage_count + 1
  where t.id = use_template.template_id;
  if not found then
    raise exception 'unknown_template' using errcode = 'PT404';
  end if;
end
$$;

create function api.use_faq_item(faq_item_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
/* Counts one use of an answer. Refuses with not_allowed (observers and strangers) and unknown_faq_item. A definer, because who may use a
   text need not be allowed to change it. */
begin
  if (select auth.role()) is distinct from 'service_role'
    and coalesce(private.role() not in ('admin', 'manager', 'accountant'), true)
  then
    raise exception 'not_allowed' using errcode = 'PT403';
  end if;
  update public.faq_items as f
  set usage_count = f.usage_count + 1
  where f.id = use_faq_item.faq_item_id;
  if not found then
    raise exception 'unknown_faq_item' using errcode = 'PT404';
  end if;
end
$$;

grant execute on function api.use_template(uuid), api.use_faq_item(uuid) to authenticated, service_role;
