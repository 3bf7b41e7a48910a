"""The matrix of supabase/policies, cell by cell: somebody tries each verb on each table, in SQL."""

from collections.abc import Iterator

import psycopg
import pytest

from infra.local.matrix import ALL, NONE, ROLES, SOME, extent, promised
from tests.sql.firm import Connection, acting_as, one
from tests.sql.rows import add_entries, add_rows
from tests.stack import Stack

PROMISED = promised()
# How Postgres says no: a right that is missing, a policy that refuses, a view or column that is only for reading.
REFUSALS = (
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.ObjectNotInPrerequisiteState,
    psycopg.errors.FeatureNotSupported,
)
# Told apart by whose row it would be; an empty row is nobody's.
MEMBERSHIPS = {
    "chat_segment_chats": "insert into public.chat_segment_chats (segment_id, chat_id)"
    " values ('{segment}', -1001000000001)",
    "chat_segment_accountants": "insert into public.chat_segment_accountants (segment_id, user_id)"
    " select '{segment}', u.id from public.users as u where u.telegram_id = 1003",
}
ADMINS_SEGMENT, PETRS_SEGMENT = (f"77700000-0000-4000-8000-00000000000{n}" for n in (1, 2))


def identity(role: str) -> str:
    return role.replace(" ", "_")


@pytest.fixture(scope="module")
def full(stack: Stack) -> Iterator[Connection]:
    """A firm with rows in every table, without triggers and foreign keys: what is asked here is who may."""
    with psycopg.connect(stack.env["DATABASE_URL"].replace("postgres:postgres@", "supabase_admin:postgres@")) as db:
        add_rows(db)
        add_entries(db)
        db.execute("set session_replication_role = replica")
        yield db
        db.rollback()


def rows_of(db: Connection, table: str) -> int:
    found: int = one(db, f"select count(*) from public.{table}")
    return found


def touched(db: Connection, role: str, statement: str) -> int | None:
    """How many rows a statement reaches as somebody, and undoes; None when it is refused."""
    try:
        with acting_as(db, identity(role)):
            return db.execute(statement.encode()).rowcount
    except REFUSALS:
        return None


def reach(found: int | None, total: int) -> str:
    if not found:
        return NONE
    return ALL if found == total else SOME


def column(db: Connection, role: str, table: str) -> str:
    """A column that the role may change, else any."""
    grantee = "authenticated" if role in ROLES[:4] else identity(role)
    name: str = one(
        db,
        "select a.attname from pg_attribute as a where a.attrelid = %s::regclass and a.attnum > 0"
        " and not a.attisdropped and a.attgenerated = '' and a.attidentity = ''"
        " order by has_column_privilege(%s, a.attrelid, a.attnum, 'update') desc, a.attnum limit 1",
        f"public.{table}",
        grantee,
    )
    return name


@pytest.mark.parametrize("table", sorted({table for table, _, _ in PROMISED}))
def test_i2_in_sql_every_role_reads_changes_and_deletes_the_rows_of_its_cell(full: Connection, table: str) -> None:
    total, done = rows_of(full, table), {}
    said = {cell: extent(word) for cell, word in PROMISED.items() if cell[0] == table and cell[2] != "insert"}
    assert total or not {ALL, SOME} & {s for (_, role, _), s in said.items() if role in ROLES[:4]}, "no rows to show"
    for role in ROLES:
        one_column = column(full, role, table)
        for verb, statement in {
            "select": f"select from public.{table}",
            "update": f"update public.{table} set {one_column} = {one_column}",
            "delete": f"delete from public.{table}",
        }.items():
            found = touched(full, role, statement)
            # Without rows a right shows in that nothing is refused.
            done[table, role, verb] = reach(found, total) if total else NONE if found is None else ALL
    assert done == said


@pytest.mark.parametrize("table", sorted({table for table, _, _ in PROMISED}))
def test_i2_in_sql_every_role_adds_the_rows_of_its_cell(full: Connection, table: str) -> None:
    for role in ROLES:
        word = extent(PROMISED[table, role, "insert"])
        if table in MEMBERSHIPS:
            done = {s: adds(full, role, MEMBERSHIPS[table].format(segment=s)) for s in (ADMINS_SEGMENT, PETRS_SEGMENT)}
            assert done == {ADMINS_SEGMENT: word == ALL, PETRS_SEGMENT: word in (ALL, SOME)}, role
        else:
            assert adds(full, role, f"insert into public.{table} default values") == (word != NONE), role


def adds(db: Connection, role: str, statement: str) -> bool:
    """Whether somebody may add such a row; that it lacks values is another matter, which comes after the right."""
    try:
        return touched(db, role, statement) is not None
    except psycopg.IntegrityError:
        return True
