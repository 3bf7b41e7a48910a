"""Frequent questions: which words ask them, when the bot answers, and what the asking client's verdict does."""

import sys
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
import pytest

from tests.sql.firm import (
    ANNA,
    BORIS,
    LEBEDEVA,
    OLGA,
    ROMASHKA,
    Connection,
    Row,
    all_rows,
    claim,
    deliver,
    ingest,
    monday,
    one,
    said,
    sweep,
    window,
)

LABELLED: dict[str, Any] = tomllib.loads((Path(__file__).parents[1] / "data" / "faq.toml").read_text())
PHRASES = [(item, phrase) for item, phrases in LABELLED["phrases"].items() for phrase in phrases]
TUNED = [pair for number, pair in enumerate(PHRASES) if number % 3 != 2]
HELD_OUT = [pair for number, pair in enumerate(PHRASES) if number % 3 == 2]
AT = monday("10:00")
ASKED = AT + timedelta(seconds=2)


class Figures(NamedTuple):
    """Of the phrases that ask an item, the share that is answered by it; of the answers, the share that is right."""

    recall: float
    precision: float


@pytest.fixture
def faq(db: Connection) -> Connection:
    for item in LABELLED["items"]:
        db.execute(
            "insert into public.faq_items (question, answer, keywords) values (%s, %s, %s)",
            [item["question"], f"Ответ: {item['key']}", item["keywords"]],
        )
    return db


def matched(db: Connection, phrase: str) -> str:
    """Key of the item that a phrase is answered with."""
    answer = one(
        db,
        "select f.answer from private.match_faq(%s) as m join public.faq_items as f on f.id = m.faq_item_id limit 1",
        phrase,
    )
    return str(answer).removeprefix("Ответ: ") if answer else "none"


def measured(db: Connection, pairs: list[tuple[str, str]]) -> tuple[Figures, list[str]]:
    verdicts = [(wanted, matched(db, phrase), phrase) for wanted, phrase in pairs]
    right = sum(wanted == found != "none" for wanted, found, _ in verdicts)
    asked = sum(wanted != "none" for wanted, _, _ in verdicts)
    answered = sum(found != "none" for _, found, _ in verdicts)
    wrong = [f"{phrase}: {found} instead of {wanted}" for wanted, found, phrase in verdicts if wanted != found]
    return Figures(right / asked, right / answered), wrong


@pytest.mark.parametrize(
    ("name", "pairs", "least"), [("tuned", TUNED, Figures(0.9, 0.95)), ("held out", HELD_OUT, Figures(0.8, 0.9))]
)
def test_f10_the_match_is_measured_on_labelled_phrases(
    faq: Connection, name: str, pairs: list[tuple[str, str]], least: Figures
) -> None:
    """Prints its figures; an answer that misses the question costs more than none."""
    figures, wrong = measured(faq, pairs)
    sys.stdout.write(f"faq, {name}, {len(pairs)}: recall {figures.recall:.1%}, precision {figures.precision:.1%}\n")
    assert figures.recall >= least.recall, "\n".join(wrong)
    assert figures.precision >= least.precision, "\n".join(wrong)


def test_f10_a_keyword_counts_only_as_whole_words(db: Connection) -> None:
    db.execute("insert into public.faq_items (question, answer, keywords) values ('НДС', 'Ответ: vat', '{ндс}')")
    assert matched(db, "Где мой акт? Срочно, и с кем согласовать?") == "none"
    assert matched(db, "Наш ндсшник заболел") == "none"
    assert matched(db, "а ндс?") == "vat"


@pytest.mark.parametrize("words", ["", "???", "и в на", "👍", "'); drop table x; --", "a" * 5000])
def test_words_that_ask_nothing_find_nothing(faq: Connection, words: str) -> None:
    assert matched(faq, words) == "none"


def asks(db: Connection, words: str = "Какая сейчас ставка НДС?", chat: int = ROMASHKA, who: int = ANNA) -> int:
    """A question that has just opened a window; returns how many answers were offered to all that wait."""
    ingest(db, said(who, AT, words, chat))
    db.execute(
        "insert into public.faq_answers (request_id, asked_at) select id, %s from public.client_requests"
        " where closed_as is null on conflict do nothing",
        [AT],
    )
    db.execute("set local role service_role")
    offered: int = one(db, "select api.answer_questions(%s)", ASKED)
    db.execute("reset role")
    return offered


def answers(db: Connection) -> list[Row]:
    return all_rows(db, "select * from public.faq_answers order by asked_at, id")


def judge(db: Connection, who: int = ANNA, verdict: str = "helped") -> str:
    answer = answers(db)[0]["id"]
    db.execute("set local role service_role")
    outcome: str = one(db, "select api.judge_faq_answer(%s, %s, %s, %s) ->> 'outcome'", answer, verdict, who, ASKED)
    db.execute("reset role")
    return outcome


def test_an_answer_is_offered_under_the_question_and_counted(faq: Connection) -> None:
    assert asks(faq) == 1
    (message,) = claim(faq, ASKED)
    assert (message["kind"], message["recipient_chat_id"]) == ("faq_answer", ROMASHKA)
    assert message["facts"]["answer"] == "Ответ: vat"
    assert message["facts"]["message_id"] == one(faq, "select first_message_id from public.client_requests")
    assert UUID(message["facts"]["faq_answer"]) == answers(faq)[0]["id"]
    assert one(faq, "select usage_count from public.faq_items where answer = 'Ответ: vat'") == 1


def test_f10_the_clock_runs_on_whatever_was_offered(faq: Connection) -> None:
    asks(faq)
    deliver(faq, ASKED)
    assert window(faq)["outcome"] == "overdue"
    assert sweep(faq, monday("11:00:01")) == 1


def test_what_nothing_fits_is_forgotten(faq: Connection) -> None:
    assert asks(faq, "Где мой акт?") == 0
    assert answers(faq) == []


def test_an_answer_is_offered_once_a_day_in_a_chat(faq: Connection) -> None:
    asks(faq)
    ingest(faq, said(OLGA, AT + timedelta(seconds=1), "22 %"))
    assert asks(faq, "напомните ставку ндс", who=BORIS) == 0
    assert asks(faq, chat=LEBEDEVA) == 1


@pytest.mark.parametrize("then", [(OLGA, "22 %"), (ANNA, "И где мой акт?")])
def test_the_bot_does_not_cut_in(faq: Connection, then: tuple[int, str]) -> None:
    ingest(faq, said(ANNA, AT, "Какая сейчас ставка НДС?"), said(then[0], AT + timedelta(seconds=1), then[1]))
    faq.execute("insert into public.faq_answers (request_id, asked_at) select id, %s from public.client_requests", [AT])
    assert one(faq, "select api.answer_questions(%s)", ASKED) == 0


def test_f10_that_it_helped_excuses_the_window_by_nobody_of_the_firm(faq: Connection) -> None:
    asks(faq)
    assert [judge(faq), judge(faq)] == ["helped", "helped"]
    found = window(faq)
    assert (found["outcome"], found["closed_because"], found["closed_by"]) == ("excused", "no_answer_needed", None)
    assert one(faq, "select count(*) from public.classification_corrections") == 0
    causes = all_rows(faq, "select detail ->> 'cause' as cause from public.request_events where kind = 'excused'")
    assert causes == [{"cause": "faq_helped"}]


def test_that_it_did_not_help_changes_nothing_for_the_clock(faq: Connection) -> None:
    asks(faq)
    assert judge(faq, verdict="not_helped") == "not_helped"
    assert window(faq)["closed_at"] is None
    assert judge(faq) == "helped"


def test_it_helped_but_more_was_asked_since(faq: Connection) -> None:
    asks(faq)
    ingest(faq, said(BORIS, AT + timedelta(minutes=1), "А где акт?"))
    assert judge(faq) == "waits"
    assert window(faq)["closed_at"] is None


@pytest.mark.parametrize("who", [BORIS, OLGA])
def test_only_who_asked_says_whether_it_helped(faq: Connection, who: int) -> None:
    asks(faq)
    with pytest.raises(psycopg.Error, match="not_your_question"):
        judge(faq, who)


def test_a_verdict_after_the_answer_is_told_so(faq: Connection) -> None:
    asks(faq)
    ingest(faq, said(OLGA, AT + timedelta(minutes=1), "22 %"))
    with pytest.raises(psycopg.Error, match="request_already_closed"):
        judge(faq)


def test_a_question_of_now_waits_to_be_looked_up_and_one_of_long_ago_does_not(faq: Connection) -> None:
    ingest(faq, said(ANNA, AT))
    assert answers(faq) == []
    ingest(faq, said(ANNA, one(faq, "select now()"), chat=LEBEDEVA))
    assert len(answers(faq)) == 1
