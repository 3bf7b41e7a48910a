"""A policy asks who is reading once, not once a row."""

import re

import pytest

from infra.local.matrix import PEOPLE
from tests.sql.firm import Connection, acting_as, tables

# Where a plan says what it does with each row; what is asked once is an InitPlan above.
EACH_ROW = re.compile(r"^\s*(?:\w+ )*(?:Filter|Cond|Join Filter): .*", re.MULTILINE)
VERBS = {
    "select": "select from public.{table}",
    "update": "update public.{table} set {column} = {column}",
    "delete": "delete from public.{table}",
}


def plan(db: Connection, statement: str) -> str:
    return "\n".join(line for (line,) in db.execute(f"explain (verbose, costs off) {statement}".encode()))


@pytest.mark.parametrize("role", PEOPLE)
def test_no_policy_calls_a_function_for_each_row(db: Connection, role: str) -> None:
    allowed = db.execute(
        "select c.relname,"
        " min(a.attname) filter (where has_column_privilege('authenticated', c.oid, a.attnum, 'update')),"
        " array_remove(array[case when has_any_column_privilege('authenticated', c.oid, 'select') then 'select' end,"
        " case when has_any_column_privilege('authenticated', c.oid, 'update') then 'update' end,"
        " case when has_table_privilege('authenticated', c.oid, 'delete') then 'delete' end], null)"
        " from pg_class as c join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped"
        " where c.relname = any (%s) and c.relnamespace = 'public'::regnamespace group by c.oid, c.relname",
        [tables(db)],
    ).fetchall()
    assert {verb for *_, verbs in allowed for verb in verbs} == set(VERBS)
    for table, column, verbs in allowed:
        for verb in verbs:
            with acting_as(db, role):
                found = plan(db, VERBS[verb].format(table=table, column=column))
            for line in EACH_ROW.findall(found):
                assert not re.search(r"(?:private|auth)\.\w+\(", line), (table, verb, line)
            assert "InitPlan" in found or "One-Time Filter: false" in found, (table, verb)


def test_a_function_that_is_called_for_each_row_is_found(db: Connection) -> None:
    db.execute("create policy careless on public.chats for select to authenticated using (private.role() = 'observer')")
    with acting_as(db, "observer"):
        found = EACH_ROW.findall(plan(db, "select from public.chats"))
    assert any("private.role(" in line for line in found)
