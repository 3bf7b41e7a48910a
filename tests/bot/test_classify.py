"""What needs an answer, by rules: certain, or it does."""

import pytest

from bot.classify import classify


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
    ],
)
def test_f7_thanks_and_acknowledgements_need_no_answer(text: str) -> None:
    assert classify(text) == "gratitude"


@pytest.mark.parametrize(
    "text",
    [
        "Спасибо, а когда будет готова декларация",  # F6
        "Спасибо?",
        "Ок, жду акт",
        "7712345678",
        "Жду ответа третий день",
        "Хорошо бы получить счёт",
        "",
        None,
        "Здравствуйте",
        "❓❓❓",
        "!!!",
        "...",
        "🆘",
        "😡",
        "Спасибо 😡",
        "+1",
    ],
)
def test_f6_anything_else_does(text: str | None) -> None:
    assert classify(text) == "request"
