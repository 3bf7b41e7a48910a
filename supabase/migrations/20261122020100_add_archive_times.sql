-- A schedule or a text that is not wanted any more can be put away.
set lock_timeout = '5s';

alter table public.working_schedules add column archived_at timestamptz;
alter table public.templates add column archived_at timestamptz;
alter table public.faq_items add column archived_at timestamptz;

comment on column public.working_schedules.archived_at is 'When it was put away: no chat uses it, and none is offered it; null for the rest.';
comment on column public.templates.archived_at is 'Since when nobody is offered it; null while it is in use.';
comment on column public.faq_items.archived_at is 'Since when nobody is offered it; null while it is in use.';
