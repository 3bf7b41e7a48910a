"""Waiting windows (S1–S4, S7, S9): what messages amount to, whatever order they arrive in."""

from datetime import timedelta
from typing import Any

import pytest

from tests.sql.firm import (
    ANNA,
    BORIS,
    IVAN,
    NIGHT,
    OLGA,
    PETR,
    ROMASHKA,
    Connection,
    Row,
    all_rows,
    ingest,
    monday,
    moscow,
    one,
    replied,
    said,
    user_id,
    window,
    windows,
)  # fmt: skip

MINUTE = timedelta(minutes=1)


def test_s1_a_question_opens_a_window_with_its_deadline(db: Connection) -> None:
    ingest(db, said(ANNA, monday("10:00")))
    opened = window(db)
    assert opened["opened_at"] == monday("10:00")
    assert (opened["warn_at"], opened["due_at"]) == (monday("10:48"), monday("11:00"))
    assert (opened["target_minutes"], opened["message_text"]) == (60, "Где акт?")
    assert opened["assigned_accountant_id"] == user_id(OLGA)


def test_d2_a_question_on_saturday_is_due_on_monday(db: Connection) -> None:
    ingest(db, said(ANNA, moscow("2026-04-04 12:00")))
    assert window(db)["due_at"] == monday("10:00")


def test_a4_a_burst_is_one_window_and_moves_no_deadline(db: Connection) -> None:
    ingest(db, said(ANNA, monday("10:00")))
    ingest(db, said(BORIS, monday("10:02"), "Где акт?"))
    assert (window(db)["message_count"], window(db)["due_at"]) == (2, monday("11:00"))
    assert window(db)["last_message_at"] == monday("10:02")


def test_a5_the_same_question_after_the_answer_is_a_new_window(db: Connection) -> None:
    ingest(db, said(ANNA, monday("10:00")), said(OLGA, monday("10:05"), "Готово"), said(ANNA, monday("10:07")))
    first, second = windows(db)
    assert (first["outcome"], second["opened_at"], second["responded_at"]) == ("met", monday("10:07"), None)


def test_a3_an_update_delivered_again_changes_nothing(db: Connection) -> None:
    question = said(ANNA, monday("10:00"))
    assert ingest(db, question) == ["recorded"]
    assert ingest(db, question, question) == ["duplicate", "duplicate"]
    twice = said(ANNA, monday("10:01"))
    assert ingest(db, twice, twice) == ["recorded", "duplicate"]
    assert window(db)["message_count"] == 2
    assert one(db, "select count(*) from public.chat_messages where chat_id = %s", ROMASHKA) == 2


def test_c1_an_answer_closes_the_window_and_names_who_gave_it(db: Connection) -> None:
    ingest(db, said(ANNA, monday("10:00")))
    ingest(db, said(OLGA, monday("10:47"), "Готово"))
    closed = window(db)
    assert (closed["outcome"], closed["working_minutes"]) == ("met", 47)
    assert (closed["responded_at"], closed["responded_by"]) == (monday("10:47"), user_id(OLGA))


def test_c2_one_answer_serves_a_burst(db: Connection) -> None:
    ingest(db, *(said(ANNA, monday(f"10:0{n}")) for n in range(3)))
    ingest(db, said(OLGA, monday("10:10"), "Готово"))
    assert (window(db)["outcome"], window(db)["message_count"]) == ("met", 3)


def test_b3_the_credit_goes_to_whoever_wrote(db: Connection) -> None:
    ingest(db, said(PETR, monday("09:59"), "Доброе утро"))
    assert windows(db) == []
    ingest(db, said(ANNA, monday("10:00")), said(PETR, monday("10:05"), "Отвечу за Ольгу"))
    assert window(db)["responded_by"] == user_id(PETR)


def test_c4_of_two_answers_in_one_second_the_first_by_number_counts(db: Connection) -> None:
    ingest(db, said(ANNA, monday("10:00")))
    earlier, later = said(OLGA, monday("10:05"), "Готово"), said(IVAN, monday("10:05"), "Готово")
    ingest(db, later)
    ingest(db, earlier)
    assert window(db)["responded_by"] == user_id(OLGA)


def test_c8_a_late_answer_needs_no_sweep_to_be_late(db: Connection) -> None:
    ingest(db, said(ANNA, monday("10:00")), said(OLGA, monday("12:00"), "Готово"))
    assert (window(db)["outcome"], window(db)["working_minutes"]) == ("met_late", 120)


@pytest.mark.parametrize(("answered", "outcome"), [("11:00:00", "met"), ("11:00:01", "met_late")])
def test_c11_the_deadline_itself_is_in_time(db: Connection, answered: str, outcome: str) -> None:
    ingest(db, said(ANNA, monday("10:00")), said(OLGA, monday(answered), "Готово"))
    assert window(db)["outcome"] == outcome


@pytest.mark.parametrize(
    "bare", [{"kind": "sticker", "text": None}, {"kind": "document", "text": None, "media_file_id": "F1"}]
)
def test_c10_a_sticker_or_a_bare_file_answers_nothing_a_caption_does(db: Connection, bare: Row) -> None:
    ingest(db, said(ANNA, monday("10:00")), said(OLGA, monday("10:05"), **bare))
    assert window(db)["outcome"] == "overdue"
    ingest(db, said(OLGA, monday("10:06"), **{**bare, "caption": "Вот акт"}))
    assert window(db)["responded_at"] == monday("10:06")


def test_c15_thanks_open_nothing_and_a_new_question_follows_the_old_window(db: Connection) -> None:
    ingest(db, said(ANNA, monday("10:00")), said(OLGA, monday("10:05"), "Готово"))
    ingest(db, said(ANNA, monday("10:06"), "Спасибо!", classification="gratitude"))
    assert len(windows(db)) == 1
    ingest(db, said(ANNA, monday("10:30"), "А счёт?"))
    first, second = windows(db)
    assert (second["thread_id"], first["thread_id"]) == (first["id"], None)


@pytest.mark.parametrize("media", ["photo", "voice", "document", "sticker"])
def test_a13_media_of_a_client_waits_for_an_answer(db: Connection, media: str) -> None:
    ingest(db, said(ANNA, monday("10:00"), None, kind=media, media_file_id="F1"))
    assert window(db)["opened_at"] == monday("10:00")


@pytest.mark.parametrize(
    "quiet",
    [
        {"kind": "command", "text": "/pay_invoice"},  # A15
        {"kind": "service", "text": None},
        {"is_bot": True, "user_id": 777},  # A20
        {"classification": "gratitude", "text": "ок!"},  # F7
        {"classification": "spam"},
    ],
)
def test_s2_what_needs_no_answer_is_stored_and_opens_nothing(db: Connection, quiet: Row) -> None:
    assert ingest(db, said(ANNA, monday("10:00"), **quiet)) == ["recorded"]
    assert windows(db) == []


def test_a20_another_bot_closes_nothing_not_even_by_a_reply(db: Connection) -> None:
    question = said(ANNA, monday("10:00"))
    ingest(db, question, said(777, monday("10:01"), "Готово", is_bot=True))
    ingest(db, replied(777, question, monday("10:02"), is_bot=True))
    assert (window(db)["responded_at"], window(db)["message_count"]) == (None, 1)
    assert one(db, "select count(*) from api.chat_messages where is_bot") == 2


def test_a17_topics_wait_apart(db: Connection) -> None:
    ingest(db, said(ANNA, monday("10:00"), topic_id=5), said(ANNA, monday("10:01"), topic_id=7))
    ingest(db, said(OLGA, monday("10:05"), "Готово", topic_id=5))
    five, seven = windows(db)
    assert (five["outcome"], seven["responded_at"]) == ("met", None)


def test_a7_a_group_nobody_connected_is_recorded_but_not_measured(db: Connection) -> None:
    assert ingest(db, said(ANNA, monday("10:00"), chat=-500, chat_name="Новая группа", chat_type="group")) == [
        "recorded"
    ]
    assert windows(db, -500) == []
    (chat,) = all_rows(db, "select chat_name, monitoring_enabled, connected_at from api.chats where chat_id = -500")
    assert chat == {"chat_name": "Новая группа", "monitoring_enabled": False, "connected_at": None}


def test_a1_without_monitoring_messages_are_stored_and_nothing_opens(db: Connection) -> None:
    db.execute("update public.chats set monitoring_enabled = false where chat_id = %s", [ROMASHKA])
    assert ingest(db, said(ANNA, monday("10:00"))) == ["recorded"]
    assert windows(db) == []


def test_g6_a_new_title_is_shown(db: Connection) -> None:
    ingest(db, said(ANNA, monday("10:00"), chat_name="Ромашка и партнёры"))
    assert one(db, "select chat_name from api.chats where chat_id = %s", ROMASHKA) == "Ромашка и партнёры"


def test_a_chat_may_have_a_target_of_its_own(db: Connection) -> None:
    db.execute("update public.chats set sla_threshold_minutes = 30 where chat_id = %s", [ROMASHKA])
    ingest(db, said(ANNA, monday("10:00")))
    assert window(db)["due_at"] == monday("10:30")


def test_around_the_clock_chats_run_through_the_night(db: Connection) -> None:
    ingest(db, said(ANNA, moscow("2026-04-05 23:30"), chat=NIGHT))
    assert window(db, NIGHT)["due_at"] == moscow("2026-04-06 00:30")


def test_d14_without_working_time_the_window_has_no_deadline(db: Connection) -> None:
    empty = one(db, "insert into public.working_schedules (name) values ('Пустой') returning id")
    db.execute("update public.chats set schedule_id = %s where chat_id = %s", [empty, ROMASHKA])
    ingest(db, said(ANNA, monday("10:00")))
    assert (window(db)["due_at"], window(db)["warn_at"]) == (None, None)


def test_b7_a_deactivated_colleague_answers_nothing_any_more(db: Connection) -> None:
    db.execute("update public.users set active = false where telegram_id = %s", [OLGA])
    ingest(db, said(ANNA, monday("10:00")), said(OLGA, monday("10:05"), "Готово"))
    assert window(db)["responded_at"] is None


def test_a18_one_bad_record_is_set_aside_and_the_rest_is_stored(db: Connection) -> None:
    good = [said(ANNA, monday("10:00") + n * MINUTE) for n in range(99)]
    bad: Any = {"update_id": 1, "chat_id": "not a number", "text": "личное"}
    assert ingest(db, *good[:50], bad, *good[50:]) == ["recorded"] * 50 + ["rejected"] + ["recorded"] * 49
    assert window(db)["message_count"] == 99
    (reject,) = all_rows(db, "select record, reason from public.intake_rejects")
    assert "chat_id" in reject["reason"]
    assert "text" not in reject["record"]


@pytest.mark.parametrize(
    "broken",
    [
        None, 5, "x", [], {},
        {"date": 10**15}, {"date": -1}, {"date": None}, {"chat_id": 0}, {"chat_id": 2**70}, {"message_id": 0},
        {"message_id": 1.5}, {"kind": "hologram"}, {"chat_type": None}, {"is_bot": "maybe"}, {"topic_id": -1},
        {"classification": "urgent"}, {"user_id": {"id": 1}},
    ],
)  # fmt: skip
def test_odd_records_are_refused_one_by_one(db: Connection, broken: Any) -> None:
    record = {**said(ANNA, monday("10:00")), **broken} if isinstance(broken, dict) and broken else broken
    assert ingest(db, record, said(ANNA, monday("10:01"))) == ["rejected", "recorded"]


def test_ids_beyond_double_precision_survive(db: Connection) -> None:
    ingest(db, said(2**53 + 1, monday("10:00")))
    assert one(db, "select telegram_user_id from api.chat_messages where chat_id = %s", ROMASHKA) == 2**53 + 1


def test_an_old_message_lands_in_the_partition_of_its_month_once_that_is_made(db: Connection) -> None:
    ingest(db, said(ANNA, moscow("2019-03-10 10:00")))
    assert one(db, "select count(*) from public.chat_messages_other") == 1
    db.execute("select private.create_partitions('public.chat_messages', '2019-03-01', '2019-03-31')")
    assert one(db, "select count(*) from public.chat_messages_other") == 0
    assert one(db, "select count(*) from public.chat_messages where telegram_date < '2020-01-01'") == 1
