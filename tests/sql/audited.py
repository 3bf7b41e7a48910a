"""Entries of the audit log, and calls as PostgREST makes them."""

import json

from tests.sql.firm import Connection, Row, all_rows, user_id


def entries(db: Connection, since: int, entity: str = "%") -> list[Row]:
    """Those after an entry, in order."""
    return all_rows(db, "select * from public.audit_log where id > %s and entity like %s order by id", since, entity)


def sign(db: Connection, who: int, **headers: str) -> None:
    """From here on, the transaction is a call of that person."""
    db.execute("select set_config('request.jwt.claims', %s, true)", [json.dumps({"sub": str(user_id(who))})])
    db.execute("select set_config('request.headers', %s, true)", [json.dumps(headers)])
