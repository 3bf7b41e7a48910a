"""Presses of the buttons under an alert: one toast at once, and every copy edited by way of the outbox."""

import pytest

from infra.local.telegram.client import Message, SimulatorClient
from infra.local.waiting import until
from tests.world import ACCOUNTANT, MANAGER, ClientChat


async def late(chat: ClientChat) -> Message:
    """Return the alert about a client who waits too long."""
    await chat.ask_long_ago()
    return await chat.alert()


async def changed(sim: SimulatorClient, alert: Message, words: str) -> Message:
    """Return the same message once it says this."""
    return await sim.until_message(
        alert.chat_id, lambda m: m.message_id == alert.message_id and words in m.words, seconds=15
    )


async def test_taking_it_answers_the_press_and_edits_every_copy(sim: SimulatorClient, chat: ClientChat) -> None:
    alert = await late(chat)
    owners = await chat.alert(ACCOUNTANT)
    press = await sim.until_answered(await sim.press(MANAGER, alert, "Взял в работу"), seconds=1)
    assert press.text == "В работе: Пётр Волков. Часы идут до ответа клиенту."
    for copy in (alert, owners):
        taken = await changed(sim, copy, "✅ В работе: Пётр Волков")
        assert "Взял в работу" not in taken.buttons
    assert chat.windows[0]["acknowledged_at"] is not None


async def test_a_second_press_is_no_second_action(sim: SimulatorClient, chat: ClientChat) -> None:
    alert = await late(chat)
    owners = await chat.alert(ACCOUNTANT)
    await sim.until_answered(await sim.press(MANAGER, alert, "Взял в работу"))
    press = await sim.until_answered(await sim.press(ACCOUNTANT, owners, "Взял в работу"))
    assert press.text == "Уже в работе: Пётр Волков."


async def test_e16_c13_no_answer_needed_closes_it_in_the_pressers_name(sim: SimulatorClient, chat: ClientChat) -> None:
    alert = await late(chat)
    press = await sim.until_answered(await sim.press(MANAGER, alert, "Ответ не нужен"))
    assert (press.text, press.show_alert) == ("Отмечено: ответ не нужен.", False)
    for person in (MANAGER, ACCOUNTANT):
        await changed(sim, await chat.alert(person), "ответ не нужен — Пётр Волков")
    assert [window["outcome"] for window in chat.windows] == ["excused"]


async def test_a_correction_lets_the_window_go_and_another_takes_that_back(
    sim: SimulatorClient, chat: ClientChat
) -> None:
    """What rules took for a question was none, after all; both corrections are examples for the rules."""
    alert = await late(chat)
    press = await sim.until_answered(await sim.press(MANAGER, alert, "Это спам"))
    assert press.text == "Записано: ответ не нужен."
    ended = await changed(sim, alert, "ответ не нужен")
    assert ended.buttons == ["Это вопрос"]
    assert [window["outcome"] for window in chat.windows] == ["excused"]

    press = await sim.until_answered(await sim.press(MANAGER, ended, "Это вопрос"))
    assert press.text == "Записано: клиент ждёт ответа."
    assert [window["outcome"] for window in chat.windows] == ["overdue"]
    found = chat.rows("select became from public.classification_corrections where chat_id = %s order by id", chat.id)
    assert [row["became"] for row in found] == ["spam", "request"]


@pytest.mark.parametrize("button", ["Взял в работу", "Ответ не нужен", "Через 30 мин", "Это спам"])
async def test_e16_who_may_no_longer_act_presses_in_vain(sim: SimulatorClient, chat: ClientChat, button: str) -> None:
    """The buttons stay in the chat of somebody who is no manager any more."""
    alert = await late(chat)
    chat.rows("update public.users set role = 'observer' where telegram_id = %s returning id", MANAGER)
    try:
        press = await sim.until_answered(await sim.press(MANAGER, alert, button))
    finally:
        chat.rows("update public.users set role = 'manager' where telegram_id = %s returning id", MANAGER)
    assert (press.text, press.show_alert) == ("Нет прав для этого действия.", True)
    assert chat.windows[0]["acknowledged_at"] is None
    assert chat.windows[0]["outcome"] == "overdue"
    assert chat.owed()["remind_at"] is None


async def test_e17_a_press_after_the_answer_is_told_so_and_changes_nothing(
    sim: SimulatorClient, chat: ClientChat
) -> None:
    alert = await late(chat)
    # The copy keeps its buttons: Telegram refuses the edit that would take them away.
    refusal = {"code": 400, "description": "Bad Request: message can't be edited"}
    await sim.faults({"method": "editMessageText", "chat_id": MANAGER, "words": chat.title, **refusal})
    await chat.answer()
    assert until(lambda: chat.windows[0]["outcome"] == "met_late", 10)
    before = chat.windows
    press = await sim.until_answered(await sim.press(MANAGER, alert, "Ответ не нужен"))
    assert (press.text, press.show_alert) == ("Клиент уже не ждёт ответа.", True)
    assert chat.windows == before


async def test_a_reminder_names_its_hour(sim: SimulatorClient, chat: ClientChat) -> None:
    alert = await late(chat)
    for button in ("Через 1 ч", "При открытии"):
        press = await sim.until_answered(await sim.press(MANAGER, alert, button))
        assert press.text is not None and press.text.startswith("Напомню ")
    assert chat.owed()["remind_at"] is not None
