"""Asides as the bot sends them, in SQL tests."""

import json
from itertools import count
from typing import Any

from tests.sql.firm import ANNA, OLGA, ROMASHKA, Connection, Row, monday, one
from tests.sql.people import speaking

_numbers = count(5_000_000)


def asides(db: Connection, *records: Any) -> list[str]:
    """Bring asides as the service does; return what became of each."""
    with speaking(db, None):
        answers = one(db, "select api.ingest_asides(%s::jsonb)", json.dumps(records))
    return [answer["outcome"] for answer in answers]


def member(who: int, at: str, status: str | None = None, chat: int = ROMASHKA, **more: Any) -> Row:
    """Who somebody is in a chat; without a status: who wrote or joined."""
    return {
        "type": "member",
        "update_id": next(_numbers),
        "chat_id": chat,
        "chat_type": "supergroup",
        "chat_name": "ООО Ромашка",
        "date": int(monday(at).timestamp()),
        "user_id": who,
        "author_name": "Анна Иванова",
        "username": "anna",
        "is_bot": False,
        "status": status,
        **more,
    }


def source(of: Row, **more: Any) -> Row:
    return {"type": "source", **{key: of[key] for key in ("update_id", "chat_id", "message_id", "date")}, **more}


def business(event: str, at: str | None, who: int | None = OLGA, **more: Any) -> Row:
    return {
        "type": "business",
        "update_id": next(_numbers),
        "event": event,
        "connection_id": "C1",
        "chat_id": ANNA,
        "user_id": who,
        "author_name": "Кто-то",
        "date": int(monday(at).timestamp()) if at else None,
        **more,
    }
