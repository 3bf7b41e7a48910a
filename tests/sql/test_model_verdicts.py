"""What rules and model say, applied: the model is asked once, its doubt removes nothing, nor does it undo an answer."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from bot.classify import classify
from tests.sql.firm import (
    ANNA,
    LEBEDEVA,
    OLGA,
    Connection,
    Row,
    alerts,
    all_rows,
    deliver,
    edited,
    ingest,
    monday,
    one,
    outbox,
    said,
    sweep,
    window,
    windows,
)

UNSURE = "Ну вы и волшебники"


def claimed(db: Connection, batch: int = 20) -> list[Row]:
    found: list[Row] = one(db, "select api.claim_unclassified(%s)", batch)
    return found


def settled(db: Connection, *verdicts: tuple[Row, str, Any], at: datetime | None = None) -> list[str]:
    results = [
        {
            **{key: about[key] for key in ("request_id", "message_id", "edit_version")},
            "classification": kind,
            "confidence": sure,
        }
        for about, kind, sure in verdicts
    ]
    outcomes = one(db, "select api.settle_classifications(%s, %s)", json.dumps(results), at or monday("10:01"))
    return [outcome["outcome"] for outcome in outcomes]


def asked(db: Connection, text: str = UNSURE, at: str = "10:00") -> Row:
    """Anna writes, and the only question to the model is taken."""
    ingest(db, said(ANNA, monday(at), text))
    (question,) = claimed(db)
    return question


@pytest.mark.parametrize("text", ["ок!", "+", "Хорошо, спасибо", "С новым годом!"])
def test_f7_thanks_and_wishes_open_no_window(db: Connection, text: str) -> None:
    ingest(db, said(ANNA, monday("10:00"), text, classification=classify(text).kind))
    assert windows(db) == []


def test_f6_thanks_with_a_question_open_one(db: Connection) -> None:
    text = "Спасибо, а когда будет готова декларация"
    ingest(db, said(ANNA, monday("10:00"), text, classification=classify(text).kind))
    assert window(db)["due_at"] == monday("11:00")


def test_a3_one_update_brought_three_times_is_one_window_and_one_question(db: Connection) -> None:
    message = said(ANNA, monday("10:00"), UNSURE)
    assert [ingest(db, message) for _ in range(3)] == [["recorded"], ["duplicate"], ["duplicate"]]
    (question,) = claimed(db)
    assert (question["text"], question["message_id"], question["before"]) == (UNSURE, message["message_id"], [])
    assert claimed(db) == []
    assert window(db)["message_count"] == 1


def test_the_model_hears_what_was_said_before_and_by_whom_but_no_name(db: Connection) -> None:
    ingest(
        db,
        said(ANNA, monday("09:00"), "Где акт?"),
        said(OLGA, monday("09:30"), "Отправила на почту"),
        said(ANNA, monday("10:00"), UNSURE, author_name="Анна Тайная"),
        said(ANNA, monday("10:00"), "Другой чат", chat=LEBEDEVA),
    )
    question = next(one for one in claimed(db) if one["text"] == UNSURE)
    assert question["before"] == [{"by": "client", "text": "Где акт?"}, {"by": "staff", "text": "Отправила на почту"}]
    assert "Тайная" not in json.dumps(question, ensure_ascii=False)


def test_only_words_that_opened_an_open_window_are_asked_about(db: Connection) -> None:
    ingest(
        db,
        said(ANNA, monday("09:00"), "Спасибо", classification="gratitude"),
        said(ANNA, monday("09:10"), "Где акт?"),
        said(OLGA, monday("09:30"), "Отправила"),
        said(ANNA, monday("10:00"), None, kind="voice"),
        said(ANNA, monday("10:01"), UNSURE),
    )
    assert claimed(db) == []
    assert len(windows(db)) == 2


def test_f2_doubt_whatever_it_says_leaves_the_clock(db: Connection) -> None:
    question = asked(db)
    for kind in ("gratitude", "spam", "clarification", "request"):
        assert settled(db, (question, kind, 0.69)) == ["doubted"]
    only = window(db)
    assert (only["outcome"], only["classified_by"], only["due_at"]) == ("overdue", "rule", monday("11:00"))


@pytest.mark.parametrize(("kind", "sure"), [("chatter", 1), ("gratitude", None), ("gratitude", 1.5), (None, 1)])
def test_f2_nonsense_is_doubt(db: Connection, kind: str, sure: Decimal) -> None:
    question = asked(db)
    assert settled(db, (question, kind, sure)) == ["doubted"]
    assert window(db)["closed_because"] is None


@pytest.mark.parametrize("kind", ["gratitude", "spam"])
def test_what_asks_for_nothing_excuses_the_window_and_tells_whoever_was_alerted(db: Connection, kind: str) -> None:
    question = asked(db)
    sweep(db, monday("10:48"))
    deliver(db, monday("10:48"))
    assert settled(db, (question, kind, 0.7), at=monday("10:49")) == ["excused"]
    only = window(db)
    assert (only["outcome"], only["classified_by"], only["closed_at"]) == ("excused", "model", monday("10:49"))
    assert alerts(db) == [("warning", 0, "excused")]
    assert [(row["status"], row["finished_at"] is None) for row in outbox(db)] == [("pending", False)]
    (kept,) = all_rows(db, "select said_by, was, became, corrected_by from public.classification_corrections")
    assert kept == {"said_by": "model", "was": "request", "became": kind, "corrected_by": None}


def test_the_next_message_of_the_window_waits_since_its_own_date_and_is_asked_about(db: Connection) -> None:
    question = asked(db)
    ingest(db, said(ANNA, monday("10:05"), "И вообще"))
    settled(db, (question, "gratitude", 1), at=monday("10:06"))
    assert (window(db)["opened_at"], window(db)["message_count"]) == (monday("10:05"), 1)
    assert [one["text"] for one in claimed(db)] == ["И вообще"]


def test_a_model_that_agrees_has_spoken_and_changes_nothing_else(db: Connection) -> None:
    question = asked(db)
    assert settled(db, (question, "request", 0.9)) == ["agreed"]
    only = window(db)
    assert (only["classification"], only["classified_by"], only["opened_at"]) == ("request", "model", monday("10:00"))
    assert settled(db, (question, "gratitude", 1)) == ["late"]


def test_a_clarification_is_called_one_and_waits(db: Connection) -> None:
    question = asked(db, "Ромашка")
    assert settled(db, (question, "clarification", 0.9)) == ["agreed"]
    assert (window(db)["classification"], window(db)["closed_because"]) == ("clarification", None)


def test_c7_an_answer_that_was_faster_than_the_model_stays_an_answer(db: Connection) -> None:
    question = asked(db)
    ingest(db, said(OLGA, monday("10:01"), "Спасибо и вам"))
    before = window(db)
    assert settled(db, (question, "gratitude", 1), at=monday("10:02")) == ["late"]
    assert window(db) == before
    assert before["outcome"] == "met"


def test_c7_nor_does_one_that_comes_late_but_was_written_in_time(db: Connection) -> None:
    question = asked(db)
    assert settled(db, (question, "gratitude", 1), at=monday("10:02")) == ["excused"]
    ingest(db, said(OLGA, monday("10:01"), "Спасибо и вам"))
    assert (window(db)["outcome"], window(db)["responded_at"]) == ("met", monday("10:01"))


def test_a_persons_word_stands_above_the_models(db: Connection) -> None:
    question = asked(db)
    one(db, "select api.reclassify_request(%s, 'request', %s, %s)", window(db)["id"], OLGA, monday("10:01"))
    assert settled(db, (question, "gratitude", 1), at=monday("10:02")) == ["late"]
    assert (window(db)["outcome"], window(db)["classified_by"]) == ("overdue", "person")


def test_a_text_that_has_changed_meanwhile_is_another_question(db: Connection) -> None:
    ingest(db, first := said(ANNA, monday("10:00"), UNSURE))
    (question,) = claimed(db)
    ingest(db, edited(first, monday("10:01"), "Где акт?", "request"))
    assert settled(db, (question, "gratitude", 1), at=monday("10:02")) == ["late"]
    assert window(db)["closed_because"] is None


def test_an_edit_after_the_verdict_asks_again(db: Connection) -> None:
    ingest(db, first := said(ANNA, monday("10:00"), UNSURE))
    (question,) = claimed(db)
    settled(db, (question, "gratitude", 1), at=monday("10:02"))
    ingest(db, edited(first, monday("10:03"), "Где акт?", "request"))
    assert (window(db)["opened_at"], window(db)["closed_because"]) == (monday("10:00"), None)


def test_verdicts_of_several_chats_come_in_one_call(db: Connection) -> None:
    ingest(db, said(ANNA, monday("10:00"), UNSURE), said(ANNA, monday("10:00"), UNSURE, chat=LEBEDEVA))
    first, second = claimed(db)
    assert sorted(settled(db, (first, "gratitude", 1), (second, "request", 1))) == ["agreed", "excused"]


def test_f3_operators_hear_once_of_a_model_that_does_not_answer(db: Connection) -> None:
    for _ in range(2):
        db.execute("select api.note_model_outage(%s)", [monday("10:00")])
    told = [(row["kind"], row["recipient_chat_id"]) for row in outbox(db)]
    assert told == [("chat_notice", 1001)]
    (message,) = deliver(db, monday("10:00"))
    assert message["facts"]["event"] == "model_unavailable"
