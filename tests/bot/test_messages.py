"""The words, as strings."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.messages import chat_notice, sla_digest, sla_escalation, start
from bot.messages.sla_escalation import PressResult
from bot.messages.windows import MessageFacts, WindowFacts
from tests.bot.told import BUTTONS, CHAT_URL, ROW, answered, facts, window

NOW = datetime(2026, 4, 6, 12, 0, tzinfo=UTC)
REMINDERS = ["Через 30 мин", "Через 1 ч", "При открытии"]
CLASSES = ["Это благодарность", "Это спам"]


def alert(*told: WindowFacts, more: int = 0) -> str:
    return sla_escalation.alert(facts(*told, more=more))


def digest(*told: WindowFacts, more: int = 0) -> str:
    return sla_digest.digest(facts(*told, chat_name=None, more=more))


def offered(message: MessageFacts) -> list[list[str]]:
    keyboard = sla_escalation.keyboard(message, ROW, BUTTONS)
    return [[button.text for button in row] for row in keyboard.inline_keyboard] if keyboard else []


def test_e1_a_warning_says_how_much_of_the_time_is_used_and_what_is_left() -> None:
    assert alert(window(waited_minutes=48, outcome="at_risk")) == (
        "🟡 <b>ООО Ромашка</b>: клиент ждёт 48 мин из 60 — осталось 12 мин рабочего времени\n"
        "\n"
        "Анна Иванова: «Где акт?»\n"
        "Ответственный: Ольга Петрова"
    )


def test_a_warning_of_a_longer_target_speaks_of_hours() -> None:
    text = alert(window(waited_minutes=96, target_minutes=120, outcome="at_risk"))
    assert "клиент ждёт 1 ч 36 мин из 2 ч — осталось 24 мин рабочего времени" in text


def test_e3_a_breach_says_who_waits_how_long_and_who_should_answer() -> None:
    assert alert(window()) == (
        "🔴 <b>ООО Ромашка</b>: клиент ждёт ответа 1 ч 10 мин\n"
        "Норма — 1 ч рабочего времени.\n"
        "\n"
        "Анна Иванова: «Где акт?»\n"
        "Ответственный: Ольга Петрова"
    )


def test_e6_an_escalation_names_its_level_and_the_time_beyond_the_target() -> None:
    text = alert(window(waited_minutes=120, level=2))
    assert text.startswith("🔴 <b>ООО Ромашка</b>: клиент ждёт ответа 2 ч\n")
    assert "Норма — 1 ч рабочего времени.\nУровень 2: ответа нет уже 1 ч сверх нормы.\n" in text


def test_an_alert_about_a_voice_message_of_nobody_in_particular() -> None:
    text = alert(window(asked_by=None, last_message=None, accountant=None, message_count=3))
    assert text.endswith("Клиент: без текста (3 сообщения)\nОтветственный не назначен")


def test_a_breach_that_a_new_deadline_undid_is_taken_back_in_words() -> None:
    text = alert(window(waited_minutes=10, outcome="waiting", breach_voided=True))
    assert "⚪ <b>ООО Ромашка</b>: клиент ждёт 10 мин из 60 — осталось 50 мин" in text
    assert "Срок изменился, просрочки пока нет." in text


def test_e10_several_windows_of_a_chat_are_one_list() -> None:
    second = window(waited_minutes=50, outcome="at_risk", last_message="И счёт", acknowledged_by="Пётр Волков")
    assert alert(window(), second, answered(), more=3) == (
        "🔴 <b>ООО Ромашка</b>. Ждут ответа: 5\n"
        "\n"
        "🔴 1 ч 10 мин (норма 1 ч) — Анна Иванова: «Где акт?»\n"
        "🟡 50 мин из 60 — Анна Иванова: «И счёт» · в работе: Пётр Волков\n"
        "и ещё 3\n"
        "\n"
        "Ответственный: Ольга Петрова\n"
        "✅ Больше не ждут: 1"
    )


@pytest.mark.parametrize(
    ("closed", "words"),
    [
        (answered(), "отвечено за 47 мин — Ольга Петрова"),
        (answered(answered_by=None), "отвечено за 47 мин"),
        (answered(outcome="met_late", waited_minutes=125), "отвечено за 2 ч 5 мин — Ольга Петрова"),
        (answered(outcome="voided", waited_minutes=None), "отвечено — Ольга Петрова"),
        (
            window(outcome="excused", closed_because="no_answer_needed", excused_by="Ольга Петрова"),
            "ответ не нужен — Ольга Петрова",
        ),
        (window(outcome="excused", closed_because="edited"), "вопрос снят, ответ не нужен"),
        (window(outcome="voided", closed_because="monitoring_off"), "наблюдение за чатом остановлено"),
        (window(outcome="voided", closed_because="bot_removed"), "наблюдение за чатом остановлено"),
        (window(outcome="voided", closed_because="chat_deleted"), "наблюдение за чатом остановлено"),
        (
            answered(breach_voided=True),
            "отвечено за 47 мин — Ольга Петрова\nОтвет пришёл вовремя, просрочки не было.",
        ),
    ],
)
def test_c5_c12_a_closed_window_says_how_it_ended(closed: WindowFacts, words: str) -> None:
    assert alert(closed) == f"✅ <b>ООО Ромашка</b>: {words}"
    assert offered(facts(closed)) == ([["Это вопрос"]] if closed.was_let_go else [])


def test_several_closed_windows_are_listed() -> None:
    assert alert(answered(), answered(waited_minutes=5, answered_by=None)) == (
        "✅ <b>ООО Ромашка</b>: больше никто не ждёт ответа\n• отвечено за 47 мин — Ольга Петрова\n• отвечено за 5 мин"
    )


def test_a_taken_window_names_its_taker_and_cannot_be_taken_again() -> None:
    taken = window(acknowledged_by="Пётр Волков")
    assert alert(taken).endswith("✅ В работе: Пётр Волков")
    assert offered(facts(taken)) == [["Ответ не нужен"], REMINDERS, CLASSES, ["Открыть чат"]]


def test_e14_an_alert_offers_what_can_be_done_and_nothing_else() -> None:
    assert offered(facts(window())) == [["Взял в работу", "Ответ не нужен"], REMINDERS, CLASSES, ["Открыть чат"]]


def test_one_tap_excuses_one_window_only() -> None:
    assert offered(facts(window(), window())) == [["Взял в работу"], REMINDERS, ["Открыть чат"]]


def test_e15_open_chat_leads_to_the_first_wait_and_is_absent_without_an_address() -> None:
    keyboard = sla_escalation.keyboard(facts(window(), window(chat_url="https://t.me/c/1/2")), ROW, BUTTONS)
    assert keyboard and keyboard.inline_keyboard[-1][0].url == CHAT_URL
    assert offered(facts(window(chat_url=None))) == [["Взял в работу", "Ответ не нужен"], REMINDERS, CLASSES]


def test_e9_a_digest_lists_who_waits_chat_by_chat() -> None:
    early = window(waited_minutes=0, outcome="waiting", chat_name="ИП Лебедева", chat_url=None, last_message=None)
    text = digest(window(), early, window(waited_minutes=65, last_message="Алло"), answered(), more=2)
    assert text == (
        "🕘 <b>Ждут ответа: 5</b>\n"
        "\n"
        f'<a href="{CHAT_URL}"><b>ООО Ромашка</b></a>\n'
        "    🔴 1 ч 10 мин (норма 1 ч): «Где акт?»\n"
        "    🔴 1 ч 5 мин (норма 1 ч): «Алло»\n"
        "⚪ <b>ИП Лебедева</b> — 0 мин из 60: без текста\n"
        "и ещё 2\n"
        "\n"
        "✅ Больше не ждут: 1"
    )


def test_a_digest_has_no_button_for_one_of_its_chats() -> None:
    message = facts(window(), window(chat_name="ИП Лебедева"), chat_name=None)
    assert offered(message) == [["Взял в работу"], REMINDERS]


def test_a_digest_of_the_past_says_how_each_wait_ended() -> None:
    assert digest(answered(), answered(chat_name="ИП Лебедева", waited_minutes=5)) == (
        "✅ <b>Больше никто не ждёт ответа</b>\n"
        "\n"
        "<b>ООО Ромашка</b>: отвечено за 47 мин — Ольга Петрова\n"
        "<b>ИП Лебедева</b>: отвечено за 5 мин — Ольга Петрова"
    )


def test_g2_the_owner_learns_that_nobody_watches_and_what_brings_it_back() -> None:
    assert chat_notice.notice(facts(chat_name="ООО <Ромашка>")) == (
        "Бот удалён из чата «ООО &lt;Ромашка&gt;». Ответы клиентам там больше не отслеживаются."
        " Чтобы вернуть наблюдение, добавьте бота в чат снова."
    )


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ({"outcome": "taken", "by": "Пётр Волков"}, "В работе: Пётр Волков. Часы идут до ответа клиенту."),
        ({"outcome": "already_taken", "by": "Пётр Волков"}, "Уже в работе: Пётр Волков."),
        ({"outcome": "excused", "by": "Пётр Волков"}, "Отмечено: ответ не нужен."),
        (
            {"outcome": "reminded", "remind_at": "2026-04-06T12:30:00+00:00", "timezone": "Europe/Moscow"},
            "Напомню сегодня в 15:30.",
        ),
        (
            {"outcome": "reminded", "remind_at": "2026-04-07T06:00:00+00:00", "timezone": "Europe/Moscow"},
            "Напомню завтра в 09:00.",
        ),
        # Late in the evening of UTC it is tomorrow in Moscow already, for both.
        (
            {"outcome": "reminded", "remind_at": "2026-04-06T22:00:00+00:00", "timezone": "Asia/Vladivostok"},
            "Напомню завтра в 08:00.",
        ),
    ],
)
def test_a_press_is_answered_in_words(result: dict[str, Any], words: str) -> None:
    assert sla_escalation.toast(PressResult.model_validate(result), NOW) == words


def test_the_longest_names_fit_a_toast() -> None:
    for outcome in ("taken", "already_taken"):
        assert len(sla_escalation.toast(PressResult(outcome=outcome, by="&" * 900), NOW)) <= 200


def test_start_greets_by_name_whom_the_firm_knows() -> None:
    assert start.greeting("Пётр Волков", is_alerted=True).startswith("Здравствуйте, Пётр Волков.")
    assert "Пишите в чат своей компании" in start.greeting(None, is_alerted=False)


def test_start_promises_alerts_to_nobody_who_gets_none() -> None:
    assert "Здесь я сообщу" not in start.greeting("Анна", is_alerted=False)
    assert "Сюда придёт" not in start.tied("Анна", is_alerted=False)
