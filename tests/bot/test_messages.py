"""The words, as strings."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from bot import errors
from bot.messages import sla_escalation, start
from bot.messages.buttons import ACKNOWLEDGE, Buttons
from bot.messages.sla_escalation import AlertFacts

ROW = UUID("7d9c4bb0-8c0f-4a39-9d52-f9aa2b1c0001")
BUTTONS = Buttons("123456:token")


def facts(**changes: Any) -> AlertFacts:
    known: dict[str, Any] = {
        "request_id": ROW,
        "chat_name": "ООО Ромашка",
        "asked_by": "Анна Иванова",
        "last_message": "Где акт?",
        "message_count": 1,
        "opened_at": datetime(2026, 4, 6, 7, 0, tzinfo=UTC),
        "target_minutes": 60,
        "waited_minutes": 70,
        "accountant": "Ольга Петрова",
        "acknowledged_by": None,
    }
    return AlertFacts.model_validate({**known, **changes})


def test_an_alert_says_who_waits_how_long_and_who_should_answer() -> None:
    assert sla_escalation.breach(facts()) == (
        "🔴 <b>ООО Ромашка</b>: клиент ждёт ответа 1 ч 10 мин\n"
        "Норма — 1 ч рабочего времени.\n"
        "\n"
        "Анна Иванова: «Где акт?»\n"
        "Ответственный: Ольга Петрова"
    )


def test_an_alert_about_a_voice_message_of_nobody_in_particular() -> None:
    text = sla_escalation.breach(facts(asked_by=None, last_message=None, accountant=None))
    assert text.endswith("Клиент: без текста\nОтветственный не назначен")


def test_a_taken_window_names_its_taker_and_has_no_button() -> None:
    taken = facts(acknowledged_by="Пётр Волков")
    assert sla_escalation.breach(taken).endswith("✅ В работе: Пётр Волков")
    assert sla_escalation.breach_keyboard(taken, BUTTONS) is None
    assert sla_escalation.taken(taken) == "В работе: Пётр Волков. Часы идут до ответа клиенту."


def test_every_name_and_phrase_is_quoted() -> None:
    evil = "<a href='x'>&</a>"
    text = sla_escalation.breach(
        facts(chat_name=evil, asked_by=evil, last_message=evil, accountant=evil, acknowledged_by=evil)
    )
    assert "<a" not in text
    assert text.count("&lt;a") == 5
    assert "<a" not in start.greeting(evil)


def test_the_longest_alert_fits_a_telegram_message() -> None:
    long = facts(
        chat_name="&" * 300, asked_by="&" * 300, last_message="&" * 300, accountant="&" * 200, acknowledged_by="&" * 200
    )
    assert len(sla_escalation.breach(long).replace("&amp;", "&")) < 4096


@pytest.mark.parametrize(
    ("minutes", "words"), [(0, "0 мин"), (47, "47 мин"), (60, "1 ч"), (125, "2 ч 5 мин"), (6000, "100 ч")]
)
def test_minutes_read_as_people_say_them(minutes: int, words: str) -> None:
    assert sla_escalation.duration(minutes) == words


def test_the_button_of_an_alert_carries_its_window() -> None:
    keyboard = sla_escalation.breach_keyboard(facts(), BUTTONS)
    assert keyboard
    (button,) = keyboard.inline_keyboard[0]
    assert button.text == "Взял в работу"
    assert BUTTONS.unpack(ACKNOWLEDGE, button.callback_data) == ROW
    assert len((button.callback_data or "").encode()) <= 64


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d[:-1],
        lambda d: d + "A",
        lambda d: d.replace("ack", "exc"),
        lambda _: "",
        lambda _: "ack:::",
        lambda _: "ack:ы:ы",
    ],
)
def test_a_button_we_did_not_sign_is_none(change: Any) -> None:
    assert BUTTONS.unpack(ACKNOWLEDGE, change(BUTTONS.pack(ACKNOWLEDGE, ROW))) is None


def test_a_button_of_another_bot_is_none() -> None:
    assert Buttons("123456:other").unpack(ACKNOWLEDGE, BUTTONS.pack(ACKNOWLEDGE, ROW)) is None


def test_every_key_that_sql_refuses_a_button_with_has_words() -> None:
    migrations = (Path(__file__).parents[2] / "supabase" / "migrations").glob("*.sql")
    raised = {key for migration in migrations for key in re.findall(r"raise exception '(\w+)'", migration.read_text())}
    # Said to the bot itself, which sends nothing else than lists.
    assert raised - {"updates_are_not_a_list"} <= errors.REFUSALS.keys()


def test_every_key_has_words_that_fit_a_toast() -> None:
    for key in errors.REFUSALS:
        assert 0 < len(errors.words(key)) <= 200


def test_start_greets_by_name_whom_the_firm_knows() -> None:
    assert start.greeting("Пётр Волков").startswith("Здравствуйте, Пётр Волков.")
    assert "Пишите в чат своей компании" in start.greeting(None)
