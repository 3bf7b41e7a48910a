"""A client calls for somebody, looks at what is open, orders a document: who is told, and what the clock does."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.sql.firm import (
    ANNA,
    BORIS,
    IVAN,
    LEBEDEVA,
    OLGA,
    PETR,
    ROMASHKA,
    Connection,
    Row,
    acting_as,
    all_rows,
    claim,
    ingest,
    monday,
    moscow,
    one,
    reacted,
    said,
    settle,
    sweep,
    window,
)
from tests.stack import Stack

NOON = monday("12:00")


@pytest.fixture
def member(db: Connection) -> Connection:
    """Anna is in two groups, and wrote to Ivan's last."""
    for chat, at in ((ROMASHKA, "10:00"), (LEBEDEVA, "11:00")):
        ingest(db, said(ANNA, monday(at), chat=chat), said(BORIS, monday("11:30"), chat=ROMASHKA))
        db.execute(
            "insert into public.chat_members (chat_id, telegram_user_id, full_name) values (%s, %s, 'Анна')",
            [chat, ANNA],
        )
    return db


def as_service(db: Connection, query: str, *values: object) -> Any:
    """Ask as the bot does, and be oneself again."""
    db.execute("set local role service_role")
    answer = one(db, query, *values)
    db.execute("reset role")
    return answer


def calls(db: Connection, who: int = ANNA, where: int = ROMASHKA, at: datetime = NOON) -> Row:
    answer: Row = as_service(db, "select api.call_accountant(%s, %s, 0, %s)", who, where, at)
    return answer


def called(db: Connection) -> list[int]:
    rows = all_rows(db, "select * from public.outbox where kind = 'accountant_call' order by position")
    return [row["recipient_chat_id"] for row in rows]


def test_a_call_from_the_group_goes_to_its_owner(db: Connection) -> None:
    answer = calls(db)
    assert (answer["outcome"], answer["opens_at"], called(db)) == ("called", None, [OLGA])
    (message,) = claim(db, NOON)
    assert message["facts"]["chat_name"] == "ООО Ромашка"


def test_g7_from_private_it_goes_to_the_staff_of_the_latest_group(member: Connection) -> None:
    answer = calls(member, where=ANNA)
    assert answer["outcome"] == "called"
    assert called(member) == [IVAN]


def test_g7_she_learns_that_nobody_can_be_reached_and_may_try_again(db: Connection) -> None:
    db.execute("update public.users set unreachable_since = now(), unreachable_because = 'blocked'")
    assert [calls(db)["outcome"] for _ in range(2)] == ["nobody", "nobody"]
    assert one(db, "select count(*) from public.accountant_calls") == 0


def test_whoever_is_in_no_group_has_nobody_to_call(db: Connection) -> None:
    for function in ("call_accountant", "client_menu", "requests_of_client"):
        with pytest.raises(psycopg.Error, match="not_a_client"), db.transaction():
            db.execute(f"select api.{function}(%s, %s)".encode(), [BORIS, BORIS])


def test_who_left_the_group_is_no_client_of_it(member: Connection) -> None:
    member.execute("update public.chat_members set status = 'left' where chat_id = %s", [LEBEDEVA])
    calls(member, where=ANNA)
    assert called(member) == [OLGA]


def test_a_group_that_nobody_watches_has_no_menu(db: Connection) -> None:
    db.execute("update public.chats set monitoring_enabled = false where chat_id = %s", [ROMASHKA])
    with pytest.raises(psycopg.Error, match="chat_is_not_served"):
        calls(db)


def test_half_an_hour_passes_between_calls_of_a_chat(db: Connection) -> None:
    calls(db)
    again = calls(db, BORIS, at=NOON + timedelta(minutes=29))
    assert (again["outcome"], datetime.fromisoformat(again["called_at"])) == ("called_before", NOON)
    assert calls(db, at=NOON + timedelta(minutes=30))["outcome"] == "called"
    assert called(db) == [OLGA, OLGA]


def test_off_hours_the_call_waits_for_the_opening(db: Connection) -> None:
    saturday = moscow("2026-04-11 12:00")
    answer = calls(db, at=saturday)
    assert datetime.fromisoformat(answer["opens_at"]) == moscow("2026-04-13 09:00")
    assert claim(db, saturday) == []
    assert [message["recipient_chat_id"] for message in claim(db, moscow("2026-04-13 09:00"))] == [OLGA]


def test_e19_the_next_in_line_hears_of_a_call_that_did_not_get_through(db: Connection) -> None:
    calls(db)
    (message,) = claim(db, NOON)
    settle(db, NOON, message, "blocked")
    assert called(db) == [OLGA, PETR]


def seen(db: Connection, where: int, at: datetime = NOON) -> list[Row]:
    found: list[Row] = as_service(db, "select api.requests_of_client(%s, %s, %s) -> 'requests'", ANNA, where, at)
    return found


def test_a_group_shows_its_own_requests_and_private_all_of_hers_with_words(member: Connection) -> None:
    assert [(row["chat_name"], row["words"]) for row in seen(member, ROMASHKA)] == [("ООО Ромашка", None)]
    assert [row["words"] for row in seen(member, ANNA)] == ["Где акт?", "Где акт?"]


def test_states_are_what_a_client_understands(db: Connection) -> None:
    question = said(ANNA, monday("10:00"))
    ingest(db, question)
    assert [row["state"] for row in seen(db, ROMASHKA, monday("10:30"))] == ["waiting"]
    ingest(db, reacted(OLGA, question, monday("10:31")))
    assert [row["state"] for row in seen(db, ROMASHKA, monday("10:40"))] == ["in_hand"]
    assert [row["state"] for row in seen(db, ROMASHKA, monday("11:01"))] == ["late"]
    ingest(db, said(OLGA, monday("11:05"), "Готово"))
    assert [row["state"] for row in seen(db, ROMASHKA, monday("11:06"))] == ["answered"]
    assert seen(db, ROMASHKA, monday("11:06") + timedelta(days=1)) == []


def orders(db: Connection, where: int = ROMASHKA, who: int = ANNA, **more: object) -> object:
    order = more.get("order", uuid4())
    return as_service(
        db, "select api.order_document(%s, %s, %s, %s, 'Анна', 0, %s)", who, where, order, "Акт за март", NOON
    )


def test_an_order_is_the_clients_message_and_its_clock_runs(db: Connection) -> None:
    assert orders(db) == {"chat_name": "ООО Ромашка"}
    found = window(db)
    assert (found["message_text"], found["opened_at"], found["due_at"]) == ("Акт за март", NOON, monday("13:00"))
    (message,) = claim(db, NOON)
    number = one(db, "select number from public.client_requests")
    assert message["recipient_chat_id"] == ROMASHKA
    assert message["facts"] == {"topic_id": None, "ordered_by": "Анна", "words": "Акт за март", "number": number}


def test_an_order_joins_the_wait_that_is_open_and_an_answer_closes_both(db: Connection) -> None:
    ingest(db, said(ANNA, monday("11:30")))
    orders(db)
    assert window(db)["message_count"] == 2
    ingest(db, said(OLGA, monday("12:10"), "Готово"))
    assert window(db)["outcome"] == "met"


def test_an_order_that_is_sent_twice_is_one(db: Connection) -> None:
    order = uuid4()
    orders(db, order=order)
    orders(db, order=order)
    assert window(db)["message_count"] == 1


def test_people_of_the_firm_order_nothing(db: Connection) -> None:
    with pytest.raises(psycopg.Error, match="not_a_client"):
        orders(db, who=OLGA)


def test_an_order_is_told_to_staff_like_any_question(db: Connection) -> None:
    orders(db)
    assert sweep(db, monday("13:00:01")) == 1


def test_an_order_gets_no_receipt_beside_its_confirmation(db: Connection) -> None:
    db.execute("update public.chats set receipts = 'reaction'")
    orders(db)
    db.execute("select private.reply_to_windows(array_agg(id), %s) from public.client_requests", [NOON])
    assert [message["kind"] for message in claim(db, NOON)] == ["document_order"]


def test_nobody_but_the_service_asks_for_a_client(db: Connection) -> None:
    for role in ("manager", "anon"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), acting_as(db, role):
            one(db, "select api.call_accountant(%s, %s)", ANNA, ROMASHKA)


def test_an_order_is_found_at_the_end_of_its_chat(db: Connection) -> None:
    """Telegram has no message of it that a link could open."""
    orders(db)
    facts = one(db, "select private.request_facts(id, %s) from public.client_requests", NOON)
    assert facts["chat_url"] == "https://t.me/c/1000000001/999999999"


def test_two_presses_at_once_are_one_call(stack: Stack) -> None:
    """Each in a transaction of its own, as two copies of the bot ask."""
    with psycopg.connect(stack.env["DATABASE_URL"]) as first, psycopg.connect(stack.env["DATABASE_URL"]) as second:
        assert calls(first)["outcome"] == "called"
        second.execute("set local lock_timeout = '200ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            one(second, "select api.call_accountant(%s, %s, 0, %s)", BORIS, ROMASHKA, NOON)
        first.rollback()
        second.rollback()
