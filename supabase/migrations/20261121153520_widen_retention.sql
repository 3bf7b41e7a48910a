-- Retention reaches votes, and logs of the machine and of sign-ins have a term of their own (152-FZ, article 5: no longer than needed).
set lock_timeout = '5s';

comment on table public.sign_in_log is
  'What became of each sign-in and password; nobody changes an entry, and after a year it is deleted. Holds no password and no e-mail.';
comment on table public.error_log is 'Faults, append-only, deleted after a year: ids and places, never texts, names or tokens.';

-- Only what goes wrong writes here, and it can wait.
-- squawk-ignore require-concurrent-index-creation
create index errors_by_time on public.error_log (happened_at);

create or replace function private.erase_old_traces(until timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
/* Erases votes' names and comments, records that could not be stored, and what Telegram said of messages that failed, where they are older;
   returns how many rows. */
declare
  votes constant integer := private.erase_votes(null, until);
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
  return votes + rejects + failures;
end
$$;

create function private.forget_old_logs(as_of timestamptz)
returns integer
language sql
set search_path = ''
as $$
/* Deletes sign-ins and faults older than a year, and invitations that nobody took up for as long; returns how many rows. A year, whatever
   the firm's term: a stranger's sign-in or a fault is noticed within weeks, and what happens once a year can still be compared with the
   year before. They are no figures; that somebody signed in stays in the audit log. */
  with sign_ins as (
    delete from public.sign_in_log as s
    where s.happened_at < as_of - interval '1 year'
    returning 1
  ),
  faults as (
    delete from public.error_log as e
    where e.happened_at < as_of - interval '1 year'
    returning 1
  ),
  invitations as (
    delete from public.staff_invitations as i
    where i.used_at is null
      and i.expires_at < as_of - interval '1 year'
    returning 1
  )
  select (select count(*) from sign_ins)::integer + (select count(*) from faults)::integer + (select count(*) from invitations)::integer
$$;

create or replace function api.apply_retention(as_of timestamptz default now(), batch integer default 5000)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
/* Erases what is older than the firm's term: at most `batch` messages of one month, from where the last call stopped; and logs that are
   older than a year. Returns {messages, others, done}; call again until it is done, then once in a while. Windows and figures do not
   change. A definer, because nobody else may touch a message that is stored. */
declare
  cutoff constant timestamptz := (select as_of - make_interval(years => f.retention_years) from public.settings as f);
  progress public.retention_progress;
  month_ends timestamptz;
  messages integer := 0;
  others integer := private.forget_old_logs(as_of);
begin
  if cutoff is null then
    return jsonb_build_object('messages', 0, 'others', others, 'done', true);
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
    others := others + private.erase_old_traces(cutoff);
  end if;

  update public.retention_progress as p
  set erased_until = progress.erased_until, looked_from_start_at = progress.looked_from_start_at;
  return jsonb_build_object('messages', messages, 'others', others, 'done', progress.erased_until >= cutoff);
end
$$;
