-- What each person chose for oneself: what to be told of, and lists worth keeping.
set lock_timeout = '5s';

create table public.notification_preferences (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid() references public.users (id) on delete cascade,
  kind text not null,
  wanted boolean not null default true,
  constraint one_choice_per_kind unique (user_id, kind),
  constraint kind_is_known check (kind in ('warning', 'breach', 'escalation', 'digest', 'chat_notice', 'low_rating')),
  constraint a_late_answer_is_always_told check (wanted or kind not in ('breach', 'escalation'))
);

comment on table public.notification_preferences is 'What a person wants to be told of; without a row, everything.';
comment on column public.notification_preferences.id is 'Key.';
comment on column public.notification_preferences.user_id is 'Whose choice.';
comment on column public.notification_preferences.kind is 'What it is about; breach and escalation cannot be refused.';
comment on column public.notification_preferences.wanted is 'Whether to tell.';

create table public.saved_views (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid() references public.users (id) on delete cascade,
  page text not null,
  name text not null,
  query text not null,
  created_at timestamptz not null default now(),
  constraint one_saved_view_per_name unique (user_id, page, name),
  constraint page_is_a_route check (page ~ '^/[a-z/]*$'),
  constraint saved_view_has_a_name check (length(btrim(name)) between 1 and 100),
  constraint query_is_short check (length(query) <= 2000)
);

comment on table public.saved_views is 'Filters of a list that a person keeps under a name.';
comment on column public.saved_views.id is 'Key.';
comment on column public.saved_views.user_id is 'Whose it is; nobody else sees it.';
comment on column public.saved_views.page is 'Route of the list, such as /requests.';
comment on column public.saved_views.name is 'Name as the person chose it.';
comment on column public.saved_views.query is 'The filters, as in the address.';
comment on column public.saved_views.created_at is 'When the row was made.';

alter table public.notification_preferences enable row level security;
alter table public.saved_views enable row level security;
grant select, insert (kind, wanted), update (wanted), delete on public.notification_preferences to authenticated;
grant select, insert (page, name, query), update (name, query), delete on public.saved_views to authenticated;
grant select, insert, update, delete on public.notification_preferences, public.saved_views to service_role;

create view api.notification_preferences with (security_invoker = true) as
select p.id, p.user_id, p.kind, p.wanted
from public.notification_preferences as p;

create view api.saved_views with (security_invoker = true) as
select v.id, v.user_id, v.page, v.name, v.query, v.created_at
from public.saved_views as v;

comment on view api.notification_preferences is 'What the reader wants to be told of.';
comment on view api.saved_views is 'Lists that the reader keeps.';

grant select, insert (kind, wanted), update (wanted), delete on api.notification_preferences to authenticated;
grant select, insert (page, name, query), update (name, query), delete on api.saved_views to authenticated;
grant select, insert, update, delete on api.notification_preferences, api.saved_views to service_role;
