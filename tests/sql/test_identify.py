"""Whom the bot speaks to, and in which language: many people are one question."""

from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from tests.world import ACCOUNTANT, MANAGER

Db = psycopg.Connection[tuple[Any, ...]]
GROUP = -1_002_345_678_901


def identify(db: Db, *people: dict[str, Any]) -> list[dict[str, Any]]:
    row = db.execute("select api.identify_all(%s)", [Jsonb(list(people))]).fetchone()
    assert row
    found: list[dict[str, Any]] = row[0]
    return found


def test_everybody_is_known_in_the_order_of_asking(db: Db) -> None:
    people = identify(db, {"telegram_id": 77}, {"telegram_id": MANAGER}, {"telegram_id": ACCOUNTANT})
    assert [one["telegram_id"] for one in people] == [77, MANAGER, ACCOUNTANT]
    assert [one["role"] for one in people] == [None, "manager", "accountant"]
    assert identify(db) == []


def test_a_stranger_is_answered_in_the_language_that_telegram_shows_him(db: Db) -> None:
    people = identify(db, *({"telegram_id": 77, "language": language} for language in ("en-GB", "de", None)))
    assert [one["answer_locale"] for one in people] == ["en", "ru", "ru"]


def test_a_person_who_was_let_go_is_a_stranger(db: Db) -> None:
    db.execute("update public.users set active = false where telegram_id = %s", [ACCOUNTANT])
    (one,) = identify(db, {"telegram_id": ACCOUNTANT, "language": "ru"})
    assert (one["role"], one["user_id"], one["full_name"]) == (None, None, None)


def test_in_a_group_everybody_is_answered_in_its_language(db: Db) -> None:
    db.execute(
        "insert into public.chats (chat_id, type, chat_name, locale) values (%s, 'supergroup', 'Foreign', 'en')",
        [GROUP],
    )
    asked = [
        {"telegram_id": MANAGER},
        {"telegram_id": MANAGER, "chat_id": GROUP},
        {"telegram_id": 77, "chat_id": GROUP},
    ]
    people = identify(db, *asked)
    assert [one["answer_locale"] for one in people] == ["ru", "en", "en"]
    assert people[1]["locale"] == "ru"


def test_whoever_wrote_is_known_with_the_commit_as_without_it(db: Db) -> None:
    """What the bot learns along the way is what it would have been told on asking."""
    record = {
        "update_id": 10**14,
        "chat_id": 78,
        "chat_type": "private",
        "message_id": 1,
        "date": 1_780_000_000,
        "user_id": 78,
        "author_name": "Анна",
        "is_bot": False,
        "kind": "command",
        "text": "/start",
        "type": "message",
        "classification": "request",
    }
    asked: list[dict[str, Any]] = [{"telegram_id": 78, "language": "en", "chat_id": None}, {"telegram_id": MANAGER}]
    row = db.execute("select api.ingest_and_identify(%s, %s)", [Jsonb([record]), Jsonb(asked)]).fetchone()
    assert row
    assert [answer["outcome"] for answer in row[0]["answers"]] == ["recorded"]
    assert row[0]["people"] == identify(db, *asked)
