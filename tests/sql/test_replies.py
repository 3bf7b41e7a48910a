"""What the bot says to clients by itself: when somebody will be there again, and that a question has arrived."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.sql.firm import (
    ANNA,
    BORIS,
    NIGHT,
    OLGA,
    ROMASHKA,
    Connection,
    Row,
    acting_as,
    all_rows,
    claim,
    ingest,
    moscow,
    one,
    replied,
    said,
    settle,
)
from tests.sql.people import speaking

SATURDAY = moscow("2026-04-11 12:00")
MONDAY_MORNING = moscow("2026-04-13 09:00")
HOLIDAYS = "insert into public.calendar_exceptions (on_date, name) select d, %s from unnest(%s::date[]) as d"


def replies(db: Connection, kind: str = "off_hours_reply") -> list[Row]:
    return all_rows(db, "select * from public.outbox where kind = %s order by position", kind)


def asks(db: Connection, at: datetime, who: int = ANNA, chat: int = ROMASHKA, topic: int = 0) -> None:
    """A question, and what the bot replies at that moment."""
    db.execute("set local role service_role")
    ingest(db, said(who, at, chat=chat, topic_id=topic or None))
    db.execute(
        "select private.reply_to_windows(array_agg(id), %s) from public.client_requests where opened_at = %s", [at, at]
    )
    db.execute("reset role")


def setting(db: Connection, column: str, value: object, chat: int = ROMASHKA) -> None:
    db.execute(f"update public.chats set {column} = %s where chat_id = %s".encode(), [value, chat])


def test_who_asks_on_a_saturday_is_told_when_the_firm_opens(db: Connection) -> None:
    asks(db, SATURDAY)
    (reply,) = replies(db)
    assert reply["recipient_chat_id"] == ROMASHKA
    assert datetime.fromisoformat(reply["payload"]["opens_at"]) == MONDAY_MORNING
    assert reply["payload"]["timezone"] == "Europe/Moscow"
    assert reply["payload"]["holiday"] is None


@pytest.mark.parametrize("clock", ["2026-04-06 09:00", "2026-04-06 17:59:30"])
def test_in_working_time_nobody_is_told_anything(db: Connection, clock: str) -> None:
    asks(db, moscow(clock))
    assert replies(db) == []


@pytest.mark.parametrize("clock", ["2026-04-06 18:00", "2026-04-07 08:59"])
def test_the_evening_is_closed_to_the_second(db: Connection, clock: str) -> None:
    asks(db, moscow(clock))
    assert [datetime.fromisoformat(reply["payload"]["opens_at"]) for reply in replies(db)] == [
        moscow("2026-04-07 09:00")
    ]


def test_a_closed_period_is_told_once_per_topic_and_the_next_one_again(db: Connection) -> None:
    asks(db, SATURDAY)
    ingest(db, said(OLGA, SATURDAY + timedelta(minutes=5), "В понедельник"))
    asks(db, SATURDAY + timedelta(hours=1), BORIS)
    assert len(replies(db)) == 1
    asks(db, SATURDAY + timedelta(hours=1), BORIS, topic=7)
    assert [reply["payload"]["topic_id"] for reply in replies(db)] == [None, 7]
    ingest(db, said(OLGA, SATURDAY + timedelta(hours=2), "Готово"))
    asks(db, moscow("2026-04-13 20:00"))
    assert len(replies(db)) == 3


def test_a_lunch_break_is_no_closed_period(db: Connection) -> None:
    db.execute("update public.working_intervals set closes = '13:00'")
    db.execute(
        "insert into public.working_intervals (schedule_id, weekday, opens, closes)"
        " select default_schedule_id, d, '14:00', '18:00' from public.settings, generate_series(1, 5) as d"
    )
    asks(db, moscow("2026-04-06 13:20"))
    assert replies(db) == []


def test_around_the_clock_there_is_no_such_hour(db: Connection) -> None:
    asks(db, SATURDAY, chat=NIGHT)
    assert replies(db) == []


def test_a_schedule_without_working_time_promises_nothing(db: Connection) -> None:
    db.execute("delete from public.working_intervals")
    asks(db, SATURDAY)
    assert replies(db) == []


@pytest.mark.parametrize(
    ("firm", "chat", "told"), [(True, None, 1), (True, False, 0), (False, None, 0), (False, True, 1)]
)
def test_the_chat_decides_and_else_the_firm(db: Connection, firm: bool, chat: bool | None, told: int) -> None:  # noqa: FBT001 (rows of a table)
    db.execute("update public.settings set off_hours_reply = %s", [firm])
    setting(db, "off_hours_reply", chat)
    asks(db, SATURDAY)
    assert len(replies(db)) == told


@pytest.mark.parametrize(
    ("dates", "asked", "holiday"),
    [
        (["2026-04-13"], "2026-04-11 12:00", ("2026-04-13", "2026-04-13")),
        (["2026-04-13", "2026-04-14"], "2026-04-13 12:00", ("2026-04-13", "2026-04-14")),
        # Begun before the question.
        (["2026-04-07", "2026-04-08", "2026-04-09"], "2026-04-09 12:00", ("2026-04-07", "2026-04-09")),
        # Over before it closed, or after it opens.
        (["2026-04-07", "2026-04-14"], "2026-04-11 12:00", None),
    ],
)
def test_a_holiday_is_named_with_its_days(
    db: Connection, dates: list[str], asked: str, holiday: tuple[str, str] | None
) -> None:
    db.execute(HOLIDAYS, ["Праздник", dates])
    asks(db, moscow(asked))
    expected = {"name": "Праздник", "first": holiday[0], "last": holiday[1]} if holiday else None
    assert [reply["payload"]["holiday"] for reply in replies(db)] == [expected]


def test_the_name_that_most_days_bear_stands_for_all(db: Connection) -> None:
    db.execute(HOLIDAYS, ["Каникулы", ["2026-04-07", "2026-04-09"]])
    db.execute(HOLIDAYS, ["Рождество", ["2026-04-08"]])
    asks(db, moscow("2026-04-06 19:00"))
    (reply,) = replies(db)
    assert reply["payload"]["holiday"] == {"name": "Каникулы", "first": "2026-04-07", "last": "2026-04-09"}


def test_what_comes_too_late_to_be_of_use_is_not_said(db: Connection) -> None:
    asks(db, SATURDAY)
    assert claim(db, MONDAY_MORNING) == []
    assert [reply["status"] for reply in replies(db)] == ["cancelled"]


def test_a_reply_that_telegram_refused_for_a_while_is_said_a_little_later(db: Connection) -> None:
    asks(db, SATURDAY)
    (message,) = claim(db, SATURDAY)
    assert message["facts"] == message["facts"] | {"topic_id": None, "holiday": None, "timezone": "Europe/Moscow"}
    settle(db, SATURDAY, message, "retry")
    (again,) = claim(db, SATURDAY + timedelta(minutes=2))
    settle(db, SATURDAY + timedelta(minutes=2), again)
    assert [(reply["status"], reply["finished_at"] is not None) for reply in replies(db)] == [("sent", True)]


def test_a_question_of_long_ago_gets_neither_promise_nor_receipt(db: Connection) -> None:
    """What an outage kept back is recorded and measured; nobody wants to be greeted for it hours later."""
    setting(db, "receipts", "text")
    ingest(db, said(ANNA, SATURDAY))
    assert replies(db) + replies(db, "receipt") == []


def test_a_question_of_now_is_replied_to_in_the_same_transaction(db: Connection) -> None:
    setting(db, "receipts", "reaction")
    db.execute("delete from public.working_intervals")
    now = datetime.now(UTC)
    opens = now + timedelta(hours=20)
    db.execute(
        "insert into public.working_intervals (schedule_id, weekday, opens, closes)"
        " select default_schedule_id, extract(isodow from %s at time zone 'Europe/Moscow'), '00:00', '24:00'"
        " from public.settings",
        [opens + timedelta(hours=24)],
    )
    db.execute("set local role service_role")
    ingest(db, said(ANNA, now))
    db.execute("reset role")
    assert (len(replies(db)), len(replies(db, "receipt"))) == (1, 1)


def test_a14_an_album_gets_one_receipt_and_staffs_files_none(db: Connection) -> None:
    setting(db, "receipts", "text")
    at = moscow("2026-04-06 10:00")
    album = [said(ANNA, at, None, kind="photo", media_group_id="g") for _ in range(5)]
    ingest(db, *album, said(OLGA, moscow("2026-04-06 09:30"), None, kind="document"))
    db.execute("select private.reply_to_windows(array_agg(id), %s) from public.client_requests", [at])
    (receipt,) = replies(db, "receipt")
    assert (receipt["payload"]["style"], receipt["payload"]["message_id"]) == ("text", album[0]["message_id"])
    assert receipt["payload"]["number"] == one(db, "select number from public.client_requests")
    assert datetime.fromisoformat(receipt["payload"]["asked_at"]) == at


def test_a14_without_the_setting_and_in_private_nobody_gets_a_receipt(db: Connection) -> None:
    asks(db, moscow("2026-04-06 10:00"))
    ingest(db, said(BORIS, moscow("2026-04-06 10:00"), chat=BORIS, chat_type="private"))
    assert replies(db, "receipt") == []


def test_a_further_message_of_the_same_wait_gets_no_receipt(db: Connection) -> None:
    setting(db, "receipts", "text")
    asks(db, moscow("2026-04-06 10:00"))
    ingest(db, said(ANNA, moscow("2026-04-06 10:01")))
    assert len(replies(db, "receipt")) == 1


def test_off_hours_the_promise_is_the_receipt(db: Connection) -> None:
    setting(db, "receipts", "text")
    asks(db, SATURDAY)
    assert replies(db, "receipt") == []
    number = one(db, "select number from public.client_requests")
    assert [reply["payload"]["number"] for reply in replies(db)] == [number]


def test_numbers_grow_and_are_seen_by_nobody_twice(db: Connection) -> None:
    first, second = said(ANNA, moscow("2026-04-06 10:00")), said(ANNA, moscow("2026-04-06 11:00"))
    ingest(db, first, replied(OLGA, first, moscow("2026-04-06 10:10")), second)
    numbers = [row["number"] for row in all_rows(db, "select number from public.client_requests order by opened_at")]
    assert numbers[0] < numbers[1]


@pytest.mark.parametrize("recipient", [OLGA, ANNA])
@pytest.mark.parametrize("kind", ["off_hours_reply", "receipt", "faq_answer", "document_order"])
def test_e13_what_clients_get_never_goes_to_anybody_in_private(db: Connection, kind: str, recipient: int) -> None:
    with pytest.raises(psycopg.Error, match=r"what_clients_get_goes_to_their_group|alert_to_a_stranger"):
        db.execute(
            "insert into public.outbox (kind, recipient_chat_id, subject_id) values (%s, %s, gen_random_uuid())",
            [kind, recipient],
        )


def test_e13_no_reply_can_be_turned_into_an_alert(db: Connection) -> None:
    asks(db, SATURDAY)
    db.execute("set constraints all immediate")
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="an_alert_never_goes_to_a_clients_group"):
        db.execute("update public.outbox set kind = 'sla_alert'")


def test_i21_with_a_client_goes_what_the_bot_told_its_chats(db: Connection) -> None:
    asks(db, SATURDAY)
    with speaking(db, None):
        db.execute("select api.erase_client(id, name) from public.clients where name = 'ООО Ромашка'")
    assert replies(db) == []
    assert one(db, "select count(*) from public.outbox where recipient_chat_id = %s", ROMASHKA) == 0


def test_who_runs_the_firm_chooses_what_clients_are_told(db: Connection) -> None:
    chosen = "update api.chats set receipts = 'text', off_hours_reply = false where chat_id = %s"
    for role, changed in (("admin", 1), ("manager", 1), ("accountant", 0), ("observer", 0)):
        with acting_as(db, role):
            assert db.execute(chosen.encode(), [ROMASHKA]).rowcount == changed
    for role, changed in (("admin", 1), ("manager", 0)):
        with acting_as(db, role):
            assert db.execute("update api.settings set off_hours_reply = false").rowcount == changed
