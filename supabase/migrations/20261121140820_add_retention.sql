-- Retention: what was said is forgotten by itself after the firm's term, the figures stay (I21).
set lock_timeout = '5s';

alter table public.settings add column retention_years integer default 5;
-- One row: nobody waits for its check.
-- squawk-ignore constraint-missing-not-valid
alter table public.settings add constraint retention_is_counted_in_years check (retention_years between 1 and 100);
comment on column public.settings.retention_years is
  'Texts and media older than this are erased; null keeps them for ever. Five years is how long the law has accounting documents kept (402-FZ, article 29), and personal data is to be kept no longer than its purpose asks for (152-FZ, article 5).';

create table public.retention_progress (
  id boolean primary key default true,
  erased_until timestamptz not null default '2013-09-01 00:00+00',
  looked_from_start_at timestamptz not null default now(),
  constraint progress_is_one_row check (id)
);

comment on table public.retention_progress is 'How far retention has come: exactly one row. Only so many messages are looked at in one call.';
comment on column public.retention_progress.id is 'Always true.';
comment on column public.retention_progress.erased_until is 'Messages dated before this hold no text any more; begins before Telegram''s first group.';
comment on column public.retention_progress.looked_from_start_at is
  'When it last began at the first message: once a month, for what came in late under an old date.';

insert into public.retention_progress default values;

alter table public.retention_progress enable row level security;
grant select on public.retention_progress to authenticated, service_role;

create function private.erase_old_traces(until timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
/* Erases records that could not be stored, and what Telegram said of messages that failed, where they are older; returns how many rows. */
declare
  rejects integer;
  failures integer;
begin
  update public.intake_rejects as r
  set record = '{}'
  where r.recorded_at < until
    and r.record <> '{}';
  get diagnostics rejects = row_count;

  update public.outbox as o
  set last_error = null
  where o.status = 'failed'
    and o.created_at < until
    and o.last_error is not null;
  get diagnostics failures = row_count;
  return rejects + failures;
end
$$;

create function api.apply_retention(as_of timestamptz default now(), batch integer default 5000)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
/* Erases what is older than the firm's term: at most `batch` messages of one month, from where the last call stopped. Returns
   {messages, others, done}; call again until it is done, then once in a while. Windows and figures do not change. A definer, because
   nobody else may touch a message that is stored. */
declare
  cutoff constant timestamptz := (select as_of - make_interval(years => f.retention_years) from public.settings as f);
  progress public.retention_progress;
  month_ends timestamptz;
  messages integer := 0;
  others integer := 0;
begin
  if cutoff is null then
    return jsonb_build_object('messages', 0, 'others', 0, 'done', true);
  end if;
  select p.* into progress from public.retention_progress as p for update;
  if progress.looked_from_start_at < as_of - interval '1 month' then
    progress.erased_until := '2013-09-01 00:00+00';
    progress.looked_from_start_at := as_of;
  end if;

  -- A month without anything to erase costs next to nothing, but a whole year in one call may not be nothing.
  for step in 1 .. 12 loop
    exit when messages > 0 or progress.erased_until >= cutoff;
    month_ends := least(cutoff, timezone('UTC', date_trunc('month', timezone('UTC', progress.erased_until)) + interval '1 month'));
    messages := private.erase_messages(null, progress.erased_until, month_ends, batch);
    if messages < batch then
      progress.erased_until := month_ends;
    end if;
  end loop;
  if progress.erased_until >= cutoff then
    others := private.erase_old_traces(cutoff);
  end if;

  update public.retention_progress as p
  set erased_until = progress.erased_until, looked_from_start_at = progress.looked_from_start_at;
  return jsonb_build_object('messages', messages, 'others', others, 'done', progress.erased_until >= cutoff);
end
$$;

grant execute on function api.apply_retention(timestamptz, integer) to service_role;
