-- Who signed in, who was turned away, and from where. The sign-in itself belongs to Supabase Auth; this is what people may look up.
set lock_timeout = '5s';

create table public.sign_in_log (
  id uuid primary key,
  happened_at timestamptz not null,
  recorded_at timestamptz not null default now(),
  user_id uuid,
  outcome text not null,
  reason text,
  email_hash text,
  address inet,
  device text,
  constraint sign_in_outcome_is_known check (
    outcome in ('signed_in', 'refused', 'signed_out', 'reset_requested', 'reset_done', 'password_changed')
  ),
  constraint only_a_refusal_has_a_reason check ((reason is not null) = (outcome = 'refused')),
  constraint refusal_reason_is_known check (reason in ('credentials', 'no_access', 'too_many', 'second_factor', 'link')),
  constraint only_strangers_are_hashed check (user_id is null or email_hash is null),
  constraint a_hash_is_no_email check (email_hash ~ '^[0-9a-f]{16,64}$'),
  constraint device_is_short check (length(device) <= 200)
);

create index sign_ins_of_a_person on public.sign_in_log (user_id, happened_at desc);
create index sign_ins_by_time on public.sign_in_log (happened_at desc);

comment on table public.sign_in_log is 'What became of each sign-in and password, append-only. Holds no password and no e-mail.';
comment on column public.sign_in_log.id is 'Given by the process that saw it, so that telling it twice changes nothing.';
comment on column public.sign_in_log.happened_at is 'When, by the clock of the process that saw it.';
comment on column public.sign_in_log.recorded_at is 'When it came here.';
comment on column public.sign_in_log.user_id is 'Whose sign-in, also when it was refused; null for an e-mail that nobody has. No reference: an entry outlives the person.';
comment on column public.sign_in_log.outcome is 'What became of it.';
comment on column public.sign_in_log.reason is 'Why a refusal: the credentials, no access to the firm, too many attempts, the second factor, a spent link.';
comment on column public.sign_in_log.email_hash is 'Keyed hash of an e-mail that nobody has: tells repeated attempts apart, not whose address it is.';
comment on column public.sign_in_log.address is 'Network address it came from.';
comment on column public.sign_in_log.device is 'Browser and system, in words.';

alter table public.sign_in_log enable row level security;
grant select on public.sign_in_log to authenticated;
grant select, insert on public.sign_in_log to service_role;

create function api.note_sign_ins(entries jsonb)
returns integer
language sql
set search_path = ''
as $$
/* Records what sign-in pages saw, once each, however often it is told; returns how many entries were new. An entry names a person by id or
   by e-mail (`email`, with `email_hash` in case nobody has it); the e-mail itself is not kept. */
  with told as (
    select distinct on (e.id)
      e.id, e.happened_at, e.outcome, e.reason, e.email_hash, e.address, e.device, coalesce(e.user_id, u.id) as user_id
    from jsonb_to_recordset(entries) as e (
      id uuid, happened_at timestamptz, outcome text, reason text, user_id uuid, email text, email_hash text, address inet, device text
    )
    left join public.users as u
      on lower(u.email) = lower(e.email)
    order by e.id
  ),
  noted as (
    insert into public.sign_in_log (id, happened_at, user_id, outcome, reason, email_hash, address, device)
    select
      t.id, t.happened_at, t.user_id, t.outcome, t.reason, case when t.user_id is null then t.email_hash end, t.address, left(t.device, 200)
    from told as t
    on conflict (id) do nothing
    returning 1
  )
  select count(*)::integer
  from noted
$$;

grant execute on function api.note_sign_ins(jsonb) to service_role;

create view api.sign_in_log with (security_invoker = true) as
select s.id, s.happened_at, s.user_id, s.outcome, s.reason, s.email_hash, s.address, s.device
from public.sign_in_log as s;

comment on view api.sign_in_log is 'What became of each sign-in: one''s own, for admins everybody''s.';

grant select on api.sign_in_log to authenticated, service_role;
