"""Messages leave in order and at Telegram's pace: one a second each, thirty for all, twenty a minute for a group."""

from datetime import timedelta

from tests.sql.firm import ANNA, Connection, claim, deliver, ingest, monday, said, settle, sweep

INTERNAL = -1001000000099


def three_chats(db: Connection) -> None:
    """Three messages for Petr, in the order of their deadlines."""
    for number in (1, 2, 3):
        db.execute(
            "insert into public.chats (chat_id, type, chat_name, monitoring_enabled, connected_at)"
            " values (%s, 'supergroup', %s, true, now())",
            [-6000 - number, f"Чат {number}"],
        )
        at = monday("09:00") + timedelta(minutes=number)
        ingest(db, said(ANNA, at, chat=-6000 - number, chat_name=f"Чат {number}"))
    sweep(db, monday("11:00"))


def test_a_recipient_gets_one_message_a_second_and_in_order(db: Connection) -> None:
    three_chats(db)
    claims = [claim(db, monday("11:01") + timedelta(seconds=n / 2)) for n in range(7)]
    for claimed in claims:
        assert len(claimed) <= 1
    assert [message["facts"]["chat_name"] for claimed in claims for message in claimed] == ["Чат 1"]
    first = claims[0][0]
    settle(db, monday("11:01:04"), first)
    rest = [claim(db, monday("11:01:05"))]
    settle(db, monday("11:01:05"), rest[0][0])
    rest.append(claim(db, monday("11:01:05.5")))
    rest.append(claim(db, monday("11:01:06")))
    assert [[m["facts"]["chat_name"] for m in claimed] for claimed in rest] == [["Чат 2"], [], ["Чат 3"]]


def test_nothing_overtakes_a_message_that_waits_because_telegram_said_so(db: Connection) -> None:
    three_chats(db)
    (first,) = claim(db, monday("11:01"))
    settle(db, monday("11:01"), first, "retry", error="told to wait", retry_after=60)
    assert claim(db, monday("11:01:30")) == []
    assert [m["facts"]["chat_name"] for m in deliver(db, monday("11:02"))] == ["Чат 1", "Чат 2", "Чат 3"]


def test_a_message_that_fails_holds_up_no_other(db: Connection) -> None:
    three_chats(db)
    (first,) = claim(db, monday("11:01"))
    settle(db, monday("11:01"), first, "retry", error="Bad Gateway")
    assert [m["facts"]["chat_name"] for m in deliver(db, monday("11:01:30"))] == ["Чат 2", "Чат 3"]
    assert [m["facts"]["chat_name"] for m in deliver(db, monday("11:02"))] == ["Чат 1"]


def people(db: Connection, number: int) -> None:
    """So many managers, each with a message waiting."""
    db.execute(
        "insert into public.users (id, email, role, full_name, telegram_id)"
        " select gen_random_uuid(), n || '@x.test', 'manager', 'М', 700000 + n from generate_series(1, %s) as n",
        [number],
    )
    ingest(db, said(ANNA, monday("09:00")))
    sweep(db, monday("10:30"))


def test_all_senders_together_send_thirty_a_second(db: Connection) -> None:
    people(db, 70)
    counts = [len(claim(db, monday("10:30") + timedelta(seconds=n / 2))) for n in range(5)]
    assert counts == [30, 0, 30, 0, 12]


def test_a_group_gets_twenty_messages_a_minute(db: Connection) -> None:
    db.execute(
        "insert into public.chats (chat_id, type, chat_name, internal) values (%s, 'supergroup', 'Своя', true)",
        [INTERNAL],
    )
    db.execute(
        "insert into public.outbox (kind, recipient_chat_id, subject_id, next_attempt_at)"
        " select 'chat_notice', %s, gen_random_uuid(), %s from generate_series(1, 30)",
        [INTERNAL, monday("10:00")],
    )
    sent = []
    for second in range(130):
        at = monday("10:00") + timedelta(seconds=second)
        for message in claim(db, at):
            settle(db, at, message)
            sent.append(second)
    assert (len(sent), [s for s in sent if s < 60]) == (30, list(range(20)))
