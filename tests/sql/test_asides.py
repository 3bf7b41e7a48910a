"""What stands beside the line of messages: who is in a chat, whose words a message holds, talk in business chats."""

import itertools
from datetime import datetime
from typing import Any

import pytest

from tests.sql.beside import asides, business, member, source
from tests.sql.firm import (
    ANNA,
    BORIS,
    OLGA,
    ROMASHKA,
    Connection,
    Row,
    all_rows,
    ingest,
    monday,
    one,
    said,
    window,
    windows,
)

NEW_GROUP = -1009


def standings(db: Connection, chat: int = ROMASHKA) -> dict[int, tuple[str, datetime]]:
    rows = all_rows(db, "select * from api.chat_members where chat_id = %s", chat)
    return {row["telegram_user_id"]: (row["status"], row["status_at"]) for row in rows}


def events(db: Connection) -> list[tuple[str, int, str | None]]:
    rows = all_rows(db, "select * from public.business_events order by update_id, message_id")
    return [(row["event"], row["message_id"], row["message_text"]) for row in rows]


def test_b8_whoever_writes_or_joins_is_a_member(db: Connection) -> None:
    assert asides(db, member(ANNA, "10:00"), member(BORIS, "10:01", is_bot=True)) == ["recorded"] * 2
    assert standings(db) == {ANNA: ("member", monday("10:00")), BORIS: ("member", monday("10:01"))}


def test_the_latest_standing_holds_whatever_came_last(db: Connection) -> None:
    story = [
        member(ANNA, "10:00"),
        member(ANNA, "10:01", "administrator"),
        member(ANNA, "10:02"),
        member(ANNA, "10:03", "left"),
        member(ANNA, "10:03", "kicked"),
    ]
    for order in itertools.permutations(story):
        with db.transaction(force_rollback=True):
            for record in (*order, order[0]):
                asides(db, record)
            assert standings(db) == {ANNA: ("kicked", monday("10:03"))}
    asides(db, *story)
    asides(db, member(ANNA, "10:04", author_name="Анна Петрова", username=None))
    assert standings(db) == {ANNA: ("member", monday("10:04"))}
    names = all_rows(db, "select full_name, telegram_username from api.chat_members where chat_id = %s", ROMASHKA)
    assert names == [{"full_name": "Анна Петрова", "telegram_username": None}]


def test_an_administrator_who_writes_stays_one_and_a_late_message_changes_nothing(db: Connection) -> None:
    asides(db, member(ANNA, "10:00", "administrator"), member(ANNA, "10:05"))
    asides(db, member(ANNA, "09:00", author_name="Прежнее имя"))
    assert standings(db) == {ANNA: ("administrator", monday("10:00"))}
    assert one(db, "select full_name from api.chat_members") == "Анна Иванова"


def test_a7_members_of_an_unknown_group_make_it_known_and_not_connected(db: Connection) -> None:
    asides(db, member(ANNA, "10:00", "member", NEW_GROUP, chat_name="Новая"))
    assert all_rows(db, "select chat_name, connected_at from api.chats where chat_id = %s", NEW_GROUP) == [
        {"chat_name": "Новая", "connected_at": None}
    ]


def test_members_of_a_group_that_moved_are_found_under_its_new_id(db: Connection) -> None:
    asides(db, member(ANNA, "10:00", chat=-4001))
    ingest(db, said(OLGA, monday("10:00"), None, chat=-4001, chat_type="group", kind="service", migrated_to=NEW_GROUP))
    asides(db, member(BORIS, "10:01", chat=-4001))
    assert set(standings(db, NEW_GROUP)) == {ANNA, BORIS}


def test_a_forward_keeps_its_source_and_is_the_clients_own_message(db: Connection) -> None:
    act = said(ANNA, monday("10:00"), None, kind="document", media_file_id="F1")
    ingest(db, act)
    origin: Row = {"forwarded_from": "ФНС", "forwarded_from_id": 77, "forwarded_at": int(monday("09:00").timestamp())}
    assert asides(db, source(act, **origin)) == asides(db, source(act, **origin)) == ["recorded"]
    (row,) = all_rows(db, "select * from public.message_sources")
    assert (row["forwarded_from"], row["forwarded_from_telegram_id"], row["quote"]) == ("ФНС", 77, None)
    assert (row["forwarded_at"], row["telegram_date"]) == (monday("09:00"), monday("10:00"))
    assert window(db)["opened_at"] == monday("10:00")


def test_a_quote_is_kept_with_its_message(db: Connection) -> None:
    ingest(db, question := said(ANNA, monday("10:00"), "А это что?"))
    asides(db, source(question, quote="Сумма 5 000"))
    assert one(db, "select quote from public.message_sources where chat_id = %s", ROMASHKA) == "Сумма 5 000"


def test_business_talk_of_the_firms_people_is_recorded_and_measured_nowhere(db: Connection) -> None:
    talk = [
        business("connected", "10:00", chat_id=OLGA),
        business("said", "10:01", ANNA, message_id=5, kind="text", text="Где акт?"),
        business("edited", "10:02", ANNA, message_id=5, kind="text", text="Где счёт?"),
        business("deleted", None, None, message_ids=[5, 6]),
        business("disconnected", "10:03", chat_id=OLGA),
    ]
    for _ in range(2):
        assert asides(db, *talk) == ["recorded"] * 5
    assert events(db) == [
        ("connected", 0, None),
        ("said", 5, "Где акт?"),
        ("edited", 5, "Где счёт?"),
        ("deleted", 5, None),
        ("deleted", 6, None),
        ("disconnected", 0, None),
    ]
    assert one(db, "select count(*) from public.chat_messages") == 0
    assert (windows(db, ANNA), one(db, "select count(*) from public.chats where chat_id = %s", ANNA)) == ([], 0)


@pytest.mark.parametrize("account", [BORIS, None])
def test_business_talk_of_strangers_is_none_of_ours(db: Connection, account: int | None) -> None:
    if account:
        asides(db, business("connected", "10:00", account))
    asides(db, business("said", "10:01", ANNA, message_id=5, kind="text", text="Личное"))
    assert events(db) == []


def test_business_talk_ends_with_the_persons_work(db: Connection) -> None:
    asides(db, business("connected", "10:00"))
    db.execute("update public.users set active = false where telegram_id = %s", [OLGA])
    asides(db, business("said", "10:01", ANNA, message_id=5, kind="text", text="Личное"))
    assert events(db) == [("connected", 0, None)]


@pytest.mark.parametrize(
    "broken",
    [
        None, 5, "x", [], {}, {"type": "hologram"}, {"date": None}, {"date": 10**15}, {"chat_id": 0},
        {"chat_id": 2**70}, {"user_id": {"id": 1}}, {"user_id": None}, {"update_id": -1},
        {"status": "king"}, {"is_bot": "maybe"},
        {"type": "source", "message_id": 0}, {"type": "business"}, {"type": "business", "connection_id": "C"},
        {"type": "business", "connection_id": "C", "event": "said"},
        {"type": "business", "connection_id": "C", "event": "deleted", "message_ids": "x"},
        {"type": "business", "connection_id": "C", "event": "deleted", "message_ids": {"a": 1}},
        {"type": "business", "connection_id": "C", "event": "deleted", "message_ids": [0]},
    ],
)  # fmt: skip
def test_a18_an_odd_aside_is_set_aside_without_its_words(db: Connection, broken: Any) -> None:
    record = {**member(ANNA, "10:00"), "text": "личное", **broken} if isinstance(broken, dict) and broken else broken
    assert asides(db, record, member(BORIS, "10:01")) == ["rejected", "recorded"]
    (reject,) = all_rows(db, "select record, reason from public.intake_rejects")
    assert reject["reason"] == "malformed aside"
    assert not {"text", "author_name"} & reject["record"].keys()


def test_ids_as_large_as_telegrams_and_larger_survive(db: Connection) -> None:
    for who in (2**52, 2**53 + 1, 2**63 - 1):
        asides(db, member(who, "10:00"))
    assert {2**52, 2**53 + 1, 2**63 - 1} <= set(standings(db))
