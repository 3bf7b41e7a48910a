"""What of row-level security in the live database is not what `supabase/policies` says.

The portraits are tried on empty copies of the tables, in a transaction that is undone: nobody waits for it.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from infra.local.matrix import Connection, differences, live, promised
from infra.local.policies import ROOT, changed, portraits

Policies = dict[tuple[str, str], tuple[object, ...]]
"""What each policy says, by table and name."""

_COPIES = "portraits_on_trial"
_POLICIES = """
  select p.tablename, p.policyname, p.permissive, p.roles::text, p.cmd, p.qual, p.with_check
  from pg_policies as p
  where p.schemaname = %s
"""
_BARE = """
  select c.relname
  from pg_class as c
  where c.relnamespace = 'public'::regnamespace
    and c.relkind in ('r', 'p')
    and not c.relrowsecurity
  order by 1
"""


def findings(db: Connection, root: Path = ROOT) -> Iterator[str]:
    """Yield one line for each thing that is not as the portraits say; leaves nothing behind."""
    yield from (f"{name}: newer than the last restatement; run `make policies`" for name in changed(root))
    yield from (f"public.{table}: row security is off" for (table,) in db.execute(_BARE).fetchall())
    said, real = _said(db, root), _policies(db, "public")
    for table, name in sorted({*said, *real}):
        where = f'public.{table}: policy "{name}"'
        if (table, name) not in said:
            yield f"{where} is in no portrait; the next restatement of {table}.sql drops it"
        elif (table, name) not in real:
            yield f"{where} is in the portrait and not in the database"
        elif said[table, name] != real[table, name]:
            yield f"{where} says something else than the portrait"
    yield from differences(promised(root), live(db))


def _said(db: Connection, root: Path) -> Policies:
    """Return what the portraits make, in the database's own words."""
    with db.transaction(force_rollback=True):
        db.execute(f"create schema {_COPIES}".encode())
        for name, text in portraits(root).items():
            table = name.removesuffix(".sql")
            if db.execute("select to_regclass(%s)", [f"public.{table}"]).fetchone() == (None,):
                continue
            db.execute(f"create table {_COPIES}.{table} (like public.{table})".encode())
            db.execute(re.sub(rf"(\bon |')public\.{table}\b", rf"\g<1>{_COPIES}.{table}", text).encode())
        return _policies(db, _COPIES)


def _policies(db: Connection, schema: str) -> Policies:
    return {(table, name): tuple(rest) for table, name, *rest in db.execute(_POLICIES, [schema]).fetchall()}
