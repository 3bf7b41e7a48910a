"""The local database is no more forgiving than a hosted one."""

from typing import Any

import psycopg
import pytest

Database = psycopg.Connection[tuple[Any, ...]]


def test_nobody_who_runs_migrations_or_requests_is_a_superuser(db: Database) -> None:
    found = db.execute("select rolname from pg_roles where rolsuper").fetchall()
    assert found == [("supabase_admin",)]


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
def test_a_new_table_is_granted_to_nobody(db: Database, role: str) -> None:
    db.execute("create table public.fresh (id int)")
    found = db.execute("select has_table_privilege(%s, 'public.fresh', 'select')", (role,)).fetchone()
    assert found == (False,)


def test_the_caller_is_known_by_the_claims_of_the_token(db: Database) -> None:
    claims = '{"sub": "8d1f0d3c-4f0e-4a53-9b0e-1f2d3c4b5a69", "role": "authenticated", "email": "a@b.test"}'
    db.execute("select set_config('request.jwt.claims', %s, true)", (claims,))
    found = db.execute("select auth.uid()::text, auth.role(), auth.email()").fetchone()
    assert found == ("8d1f0d3c-4f0e-4a53-9b0e-1f2d3c4b5a69", "authenticated", "a@b.test")


@pytest.mark.parametrize(("setting", "value"), [("timezone", "UTC"), ("listen_addresses", "127.0.0.1")])
def test_settings(db: Database, setting: str, value: str) -> None:
    assert db.execute("select current_setting(%s)", (setting,)).fetchone() == (value,)


def test_statements_are_counted(db: Database) -> None:
    assert db.execute("select count(*) > 0 from extensions.pg_stat_statements").fetchone() == (True,)
