-- `/errors`: faults of one kind and place are one row, however often they come; a few of them are kept with their numbers.
set lock_timeout = '5s';

create table public.error_groups (
  fingerprint text primary key,
  component text not null,
  event text not null,
  place text not null default '',
  trace text not null default '',
  amount bigint not null default 0,
  first_at timestamptz not null,
  last_at timestamptz not null,
  resolved_at timestamptz,
  resolved_by uuid references public.users (id) on delete set null,
  recurred_at timestamptz,
  constraint component_is_known check (component in ('bot', 'jobs', 'admin')),
  constraint fingerprint_is_a_hash check (fingerprint ~ '^[0-9a-f]{16,64}$'),
  constraint event_is_short check (length(event) between 1 and 100),
  constraint place_is_short check (length(place) <= 300),
  constraint trace_is_bounded check (length(trace) <= 8000)
);

comment on table public.error_groups is 'Faults by kind and place, deleted a year after the last one: places in the code, never texts, names or tokens.';
comment on column public.error_groups.fingerprint is 'Hash of component, event, kind and places.';
comment on column public.error_groups.component is 'Process: bot, jobs or admin.';
comment on column public.error_groups.event is 'Name of the event in the log.';
comment on column public.error_groups.place is 'Kind of the exception and where it was raised.';
comment on column public.error_groups.trace is 'Places in the code of the first one, without values.';
comment on column public.error_groups.amount is 'How many there were, those that were not kept one by one too.';
comment on column public.error_groups.first_at is 'When the first one was told.';
comment on column public.error_groups.last_at is 'When the last one was told.';
comment on column public.error_groups.resolved_at is 'Since when somebody calls it resolved; empty again when it comes back.';
comment on column public.error_groups.resolved_by is 'Who did.';
comment on column public.error_groups.recurred_at is 'When it last came back after that.';

create index error_groups_by_time on public.error_groups (last_at desc, fingerprint);
create index error_groups_resolved_by on public.error_groups (resolved_by) where resolved_by is not null;

alter table public.error_groups enable row level security;
grant select on public.error_groups to authenticated;

create function api.note_errors(entries jsonb) returns integer
language plpgsql
security definer
set search_path = ''
as $$
/* Records what the processes' logs called an error, once each, however often it is told; returns how many were new. An entry: {id, at,
   component, event, fingerprint, place, trace, amount, references: [{reference, at, user_id, detail}]}; amount counts all that it stands
   for. Of a kind at most 200 a day are kept with their numbers: an outage must not fill the database with itself. A resolved group that
   comes back is open again. A definer, because nobody may write the diary by hand. */
declare
  told record;
  noted integer := 0;
  is_uuid constant text := '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';
begin
  for told in
    select e.*
    from jsonb_to_recordset(entries) as e (
      id uuid, at timestamptz, component text, event text, fingerprint text, place text, trace text, amount integer, "references" jsonb
    )
    order by e.at, e.id
  loop
    insert into private.noted_events (id) values (told.id) on conflict do nothing;
    if not found then
      continue;
    end if;
    insert into public.error_groups as g (fingerprint, component, event, place, trace, amount, first_at, last_at)
    values (
      told.fingerprint, told.component, left(told.event, 100), left(coalesce(told.place, ''), 300), left(coalesce(told.trace, ''), 8000),
      greatest(told.amount, 1), told.at, told.at
    )
    on conflict (fingerprint) do update set
      amount = g.amount + excluded.amount,
      last_at = greatest(g.last_at, excluded.last_at),
      recurred_at = case when g.resolved_at < excluded.last_at then excluded.last_at else g.recurred_at end,
      resolved_by = case when g.resolved_at < excluded.last_at then null else g.resolved_by end,
      resolved_at = case when g.resolved_at < excluded.last_at then null else g.resolved_at end;
    insert into public.error_log (happened_at, reference, component, event, fingerprint, user_id, detail)
    select
      r.at, left(r.reference, 20), told.component, left(told.event, 100), told.fingerprint,
      (select u.id from public.users as u where u.id = case when r.user_id ~* is_uuid then r.user_id::uuid end),
      case when jsonb_typeof(r.detail) = 'object' then r.detail else '{}' end
    from jsonb_to_recordset(told."references") as r (reference text, at timestamptz, user_id text, detail jsonb)
    where r.reference is not null
    limit greatest(
      200 - (
        select count(*)
        from public.error_log as l
        where l.fingerprint = told.fingerprint
          and l.happened_at > now() - interval '1 day'
      ),
      0
    );
    noted := noted + 1;
  end loop;
  return noted;
end
$$;

create function api.errors_page(
  state text default 'open',
  component text default null,
  reference text default null,
  after_at timestamptz default null,
  after_fingerprint text default null,
  batch integer default 51
) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* Faults by kind, the latest first: {open, groups}; a group has its five latest references. State is open or resolved; a reference, as a
   person was told it, finds its group whatever the state. */
#variable_conflict use_column
begin
  return (
    select jsonb_build_object(
      'open', (select count(*) from public.error_groups as g where g.resolved_at is null),
      'groups', (
        select coalesce(
          jsonb_agg(
            to_jsonb(f)
            || jsonb_build_object(
              'resolved_by', private.explained_person(f.resolved_by),
              'references', (
                select coalesce(
                  jsonb_agg(
                    jsonb_build_object('reference', l.reference, 'at', l.happened_at, 'by', private.explained_person(l.user_id), 'detail', l.detail)
                    order by l.happened_at desc, l.id desc
                  ),
                  '[]'
                )
                from (
                  select k.*
                  from public.error_log as k
                  where k.fingerprint = f.fingerprint
                    and (errors_page.reference is null or lower(k.reference) = lower(btrim(errors_page.reference)))
                  order by k.happened_at desc, k.id desc
                  limit 5
                ) as l
              )
            )
            order by f.last_at desc, f.fingerprint
          ),
          '[]'
        )
        from (
          select g.*
          from public.error_groups as g
          where (
              errors_page.reference is not null
              or errors_page.state is null
              or (g.resolved_at is null) = (errors_page.state = 'open')
            )
            and (
              errors_page.reference is null
              or g.fingerprint in (
                select l.fingerprint from public.error_log as l where lower(l.reference) = lower(btrim(errors_page.reference))
              )
            )
            and (errors_page.component is null or g.component = errors_page.component)
            and (
              errors_page.after_at is null
              or g.last_at < errors_page.after_at
              or (g.last_at = errors_page.after_at and g.fingerprint > errors_page.after_fingerprint)
            )
          order by g.last_at desc, g.fingerprint
          limit least(batch, 201)
        ) as f
      )
    )
  );
end
$$;

create function api.resolve_error(fingerprint text) returns void
language plpgsql
security definer
set search_path = ''
as $$
/* An admin calls a kind of fault resolved, until it comes back. Refuses with not_allowed and unknown_error. A definer, because nobody may
   write the diary by hand. */
begin
  perform private.expect_role('admin');
  update public.error_groups as g
  set resolved_at = now(), resolved_by = (select auth.uid())
  where g.fingerprint = resolve_error.fingerprint;
  if not found then
    raise exception 'unknown_error' using errcode = 'PT404';
  end if;
end
$$;

-- People read a reference aloud: it is looked up in either case.
-- squawk-ignore require-concurrent-index-deletion
drop index public.errors_by_reference;
-- squawk-ignore require-concurrent-index-creation
create index errors_by_reference on public.error_log (lower(reference));

grant execute on function api.note_errors(jsonb) to service_role;
grant execute on function
  api.errors_page(text, text, text, timestamptz, text, integer),
  api.resolve_error(text)
to authenticated;

create or replace function private.forget_old_logs(as_of timestamptz)
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
  kinds as (
    delete from public.error_groups as g
    where g.last_at < as_of - interval '1 year'
    returning 1
  ),
  invitations as (
    delete from public.staff_invitations as i
    where i.used_at is null
      and i.expires_at < as_of - interval '1 year'
    returning 1
  )
  select
    (select count(*) from sign_ins)::integer + (select count(*) from faults)::integer + (select count(*) from kinds)::integer
    + (select count(*) from invitations)::integer
$$;
