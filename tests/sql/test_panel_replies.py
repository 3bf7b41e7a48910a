"""Answering from the page of a window: who may, what the chat is owed, what becomes of it, and trying again."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.sql.firm import (
    ANNA,
    IVAN,
    LEBEDEVA,
    MARIA,
    OLGA,
    PETR,
    ROMASHKA,
    Connection,
    Row,
    all_rows,
    edited,
    ingest,
    one,
    outbox,
    said,
    user_id,
    windows,
)
from tests.sql.people import speaking

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def asked(db: Connection) -> Connection:
    ingest(db, said(ANNA, NOW - timedelta(minutes=20), topic_id=7))
    return db


def waiting(db: Connection) -> Row:
    (only,) = windows(db)
    return only


def answer(
    db: Connection, who: int, body: str = "Акт готов", key: UUID | None = None, template: UUID | None = None
) -> bool:
    with speaking(db, user_id(who)), db.transaction():
        return bool(
            one(db, "select api.answer_request(%s, %s, %s, %s)", waiting(db)["id"], body, key or uuid4(), template)
        )


def refused(db: Connection, key: str, who: int, call: str, *values: object) -> None:
    with pytest.raises(psycopg.Error, match=key), speaking(db, user_id(who)), db.transaction():
        one(db, f"select api.{call}", *values)


def desk(db: Connection, who: int) -> Row:
    with speaking(db, user_id(who)):
        found: Row = one(db, "select api.request_desk(%s)", waiting(db)["id"])
        return found


def owed(db: Connection) -> Row:
    (row,) = [row for row in outbox(db) if row["kind"] == "chat_reply"]
    return row


def test_an_answer_is_owed_once_under_the_clients_last_words(asked: Connection) -> None:
    key = uuid4()
    ingest(asked, later := said(ANNA, NOW - timedelta(minutes=10), topic_id=7))
    assert [answer(asked, OLGA, key=key), answer(asked, OLGA, key=key)] == [True, False]
    row = owed(asked)
    assert (row["recipient_chat_id"], row["status"]) == (ROMASHKA, "pending")
    assert (row["payload"]["text"], row["payload"]["topic_id"]) == ("Акт готов", 7)
    assert (row["payload"]["message_id"], row["payload"]["person"]) == (later["message_id"], str(user_id(OLGA)))


def test_it_closes_the_wait_in_the_name_of_who_wrote_it_and_its_words_leave(asked: Connection) -> None:
    answer(asked, OLGA)
    assert [(reply["by"], reply["status"], reply["text"]) for reply in desk(asked, OLGA)["replies"]] == [
        ("Ольга Петрова", "pending", "Акт готов")
    ]
    row = owed(asked)
    sent = {"id": str(row["id"]), "telegram_message_id": 900, "telegram_date": int(NOW.timestamp())}
    asked.execute("select api.settle_replies(%s)", [json.dumps([sent])])
    assert (waiting(asked)["outcome"], waiting(asked)["responded_by"]) == ("met", user_id(OLGA))
    (told,) = desk(asked, OLGA)["replies"]
    assert (told["status"], told["text"]) == ("sent", None)


def fail(db: Connection) -> UUID:
    key: UUID = owed(db)["id"]
    db.execute("update public.outbox set status = 'failed', last_error = 'not enough rights' where id = %s", [key])
    return key


def test_what_could_not_be_sent_is_tried_again_as_its_authors(asked: Connection) -> None:
    answer(asked, OLGA)
    key = fail(asked)
    (told,) = desk(asked, PETR)["replies"]
    assert (told["status"], told["error"], told["text"]) == ("cancelled", "not enough rights", "Акт готов")
    refused(asked, "unknown_request", IVAN, "retry_reply(%s)", key)
    refused(asked, "not_allowed", MARIA, "retry_reply(%s)", key)
    with speaking(asked, user_id(PETR)):
        one(asked, "select api.retry_reply(%s)", key)
    row = owed(asked)
    assert (row["status"], row["finished_at"], row["payload"]["person"]) == ("pending", None, str(user_id(OLGA)))
    refused(asked, "reply_is_not_failed", OLGA, "retry_reply(%s)", key)


def test_words_that_were_never_sent_are_kept_a_week(asked: Connection) -> None:
    answer(asked, OLGA)
    fail(asked)
    for days, text in ((6, "Акт готов"), (8, None)):
        while not one(asked, "select api.apply_retention(now() + make_interval(days => %s)) -> 'done'", days):
            pass
        assert owed(asked)["payload"].get("text") == text


def test_who_may_not_act_may_not_answer(asked: Connection) -> None:
    """I1"""
    window = waiting(asked)["id"]
    for who, key in ((IVAN, "unknown_request"), (MARIA, "not_allowed")):
        refused(asked, key, who, "answer_request(%s, 'Я', gen_random_uuid())", window)
    refused(asked, "reply_is_empty", OLGA, "answer_request(%s, ' ', gen_random_uuid())", window)
    refused(asked, "reply_is_too_long", OLGA, "answer_request(%s, %s, gen_random_uuid())", window, "я" * 4097)


def test_where_the_bot_is_not_nobody_answers_through_it(asked: Connection) -> None:
    asked.execute("update public.chats set bot_status = 'kicked' where chat_id = %s", [ROMASHKA])
    window = waiting(asked)["id"]
    refused(asked, "bot_is_not_in_chat", OLGA, "answer_request(%s, 'Я', gen_random_uuid())", window)
    assert desk(asked, OLGA)["is_reachable"] is False


def test_a_template_is_seen_filled_before_it_is_sent_and_counted_then(asked: Connection) -> None:
    insert = "insert into public.templates (category, title, content) values ('Акты', 'Готово', %s) returning id"
    template = one(asked, insert, "Здравствуйте, {{client_name}}!")
    chat = one(asked, "select id from public.chats where chat_id = %s", ROMASHKA)
    with speaking(asked, user_id(OLGA)):
        seen = one(asked, "select api.preview_template(%s, %s)", template, chat)
    assert "{{" not in seen["text"]
    refused(asked, "unknown_chat", IVAN, "preview_template(%s, %s)", template, chat)
    refused(asked, "not_allowed", MARIA, "preview_template(%s, %s)", template, chat)
    answer(asked, OLGA, seen["text"], template=template)
    assert one(asked, "select usage_count from public.templates where id = %s", template) == 1
    assert [made["title"] for made in desk(asked, OLGA)["templates"]] == ["Готово"]
    asked.execute("update public.templates set archived_at = now()")
    assert desk(asked, OLGA)["templates"] == []


def test_an_observer_sees_who_answers_and_not_a_word(asked: Connection) -> None:
    """I1"""
    answer(asked, OLGA)
    seen = desk(asked, MARIA)
    assert (seen["replies"], seen["templates"], seen["owner_name"]) == ([], [], "Ольга Петрова")
    assert talk(asked, MARIA)["messages"] == []


def talk(db: Connection, who: int = OLGA, arguments: str = "") -> Row:
    with speaking(db, user_id(who)):
        found: Row = one(db, f"select api.transcript(%s{arguments})", waiting(db)["id"])
        return found


def test_the_talk_goes_on_earlier_and_later(db: Connection) -> None:
    before = [said(ANNA, NOW - timedelta(days=2, minutes=number), f"было {number}") for number in range(14, 0, -1)]
    ingest(db, *before, said(OLGA, NOW - timedelta(days=2), "Отвечено"))
    ingest(db, said(ANNA, NOW - timedelta(hours=3), "вопрос"))
    latest = one(db, "select id from public.client_requests order by opened_at desc")
    db.execute("delete from public.client_requests where id <> %s", [latest])
    ingest(db, said(OLGA, NOW - timedelta(hours=2), "ответ"), said(OLGA, NOW - timedelta(hours=1), "ещё"))
    first = talk(db)
    texts = [message["text"] for message in first["messages"]]
    assert (texts[0], texts[9:], len(texts)) == ("было 9", ["Отвечено", "вопрос", "ответ"], 12)
    assert (first["has_earlier"], first["has_later"]) == (True, True)
    start, end = first["messages"][0], first["messages"][-1]
    place = ", before_at => '{at}', before_id => {message_id}"
    earlier = talk(db, arguments=place.format(**start))
    assert [message["text"] for message in earlier["messages"]] == [f"было {number}" for number in range(14, 9, -1)]
    assert earlier["has_earlier"] is False
    later = talk(db, arguments=place.replace("before", "after").format(**end))
    assert ([message["text"] for message in later["messages"]], later["has_later"]) == (["ещё"], False)


def test_an_edited_message_tells_what_it_said_before(asked: Connection) -> None:
    ingest(asked, question := said(ANNA, NOW - timedelta(minutes=5), "Где акт?", topic_id=7))
    ingest(asked, edited(question, NOW - timedelta(minutes=4), "Где оба акта?"))
    last = talk(asked)["messages"][-1]
    assert (last["text"], [version["text"] for version in last["versions"]]) == ("Где оба акта?", ["Где акт?"])
    assert all_rows(asked, "select 1 from public.chats where chat_id = %s", LEBEDEVA)
