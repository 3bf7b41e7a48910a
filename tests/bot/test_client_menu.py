"""The clients' menu, with the real bot: a call, what is open, an order by buttons and in words."""

from collections.abc import Awaitable, Callable

import pytest

from infra.local.telegram.client import Message, SimulatorClient
from infra.local.waiting import until
from tests.world import ACCOUNTANT, ClientChat

Opened = Callable[[int], Awaitable[Message]]


@pytest.fixture
def menu(sim: SimulatorClient, chat: ClientChat) -> Opened:
    """Ask for the menu as the chat's client, there or in private."""

    async def asked(where: int) -> Message:
        said = await sim.say(chat.client, where, "/menu")
        return await sim.until_message(where, lambda m: m.by_bot and bool(m.buttons), since=said.message.message_id)

    return asked


async def joined(sim: SimulatorClient, chat: ClientChat) -> None:
    """The client is known as a member, and has started the bot."""
    chat.rows(
        "insert into public.chat_members (chat_id, telegram_user_id, full_name) values (%s, %s, 'Анна')"
        " on conflict do nothing returning chat_id",
        chat.id,
        chat.client,
    )
    await sim.post("person", user_id=chat.client, first_name="Анна", started=True)


async def edited(sim: SimulatorClient, message: Message, words: str) -> Message:
    return await sim.until_message(
        message.chat_id, lambda m: m.message_id == message.message_id and words in m.words, seconds=10
    )


async def test_a_call_reaches_the_owner_once(sim: SimulatorClient, chat: ClientChat, menu: Opened) -> None:
    offered = await menu(chat.id)
    assert offered.buttons == ["Позвать бухгалтера", "Показать мои обращения", "Заказать документ", "Оценить работу"]
    press = await sim.until_answered(await sim.press(chat.client, offered, "Позвать бухгалтера"))
    assert (press.text, press.show_alert) == (f"Позвали бухгалтера. Ответ придёт в чат «{chat.title}».", True)
    told = await sim.until_message(ACCOUNTANT, lambda m: chat.title in m.words and m.by_bot)
    assert told.words.startswith(f"🔔 {chat.title}: клиент зовёт бухгалтера, сегодня в ")
    press = await sim.until_answered(await sim.press(chat.client, offered, "Позвать бухгалтера"))
    assert (press.text or "").startswith("Бухгалтера уже позвали в ")


async def test_g7_in_private_the_menu_speaks_of_her_chat(sim: SimulatorClient, chat: ClientChat, menu: Opened) -> None:
    await joined(sim, chat)
    offered = await menu(chat.client)
    assert offered.words == f"Чем помочь? Ваш чат — «{chat.title}»."
    press = await sim.until_answered(await sim.press(chat.client, offered, "Позвать бухгалтера"))
    assert (press.text or "").startswith("Позвали бухгалтера.")


async def test_whoever_is_in_no_chat_is_told_so(sim: SimulatorClient, chat: ClientChat) -> None:
    await sim.post("person", user_id=chat.client, first_name="Кто-то", started=True)
    said = await sim.say(chat.client, chat.client, "/menu")
    answer = await sim.until_message(chat.client, lambda m: m.by_bot, since=said.message.message_id)
    assert answer.words.startswith("Это для клиентов")


async def test_what_is_open_is_written_into_the_menu(sim: SimulatorClient, chat: ClientChat, menu: Opened) -> None:
    await chat.ask("Где акт?")
    await joined(sim, chat)
    for where, words in ((chat.id, "Обращения этого чата"), (chat.client, "Где акт?")):
        offered = await menu(where)
        for _ in range(2):
            await sim.until_answered(await sim.press(chat.client, offered, "Показать мои обращения"))
        shown = await edited(sim, offered, words)
        assert "— ждёт ответа, ответим " in shown.words
        assert shown.buttons == offered.buttons


async def test_an_order_by_buttons_is_a_question_of_the_client(
    sim: SimulatorClient, chat: ClientChat, menu: Opened
) -> None:
    await sim.until_answered(await sim.press(chat.client, await menu(chat.id), "Заказать документ"))
    form = await sim.until_message(chat.id, lambda m: m.words == "Какой документ нужен?")
    for button, question in (("Акт", "За какой период?"), ("Прошлый месяц", "Нужен акт, период: ")):
        await sim.until_answered(await sim.press(chat.client, form, button))
        await edited(sim, form, question)
    await sim.until_answered(await sim.press(chat.client, form, "Отправить заказ"))
    await edited(sim, form, "Заказ записан в чат")
    posted = await sim.until_message(chat.id, lambda m: m.words.startswith("📄 Заказ, "))
    assert "Нужен акт, период: " in posted.words and "Номер обращения: " in posted.words
    assert [(w["outcome"], w["message_text"].split(",")[0]) for w in chat.windows] == [("waiting", "Нужен акт")]
    await chat.answer("Готово")
    assert until(lambda: chat.windows[0]["outcome"] == "met", 10)


async def test_in_private_period_and_comment_may_be_written(
    sim: SimulatorClient, chat: ClientChat, menu: Opened
) -> None:
    await joined(sim, chat)
    await sim.until_answered(await sim.press(chat.client, await menu(chat.client), "Заказать документ"))
    form = await sim.until_message(chat.client, lambda m: m.words == "Какой документ нужен?")
    await sim.until_answered(await sim.press(chat.client, form, "Справка"))
    await edited(sim, form, "За какой период?")
    await sim.say(chat.client, chat.client, "с начала года")
    await sim.until_message(chat.client, lambda m: "Нужна справка, период: с начала года." in m.words)
    await sim.say(chat.client, chat.client, "для <банка>")
    await sim.until_message(chat.client, lambda m: m.words.startswith("Заказ записан в чат"))
    posted = await sim.until_message(chat.id, lambda m: m.words.startswith("📄 Заказ, "))
    assert "Нужна справка, период: с начала года.\nдля <банка>" in posted.words
    assert len(chat.windows) == 1


async def test_an_order_can_be_given_up_and_then_its_buttons_say_so(
    sim: SimulatorClient, chat: ClientChat, menu: Opened
) -> None:
    await sim.until_answered(await sim.press(chat.client, await menu(chat.id), "Заказать документ"))
    form = await sim.until_message(chat.id, lambda m: m.words == "Какой документ нужен?")
    stale = form.model_copy()
    await sim.until_answered(await sim.press(chat.client, form, "Отменить"))
    gone = await edited(sim, form, "Заказ отменён.")
    assert gone.buttons == []
    assert stale.message_id == gone.message_id
    assert chat.windows == []


async def test_a_form_belongs_to_who_began_it(sim: SimulatorClient, chat: ClientChat, menu: Opened) -> None:
    await sim.until_answered(await sim.press(chat.client, await menu(chat.id), "Заказать документ"))
    form = await sim.until_message(chat.id, lambda m: m.words == "Какой документ нужен?")
    press = await sim.until_answered(await sim.press(ACCOUNTANT, form, "Акт"))
    assert press.show_alert
    assert (await sim.messages(chat.id))[-1].words == "Какой документ нужен?"


async def test_a15_a_command_that_nobody_knows_is_silent_in_a_group(sim: SimulatorClient, chat: ClientChat) -> None:
    await sim.say(chat.client, chat.id, "/pay_invoice")
    await chat.ask("Где акт?")
    assert until(lambda: len(chat.windows) == 1, 10)
    await sim.until_delivered()
    assert [m.words for m in await sim.messages(chat.id)] == ["/pay_invoice", "Где акт?"]
    assert chat.windows[0]["message_count"] == 1
