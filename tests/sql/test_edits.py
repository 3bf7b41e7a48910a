"""Edits are versions (A6): a re-classified one opens or excuses a window retroactively, and loses no question (S2)."""

import itertools

import pytest

from tests.sql.firm import (
    ANNA,
    BORIS,
    IVAN,
    MARIA,
    OLGA,
    ROMASHKA,
    Connection,
    Row,
    alerts,
    all_rows,
    edited,
    ingest,
    monday,
    said,
    sweep,
    window,
    windows,
)


def thanks(at: str, text: str = "Спасибо") -> Row:
    return said(ANNA, monday(at), text, classification="gratitude")


def versions(db: Connection) -> list[tuple[int, str]]:
    rows = all_rows(
        db,
        "select edit_version, message_text from api.chat_messages where chat_id = %s order by edit_version",
        ROMASHKA,
    )
    return [(row["edit_version"], row["message_text"]) for row in rows]


def test_a6_two_edits_are_two_versions_and_the_list_shows_the_latest(db: Connection) -> None:
    message = said(ANNA, monday("10:00"))
    first, second = edited(message, monday("10:01"), "Где акт за май?"), edited(message, monday("10:02"), "Где счёт?")
    assert ingest(db, message, second, first) == ["recorded"] * 3
    assert ingest(db, first, second) == ["duplicate", "duplicate"]
    assert versions(db) == [(0, "Где акт?"), (1, "Где акт за май?"), (2, "Где счёт?")]
    assert (window(db)["message_text"], window(db)["message_count"]) == ("Где счёт?", 1)


def test_edits_in_two_calls_keep_their_numbers_and_the_latest_is_shown_whatever_came_first(db: Connection) -> None:
    message = said(ANNA, monday("10:00"))
    ingest(db, message)
    ingest(db, edited(message, monday("10:05"), "Второе"))
    ingest(db, edited(message, monday("10:03"), "Первое"))
    assert versions(db) == [(0, "Где акт?"), (1, "Второе"), (2, "Первое")]
    assert window(db)["message_text"] == "Второе"


def test_an_edit_into_a_question_opens_the_window_at_the_messages_own_date(db: Connection) -> None:
    ingest(db, message := thanks("10:00"))
    assert windows(db) == []
    ingest(db, edited(message, monday("10:10"), "Спасибо, а когда отчёт?", "request"))
    assert (window(db)["opened_at"], window(db)["due_at"]) == (monday("10:00"), monday("11:00"))
    assert window(db)["message_text"] == "Спасибо, а когда отчёт?"


def test_a_question_edited_under_an_answer_already_given_is_not_lost(db: Connection) -> None:
    ingest(db, message := thanks("10:00"), said(OLGA, monday("10:05"), "Пожалуйста"))
    ingest(db, edited(message, monday("10:30"), "А когда отчёт?", "request"))
    assert (window(db)["opened_at"], window(db)["outcome"]) == (monday("10:30"), "overdue")
    assert window(db)["message_text"] == "А когда отчёт?"
    ingest(db, said(OLGA, monday("10:40"), "Завтра"))
    assert window(db)["working_minutes"] == 10


def test_an_edit_that_takes_the_question_back_excuses_the_window(db: Connection) -> None:
    ingest(db, message := said(ANNA, monday("10:00")))
    sweep(db, monday("10:48"))
    ingest(db, edited(message, monday("10:50"), "Нашла, спасибо", "gratitude"))
    only = window(db)
    assert (only["outcome"], only["closed_because"], only["closed_at"]) == ("excused", "edited", monday("10:50"))
    assert alerts(db) == [("warning", 0, "excused")]
    assert sweep(db, monday("11:30")) == 0


def test_an_edit_into_thanks_leaves_the_other_question_waiting_since_its_own_date(db: Connection) -> None:
    ingest(db, message := said(ANNA, monday("10:00")), said(ANNA, monday("10:20"), "И счёт?"))
    ingest(db, edited(message, monday("10:25"), "Спасибо", "gratitude"))
    assert (window(db)["opened_at"], window(db)["message_count"]) == (monday("10:20"), 1)
    assert window(db)["due_at"] == monday("11:20")


def test_what_was_answered_before_the_edit_stays_as_it_was_measured(db: Connection) -> None:
    ingest(db, message := said(ANNA, monday("10:00")), said(OLGA, monday("10:05"), "Готово"))
    before = window(db)
    ingest(db, edited(message, monday("10:30"), "Спасибо", "gratitude"))
    changed = {key for key, value in window(db).items() if value != before[key]}
    assert changed <= {"message_text", "updated_at"}


def test_a_typo_put_right_changes_no_figure(db: Connection) -> None:
    ingest(db, message := said(ANNA, monday("10:00")))
    ingest(db, edited(message, monday("10:20"), "Где акт за май?"))
    assert (window(db)["opened_at"], window(db)["message_count"]) == (monday("10:00"), 1)


def test_an_edit_of_a_message_nobody_saw_opens_nothing_until_that_comes(db: Connection) -> None:
    message = said(ANNA, monday("10:00"))
    ingest(db, edited(message, monday("10:20"), "Где акт за май?"))
    assert windows(db) == []
    ingest(db, message)
    assert (window(db)["opened_at"], window(db)["message_text"]) == (monday("10:00"), "Где акт за май?")


def test_what_an_edit_asks_late_are_the_clients_latest_words(db: Connection) -> None:
    """Else whoever took the window in hand before would seem to know of it (S5)."""
    ingest(db, polite := thanks("09:50"), said(OLGA, monday("09:55"), "Готово"), said(ANNA, monday("10:00")))
    ingest(db, edited(polite, monday("10:30"), "А счёт?", "request"))
    assert (window(db)["message_count"], window(db)["last_message_at"]) == (2, monday("10:30"))


def test_whose_a_message_is_was_decided_when_it_was_written_and_no_edit_decides_it_anew(db: Connection) -> None:
    """Ivan has left the firm and Boris has joined it; what they wrote before stays an answer and a question (S4)."""
    ingest(db, said(ANNA, monday("10:00")), answer := said(IVAN, monday("10:05"), "Готово"))
    ingest(db, question := said(BORIS, monday("10:20")))
    db.execute("update public.users set active = false where telegram_id = %s", [IVAN])
    db.execute("update public.users set telegram_id = %s where telegram_id = %s", [BORIS, MARIA])
    ingest(db, edited(answer, monday("10:30"), "Готово."), edited(question, monday("10:31"), "Где счёт?"))
    assert [(w["opened_at"], w["message_count"], w["responded_at"]) for w in windows(db)] == [
        (monday("10:00"), 1, monday("10:05")),
        (monday("10:20"), 1, None),
    ]


def test_the_firms_file_that_gets_a_caption_answers(db: Connection) -> None:
    """At its own date, as every edit of a class counts backwards: the client had the file by then."""
    file = said(OLGA, monday("10:05"), None, kind="document", media_file_id="F1")
    ingest(db, said(ANNA, monday("10:00")), file)
    assert window(db)["responded_at"] is None
    ingest(db, {**edited(file, monday("10:06"), ""), "text": None, "caption": "Вот акт"})
    assert window(db)["responded_at"] == monday("10:05")


@pytest.mark.parametrize("taken_back", [True, False])
def test_p12_edits_and_their_messages_may_come_in_any_order(db: Connection, *, taken_back: bool) -> None:
    question, polite = said(ANNA, monday("10:00")), thanks("10:10")
    updates = [
        question,
        polite,
        said(OLGA, monday("10:12"), "Готово") if not taken_back else said(ANNA, monday("10:12"), "Ау?"),
        edited(question, monday("10:20"), "Спасибо", "gratitude"),
        edited(polite, monday("10:21"), "А счёт?", "request"),
    ]
    found = set()
    for order in itertools.permutations(updates):
        with db.transaction(force_rollback=True):
            for update in order:
                ingest(db, update)
            found.add(tuple((w["opened_at"], w["message_count"], w["responded_at"], w["outcome"]) for w in windows(db)))
    assert len(found) == 1
