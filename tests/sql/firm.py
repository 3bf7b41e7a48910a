"""The demo firm, and how its people act in SQL tests. Clock times are Moscow, in the week of Monday 2026-04-06."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
from psycopg.rows import dict_row

Connection = psycopg.Connection[tuple[Any, ...]]
Row = dict[str, Any]

MOSCOW = ZoneInfo("Europe/Moscow")
ROMASHKA, LEBEDEVA, NIGHT = -1001000000001, -1001000000002, -1001000000003
ADMIN, PETR, OLGA, IVAN, MARIA = 1001, 1002, 1003, 1004, 1005
ANNA, BORIS, VERA = 2001, 2002, 2003
STAFF = {"admin": ADMIN, "manager": PETR, "accountant": OLGA, "accountant2": IVAN, "observer": MARIA}

_numbers = count(1000)


def user_id(telegram_id: int) -> UUID:
    return UUID(f"00000000-0000-4000-8000-{telegram_id:012d}")


def moscow(text: str) -> datetime:
    """«2026-04-06 10:00» on a Moscow clock."""
    return datetime.fromisoformat(text).replace(tzinfo=MOSCOW)


def monday(time: str) -> datetime:
    return moscow(f"2026-04-06 {time}")


def said(who: int, at: datetime, text: str | None = "Где акт?", chat: int = ROMASHKA, **more: Any) -> Row:
    """An intake record. Message and update ids grow with each call."""
    number = next(_numbers)
    record = {
        "update_id": number,
        "chat_id": chat,
        "chat_type": "supergroup",
        "chat_name": "ООО Ромашка",
        "message_id": number,
        "date": int(at.timestamp()),
        "user_id": who,
        "author_name": "Кто-то",
        "is_bot": False,
        "kind": "text",
        "text": text,
    }
    return {**record, **more}


def all_rows(db: Connection, query: str, *values: Any) -> list[Row]:
    with db.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query.encode(), values).fetchall()


def one(db: Connection, query: str, *values: Any) -> Any:
    """The first column of the first row."""
    row = db.execute(query.encode(), values).fetchone()
    return row[0] if row else None


def ingest(db: Connection, *records: Row) -> list[str]:
    answers = one(db, "select api.ingest(%s::jsonb)", json.dumps(records))
    return [answer["outcome"] for answer in answers]


def windows(db: Connection, chat: int = ROMASHKA) -> list[Row]:
    return all_rows(
        db, "select * from api.client_requests where chat_id = %s order by opened_at, response_message_id", chat
    )


def window(db: Connection, chat: int = ROMASHKA) -> Row:
    (only,) = windows(db, chat)
    return only


@contextmanager
def acting_as(db: Connection, role: str) -> Iterator[None]:
    """Speak as the signed-in demo person of that role, as `anon`, or as the service."""
    with db.transaction(force_rollback=True):
        if role in STAFF:
            claims = {"sub": str(user_id(STAFF[role])), "role": "authenticated"}
            db.execute("select set_config('request.jwt.claims', %s, true)", [json.dumps(claims)])
        name = "authenticated" if role in STAFF else role
        db.execute(f"set local role {name}".encode())
        yield


def tables(db: Connection) -> list[str]:
    return [
        row["relname"]
        for row in all_rows(
            db,
            "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')"
            " and not relispartition order by 1",
        )
    ]


def sweep(db: Connection, at: datetime, batch: int = 500) -> int:
    raised: int = one(db, "select api.claim_due(%s, %s)", at, batch)
    return raised


def claim(db: Connection, at: datetime) -> list[Row]:
    claimed: list[Row] = one(db, "select api.claim_outbox(%s)", at)
    return claimed


def settle(db: Connection, at: datetime, **result: Any) -> None:
    db.execute("select api.settle_outbox(%s, %s)", [json.dumps([result]), at])


def outbox(db: Connection) -> list[Row]:
    return all_rows(db, "select * from api.outbox order by created_at, recipient_chat_id")


def acknowledge(db: Connection, who: int, at: datetime | None = None) -> Row:
    facts: Row = one(db, "select api.acknowledge_request(%s, %s, %s)", window(db)["id"], who, at or monday("11:05"))
    return facts
