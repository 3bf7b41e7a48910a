"""One message per person and chat: edited while it stands, sent anew only when it is worth a sound."""

from infra.local.telegram.client import Message, SimulatorClient
from infra.local.waiting import until
from tests.stack import Stack
from tests.world import ACCOUNTANT, MANAGER, ClientChat

EVERYBODY = (ACCOUNTANT, MANAGER)


async def changed(sim: SimulatorClient, alert: Message, words: str) -> Message:
    """Return the same message once it says this."""
    return await sim.until_message(
        alert.chat_id, lambda m: m.message_id == alert.message_id and words in m.words, seconds=15
    )


def escalate(chat: ClientChat) -> None:
    """Let the time until the next level be over."""
    chat.rows("update public.client_requests set next_alert_at = now() where chat_id = %s returning id", chat.id)
    chat.sweep()


async def test_e1_a_warning_becomes_a_breach_that_rings(sim: SimulatorClient, chat: ClientChat) -> None:
    await chat.ask_long_ago(minutes=50)
    warning = await chat.alert(ACCOUNTANT)
    assert "клиент ждёт 50 мин из 60 — осталось 10 мин рабочего времени" in warning.words
    assert await chat.told(MANAGER) == []
    chat.rows(
        "update public.client_requests set due_at = now() - interval '1 second', warn_at = now() - interval '1 second'"
        " where chat_id = %s returning id",
        chat.id,
    )
    chat.sweep()
    breach = await sim.until_message(ACCOUNTANT, lambda m: chat.title in m.words and "🔴" in m.words, seconds=15)
    assert breach.message_id > warning.message_id
    await chat.until_alone(breach)


async def test_e10_a_second_late_window_edits_the_first_message(stack: Stack, sim: SimulatorClient) -> None:
    chat = ClientChat(stack, sim)
    await chat.connect(is_forum=True)
    topics = [
        (await sim.post("topic", chat_id=chat.id, user_id=chat.client, name=name))["message"]["message_thread_id"]
        for name in ("Акты", "Счета")
    ]
    await chat.ask_long_ago("Где акт?", topic_id=topics[0])
    alert = await chat.alert()
    await chat.ask_long_ago("Где счёт?", minutes=65, topic_id=topics[1])
    both = await changed(sim, alert, "Ждут ответа: 2")
    assert "«Где акт?»" in both.words and "«Где счёт?»" in both.words
    assert "Ответ не нужен" not in both.buttons
    assert [one.message_id for one in await chat.told()] == [alert.message_id]


async def test_c5_an_answer_edits_the_copy_of_everybody_who_was_told(sim: SimulatorClient, chat: ClientChat) -> None:
    await chat.ask_long_ago()
    alerts = [await chat.alert(person) for person in EVERYBODY]
    await chat.answer()
    for alert in alerts:
        ended = await changed(sim, alert, "отвечено за 1 ч 10 мин — Ольга Петрова")
        assert ended.words.startswith(f"✅ {chat.title}")
        assert ended.buttons == []
    assert until(lambda: [message["status"] for message in chat.outbox] == ["sent", "sent"], 10)


async def test_c6_a_window_closes_whatever_becomes_of_its_messages(sim: SimulatorClient, chat: ClientChat) -> None:
    await chat.ask_long_ago()
    alert = await chat.alert()
    gone = {"code": 400, "description": "Bad Request: message to edit not found"}
    await sim.faults({"method": "editMessageText", "chat_id": MANAGER, "words": chat.title, **gone})
    await chat.answer()
    assert until(lambda: [window["outcome"] for window in chat.windows] == ["met_late"], 10)
    assert until(lambda: chat.owed()["status"] == "sent" and chat.owed()["last_error"] is not None, 15)
    assert "отвечено" not in (await chat.alert()).words
    assert [one.message_id for one in await chat.told()] == [alert.message_id]


async def test_an_edit_that_changes_nothing_is_as_good_as_sent(sim: SimulatorClient, chat: ClientChat) -> None:
    await chat.ask_long_ago()
    await chat.alert()
    same = {"code": 400, "description": "Bad Request: message is not modified: specified new message content and ..."}
    await sim.faults({"method": "editMessageText", "chat_id": MANAGER, "words": chat.title, **same})
    await chat.answer()
    assert until(lambda: chat.owed()["sent_revision"] == 2, 15)
    assert (chat.owed()["status"], chat.owed()["last_error"]) == ("sent", None)


async def test_c12_a_late_update_that_was_in_time_takes_the_breach_back(sim: SimulatorClient, chat: ClientChat) -> None:
    await chat.ask_long_ago()
    alerts = [await chat.alert(person) for person in EVERYBODY]
    await chat.answer(minutes_ago=23)
    for alert in alerts:
        ended = await changed(sim, alert, "отвечено за 47 мин — Ольга Петрова")
        assert "Ответ пришёл вовремя, просрочки не было." in ended.words
    assert [(alert["kind"], alert["resolution"]) for alert in chat.alerts] == [("breach", "voided")]


async def test_e6_an_escalation_rings_anew_in_place_of_the_old_message(sim: SimulatorClient, chat: ClientChat) -> None:
    await chat.ask_long_ago(minutes=90)
    olds = [await chat.alert(person) for person in EVERYBODY]
    escalate(chat)
    for person, old in zip(EVERYBODY, olds, strict=True):
        new = await sim.until_message(person, lambda m: chat.title in m.words and "Уровень 1" in m.words, seconds=15)
        assert "Взял в работу" in new.buttons
        assert new.message_id > old.message_id
        await chat.until_alone(new)


async def test_an_old_message_that_cannot_be_deleted_says_so_and_loses_its_buttons(
    sim: SimulatorClient, chat: ClientChat
) -> None:
    """Telegram deletes nothing that is older than two days: a weekend is enough."""
    await chat.ask_long_ago(minutes=90)
    old = await chat.alert()
    stays = {"code": 400, "description": "Bad Request: message can't be deleted for everyone"}
    await sim.faults({"method": "deleteMessage", "chat_id": MANAGER, "times": 1, **stays})
    escalate(chat)
    new = await sim.until_message(MANAGER, lambda m: chat.title in m.words and "Уровень 1" in m.words, seconds=15)
    left = await changed(sim, old, "Это сообщение устарело, новое — ниже.")
    assert left.buttons == []
    await chat.until_alone(new)


async def test_an_old_message_that_stays_costs_nothing(sim: SimulatorClient, chat: ClientChat) -> None:
    await chat.ask_long_ago(minutes=90)
    old = await chat.alert()
    await sim.faults({"method": "deleteMessage", "chat_id": MANAGER, "times": 1, "code": 500})
    escalate(chat)
    new = await sim.until_message(MANAGER, lambda m: chat.title in m.words and "Уровень 1" in m.words, seconds=15)
    assert until(lambda: chat.owed()["status"] == "sent", 10)
    assert chat.owed()["telegram_message_id"] == new.message_id
    assert [one.message_id for one in await chat.told()] == [old.message_id, new.message_id]


async def test_a_reminder_rings_when_its_time_has_come(sim: SimulatorClient, chat: ClientChat) -> None:
    await chat.ask_long_ago()
    old = await chat.alert()
    press = await sim.until_answered(await sim.press(MANAGER, old, "Через 30 мин"))
    assert press.text is not None and press.text.startswith("Напомню ")
    # Half an hour is the database's to keep; here it is over.
    chat.rows("update public.outbox set remind_at = now() where id = %s returning id", chat.owed()["id"])
    chat.sweep()
    new = await sim.until_message(
        MANAGER, lambda m: chat.title in m.words and m.message_id > old.message_id, seconds=15
    )
    await chat.until_alone(new)
    assert chat.owed()["remind_at"] is None


async def test_e22_what_is_too_much_for_an_hour_comes_as_one_digest(stack: Stack, sim: SimulatorClient) -> None:
    chats = [ClientChat(stack, sim) for _ in range(3)]
    for chat in chats:
        await chat.connect()
    # The manager has had his hour's worth already.
    chats[0].rows("update public.users set alerts_per_hour = 1 where telegram_id = %s returning id", MANAGER)
    try:
        await chats[0].ask_long_ago()
        for chat in chats[1:]:
            await chat.ask_long_ago(minutes=65)
        digest = await sim.until_message(
            MANAGER, lambda m: all(chat.title in m.words for chat in chats[1:]), seconds=20
        )
    finally:
        chats[0].rows("update public.users set alerts_per_hour = 1000 where telegram_id = %s returning id", MANAGER)
    assert "Ждут ответа" in digest.words
    for chat in chats:
        await chat.answer()
    await changed(sim, digest, "отвечено за 1 ч 5 мин — Ольга Петрова")


async def test_g2_the_owner_hears_once_that_the_bot_was_removed(sim: SimulatorClient, chat: ClientChat) -> None:
    await chat.ask_long_ago()
    alert = await chat.alert(ACCOUNTANT)
    for status in ("left", "kicked"):
        await sim.post("remove_bot", chat_id=chat.id, by=chat.client, status=status)
    notice = await sim.until_message(ACCOUNTANT, f"Бот удалён из чата «{chat.title}»")
    assert notice.buttons == []
    await changed(sim, alert, "наблюдение за чатом остановлено")
    await sim.until_delivered()
    assert [message["kind"] for message in chat.outbox if message["recipient_chat_id"] == ACCOUNTANT] == [
        *("sla_alert", "chat_notice")
    ]
    assert sorted(one.message_id for one in await chat.told(ACCOUNTANT)) == [alert.message_id, notice.message_id]


async def test_g2_a_second_removal_is_told_again(sim: SimulatorClient, chat: ClientChat) -> None:
    for count in (1, 2):
        await sim.post("remove_bot", chat_id=chat.id, by=chat.client)
        assert until(lambda: [m["status"] for m in chat.outbox] == ["sent"] * count, 10)  # noqa: B023 (asked at once)
        assert len(await chat.told(ACCOUNTANT)) == count
        await sim.post("add_bot", chat_id=chat.id, by=chat.client, status="administrator")
        await sim.until_delivered()
