"""`make matrix`: who may what, as the live database has it in grants and policies, beside what the portraits say.

Every policy names its roles first, as `(select private.role()) = 'admin'`, so that the database itself can be read; or
it asks for `private.own_chat_ids()`, which are none but for accountants. To name them as well misleads the planner: of
a million windows, the list of who waits took 40 s instead of 14 ms.
"""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg

from infra.local import settings
from infra.local.policies import ROOT, portraits
from infra.local.settings import Caller, Unfit

Connection = psycopg.Connection[Any]
Cell = tuple[str, str, str]
"""Table, role, verb."""

VERBS = ("select", "insert", "update", "delete")
PEOPLE = ("admin", "manager", "accountant", "observer")
ROLES = (*PEOPLE, "service role", "anon")
ALL, SOME, NONE = "all", "some", "–"

_TABLES = """
  select c.relname, c.relrowsecurity
  from pg_class as c
  where c.relnamespace = 'public'::regnamespace
    and c.relkind in ('r', 'p')
    and not c.relispartition
  order by 1
"""
# A right on any column is a right: which columns, `\\dp` says.
_GRANTS = """
  select c.relname, r.rolname, v.verb
  from pg_class as c
  cross join pg_roles as r
  cross join unnest(array['select', 'insert', 'update', 'delete']) as v (verb)
  where c.relnamespace = 'public'::regnamespace
    and c.relkind in ('r', 'p')
    and not c.relispartition
    and r.rolname in ('authenticated', 'service_role', 'anon')
    and case
      when v.verb = 'delete' then has_table_privilege(r.oid, c.oid, v.verb)
      else has_any_column_privilege(r.oid, c.oid, v.verb)
    end
"""
_POLICIES = """
  select p.tablename, lower(p.cmd), p.permissive = 'PERMISSIVE', array_remove(array[p.qual, p.with_check], null)
  from pg_policies as p
  where p.schemaname = 'public'
    and p.roles && array['authenticated', 'public']::name[]
"""
_ROLE = r"\( SELECT private\.role\(\) AS role\)"
_WHO = re.compile(
    rf"\(*{_ROLE} (?:= '(?P<one>\w+)'::text|= ANY \(ARRAY\[(?P<several>[^\]]*)\]\)|(?P<any>IS NOT NULL))(?P<rest>.*)",
    re.DOTALL,
)


def promised(root: Path = ROOT) -> dict[Cell, str]:
    """Return what the comments of the portraits say, word for word."""
    cells: dict[Cell, str] = {}
    for name, text in portraits(root).items():
        table, opening = name.removesuffix(".sql"), text.split("\nselect ", 1)[0]
        for row in re.findall(r"^-- ([a-z][a-z ]*?) *\|(.*)$", opening, re.MULTILINE):
            for verb, word in zip(VERBS, row[1].split("|"), strict=True):
                cells[table, row[0], verb] = word.strip()
    return cells


def extent(word: str) -> str:
    """Return how far a word of a portrait reaches: all rows, some, or none."""
    return {NONE: NONE, ALL: ALL, "yes": ALL}.get(word, SOME)


def live(db: Connection) -> dict[Cell, str]:
    """Return all, some or – for every cell, from grants and policies."""
    secured = dict(db.execute(_TABLES).fetchall())
    granted = set(db.execute(_GRANTS).fetchall())
    policies = db.execute(_POLICIES).fetchall()
    return {
        (table, role, verb): _cell(table, role, verb, granted, policies if is_secured else None)
        for table, is_secured in secured.items()
        for role in ROLES
        for verb in VERBS
    }


def _cell(
    table: str, role: str, verb: str, granted: set[Cell], policies: Sequence[tuple[str, str, bool, list[str]]] | None
) -> str:
    grantee = "authenticated" if role in PEOPLE else role.replace(" ", "_")
    if (table, grantee, verb) not in granted:
        return NONE
    if policies is None or role == "service role":
        return ALL
    if role == "anon":
        return SOME
    own = [policy for policy in policies if policy[0] == table and policy[1] in (verb, "all")]
    reach = {_narrowest(role, conditions) for *_, permits, conditions in own if permits}
    widest = next((found for found in (ALL, SOME) if found in reach), NONE)
    return SOME if widest == ALL and not all(permits for _, _, permits, _ in own) else widest


def _narrowest(role: str, conditions: Sequence[str]) -> str:
    """Return how many rows one policy gives a role: what is found and what is written must both pass."""
    reach = {_reach(role, condition) for condition in conditions}
    return next((found for found in (NONE, SOME) if found in reach), ALL)


def _reach(role: str, condition: str) -> str:
    """Return how many rows a condition gives a role; one that names no role may give some to anybody."""
    if condition == "true":
        return ALL
    found = _WHO.fullmatch(condition)
    if not found:
        return SOME if role == "accountant" or "private.own_chat_ids()" not in condition else NONE
    named = found["any"] or role in (found["one"], *re.findall(r"'(\w+)'", found["several"] or ""))
    if not named:
        return NONE
    return SOME if found["rest"].strip(")") else ALL


def differences(said: Mapping[Cell, str], real: Mapping[Cell, str]) -> Iterator[str]:
    """Yield one line for each cell in which portraits and database are not of one mind."""
    for table, role, verb in sorted({*said, *real}):
        word, found = said.get((table, role, verb), NONE), real.get((table, role, verb), NONE)
        if extent(word) != found:
            yield f"{table}: {role} may {verb} {found} by the database, {word} by the portrait"


def drawing(real: Mapping[Cell, str]) -> Iterator[str]:
    """Yield the lines of the table: a letter for each verb, small where only some rows are meant."""
    yield f"{'':28}" + "".join(f"{role:14}" for role in ROLES).rstrip()
    for table in sorted({table for table, _, _ in real}):
        row = (f"{_letters(real, table, role):14}" for role in ROLES)
        yield f"{table:28}{''.join(row)}".rstrip()
    yield ""
    yield "S select, I insert, U update, D delete: every row; small: some rows, its policies say which; – none"


def _letters(real: Mapping[Cell, str], table: str, role: str) -> str:
    return "".join({ALL: verb[0].upper(), SOME: verb[0]}.get(real[table, role, verb], NONE) for verb in VERBS)


def connect(caller: Caller) -> Connection:
    """Connect to the database that DATABASE_URL names; raise `Unfit` without one."""
    url = caller.variables.get("DATABASE_URL")
    if not url:
        raise Unfit("no DATABASE_URL: start `make up`, or name the database, such as DATABASE_URL=postgresql://…")
    try:
        return psycopg.connect(url, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise Unfit(f"the database does not answer: {str(error).splitlines()[0]}") from error


def main() -> int:
    """Print the matrix and where it differs from the portraits; return the exit code."""
    try:
        with connect(settings.read()) as db:
            real = live(db)
    except Unfit as error:
        print(error, file=sys.stderr)
        return 2
    print(*drawing(real), sep="\n")
    wrong = list(differences(promised(), real))
    print(*wrong, sep="\n")
    print("differs from supabase/policies" if wrong else "equal to supabase/policies")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
