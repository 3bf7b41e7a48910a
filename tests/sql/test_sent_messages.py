"""What the bot says itself stands among the messages, and changes nothing that is measured (A2)."""

import json
from typing import Any

import pytest

from tests.sql.firm import (
    ANNA,
    OLGA,
    ROMASHKA,
    Connection,
    Row,
    all_rows,
    ingest,
    membership,
    monday,
    one,
    said,
    sweep,
    window,
    windows,
)

BOT = 700001
OLD, NEW = -4001, -1004001


def sent(at: str, chat: int = ROMASHKA, **more: Any) -> Row:
    """A message of the bot's own, as the process that sent it notes it."""
    record = said(BOT, monday(at), "Сейчас нерабочее время", chat, author_name="БухБот", **more)
    return {
        name: value for name, value in record.items() if name not in {"update_id", "chat_type", "chat_name", "is_bot"}
    }


def note(db: Connection, *messages: Row) -> int:
    new: int = one(db, "select api.note_sent(%s)", json.dumps(messages))
    return new


def own(db: Connection, chat: int = ROMASHKA) -> list[Row]:
    return all_rows(db, "select * from api.chat_messages where chat_id = %s and is_bot", chat)


def test_a2_the_bots_reply_is_stored_as_outgoing_in_a_chat_that_is_not_measured(db: Connection) -> None:
    db.execute("update public.chats set monitoring_enabled = false where chat_id = %s", [ROMASHKA])
    ingest(db, said(ANNA, monday("10:00")))
    assert note(db, sent("10:00:01", topic_id=5, reply_to=7)) == 1
    (reply,) = own(db)
    assert (reply["message_text"], reply["is_staff"], reply["is_measured"]) == ("Сейчас нерабочее время", False, False)
    assert (reply["topic_id"], reply["reply_to_message_id"], reply["telegram_user_id"]) == (5, 7, BOT)
    assert (reply["classification"], reply["answers"], reply["telegram_date"]) == (None, False, monday("10:00:01"))


def test_noted_twice_it_stands_there_once(db: Connection) -> None:
    reply = sent("10:00")
    assert (note(db, reply, reply), note(db, reply), len(own(db))) == (1, 0, 1)


def test_a2_what_the_bot_says_neither_opens_nor_closes_nor_delays(db: Connection) -> None:
    note(db, sent("09:59"))
    assert windows(db) == []
    ingest(db, said(ANNA, monday("10:00")))
    before = window(db)
    assert note(db, sent("10:01"), sent("10:02", reply_to=1)) == 2
    ingest(db, said(ANNA, monday("10:03")))
    after = window(db)
    assert (after["responded_at"], after["due_at"], after["message_count"]) == (None, before["due_at"], 2)
    assert sweep(db, monday("11:01")) == 1
    ingest(db, said(OLGA, monday("11:05"), "Готово"))
    assert window(db)["outcome"] == "met_late"


@pytest.mark.parametrize("chat", [-999, OLGA])
def test_chats_that_nobody_knows_and_the_firms_own_people_have_no_record(db: Connection, chat: int) -> None:
    ingest(db, said(OLGA, monday("09:00"), "/start", OLGA, chat_type="private"))
    assert (note(db, sent("10:00", chat)), own(db, chat)) == (0, [])


def test_alerts_in_the_firms_own_chat_are_not_kept(db: Connection) -> None:
    """They quote clients, and an erasure would not find them there."""
    db.execute("insert into public.chats (chat_id, type, chat_name, internal) values (-77, 'group', 'Своя', true)")
    assert (note(db, sent("10:00", -77)), own(db, -77)) == (0, [])


def test_what_a_client_is_told_in_private_is_stored(db: Connection) -> None:
    ingest(db, said(ANNA, monday("10:00"), "/start", ANNA, chat_type="private"))
    assert (note(db, sent("10:01", ANNA)), len(own(db, ANNA))) == (1, 1)


def test_a_group_that_has_moved_is_found(db: Connection) -> None:
    db.execute("insert into public.chats (chat_id, type, chat_name) values (%s, 'group', 'Растущая')", [OLD])
    ingest(db, said(OLGA, monday("10:00"), None, chat=OLD, chat_type="group", kind="service", migrated_to=NEW))
    assert (note(db, sent("10:01", OLD), sent("10:02", NEW)), len(own(db, NEW))) == (2, 2)


def test_a_chat_that_was_removed_keeps_what_was_said_and_erasure_takes_it(db: Connection) -> None:
    ingest(db, said(ANNA, monday("10:00")), membership("left", monday("10:01")))
    note(db, sent("10:02"))
    db.execute("select set_config('request.jwt.claims', '{\"role\": \"service_role\"}', true)")
    db.execute(
        "select api.erase_client(c.id, c.name) from public.clients as c join public.chats as o on o.client_id = c.id"
        " where o.chat_id = %s",
        [ROMASHKA],
    )
    assert one(db, "select count(*) from public.chat_messages where is_bot and message_text <> ''") == 0
