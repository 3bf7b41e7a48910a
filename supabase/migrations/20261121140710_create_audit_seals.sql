-- The chain: each entry of the audit log gets a numbered seal that hashes the entry together with the seal before it.
--
-- Sealing is a job of its own, a few seconds behind, and not part of the write: a seal taken at insert or at commit would make every audited
-- write, late answers in intake among them, queue behind the slowest one. The order of the chain is the order of sealing: it has no gaps,
-- which ids have (a rollback skips some), and needs nobody to wait for long transactions: what they wrote is sealed when it can be seen.
--
-- Against whom. With the service's key, or as any person: nothing can be changed, removed or slipped in, sealed or not; no right and no
-- function leads there. As `postgres`, the owner, everything can be rewritten, chain and functions included, so what proves the past has to
-- lie elsewhere: the number and hash of the last seal go to the logs each time something is sealed. A chain rewritten afterwards does not
-- have that hash at that number (`make audit-verify ANCHOR=<number>:<hash>`), and what was cut off at its end leaves the number missing.
-- Entries not yet sealed, those of the last seconds, are the owner's to bend. Who does not trust the functions of a database verifies its
-- backup, restored into a clean one.
set lock_timeout = '5s';

alter table public.audit_log validate constraint action_is_a_word;

create table public.audit_seals (
  number bigint primary key,
  entry_id bigint not null,
  happened_at timestamptz not null,
  sealed_at timestamptz not null,
  prev_hash bytea not null,
  hash bytea not null,
  constraint an_entry_is_sealed_once unique (entry_id),
  constraint seals_are_numbered_from_one check (number > 0),
  constraint hashes_are_sha256 check (length(prev_hash) = 32 and length(hash) = 32)
);

comment on table public.audit_seals is 'The chain over audit_log, append-only for everybody; one seal an entry, without gaps.';
comment on column public.audit_seals.number is 'Place in the chain, from 1, without gaps.';
comment on column public.audit_seals.entry_id is 'The entry.';
comment on column public.audit_seals.happened_at is 'Its instant, which tells its partition.';
comment on column public.audit_seals.sealed_at is 'When it was sealed.';
comment on column public.audit_seals.prev_hash is 'Hash of the seal before; of the first one, zeros.';
comment on column public.audit_seals.hash is 'SHA-256 over number, previous hash, sealing instant and every field of the entry (private.seal_hash).';

alter table public.audit_seals enable row level security;
grant select on public.audit_seals to authenticated;

create trigger audit_seals_never_rewritten before update or delete on public.audit_seals
for each row execute function private.refuse_rewriting();
create trigger audit_seals_never_emptied before truncate on public.audit_seals
for each statement execute function private.refuse_rewriting();

create table private.unsealed_entries (
  entry_id bigint primary key,
  happened_at timestamptz not null
);

comment on table private.unsealed_entries is 'Entries of the audit log that wait for their seal.';
comment on column private.unsealed_entries.entry_id is 'The entry.';
comment on column private.unsealed_entries.happened_at is 'Its instant, which tells its partition.';

alter table private.unsealed_entries enable row level security;
revoke all on private.unsealed_entries from authenticated, service_role;

create function private.queue_for_sealing()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
/* Each new entry waits for its seal. A definer: nobody else may write the queue. */
begin
  insert into private.unsealed_entries (entry_id, happened_at) values (new.id, new.happened_at);
  return null;
end
$$;

create trigger audit_log_queued after insert on public.audit_log
for each row execute function private.queue_for_sealing();

insert into private.unsealed_entries (entry_id, happened_at)
select a.id, a.happened_at
from public.audit_log as a;

create function private.seal_hash(number bigint, prev_hash bytea, sealed_at timestamptz, entry public.audit_log)
returns bytea
language plpgsql
immutable
parallel safe
set search_path = ''
as $$
/* What a seal says of its entry: SHA-256 over the text of a JSON array, instants in microseconds. A column that the log gets later is added
   by a second form of this array, chosen by number, or old seals would no longer fit. */
begin
  return sha256(
    convert_to(
      jsonb_build_array(
        number, encode(prev_hash, 'hex'), (extract(epoch from sealed_at) * 1000000)::bigint,
        entry.id, (extract(epoch from entry.happened_at) * 1000000)::bigint, entry.actor_id, entry.actor_role, entry.action, entry.entity,
        entry.entity_id, entry.before, entry.after, entry.changed, entry.details, entry.request_id, entry.address, entry.forwarded_for
      )::text,
      'UTF8'
    )
  );
end
$$;

create function api.audit_head()
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
/* The last seal, to be kept where no owner of the database can rewrite it: {number, hash, sealed_at}, number 0 when there is none; and
   {unsealed, unsealed_since}, what waits. For admins and the service. Refuses with not_allowed. A definer, because the service reads
   neither log nor seals. */
begin
  perform private.may_verify_audit();
  return (
    select jsonb_build_object(
      'number', coalesce(s.number, 0), 'hash', encode(s.hash, 'hex'), 'sealed_at', s.sealed_at,
      'unsealed', q.unsealed, 'unsealed_since', q.since
    )
    from (select count(*) as unsealed, min(u.happened_at) as since from private.unsealed_entries as u) as q
    left join lateral (select l.* from public.audit_seals as l order by l.number desc limit 1) as s on true
  );
end
$$;

create function private.may_verify_audit()
returns void
language plpgsql
stable
set search_path = ''
as $$
/* Refuses whoever came through PostgREST and is neither an admin nor the service. */
begin
  if current_setting('role') not in ('none', 'service_role', 'postgres') and (select private.role()) is distinct from 'admin' then
    raise exception 'not_allowed' using errcode = 'PT403';
  end if;
end
$$;

create function api.seal_audit(batch integer default 5000)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
/* Seals what waits, at most so many entries. Returns {sealed, number, hash}: how many, and the last seal. One at a time: whoever comes
   second seals nothing and returns null. A definer, because no role may write seals. */
declare
  entry public.audit_log;
  number bigint;
  hash bytea;
  prev_hash bytea;
  sealed bigint[] := '{}';
  sealed_at constant timestamptz := clock_timestamp();
begin
  if not pg_try_advisory_xact_lock(hashtextextended('public.audit_seals', 0)) then
    return null;
  end if;
  select s.number, s.hash into number, hash from public.audit_seals as s order by s.number desc limit 1;
  number := coalesce(number, 0);
  hash := coalesce(hash, decode(repeat('00', 32), 'hex'));
  for entry in
    select a.*
    from private.unsealed_entries as u
    join public.audit_log as a on a.id = u.entry_id and a.happened_at = u.happened_at
    order by u.entry_id
    limit batch
  loop
    number := number + 1;
    prev_hash := hash;
    hash := private.seal_hash(number, prev_hash, sealed_at, entry);
    insert into public.audit_seals values (number, entry.id, entry.happened_at, sealed_at, prev_hash, hash);
    sealed := sealed || entry.id;
  end loop;
  delete from private.unsealed_entries as u where u.entry_id = any (sealed);
  return jsonb_build_object('sealed', cardinality(sealed), 'number', number, 'hash', encode(hash, 'hex'));
end
$$;

create function private.audit_faults(after_number bigint default 0)
returns table (number bigint, entry_id bigint, fault text)
language sql
stable
set search_path = ''
-- Reads everything once, in the order of the chain: nothing is gained by looking entries up one by one.
set work_mem = '64MB'
as $$
/* Where chain and log do not fit each other, in the order of the chain, what is in no seal last: seal_missing (the number is left out),
   reordered (does not follow the seal before), entry_missing, entry_changed, entry_inserted (in the log, never sealed, not waiting),
   entry_removed (was gone before it was sealed). Begins after a seal that is trusted. */
  with walked as (
    select
      s.*,
      lag(s.number, 1, 0::bigint) over chain as last_number,
      lag(s.hash, 1, decode(repeat('00', 32), 'hex')) over chain as last_hash
    from public.audit_seals as s
    where s.number >= after_number
    window chain as (order by s.number)
  ),
  compared as (
    select
      w.number,
      w.entry_id,
      case
        when w.number <> w.last_number + 1 then 'seal_missing'
        when w.prev_hash <> w.last_hash then 'reordered'
        when a.id is null then 'entry_missing'
        when private.seal_hash(w.number, w.prev_hash, w.sealed_at, a) <> w.hash then 'entry_changed'
      end as fault
    from walked as w
    left join public.audit_log as a
      on a.id = w.entry_id
      and a.happened_at = w.happened_at
    where w.number > after_number
  )
  (
    select c.number, c.entry_id, c.fault
    from compared as c
    where c.fault is not null
    order by c.number
  )
  union all
  (
    select null, a.id, 'entry_inserted'
    from public.audit_log as a
    where not exists (select from public.audit_seals as s where s.entry_id = a.id)
      and not exists (select from private.unsealed_entries as u where u.entry_id = a.id)
    order by a.id
  )
  union all
  (
    select null, u.entry_id, 'entry_removed'
    from private.unsealed_entries as u
    where not exists (select from public.audit_log as a where a.id = u.entry_id and a.happened_at = u.happened_at)
    order by u.entry_id
  )
$$;

create function api.verify_audit(anchor_number bigint default 0, anchor_hash text default null, since_anchor boolean default false)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
-- PostgREST takes this one over for the call: a million entries are a matter of half a minute.
set statement_timeout = '10min'
as $$
/* Walks the chain, from its beginning or since a trusted anchor; an anchor is a seal's number and hash as the logs have it. Returns {entries,
   number, hash, unsealed, fault}; fault is null, or {number, entry_id, fault} of the first bad one (private.audit_faults, or
   anchor_differs). A chain whose older months were taken out verifies since an anchor from after them. For admins and the service. Refuses
   with not_allowed. A definer, because the service reads neither log nor seals. */
declare
  head constant jsonb := api.audit_head();
  first_fault jsonb;
begin
  if anchor_hash is not null and not exists (
    select
    from public.audit_seals as s
    where s.number = anchor_number
      and encode(s.hash, 'hex') = lower(anchor_hash)
  ) then
    first_fault := jsonb_build_object('number', anchor_number, 'entry_id', null, 'fault', 'anchor_differs');
  end if;
  return jsonb_build_object(
    'entries', (select count(*) from public.audit_seals as s where not since_anchor or s.number > anchor_number),
    'number', head -> 'number',
    'hash', head -> 'hash',
    'unsealed', head -> 'unsealed',
    'fault', coalesce(
      first_fault,
      (
        select to_jsonb(f)
        from private.audit_faults(case when since_anchor then anchor_number else 0 end) as f
        limit 1
      )
    )
  );
end
$$;

create view api.audit_seals with (security_invoker = true) as
select s.number, s.entry_id, s.happened_at, s.sealed_at, encode(s.prev_hash, 'hex') as prev_hash, encode(s.hash, 'hex') as hash
from public.audit_seals as s;

comment on view api.audit_seals is 'The chain over the audit log; for admins.';

grant select on api.audit_seals to authenticated;
grant execute on function private.may_verify_audit(), api.audit_head(), api.verify_audit(bigint, text, boolean) to authenticated, service_role;
grant execute on function api.seal_audit(integer) to service_role;
