"""What a person or a switch has closed changes no more (S8): late words neither touch it nor are lost to it."""

from datetime import datetime

import pytest

from tests.sql.firm import (
    ANNA,
    OLGA,
    ROMASHKA,
    Connection,
    Row,
    deliver,
    edited,
    ingest,
    monday,
    press,
    reacted,
    said,
    sweep,
    windows,
)

MONITOR = "update public.chats set monitoring_enabled = %s where chat_id = %s"


def excuse(db: Connection, at: str) -> None:
    """Olga says under the alert that no answer is needed."""
    sweep(db, monday("11:00:01"))
    deliver(db, monday("11:00:01"))
    press(db, OLGA, "no_answer_needed", monday(at))


def void(db: Connection) -> None:
    """Measuring stops and goes on."""
    for on in (False, True):
        db.execute(MONITOR.encode(), [on, ROMASHKA])


def figures(db: Connection) -> list[tuple[datetime, int, str | None]]:
    """(since, questions, why it ended) of each window."""
    return [(w["opened_at"], w["message_count"], w["closed_because"]) for w in windows(db)]


def thanked(question: Row, at: str) -> Row:
    return edited(question, monday(at), "Спасибо", "gratitude")


@pytest.mark.parametrize("second", ["10:00", "10:01"])
def test_an_edit_in_the_second_of_the_next_question_leaves_no_ghost_beside_it(db: Connection, second: str) -> None:
    ingest(db, first := said(ANNA, monday("10:00")), said(ANNA, monday(second)))
    void(db)
    ingest(db, thanked(first, second))
    assert figures(db) == [(monday("10:00"), 2, "monitoring_off")]


def test_a_late_reaction_on_its_questions_is_none_whatever_became_of_their_words(db: Connection) -> None:
    ingest(db, first := said(ANNA, monday("10:00")), second := said(ANNA, monday("10:05")))
    void(db)
    ingest(db, thanked(first, "10:20"))
    ingest(db, reacted(OLGA, first, monday("10:10")), reacted(OLGA, second, monday("10:10")))
    assert [w["acknowledged_at"] for w in windows(db)] == [None]


def test_a_reaction_on_what_was_never_measured_takes_nothing(db: Connection) -> None:
    ingest(db, said(ANNA, monday("10:00")), said(ANNA, monday("10:05")))
    db.execute(MONITOR.encode(), [False, ROMASHKA])
    ingest(db, unmeasured := said(ANNA, monday("10:02")), reacted(OLGA, unmeasured, monday("10:03")))
    assert [w["acknowledged_at"] for w in windows(db)] == [None]


def test_a_question_that_asks_again_afterwards_asks_when_it_is_edited(db: Connection) -> None:
    ingest(db, said(ANNA, monday("10:00")), second := said(ANNA, monday("10:05")))
    ingest(db, thanked(second, "10:06"))
    excuse(db, "11:30")
    ingest(db, edited(second, monday("12:00"), "А когда счёт?", "request"))
    assert figures(db) == [(monday("10:00"), 1, "no_answer_needed"), (monday("12:00"), 1, None)]
