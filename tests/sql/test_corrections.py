"""Corrections by people: windows follow as if the message had been read so at once, the word stays as example."""

import itertools

import psycopg
import pytest

from tests.sql.firm import (
    ANNA,
    IVAN,
    LEBEDEVA,
    MARIA,
    OLGA,
    PETR,
    ROMASHKA,
    Connection,
    Row,
    acting_as,
    alerts,
    all_rows,
    deliver,
    edited,
    ingest,
    monday,
    moscow,
    one,
    outbox,
    press,
    said,
    sweep,
    user_id,
    window,
    windows,
)


def request(db: Connection, becomes: str, at: str, who: int = OLGA) -> Row:
    """Say what the only window is."""
    about = window(db)["id"]
    answer: Row = one(db, "select api.reclassify_request(%s, %s, %s, %s)", about, becomes, who, monday(at))
    return answer


def message(db: Connection, about: Row, becomes: str, at: str, who: int = OLGA) -> Row:
    """Say what a message is."""
    answer: Row = one(
        db,
        "select api.reclassify_message(%s, %s, %s, %s, %s)",
        about["chat_id"],
        about["message_id"],
        becomes,
        who,
        monday(at),
    )
    return answer


def thanks(at: str, text: str = "Спасибо") -> Row:
    return said(ANNA, monday(at), text, classification="gratitude")


def examples(db: Connection) -> list[tuple[str, str, str]]:
    rows = all_rows(db, "select said_by, was, became from public.classification_corrections order by id")
    return [(row["said_by"], row["was"], row["became"]) for row in rows]


def test_what_a_person_calls_thanks_excuses_the_window_and_tells_whoever_was_alerted(db: Connection) -> None:
    ingest(db, said(ANNA, monday("10:00"), "Ну вы и волшебники"))
    sweep(db, monday("10:48"))
    deliver(db, monday("10:48"))
    assert request(db, "gratitude", "10:50") == {"outcome": "excused", "by": "Ольга Петрова"}
    only = window(db)
    assert (only["outcome"], only["classified_by"], only["closed_at"]) == ("excused", "person", monday("10:50"))
    assert only["closed_by"] == user_id(OLGA)
    assert alerts(db) == [("warning", 0, "excused")]
    assert [(row["status"], row["finished_at"] is None) for row in outbox(db)] == [("pending", False)]
    assert examples(db) == [("person", "request", "gratitude")]
    assert sweep(db, monday("12:00")) == 0


def test_thanks_that_a_person_calls_a_request_wait_since_they_were_written(db: Connection) -> None:
    ingest(db, polite := thanks("10:00", "Спасибо за пожарную скорость"))
    assert windows(db) == []
    assert message(db, polite, "request", "10:20")["outcome"] == "waits"
    only = window(db)
    assert (only["opened_at"], only["due_at"], only["classified_by"]) == (monday("10:00"), monday("11:00"), "person")
    ingest(db, said(OLGA, monday("10:40"), "Исправляем"))
    assert (window(db)["outcome"], window(db)["working_minutes"]) == ("met", 40)


def test_thanks_under_an_answer_begin_to_wait_when_somebody_says_so(db: Connection) -> None:
    ingest(db, polite := thanks("10:00"), said(OLGA, monday("10:05"), "Пожалуйста"))
    message(db, polite, "request", "10:30")
    assert (window(db)["opened_at"], window(db)["responded_at"]) == (monday("10:30"), None)
    ingest(db, said(OLGA, monday("10:40"), "Разобралась"))
    assert window(db)["working_minutes"] == 10


def test_an_answered_window_stays_as_measured_and_the_word_as_an_example(db: Connection) -> None:
    ingest(db, said(ANNA, monday("10:00")), said(OLGA, monday("10:05"), "Готово"))
    before = window(db)
    assert request(db, "gratitude", "10:30") == {"outcome": "noted", "by": "Ольга Петрова"}
    assert {key for key, value in window(db).items() if value != before[key]} <= {"updated_at"}
    assert examples(db) == [("person", "request", "gratitude")]


def test_an_answer_that_comes_late_but_was_written_before_the_correction_counts(db: Connection) -> None:
    ingest(db, said(ANNA, monday("10:00")))
    request(db, "gratitude", "10:30")
    ingest(db, said(OLGA, monday("10:20"), "Готово"))
    assert (window(db)["outcome"], window(db)["responded_at"]) == ("met", monday("10:20"))


def test_the_whole_window_goes_with_every_message_that_asks(db: Connection) -> None:
    first, second = said(ANNA, monday("10:00")), said(ANNA, monday("10:10"), "Ну вы даёте")
    ingest(db, first, thanks("10:05"), second)
    request(db, "gratitude", "10:20")
    assert (window(db)["outcome"], window(db)["message_count"]) == ("excused", 2)
    assert len(examples(db)) == 2


def test_one_message_corrected_leaves_the_other_waiting_since_its_own_date(db: Connection) -> None:
    ingest(db, first := said(ANNA, monday("10:00"), "Огонь"), said(ANNA, monday("10:20"), "И счёт?"))
    assert message(db, first, "gratitude", "10:25")["outcome"] == "waits"
    assert (window(db)["opened_at"], window(db)["message_count"]) == (monday("10:20"), 1)


def test_a_correction_is_taken_back_by_another_and_the_window_waits_since_its_own_date(db: Connection) -> None:
    ingest(db, said(ANNA, monday("10:00")))
    request(db, "gratitude", "10:20")
    assert request(db, "request", "10:30", PETR) == {"outcome": "waits", "by": "Пётр Волков"}
    only = window(db)
    assert (only["opened_at"], only["outcome"], only["closed_by"]) == (monday("10:00"), "overdue", None)
    assert examples(db) == [("person", "request", "gratitude"), ("person", "gratitude", "request")]
    assert sweep(db, monday("11:00")) > 0


def test_no_answer_needed_is_taken_back_by_calling_it_a_request(db: Connection) -> None:
    ingest(db, said(ANNA, monday("10:00")))
    sweep(db, monday("11:00"))
    press(db, OLGA, "no_answer_needed", monday("11:05"))
    assert request(db, "request", "11:10")["outcome"] == "waits"
    assert (window(db)["opened_at"], window(db)["closed_because"]) == (monday("10:00"), None)
    ingest(db, said(OLGA, monday("11:20"), "Готово"))
    assert window(db)["outcome"] == "met_late"


def test_no_answer_needed_stays_where_the_client_has_asked_again(db: Connection) -> None:
    ingest(db, said(ANNA, monday("10:00")))
    sweep(db, monday("11:00"))
    press(db, OLGA, "no_answer_needed", monday("11:05"))
    about = window(db)["id"]
    ingest(db, said(ANNA, monday("11:10"), "А счёт?"))
    one(db, "select api.reclassify_request(%s, 'request', %s, %s)", about, OLGA, monday("11:20"))
    assert [w["outcome"] for w in windows(db)] == ["excused", "overdue"]


def test_a_clarification_waits_as_a_request_does(db: Connection) -> None:
    ingest(db, said(ANNA, monday("10:00"), "Ромашка"))
    request(db, "clarification", "10:10")
    assert (window(db)["classification"], window(db)["opened_at"]) == ("clarification", monday("10:00"))
    ingest(db, said(ANNA, monday("10:20"), "И ещё"))
    assert (window(db)["classification"], window(db)["message_count"]) == ("clarification", 2)


def test_another_text_is_another_message(db: Connection) -> None:
    """Whatever was said of the text before; also when the edit comes late (P12)."""
    ingest(db, first := said(ANNA, monday("10:00"), "Спасибо"))
    request(db, "gratitude", "10:20")
    ingest(db, edited(first, monday("10:10"), "Где акт?", "request"))
    assert (window(db)["opened_at"], window(db)["closed_because"]) == (monday("10:00"), None)


def test_whoever_may_not_act_on_the_chat_corrects_nothing(db: Connection) -> None:
    ingest(db, about := said(ANNA, monday("10:00")))
    for stranger, reason in ((IVAN, "unknown"), (MARIA, "not_allowed"), (ANNA, "not_allowed")):
        for tried in (request, lambda db, becomes, at, who: message(db, about, becomes, at, who)):
            with db.transaction(force_rollback=True), pytest.raises(psycopg.Error, match=reason):
                tried(db, "gratitude", "10:10", stranger)
    assert window(db)["closed_because"] is None


def test_a_signed_in_person_corrects_as_herself_whomever_she_names(db: Connection) -> None:
    ingest(db, said(ANNA, monday("10:00")))
    about = window(db)["id"]
    with acting_as(db, "accountant"):
        assert one(db, "select api.reclassify_request(%s, 'spam', %s)", about, PETR)["by"] == "Ольга Петрова"
    with acting_as(db, "accountant2"), pytest.raises(psycopg.Error, match="unknown_request"):
        one(db, "select api.reclassify_request(%s, 'request', %s)", about, PETR)


@pytest.mark.parametrize("becomes", ["no_answer_needed", "question", ""])
def test_a_class_that_does_not_exist_is_refused(db: Connection, becomes: str) -> None:
    ingest(db, said(ANNA, monday("10:00")))
    with pytest.raises(psycopg.Error, match="unknown_class"):
        request(db, becomes, "10:10")


def test_the_firms_own_words_and_unknown_ones_have_no_class(db: Connection) -> None:
    ingest(db, answer := said(OLGA, monday("10:00"), "Готово"))
    for about in (answer, {"chat_id": ROMASHKA, "message_id": 1}, {"chat_id": LEBEDEVA, "message_id": 2}):
        with db.transaction(force_rollback=True), pytest.raises(psycopg.Error, match="unknown_message"):
            message(db, about, "request", "10:10", PETR)


def test_what_is_older_than_two_days_does_not_begin_to_wait(db: Connection) -> None:
    ingest(db, polite := said(ANNA, moscow("2026-04-03 10:00"), "Спасибо", classification="gratitude"))
    with db.transaction(force_rollback=True), pytest.raises(psycopg.Error, match="message_too_old"):
        message(db, polite, "request", "10:30")
    assert examples(db) == []


def test_s11_what_people_say_is_an_example_and_what_the_model_says_is_none(db: Connection) -> None:
    first, second, third = (said(ANNA, monday(f"10:0{n}"), text) for n, text in enumerate(("Огонь", "Космос", "Ясень")))
    ingest(db, first, second, third)
    message(db, first, "spam", "10:20")
    message(db, first, "gratitude", "10:21")
    db.execute(
        "select private.correct(%s, %s, 'gratitude', 'model', null, %s)",
        [ROMASHKA, [second["message_id"]], monday("10:22")],
    )
    sweep(db, monday("11:30"))
    press(db, OLGA, "no_answer_needed", monday("11:31"))
    found = all_rows(db, "select * from api.classification_examples()")
    assert [(row["text"], row["classification"]) for row in found] == [("Ясень", "gratitude"), ("Огонь", "gratitude")]


@pytest.mark.parametrize("becomes", ["gratitude", "request"])
def test_p12_messages_may_come_in_any_order_before_and_after_a_correction(db: Connection, becomes: str) -> None:
    """Whenever it reaches the database, it was said at 10:30."""
    rule = "request" if becomes == "gratitude" else "gratitude"
    about = said(ANNA, monday("10:00"), "Огонь", classification=rule)
    others = [
        said(OLGA, monday("10:10"), "Готово"),
        said(ANNA, monday("10:20"), "А счёт?"),
        said(OLGA, monday("10:40")),
    ]
    found = set()
    for order in itertools.permutations([about, *others]):
        for place in range(order.index(about) + 1, len(order) + 1):
            with db.transaction(force_rollback=True):
                ingest(db, *order[:place])
                message(db, about, becomes, "10:30")
                for late in order[place:]:
                    ingest(db, late)
                found.add(tuple((w["opened_at"], w["message_count"], w["responded_at"]) for w in windows(db)))
    assert len(found) == 1
