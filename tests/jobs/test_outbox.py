"""Delivery through a Bot API that fails as the real one does."""

from infra.local.telegram.client import SimulatorClient
from infra.local.waiting import until
from tests.world import MANAGER, ClientChat


async def test_e3_a_late_window_reaches_the_manager_with_a_button(chat: ClientChat) -> None:
    await chat.ask(minutes_ago=70)
    alert = await chat.alert()
    assert "1 ч 10 мин" in alert.words
    assert alert.buttons == ["Взял в работу"]
    assert until(lambda: [message["status"] for message in chat.outbox] == ["sent"], 15)
    assert chat.outbox[0]["telegram_message_id"] == alert.message_id


async def test_e18_a_server_error_costs_an_attempt_and_no_message(sim: SimulatorClient, chat: ClientChat) -> None:
    await sim.faults({"method": "sendMessage", "times": 1, "code": 502, "description": "Bad Gateway"})
    await chat.ask(minutes_ago=70)
    assert until(lambda: [message["last_error"] for message in chat.outbox] == ["Bad Gateway"], 15)
    assert chat.outbox[0]["status"] == "pending"
    # The minute until the next try is the database's to keep; here it is over.
    chat.rows("update public.outbox set next_attempt_at = now() where id = %s returning id", chat.outbox[0]["id"])
    await chat.alert()


async def test_a_proxys_error_page_costs_one_message_its_attempt_and_no_other(
    sim: SimulatorClient, chat: ClientChat
) -> None:
    await sim.faults({"method": "sendMessage", "times": 1, "code": 502, "description": "Bad Gateway", "page": True})
    await chat.ask(minutes_ago=70)
    assert until(lambda: [message["status"] for message in chat.outbox] == ["pending"], 15)
    assert until(lambda: chat.outbox[0]["last_error"] is not None, 15)


async def test_e18_telegrams_wish_to_wait_is_obeyed(sim: SimulatorClient, chat: ClientChat) -> None:
    flood = {"code": 429, "description": "Too Many Requests: retry after 2", "parameters": {"retry_after": 2}}
    await sim.faults({"method": "sendMessage", "times": 1, **flood})
    await chat.ask(minutes_ago=70)
    await chat.alert()
    assert until(lambda: [(message["status"], message["attempts"]) for message in chat.outbox] == [("sent", 1)], 15)


async def test_e19_a_manager_who_blocked_the_bot_is_marked_with_the_reason(
    sim: SimulatorClient, chat: ClientChat
) -> None:
    await sim.post("block", user_id=MANAGER)
    try:
        await chat.ask(minutes_ago=70)
        assert until(lambda: [message["status"] for message in chat.outbox] == ["failed"], 15)
        assert "blocked" in chat.outbox[0]["last_error"]
    finally:
        await sim.start(MANAGER)


async def test_taking_it_edits_the_alert_and_answers_the_press(sim: SimulatorClient, chat: ClientChat) -> None:
    await chat.ask(minutes_ago=70)
    alert = await chat.alert()
    press = await sim.until_answered(await sim.press(MANAGER, alert, "Взял в работу"))
    assert press.text == "В работе: Пётр Волков. Часы идут до ответа клиенту."
    taken = await sim.until_message(
        MANAGER, lambda m: m.message_id == alert.message_id and "✅ В работе: Пётр Волков" in m.words
    )
    assert taken.buttons == []
    assert chat.windows[0]["acknowledged_at"] is not None


async def test_e16_who_may_no_longer_act_presses_in_vain(sim: SimulatorClient, chat: ClientChat) -> None:
    """The button stays in the chat of somebody who is no manager any more."""
    await chat.ask(minutes_ago=70)
    alert = await chat.alert()
    chat.rows("update public.users set role = 'observer' where telegram_id = %s returning id", MANAGER)
    try:
        press = await sim.until_answered(await sim.press(MANAGER, alert, "Взял в работу"))
    finally:
        chat.rows("update public.users set role = 'manager' where telegram_id = %s returning id", MANAGER)
    assert (press.text, press.show_alert) == ("Нет прав для этого действия.", True)
    assert chat.windows[0]["acknowledged_at"] is None


async def test_e17_taking_what_was_answered_says_so(sim: SimulatorClient, chat: ClientChat) -> None:
    await chat.ask(minutes_ago=70)
    alert = await chat.alert()
    await chat.answer()
    assert until(lambda: chat.windows[0]["outcome"] == "met_late", 10)
    press = await sim.until_answered(await sim.press(MANAGER, alert, "Взял в работу"))
    assert press.text == "Клиенту уже ответили."
    await sim.until_message(MANAGER, lambda m: m.message_id == alert.message_id and not m.buttons)
