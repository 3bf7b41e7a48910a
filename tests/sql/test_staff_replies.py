"""What people answer through the bot: owed once, sent like every message, and an answer at Telegram's date."""

import json
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.sql.firm import (
    ANNA,
    IVAN,
    MARIA,
    OLGA,
    PETR,
    ROMASHKA,
    Connection,
    Row,
    acting_as,
    all_rows,
    claim,
    ingest,
    membership,
    monday,
    one,
    outbox,
    said,
    settle,
    sweep,
    user_id,
    window,
)
from tests.sql.test_staff_queue import ask, refused

AT = monday("10:40")
SENT_AT = monday("10:40:07")


def chat_key(db: Connection, chat: int = ROMASHKA) -> UUID:
    found: UUID = one(db, "select id from public.chats where chat_id = %s", chat)
    return found


def reply(
    db: Connection,
    who: int = OLGA,
    body: str = "Готово",
    key: UUID | None = None,
    chat: int = ROMASHKA,
    to: int | None = None,
    topic: int = 0,
) -> bool:
    return bool(ask(db, "send_reply", chat_key(db, chat), body, key or uuid4(), topic, to, who, AT))


def refuse(db: Connection, key: str, who: int, body: str = "Готово", chat: int = ROMASHKA) -> None:
    refused(db, key, "send_reply", chat_key(db, chat), body, uuid4(), 0, None, who, AT)


def take(db: Connection, message: Row, number: int = 900) -> None:
    """Telegram has taken a reply."""
    sent = {"id": message["id"], "telegram_message_id": number, "telegram_date": int(SENT_AT.timestamp())}
    db.execute("select api.settle_replies(%s, %s)", [json.dumps([sent]), AT])


def messages(db: Connection) -> list[Row]:
    return all_rows(db, "select * from public.chat_messages where message_id >= 900 and message_id < 1000")


def test_a_reply_closes_the_wait_in_the_name_of_who_wrote_it_at_telegrams_date(late: Connection) -> None:
    """C1: as if Olga had written it herself."""
    assert reply(late)
    (message,) = claim(late, AT)
    assert (message["kind"], message["recipient_chat_id"]) == ("chat_reply", ROMASHKA)
    assert message["facts"]["text"] == "Готово"
    assert window(late)["outcome"] != "met"
    take(late, message)
    closed = window(late)
    assert (closed["outcome"], closed["responded_by"], closed["responded_at"]) == ("met", user_id(OLGA), SENT_AT)
    assert closed["response_message_id"] == 900
    (stored,) = messages(late)
    assert (stored["is_staff"], stored["is_bot"], stored["user_id"]) == (True, False, user_id(OLGA))
    assert (stored["message_text"], stored["author_name"]) == ("Готово", "Ольга Петрова")


def test_what_was_sent_leaves_the_outbox_and_is_settled_once(late: Connection) -> None:
    reply(late)
    (message,) = claim(late, AT)
    for _ in range(2):
        take(late, message)
    (row,) = all_rows(late, "select * from public.outbox")
    assert (row["status"], row["telegram_message_id"], row["finished_at"]) == ("sent", 900, AT)
    assert "text" not in row["payload"]
    assert len(messages(late)) == 1


def test_the_same_reply_is_owed_once(late: Connection) -> None:
    key = uuid4()
    assert reply(late, key=key)
    assert not reply(late, key=key)
    assert len(outbox(late)) == 1
    take(late, claim(late, AT)[0])
    assert not reply(late, key=key)
    assert claim(late, AT) == []


def test_two_replies_of_one_moment_are_both_sent(late: Connection) -> None:
    assert reply(late, body="Первое")
    assert reply(late, body="Второе")
    (first,) = claim(late, AT)
    assert first["facts"]["text"] == "Первое"


def test_c3_a_reply_to_a_message_closes_that_wait_and_older_ones(db: Connection) -> None:
    first = said(ANNA, monday("10:00"))
    ingest(db, first)
    reply(db, to=first["message_id"])
    (message,) = claim(db, AT)
    assert message["facts"]["message_id"] == first["message_id"]
    # Asked after what the reply addresses, and before Telegram took it.
    take(db, message)
    stored = messages(db)[0]
    assert (stored["reply_to_message_id"], stored["addressed_at"]) == (first["message_id"], monday("10:00"))
    assert window(db)["outcome"] == "met"


def test_a17_a_reply_into_a_topic_leaves_the_other_one_waiting(db: Connection) -> None:
    ingest(db, said(ANNA, monday("10:00"), topic_id=5), said(ANNA, monday("10:01"), topic_id=7))
    reply(db, topic=5)
    (message,) = claim(db, AT)
    assert message["facts"]["topic_id"] == 5
    take(db, message)
    states = all_rows(db, "select topic_id, closed_as from public.client_requests order by topic_id")
    assert states == [{"topic_id": 5, "closed_as": "met"}, {"topic_id": 7, "closed_as": None}]


def test_who_may_answer_is_who_may_act(late: Connection) -> None:
    assert reply(late, PETR)
    refuse(late, "unknown_chat", IVAN)
    refuse(late, "not_allowed", MARIA)
    refuse(late, "not_allowed", ANNA)
    refuse(late, "reply_is_empty", OLGA, " \n")
    refuse(late, "reply_is_too_long", OLGA, "я" * 4097)
    ingest(late, membership("kicked", monday("10:30")))
    refuse(late, "bot_is_not_in_chat", OLGA)


@pytest.mark.parametrize(
    ("role", "refusal"), [("accountant", None), ("accountant2", "unknown_chat"), ("observer", "not_allowed")]
)
def test_a_signed_in_person_answers_in_the_own_name_only(late: Connection, role: str, refusal: str | None) -> None:
    chat = chat_key(late)

    def send() -> None:
        # Somebody else's Telegram id is of no use to who is signed in.
        late.execute("select api.send_reply(%s, 'Готово', %s, telegram_id => %s)", [chat, uuid4(), PETR])

    with acting_as(late, role):
        if refusal:
            with pytest.raises(psycopg.Error, match=refusal):
                send()
            return
        send()
        late.execute("reset role")
        assert one(late, "select payload ->> 'person' from public.outbox") == str(user_id(OLGA))


def test_what_was_noted_as_the_bots_own_becomes_the_persons(late: Connection) -> None:
    """Whoever records what the bot sends may come first."""
    reply(late)
    (message,) = claim(late, AT)
    late.execute(
        "insert into public.chat_messages"
        " (chat_id, message_id, update_id, is_staff, is_bot, kind, message_text, telegram_date)"
        " values (%s, 900, 0, false, true, 'text', 'Готово', %s)",
        [ROMASHKA, SENT_AT],
    )
    take(late, message)
    (stored,) = messages(late)
    assert (stored["is_bot"], stored["is_staff"], stored["answers"]) == (False, True, True)
    assert window(late)["outcome"] == "met"


def test_a_reply_that_telegram_refuses_is_over_and_its_writer_is_told(late: Connection) -> None:
    reply(late)
    (message,) = claim(late, AT)
    settle(late, AT, message, "refused", error="Forbidden")
    rows = {row["kind"]: row for row in all_rows(late, "select * from public.outbox")}
    assert (rows["chat_reply"]["status"], "text" in rows["chat_reply"]["payload"]) == ("cancelled", False)
    notice = rows["chat_notice"]
    assert (notice["recipient_chat_id"], notice["payload"]["event"]) == (OLGA, "reply_not_sent")
    assert window(late)["responded_at"] is None


def test_a_reply_is_tried_again_while_telegram_is_away(late: Connection) -> None:
    reply(late)
    (message,) = claim(late, AT)
    settle(late, AT, message, "retry", error="502")
    (again,) = claim(late, monday("10:41:01"))
    assert again["facts"]["text"] == "Готово"


def test_c5_a_late_reply_resolves_the_alerts(late: Connection) -> None:
    sweep(late, monday("11:00:01"))
    reply(late)
    message = next(one for one in claim(late, monday("11:01")) if one["kind"] == "chat_reply")
    sent = {"id": message["id"], "telegram_message_id": 900, "telegram_date": int(monday("11:01").timestamp())}
    late.execute("select api.settle_replies(%s, %s)", [json.dumps([sent]), monday("11:01")])
    assert window(late)["outcome"] == "met_late"
    assert one(late, "select count(*) from public.sla_alerts where resolution is null") == 0
