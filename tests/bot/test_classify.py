"""What needs an answer, by rules: certain, or it does. What they make of real phrases, tests/evaluation measures."""

import time

import pytest

from bot.classify import classify
from tests.evaluation.phrases import load


@pytest.mark.parametrize(
    "text",
    [
        "Спасибо!",
        "ок!",
        "+",
        "Хорошо, спасибо",
        "С новым годом!",
        "👍",
        "Благодарю вас большое",
        "Понял, принято",
        "ok, thanks",
        "👍👍 спс",
        "👍🏽",
        "❤️",
        "Спасибо, вопрос решён",
    ],
)
def test_f7_thanks_and_acknowledgements_need_no_answer(text: str) -> None:
    assert classify(text) == ("gratitude", True)


@pytest.mark.parametrize(
    "text",
    [
        "Спасибо, а когда будет готова декларация",
        "Спасибо?",
        "Ок, жду акт",
        "Жду ответа третий день",
        "Здравствуйте",
        "Спасибо, ещё вопрос",
        "Отлично, счёт опять заблокирован",
        None,
        "",
    ],
)
def test_f6_whoever_asks_or_complains_waits_however_polite(text: str | None) -> None:
    assert classify(text) == ("request", True)


@pytest.mark.parametrize("text", ["❓❓❓", "!!!", "...", "🆘", "😡", "Спасибо 😡", "+1", "(((", "Ромашка"])
def test_f1_what_the_rules_do_not_know_is_a_request_and_they_say_so(text: str) -> None:
    assert classify(text) == ("request", False)


@pytest.mark.parametrize(
    "text", ["7712345678", "ИНН 7712345678", "45 000 руб.", "Отправила на почту", "anna@romashka.ru"]
)
def test_what_a_client_tells_is_a_clarification_and_never_spam(text: str) -> None:
    assert classify(text) == ("clarification", True)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Заработок без вложений, подробности в лс", ("spam", True)),
        ("Купили крипту, какой налог", ("request", False)),
        ("Выдали заработок, отправила ведомость в личку", ("request", False)),
    ],
)
def test_only_what_no_client_would_write_is_spam(text: str, verdict: tuple[str, bool]) -> None:
    assert classify(text) == verdict


def test_intake_hardly_notices_the_rules() -> None:
    """They stand in the way of every message: 5 µs on average is the aim, ten times as much fails."""
    texts = [phrase.text for phrase in load()]
    fastest = min(_seconds(texts) for _ in range(5))
    assert fastest / len(texts) < 50e-6


def _seconds(texts: list[str]) -> float:
    began = time.perf_counter()
    for text in texts:
        classify(text)
    return time.perf_counter() - began


@pytest.mark.parametrize(
    "text",
    [
        "я" * 100_000,
        "я" * 99_999 + "@",
        "a:" * 50_000,
        "спб" * 33_000,
        "a." * 50_000 + "@a",
        " " * 100_000,
        "1 " * 50_000,
    ],
)
def test_no_text_takes_its_time(text: str) -> None:
    """A pattern that looks at a sign again and again would let one message hold up all of intake."""
    began = time.process_time()
    classify(text)
    assert time.process_time() - began < 0.5
