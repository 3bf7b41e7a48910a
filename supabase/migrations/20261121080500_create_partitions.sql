-- Monthly partitions, made ahead of time; what falls outside them lands in a default partition and is moved when its month is made.
set lock_timeout = '5s';

create function private.create_partition(parent regclass, month date)
returns void
language plpgsql
set search_path = ''
as $$
/* One month of a partitioned table, with row security of its own and no grants: a granted partition would show what the parent
   hides. Harmless when it exists. */
declare
  parent_name constant text := (select c.relname from pg_catalog.pg_class as c where c.oid = parent);
  child_name constant text := parent_name || to_char(month, '_YYYY_MM');
  by_column constant text := (
    select a.attname
    from pg_catalog.pg_partitioned_table as t
    join pg_catalog.pg_attribute as a on a.attrelid = t.partrelid and a.attnum = t.partattrs[0]
    where t.partrelid = parent
  );
  opens constant timestamptz := timezone('UTC', month::timestamp);
  closes constant timestamptz := timezone('UTC', month + interval '1 month');
begin
  if to_regclass('public.' || child_name) is not null then
    return;
  end if;
  execute format('create table public.%I (like public.%I including defaults including constraints)', child_name, parent_name);
  execute format('alter table public.%I enable row level security', child_name);
  execute format(
    'with moved as (delete from public.%I where %I >= %L and %I < %L returning *) insert into public.%I select * from moved',
    parent_name || '_other', by_column, opens, by_column, closes, child_name
  );
  execute format(
    'alter table public.%I attach partition public.%I for values from (%L) to (%L)', parent_name, child_name, opens, closes
  );
end
$$;

create function private.create_partitions(parent regclass, since date, until date)
returns void
language sql
set search_path = ''
as $$
/* Every month from `since` to `until`, both included. */
  select private.create_partition(parent, m::date)
  from generate_series(date_trunc('month', since::timestamp), until::timestamp, interval '1 month') as m
$$;

create table public.chat_messages_other partition of public.chat_messages default;
alter table public.chat_messages_other enable row level security;
comment on table public.chat_messages_other is 'Messages dated outside the months that have a partition.';

select private.create_partitions('public.chat_messages', (now() - interval '13 months')::date, (now() + interval '12 months')::date);
