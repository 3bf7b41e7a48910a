"""How people come in and speak in SQL tests: what they do stays until the test ends."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

from tests.sql.firm import ADMIN, Connection, Row, all_rows, one, user_id

SVETLANA = {"email": "Svetlana@buhbot.test ", "full_name": " Светлана  Белова ", "role": "accountant"}


@contextmanager
def speaking(db: Connection, person: UUID | None) -> Iterator[None]:
    """As a signed-in person, or as the service."""
    with db.transaction():
        claims = {"sub": str(person), "role": "authenticated"} if person else {"role": "service_role"}
        db.execute("select set_config('request.jwt.claims', %s, true)", [json.dumps(claims)])
        db.execute(f"set local role {'authenticated' if person else 'service_role'}".encode())
        yield
        db.execute("reset role")
        db.execute("select set_config('request.jwt.claims', '{}', true)")


def invite(db: Connection, *rows: Row, by: int = ADMIN, dry_run: bool = False) -> list[Row]:
    with speaking(db, user_id(by)):
        return all_rows(db, "select * from api.invite_staff(%s, %s)", json.dumps(rows), dry_run)


def token_of(db: Connection, *, by: int = ADMIN, **fields: Any) -> str:
    """The token of a fresh invitation, Svetlana's unless told otherwise."""
    (row,) = invite(db, {**SVETLANA, **fields}, by=by)
    assert row["token"], row
    return str(row["token"])


def sign_up(db: Connection, token: str | None, email: str = "svetlana@buhbot.test", **more: Any) -> UUID:
    """What Auth does in its own transaction."""
    person = uuid4()
    with db.transaction():
        db.execute(
            "insert into auth.users (id, email, raw_user_meta_data) values (%s, %s, %s)",
            [person, email, json.dumps({"invitation": token, **more})],
        )
    return person


def person(db: Connection, who: UUID) -> Row:
    (row,) = all_rows(db, "select * from public.users where id = %s", who)
    return row


def sign_ins(db: Connection) -> int:
    count: int = one(db, "select count(*) from auth.users")
    return count
