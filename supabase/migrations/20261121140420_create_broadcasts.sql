-- Announcements to many chats at once.
set lock_timeout = '5s';

create table public.broadcasts (
  id uuid primary key default gen_random_uuid(),
  title text not null,
  content text not null,
  segment_id uuid references public.chat_segments (id),
  status text not null default 'draft',
  created_by uuid default auth.uid() references public.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint broadcast_has_a_title check (length(btrim(title)) between 1 and 200),
  constraint broadcast_fits_one_message check (length(btrim(content)) between 1 and 4096),
  constraint status_is_known check (status in ('draft', 'sending', 'sent', 'cancelled'))
);

create index broadcasts_of_a_person on public.broadcasts (created_by);

comment on table public.broadcasts is 'Announcements of the firm to its clients'' chats.';
comment on column public.broadcasts.id is 'Key.';
comment on column public.broadcasts.title is 'Name as people choose it; clients do not see it.';
comment on column public.broadcasts.content is 'The text.';
comment on column public.broadcasts.segment_id is 'Chats that get it; null is all.';
comment on column public.broadcasts.status is 'draft, sending, sent or cancelled; who sends it moves it.';
comment on column public.broadcasts.created_by is 'Who wrote it; managers see their own and their team''s.';
comment on column public.broadcasts.created_at is 'When the row was made.';
comment on column public.broadcasts.updated_at is 'When the row last changed.';

alter table public.broadcasts enable row level security;
grant
  select, insert (title, content, segment_id), update (title, content, segment_id), delete
on public.broadcasts to authenticated;
grant select, insert, update, delete on public.broadcasts to service_role;

create trigger broadcasts_touch_updated_at
before update on public.broadcasts
for each row execute function private.touch_updated_at();
create trigger broadcasts_audited after insert or update or delete on public.broadcasts
for each row execute function private.record_change();

create view api.broadcasts with (security_invoker = true) as
select b.id, b.title, b.content, b.segment_id, b.status, b.created_by, b.created_at, b.updated_at
from public.broadcasts as b;

comment on view api.broadcasts is 'Announcements.';

grant
  select, insert (title, content, segment_id), update (title, content, segment_id), delete
on api.broadcasts to authenticated;
grant select, insert, update, delete on api.broadcasts to service_role;
