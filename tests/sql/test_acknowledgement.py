"""Taking a window in hand (S5) and saying that no answer is needed (S11): by reaction, by button, by whom."""

import itertools

import psycopg
import pytest

from tests.sql.firm import (
    ADMIN,
    ANNA,
    IVAN,
    LEBEDEVA,
    MARIA,
    OLGA,
    PETR,
    ROMASHKA,
    Connection,
    alerts,
    all_rows,
    deliver,
    edited,
    ingest,
    monday,
    one,
    outbox,
    press,
    reacted,
    said,
    standing,
    sweep,
    user_id,
    window,
    windows,
)


@pytest.fixture
def told(late: Connection) -> Connection:
    """Olga and Petr know that Anna's window is overdue."""
    sweep(late, monday("11:00:01"))
    deliver(late, monday("11:00:01"))
    return late


def test_c9_a_reaction_of_the_firm_takes_it_and_does_not_stop_the_clock(db: Connection) -> None:
    ingest(db, question := said(ANNA, monday("10:00")))
    assert ingest(db, reacted(OLGA, question, monday("10:02"))) == ["recorded"]
    taken = window(db)
    assert (taken["acknowledged_at"], taken["acknowledged_by"]) == (monday("10:02"), user_id(OLGA))
    assert (taken["responded_at"], taken["due_at"]) == (None, monday("11:00"))
    assert sweep(db, monday("10:48")) == 0
    assert sweep(db, monday("11:00:01")) == 1


@pytest.mark.parametrize("who", [ANNA, 777])
def test_a_clients_reaction_takes_nothing(db: Connection, who: int) -> None:
    ingest(db, question := said(ANNA, monday("10:00")), reacted(who, question, monday("10:02")))
    assert window(db)["acknowledged_at"] is None


def test_a_withdrawn_reaction_is_none(db: Connection) -> None:
    ingest(db, question := said(ANNA, monday("10:00")))
    assert ingest(db, reacted(OLGA, question, monday("10:02"), None)) == ["duplicate"]
    assert window(db)["acknowledged_at"] is None


def test_a_reaction_in_another_topic_takes_only_that_topics_window(db: Connection) -> None:
    ingest(db, five := said(ANNA, monday("10:00"), topic_id=5), said(ANNA, monday("10:01"), topic_id=7))
    ingest(db, reacted(OLGA, five, monday("10:02")))
    assert [w["acknowledged_at"] for w in windows(db)] == [monday("10:02"), None]


def test_p12_reactions_and_messages_may_come_in_any_order(db: Connection) -> None:
    question, more = said(ANNA, monday("10:00")), said(ANNA, monday("10:10"))
    updates = [question, more, reacted(OLGA, question, monday("10:05")), reacted(IVAN, more, monday("10:12"))]
    for order in itertools.permutations(updates):
        with db.transaction(force_rollback=True):
            for update in order:
                ingest(db, update)
            assert (window(db)["acknowledged_at"], window(db)["acknowledged_by"]) == (monday("10:12"), user_id(IVAN))


def test_a_reaction_counts_no_more_when_its_question_is_taken_back_as_another_comes(db: Connection) -> None:
    """One comes and one goes in a single delivery: the figures of the window stay, who has it in hand does not."""
    first, late, taken, last = (said(ANNA, monday(at)) for at in ("10:00", "10:01", "10:02", "10:03"))
    ingest(db, first, taken, last, reacted(OLGA, taken, monday("10:04")))
    assert window(db)["acknowledged_at"] == monday("10:04")
    ingest(db, late, edited(taken, monday("10:05"), "Спасибо", "gratitude"))
    assert (window(db)["message_count"], window(db)["acknowledged_at"]) == (3, None)


def test_a_reaction_counts_on_a_question_that_was_taken_back_and_asks_again(db: Connection) -> None:
    """Also in the very second of the answer: it had not stopped asking for good."""
    ingest(db, question := said(ANNA, monday("10:00")), said(ANNA, monday("10:01")))
    ingest(db, reacted(OLGA, question, monday("10:01")), edited(question, monday("10:02"), "Спасибо", "gratitude"))
    assert window(db)["acknowledged_at"] is None
    ingest(db, said(OLGA, monday("10:05"), "Готово"), edited(question, monday("10:05"), "Где акт?", "request"))
    assert (window(db)["message_count"], window(db)["acknowledged_at"]) == (2, monday("10:01"))


def test_the_button_names_who_and_when(told: Connection) -> None:
    assert press(told, PETR) == {"outcome": "taken", "by": "Пётр Волков"}
    assert (window(told)["acknowledged_by"], window(told)["acknowledged_at"]) == (user_id(PETR), monday("11:05"))
    assert alerts(told) == [("breach", 0, "acknowledged")]
    assert {m["facts"]["windows"][0]["acknowledged_by"] for m in deliver(told, monday("11:06"))} == {"Пётр Волков"}


def test_the_first_press_counts_and_a_second_is_told_whose_it_is(told: Connection) -> None:
    press(told, OLGA)
    assert press(told, PETR, at=monday("11:06")) == {"outcome": "already_taken", "by": "Ольга Петрова"}
    assert window(told)["acknowledged_at"] == monday("11:05")
    assert one(told, "select count(*) from public.request_events where kind = 'acknowledged'") == 1


def test_after_the_client_has_written_again_it_can_be_taken_again(told: Connection) -> None:
    press(told, OLGA)
    ingest(told, said(ANNA, monday("11:10"), "Ну?"))
    assert press(told, PETR, at=monday("11:12"))["outcome"] == "taken"
    assert window(told)["acknowledged_by"] == user_id(PETR)


@pytest.mark.parametrize("outsider", [ANNA, MARIA, IVAN, 999_999])
@pytest.mark.parametrize("verb", ["take", "no_answer_needed", "remind_30"])
def test_e16_who_may_not_act_changes_nothing(told: Connection, outsider: int, verb: str) -> None:
    with pytest.raises(psycopg.Error, match="not_allowed"), told.transaction():
        press(told, outsider, verb, message=standing(told, PETR))
    assert (window(told)["acknowledged_at"], window(told)["closed_at"]) == (None, None)


def test_b7_a_deactivated_manager_takes_nothing(told: Connection) -> None:
    told.execute("update public.users set active = false where telegram_id = %s", [PETR])
    with pytest.raises(psycopg.Error, match="not_allowed"):
        press(told, PETR)


def test_e17_what_was_answered_can_no_longer_be_taken(told: Connection) -> None:
    about = standing(told, PETR)
    ingest(told, said(OLGA, monday("11:04"), "Готово"))
    with pytest.raises(psycopg.Error, match="alert_already_resolved"):
        press(told, PETR, message=about)


@pytest.mark.parametrize("verb", ["take", "dance"])
def test_what_nobody_knows_is_refused(told: Connection, verb: str) -> None:
    about = {**standing(told, PETR), **({"id": user_id(PETR)} if verb == "take" else {})}
    with pytest.raises(psycopg.Error, match="unknown_alert" if verb == "take" else "unknown_button"):
        press(told, PETR, verb, message=about)


def test_c13_no_answer_needed_excuses_the_window_for_whoever_said_so(told: Connection) -> None:
    assert press(told, OLGA, "no_answer_needed") == {"outcome": "excused", "by": "Ольга Петрова"}
    only = window(told)
    assert (only["outcome"], only["closed_by"], only["closed_at"]) == ("excused", user_id(OLGA), monday("11:05"))
    assert alerts(told) == [("breach", 0, "excused")]
    (example,) = all_rows(told, "select was, became, corrected_by from public.classification_corrections")
    assert example == {"was": "request", "became": "no_answer_needed", "corrected_by": user_id(OLGA)}
    assert sweep(told, monday("12:00")) == 0


def test_s11_what_a_person_excused_stays_excused_and_the_next_question_is_a_new_window(told: Connection) -> None:
    press(told, OLGA, "no_answer_needed")
    ingest(told, said(OLGA, monday("10:30"), "Опоздавшее"), said(ANNA, monday("09:30"), message_id=1, update_id=1))
    ingest(told, said(ANNA, monday("11:20"), "А счёт?"))
    first, second = windows(told)
    assert (first["outcome"], first["message_count"]) == ("excused", 1)
    assert (second["opened_at"], second["thread_id"]) == (monday("11:20"), first["id"])


def test_one_tap_never_excuses_several_windows(late: Connection) -> None:
    ingest(late, said(ANNA, monday("10:00"), topic_id=3))
    sweep(late, monday("11:00:01"))
    with pytest.raises(psycopg.Error, match="alert_tells_of_several"), late.transaction():
        press(late, PETR, "no_answer_needed")
    assert press(late, PETR)["outcome"] == "taken"
    assert {w["acknowledged_by"] for w in windows(late)} == {user_id(PETR)}


def test_a_press_under_a_digest_concerns_only_the_pressers_own_chats(db: Connection) -> None:
    ingest(db, said(ANNA, monday("08:00")), said(ANNA, monday("08:00"), chat=LEBEDEVA))
    db.execute("update public.chats set assigned_accountant_id = null where chat_id = %s", [LEBEDEVA])
    sweep(db, monday("09:00"))
    about = next(row for row in outbox(db) if row["recipient_chat_id"] == OLGA)
    db.execute(
        "insert into public.notices (message_id, request_id) select %s, id from public.client_requests"
        " where chat_id = %s",
        [about["id"], LEBEDEVA],
    )
    press(db, OLGA, at=monday("09:01"), message=about)
    assert (window(db, ROMASHKA)["acknowledged_by"], window(db, LEBEDEVA)["acknowledged_by"]) == (user_id(OLGA), None)


@pytest.mark.parametrize(
    ("verb", "at", "until"),
    [
        ("remind_30", "11:05", "2026-04-06T11:35:00+03:00"),
        ("remind_60", "11:05", "2026-04-06T12:05:00+03:00"),
        ("remind_opening", "11:05", "2026-04-07T09:00:00+03:00"),
        ("remind_opening", "07:00", "2026-04-06T09:00:00+03:00"),
    ],
)
def test_reminders_come_when_they_were_asked_for(told: Connection, verb: str, at: str, until: str) -> None:
    told.execute("set local timezone = 'Europe/Moscow'")
    assert press(told, PETR, verb, monday(at))["remind_at"] == until
    assert ADMIN not in {row["recipient_chat_id"] for row in outbox(told)}
