-- What a restored database must be equal in. Asked of the source within the dump's own snapshot, and of the copy.
set search_path = '';
with ours as (
  select n.oid, n.nspname, n.nspacl, n.nspowner
  from pg_catalog.pg_namespace as n
  where n.nspname in ('public', 'private', 'api')
),
things (kind, line) as (
  select 'schemas', pg_catalog.concat_ws(' ', n.nspname, n.nspowner::regrole, a.acl)
  from ours as n
  cross join lateral (select coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner))) as d (acl)
  cross join lateral (select pg_catalog.string_agg(x::text, ' ' order by x::text) from unnest(d.acl) as x) as a (acl)
  union all
  select
    'tables and views',
    pg_catalog.concat_ws(
      ' ', c.oid::regclass, c.relkind, c.relowner::regrole, c.relrowsecurity, c.relforcerowsecurity, c.reloptions, a.acl,
      case when c.relkind in ('v', 'm') then pg_catalog.pg_get_viewdef(c.oid) end
    )
  from pg_catalog.pg_class as c
  join ours as n on n.oid = c.relnamespace
  cross join lateral (
    select coalesce(c.relacl, pg_catalog.acldefault(case c.relkind when 'S' then 's' else 'r' end::"char", c.relowner))
  ) as d (acl)
  cross join lateral (select pg_catalog.string_agg(x::text, ' ' order by x::text) from unnest(d.acl) as x) as a (acl)
  where c.relkind in ('r', 'p', 'v', 'm', 'S')
  union all
  select
    'columns',
    pg_catalog.concat_ws(
      ' ', t.attrelid::regclass, t.attname, pg_catalog.format_type(t.atttypid, t.atttypmod), t.attnotnull, t.attidentity,
      t.attgenerated, t.attacl, pg_catalog.pg_get_expr(d.adbin, d.adrelid)
    )
  from pg_catalog.pg_attribute as t
  join pg_catalog.pg_class as c on c.oid = t.attrelid
  join ours as n on n.oid = c.relnamespace
  left join pg_catalog.pg_attrdef as d on d.adrelid = t.attrelid and d.adnum = t.attnum
  where t.attnum > 0 and not t.attisdropped and c.relkind in ('r', 'p', 'v', 'm')
  union all
  select 'policies', to_jsonb(p)::text from pg_catalog.pg_policies as p join ours as n on n.nspname = p.schemaname
  union all
  select
    'functions',
    pg_catalog.concat_ws(
      ' ', f.oid::regprocedure, f.proowner::regrole, a.acl,
      case when f.prokind <> 'a' then pg_catalog.pg_get_functiondef(f.oid) end
    )
  from pg_catalog.pg_proc as f
  join ours as n on n.oid = f.pronamespace
  cross join lateral (select coalesce(f.proacl, pg_catalog.acldefault('f', f.proowner))) as d (acl)
  cross join lateral (select pg_catalog.string_agg(x::text, ' ' order by x::text) from unnest(d.acl) as x) as a (acl)
  union all
  select 'triggers', pg_catalog.concat_ws(' ', g.tgenabled, pg_catalog.pg_get_triggerdef(g.oid))
  from pg_catalog.pg_trigger as g
  join pg_catalog.pg_proc as f on f.oid = g.tgfoid
  join ours as n on n.oid = f.pronamespace
  where not g.tgisinternal
  union all
  select
    'constraints',
    pg_catalog.concat_ws(
      ' ', k.conrelid::regclass, k.contypid::regtype, k.conname, k.convalidated, pg_catalog.pg_get_constraintdef(k.oid)
    )
  from pg_catalog.pg_constraint as k
  join ours as n on n.oid = k.connamespace
  where k.contype <> 't'
  union all
  select 'indexes', pg_catalog.concat_ws(' ', i.indisvalid, pg_catalog.pg_get_indexdef(i.indexrelid))
  from pg_catalog.pg_index as i
  join pg_catalog.pg_class as c on c.oid = i.indexrelid
  join ours as n on n.oid = c.relnamespace
  union all
  select 'default privileges', pg_catalog.concat_ws(' ', p.defaclnamespace::regnamespace, p.defaclobjtype, a.acl)
  from pg_catalog.pg_default_acl as p
  cross join lateral (select pg_catalog.string_agg(x::text, ' ' order by x::text) from unnest(p.defaclacl) as x) as a (acl)
  where p.defaclrole = 'postgres'::regrole and p.defaclnamespace in (select 0 union all select n.oid from ours as n)
),
-- Brackets and names of nameless columns differ between what was once typed and what was read back from a dump.
read_back as (
  select t.kind, pg_catalog.regexp_replace(t.line, '[()]| AS \w+', '', 'g') as line
  from things as t
),
inventory as (
  select r.kind, pg_catalog.count(*) as amount, pg_catalog.md5(pg_catalog.string_agg(r.line, e'\n' order by r.line collate "C")) as print
  from read_back as r
  group by r.kind
)
select pg_catalog.json_object_agg(i.kind, pg_catalog.concat_ws(':', i.amount, i.print) order by i.kind) from inventory as i;
