"""The audit log and its chain are append-only for everybody, the owner too."""

import psycopg
import pytest

from tests.sql.firm import (
    Connection,
    acting_as,
    all_rows,
    one,
)


def partitions(db: Connection) -> list[str]:
    return [
        row["name"]
        for row in all_rows(
            db,
            "select inhrelid::regclass::text as name from pg_inherits where inhparent = 'public.audit_log'::regclass",
        )
    ]


def test_the_owner_too_can_only_add(db: Connection) -> None:
    db.execute("select private.record_event(null, 'export', 'clients', 'x', null)")
    db.execute("select api.seal_audit()")
    assert len(partitions(db)) > 12
    for table in ("public.audit_log", "public.audit_seals", *partitions(db)):
        statements = [f"truncate {table}"]
        if one(db, f"select exists (select from {table})"):
            statements += [f"delete from {table}", f"update {table} set happened_at = now() where true"]
        for statement in statements:
            with pytest.raises(psycopg.Error, match="audit_is_append_only"), db.transaction():
                db.execute(statement.encode())


def test_a_month_made_later_is_closed_as_well_and_takes_its_rows_along(db: Connection) -> None:
    db.execute(
        "insert into public.audit_log (happened_at, action, entity, entity_id)"
        " values ('2031-05-05', 'export', 'clients', 'later')"
    )
    db.execute("select private.create_partition('public.audit_log', '2031-05-01')")
    assert one(db, "select tableoid::regclass::text from public.audit_log where entity_id = 'later'").endswith(
        "2031_05"
    )
    for statement in (
        "truncate public.audit_log_2031_05",
        "delete from public.audit_log_2031_05",
        "truncate public.audit_log_other",
    ):
        with pytest.raises(psycopg.Error, match="audit_is_append_only"), db.transaction():
            db.execute(statement.encode())
    db.execute(
        "insert into public.audit_log (happened_at, action, entity, entity_id)"
        " values ('2035-05-05', 'export', 'clients', 'x')"
    )
    assert one(db, "select count(*) from private.unsealed_entries where happened_at = '2035-05-05'") == 1


@pytest.mark.parametrize("role", ["admin", "manager", "accountant", "observer", "service_role", "anon"])
def test_nobody_writes_the_log_by_hand(db: Connection, role: str) -> None:
    for statement in (
        "insert into public.audit_log (action, entity, entity_id) values ('export', 'clients', 'x')",
        "update public.audit_log set action = 'x'",
        "delete from public.audit_log",
        "truncate public.audit_log",
        "delete from public.audit_log_other",
        "insert into public.audit_seals values (1, 1, now(), now(), '', '')",
        "delete from private.unsealed_entries",
        "delete from private.noted_events",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), acting_as(db, role):
            db.execute(statement.encode())


@pytest.mark.parametrize("role", ["admin", "manager", "accountant", "observer", "anon"])
def test_nobody_but_the_service_records_events(db: Connection, role: str) -> None:
    for call in (
        "private.record_event(null, 'export', 'clients', 'x', null)",
        "private.record_entry(null, 'export', 'clients', 'x', null, null, null, null)",
        "api.note_security_events('[]')",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), acting_as(db, role):
            db.execute(f"select {call}".encode())
