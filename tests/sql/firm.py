"""The demo firm, and how its people act in SQL tests. Clock times are Moscow, in the week of Monday 2026-04-06."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
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


def all_rows(db: Connection, query: str, *values: Any, prepare: bool | None = None) -> list[Row]:
    """Return what a query finds; one that is asked over and over is planned once when it is to `prepare`."""
    with db.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query.encode(), values, prepare=prepare).fetchall()


def one(db: Connection, query: str, *values: Any) -> Any:
    """The first column of the first row."""
    row = db.execute(query.encode(), values).fetchone()
    return row[0] if row else None


def ingest(db: Connection, *records: Row) -> list[str]:
    answers = one(db, "select api.ingest(%s::text)", json.dumps(records))
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


def settle(db: Connection, at: datetime, message: Row, outcome: str = "sent", **more: Any) -> None:
    """Record what became of a claimed message."""
    result = {"id": message["id"], "revision": message["revision"], "rings": message["rings"], "outcome": outcome}
    if outcome == "sent":
        more.setdefault("telegram_message_id", message["telegram_message_id"] or next(_numbers))
    db.execute("select api.settle_outbox(%s, %s)", [json.dumps([{**result, **more}]), at])


def deliver(db: Connection, at: datetime) -> list[Row]:
    """Send everything that is owed at an instant; return it in order."""
    sent: list[Row] = []
    # Telegram takes one message a second for each person; what is due is due all the same.
    while claimed := claim(db, at + timedelta(seconds=2 * len(sent))):
        for message in claimed:
            settle(db, at + timedelta(seconds=2 * len(sent)), message)
        sent += claimed
    return sent


def outbox(db: Connection) -> list[Row]:
    return all_rows(db, "select * from api.outbox order by created_at, recipient_chat_id")


def standing(db: Connection, recipient: int) -> Row:
    """The one unfinished message of a recipient."""
    (row,) = (row for row in outbox(db) if row["recipient_chat_id"] == recipient and row["finished_at"] is None)
    return row


def press(db: Connection, who: int, verb: str = "take", at: datetime | None = None, message: Row | None = None) -> Row:
    """Press a button under the presser's own message, or under somebody's."""
    about = message or standing(db, who)
    answer: Row = one(db, "select api.press_alert(%s, %s, %s, %s)", about["id"], verb, who, at or monday("11:05"))
    return answer


def reacted(who: int, to: Row, at: datetime, emoji: str | None = "👍") -> Row:
    """A reaction to a message, as the bot records it."""
    return {
        **{key: to[key] for key in ("chat_id", "chat_type", "chat_name", "message_id")},
        "type": "reaction",
        "update_id": next(_numbers),
        "date": int(at.timestamp()),
        "user_id": who,
        "emoji": emoji,
    }


def edited(message: Row, at: datetime, text: str, classification: str | None = None) -> Row:
    """A later version of a message."""
    version = {"type": "edit", "update_id": next(_numbers), "edited_at": int(at.timestamp()), "text": text}
    return {**message, **version, "classification": classification}


def replied(who: int, to: Row, at: datetime, text: str = "Готово", **more: Any) -> Row:
    """A message that answers another, with what Telegram tells of that one."""
    addressed = {"reply_to": to["message_id"], "reply_to_date": to["date"], "reply_to_user_id": to["user_id"]}
    return said(who, at, text, to["chat_id"], **addressed, **more)


def membership(status: str, at: datetime, chat: int = ROMASHKA) -> Row:
    """What became of the bot in a chat."""
    return {
        "type": "membership",
        "update_id": next(_numbers),
        "chat_id": chat,
        "chat_type": "supergroup" if chat < 0 else "private",
        "chat_name": "ООО Ромашка",
        "date": int(at.timestamp()),
        "user_id": ANNA,
        "status": status,
    }


def alerts(db: Connection) -> list[tuple[str, int, str | None]]:
    """(kind, level, resolution) of each alert, in the order of the ladder."""
    rows = all_rows(db, "select * from api.sla_alerts order by created_at, kind, level")
    return [(row["kind"], row["level"], row["resolution"]) for row in rows]


def told(db: Connection) -> list[tuple[str, int, int]]:
    """(kind, level, recipient) of each alert that is told."""
    rows = db.execute(
        "select a.kind, a.level, o.recipient_chat_id from public.notices as n join public.outbox as o"
        " on o.id = n.message_id join public.sla_alerts as a on a.id = n.alert_id order by a.created_at, a.level, 3"
    ).fetchall()
    return [(kind, level, recipient) for kind, level, recipient in rows]
