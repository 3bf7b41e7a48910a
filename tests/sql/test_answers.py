"""Which answer closes what (S3, S4): replies, several windows, who is the firm, and the firm's rule for files."""

from typing import Any

import pytest

from tests.sql.firm import (
    ANNA,
    BORIS,
    IVAN,
    MARIA,
    OLGA,
    PETR,
    ROMASHKA,
    Connection,
    Row,
    all_rows,
    ingest,
    monday,
    one,
    replied,
    said,
    user_id,
    window,
    windows,
)


def test_s3_a_reply_to_yesterdays_question_leaves_todays_open(db: Connection) -> None:
    ingest(db, old := said(ANNA, monday("10:00")), said(OLGA, monday("10:05"), "Готово"))
    ingest(db, said(ANNA, monday("10:30"), "А счёт?"), replied(OLGA, old, monday("10:35"), "И ещё об этом"))
    first, second = windows(db)
    assert (first["outcome"], second["responded_at"]) == ("met", None)


@pytest.mark.parametrize("to", ["staff", "bot", "unknown"])
def test_s3_a_reply_to_anybody_but_a_client_is_a_plain_answer(db: Connection, to: str) -> None:
    own, bots = said(OLGA, monday("09:00"), "Доброе утро"), said(777, monday("09:00"), "Бот", is_bot=True)
    ingest(db, own, bots, said(ANNA, monday("10:00")))
    addressed = {
        "staff": {"reply_to": own["message_id"], "reply_to_date": own["date"], "reply_to_user_id": OLGA},
        "bot": {"reply_to": bots["message_id"], "reply_to_date": bots["date"], "reply_to_is_bot": True},
        "unknown": {"reply_to": 1},
    }
    ingest(db, said(OLGA, monday("10:05"), "Готово", **addressed[to]))
    assert window(db)["outcome"] == "met"


@pytest.mark.parametrize("tells_more", [True, False])
def test_s3_a_reply_needs_not_say_to_whom_when_the_message_is_known(db: Connection, *, tells_more: bool) -> None:
    ingest(db, old := said(ANNA, monday("10:00")), said(OLGA, monday("10:05"), "Готово"), said(ANNA, monday("10:30")))
    more: Row = {"reply_to_date": old["date"], "reply_to_user_id": ANNA} if tells_more else {}
    ingest(db, said(OLGA, monday("10:35"), "Ещё", reply_to=old["message_id"], **more))
    assert [w["responded_at"] for w in windows(db)] == [monday("10:05"), None]


def two_open(db: Connection) -> tuple[Row, Row]:
    """Two windows of 10:00 and 10:20, as a person's correction may leave them."""
    ingest(db, first := said(ANNA, monday("10:00")))
    db.execute("update public.chats set monitoring_enabled = false where chat_id = %s", [ROMASHKA])
    db.execute("update public.chats set monitoring_enabled = true where chat_id = %s", [ROMASHKA])
    ingest(db, second := said(ANNA, monday("10:20"), "А счёт?"))
    db.execute("update public.client_requests set closed_as = null, closed_at = null, closed_because = null")
    assert [w["outcome"] for w in windows(db)] == ["overdue", "overdue"]
    return first, second


def test_c3_a_reply_to_the_second_closes_both(db: Connection) -> None:
    _, second = two_open(db)
    ingest(db, replied(OLGA, second, monday("10:30")))
    assert [w["responded_at"] for w in windows(db)] == [monday("10:30")] * 2


def test_c3_a_reply_to_the_first_closes_only_that(db: Connection) -> None:
    first, _ = two_open(db)
    ingest(db, replied(OLGA, first, monday("10:30")))
    assert [w["responded_at"] for w in windows(db)] == [monday("10:30"), None]
    ingest(db, said(OLGA, monday("10:40"), "И счёт"))
    assert [w["responded_at"] for w in windows(db)] == [monday("10:30"), monday("10:40")]


def test_c3_a_plain_answer_closes_all(db: Connection) -> None:
    two_open(db)
    ingest(db, said(OLGA, monday("10:30"), "Готово"))
    assert [w["outcome"] for w in windows(db)] == ["met", "met"]


@pytest.mark.parametrize(("kind", "closes"), [("document", True), ("voice", True), ("photo", True), ("sticker", False)])
def test_c10_the_firm_may_let_files_and_voice_answer(db: Connection, kind: str, *, closes: bool) -> None:
    db.execute("update public.settings set files_answer = true")
    ingest(db, said(ANNA, monday("10:00")), said(OLGA, monday("10:05"), None, kind=kind, media_file_id="F1"))
    assert (window(db)["responded_at"] is not None) == closes


def test_c10_a_changed_rule_does_not_reach_back(db: Connection) -> None:
    ingest(db, said(ANNA, monday("10:00")), said(OLGA, monday("10:05"), None, kind="voice", media_file_id="F1"))
    db.execute("update public.settings set files_answer = true")
    ingest(db, said(ANNA, monday("09:59"), message_id=1, update_id=1))
    assert (window(db)["opened_at"], window(db)["responded_at"]) == (monday("09:59"), None)


def test_b1_the_id_is_staff_whatever_the_name_and_a_stranger_with_the_name_is_not(db: Connection) -> None:
    db.execute("update public.users set telegram_username = 'olga_buh' where telegram_id = %s", [OLGA])
    ingest(db, said(ANNA, monday("10:00")), said(BORIS, monday("10:01"), "Готово", username="olga_buh"))
    assert (window(db)["responded_at"], window(db)["message_count"]) == (None, 2)
    ingest(db, said(OLGA, monday("10:05"), "Готово", username="another_name"))
    assert window(db)["responded_by"] == user_id(OLGA)


def test_b2_who_is_known_by_name_only_is_recognised_and_linked(db: Connection) -> None:
    db.execute(
        "update public.users set telegram_id = null, telegram_username = 'Olga_Buh' where telegram_id = %s", [OLGA]
    )
    ingest(db, said(ANNA, monday("10:00")), said(BORIS, monday("10:02"), "Готово", username="olga_buh"))
    assert window(db)["responded_by"] == user_id(OLGA)
    assert one(db, "select telegram_id from public.users where id = %s", user_id(OLGA)) == BORIS


def test_b2_a_bot_or_the_group_itself_takes_nobodys_place(db: Connection) -> None:
    db.execute("update public.users set telegram_id = null, telegram_username = 'olga' where telegram_id = %s", [OLGA])
    ingest(db, said(777, monday("10:00"), username="olga", is_bot=True))
    ingest(db, said(1087968824, monday("10:00"), username="olga", on_behalf=True))
    assert one(db, "select telegram_id from public.users where id = %s", user_id(OLGA)) is None


@pytest.mark.parametrize("configured", [True, False])
def test_b4_who_speaks_as_the_group_is_the_firm_only_where_that_is_configured(
    db: Connection, *, configured: bool
) -> None:
    db.execute("update public.chats set anonymous_staff = %s where chat_id = %s", [configured, ROMASHKA])
    ingest(db, said(ANNA, monday("10:00")), said(1087968824, monday("10:05"), "Готово", on_behalf=True))
    only = window(db)
    assert (only["outcome"] == "met", only["responded_by"], only["message_count"]) == (
        configured,
        None,
        1 if configured else 2,
    )


def test_b8_a_new_person_on_the_clients_side_is_a_client(db: Connection) -> None:
    ingest(db, said(987654, monday("10:00"), username=None))
    assert window(db)["opened_at"] == monday("10:00")


def test_b6_another_owner_does_not_restart_the_clock_and_who_owned_it_at_the_deadline_stays(db: Connection) -> None:
    hand_over = "update public.chats set assigned_accountant_id = %s where chat_id = %s"
    ingest(db, said(ANNA, monday("10:00")))
    db.execute(hand_over, [user_id(IVAN), ROMASHKA])
    assert (window(db)["assigned_accountant_id"], window(db)["due_at"]) == (user_id(IVAN), monday("11:00"))
    db.execute("select api.claim_due(%s)", [monday("11:01")])
    db.execute(hand_over, [user_id(OLGA), ROMASHKA])
    ingest(db, said(OLGA, monday("11:30"), "Готово"))
    late = window(db)
    assert (late["assigned_accountant_id"], late["on_duty_id"]) == (user_id(IVAN), user_id(IVAN))
    assert (late["responded_by"], late["working_minutes"]) == (user_id(OLGA), 90)


def test_every_answer_names_its_author_in_the_ledger(db: Connection) -> None:
    ingest(db, said(ANNA, monday("10:00")), said(PETR, monday("10:05"), "Готово"))
    events = all_rows(db, "select kind, happened_at, actor_id from public.request_events order by id")
    assert [(event["kind"], event["actor_id"]) for event in events] == [("opened", None), ("answered", user_id(PETR))]


@pytest.mark.parametrize("more", [{"reply_to": "x"}, {"reply_to_date": 5}, {"edited_at": "soon"}, {"type": "gossip"}])
def test_odd_references_are_refused(db: Connection, more: dict[str, Any]) -> None:
    assert ingest(db, {**said(ANNA, monday("10:00")), **more}) == ["rejected"]


def test_an_observers_word_counts_like_anybodys_of_the_firm(db: Connection) -> None:
    ingest(db, said(ANNA, monday("10:00")), said(MARIA, monday("10:05"), "Передам"))
    assert window(db)["responded_by"] == user_id(MARIA)
