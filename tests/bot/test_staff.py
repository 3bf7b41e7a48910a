"""What people of the firm do in private with the bot: the queue, ready texts, choices, and the commands they see."""

import asyncio
import itertools
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiogram.types import BotCommandScopeAllGroupChats, BotCommandScopeChat, BotCommandScopeDefault

from bot.commands import COMMANDS, listed
from infra import telegram
from infra.local.telegram.client import Message, SimulatorClient
from infra.local.waiting import until
from tests.stack import Stack
from tests.world import ACCOUNTANT, ADMIN, MANAGER, ClientChat, operator

_numbers = itertools.count(8_300_000_000 + secrets.randbelow(10**6) * 1000)


class Accountant:
    """An accountant of a test's own, whose chats are the test's own as well."""

    def __init__(self, stack: Stack) -> None:
        self._url = stack.env["DATABASE_URL"]
        self.account = next(_numbers)
        self.name = f"Нина Новикова {self.account}"
        self.id = self.row(
            "insert into public.users (id, email, role, full_name, telegram_id)"
            " values (gen_random_uuid(), %s, 'accountant', %s, %s) returning id",
            f"{self.account}@buhbot.test",
            self.name,
            self.account,
        )

    def row(self, query: str, *values: Any) -> Any:
        found = operator(self._url).execute(query.encode(), values).fetchone()
        return next(iter(found.values())) if found else None


@pytest.fixture
async def nina(sim: SimulatorClient, stack: Stack, chat: ClientChat) -> AsyncIterator[Accountant]:
    """The accountant who owns the chat of the test."""
    person = Accountant(stack)
    await sim.post("person", user_id=person.account, first_name="Нина", started=True)
    person.row("update public.chats set assigned_accountant_id = %s where chat_id = %s returning 1", person.id, chat.id)
    yield person
    person.row("update public.users set active = false where id = %s returning 1", person.id)


async def asks(sim: SimulatorClient, who: int, command: str, words: str = "") -> Message:
    """Write in private, and return what the bot says, or what it says with these words."""
    said = await sim.say(who, who, command)
    return await sim.until_message(who, lambda m: m.by_bot and words in m.words, since=said.message.message_id)


async def _comes_true(look: Callable[[], Awaitable[bool]], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not await look():  # noqa: ASYNC110 (over HTTP there are no events)
            await asyncio.sleep(0.05)


async def presses(sim: SimulatorClient, message: Message, button: str, words: str) -> Message:
    """Press a button, and return the message once it says this."""
    await sim.until_answered(await sim.press(message.chat_id, message, button))
    return await sim.until_message(message.chat_id, lambda m: m.message_id == message.message_id and words in m.words)


async def turned(sim: SimulatorClient, message: Message) -> Message:
    """Turn to the next page, and return the message as it is then."""
    await sim.until_answered(await sim.press(message.chat_id, message, "Дальше ›"))
    return next(one for one in await sim.messages(message.chat_id) if one.message_id == message.message_id)


async def test_the_queue_leads_to_a_wait_that_can_be_taken_and_excused(
    sim: SimulatorClient, chat: ClientChat, nina: Accountant
) -> None:
    await chat.ask_long_ago("Где акт?")
    queue = await asks(sim, nina.account, "/queue", "Нажмите номер")
    assert "Ждут ответа: 1 · просрочено: 1" in queue.words
    assert f"1. 🔴 {chat.title} — 1 ч 10 мин (норма 1 ч): «Где акт?»" in queue.words
    card = await presses(sim, queue, "1", "Норма — 1 ч")
    taken = await presses(sim, card, "Взял в работу", f"✅ В работе: {nina.name}")
    assert "Взял в работу" not in taken.buttons
    done = await presses(sim, taken, "Ответ не нужен", "ответ не нужен")
    assert chat.windows[0]["outcome"] == "excused"
    await presses(sim, done, "К очереди", "никто не ждёт")


async def test_a_template_is_looked_at_and_only_then_sent_and_answers_the_client(
    sim: SimulatorClient, chat: ClientChat, nina: Accountant
) -> None:
    title = f"Акт {nina.account}"
    template = nina.row(
        "insert into public.templates (category, title, content)"
        " values ('Документы', %s, 'Акт для {{chat_title}} <готов>. {{accountant_name}}') returning id",
        title,
    )
    asked = await chat.ask("Где акт?", minutes_ago=20)
    await sim.until_delivered()
    found = await asks(sim, nina.account, f"/template {title}")
    where = await presses(sim, found, f"Документы · {title}", "В какой чат?")
    shown = await presses(sim, where, next(b for b in where.buttons if chat.title in b), "уйдёт от вашего имени")
    text = f"Акт для {chat.title} <готов>. {nina.name}"
    assert text in shown.words
    assert [m.words for m in await sim.messages(chat.id)] == [asked.words]
    await presses(sim, shown, "Отправить", "Отправляю в чат")
    sent = await sim.until_message(chat.id, text)
    assert until(lambda: chat.windows[0]["outcome"] == "met", 10)
    window = chat.windows[0]
    assert (window["responded_by"], window["response_message_id"]) == (nina.id, sent.message_id)
    assert int(window["responded_at"].timestamp()) == sent.date
    await sim.until_delivered()
    assert [m.words for m in await sim.messages(chat.id)] == [asked.words, text]
    assert nina.row("select usage_count from public.templates where id = %s", template) == 1


async def test_kinds_are_turned_off_and_on_in_place_and_what_is_locked_stays(
    sim: SimulatorClient, nina: Accountant
) -> None:
    shown = await asks(sim, nina.account, "/notifications")
    shown = await presses(sim, shown, "✅ Срок скоро истечёт", "О чём и когда")
    off = await sim.until_message(nina.account, lambda m: "☐ Срок скоро истечёт" in m.buttons)
    press = await sim.until_answered(await sim.press(nina.account, off, "🔒 Клиент ждёт дольше нормы"))
    assert (press.text, press.show_alert) == ("🔒 Об этом бот сообщает всегда.", True)
    await presses(sim, off, "22:00–08:00", "с 22:00 до 08:00")
    assert "с 21:30 до 08:30" in (await asks(sim, nina.account, "/notifications 21:30-08:30")).words


async def test_an_absence_is_planned_in_a_conversation_and_ended_by_a_button(
    sim: SimulatorClient, nina: Accountant, stack: Stack
) -> None:
    shown = await asks(sim, nina.account, "/absence")
    await presses(sim, shown, "Запланировать", "Когда вас не будет?")
    assert "Не понял дни" in (await asks(sim, nina.account, "скоро")).words
    who = await asks(sim, nina.account, "24.12 – 31.12")
    assert "24 декабря – 31 декабря" in who.words
    while "Иван Кузнецов" not in who.buttons:
        who = await turned(sim, who)
    planned = await presses(sim, who, "Иван Кузнецов", "замещает Иван Кузнецов")
    cancel = next(button for button in planned.buttons if button.startswith("Отменить"))
    await presses(sim, planned, cancel, "не запланировано")


async def test_b7_whoever_is_deactivated_loses_every_command_and_its_list_at_once(
    sim: SimulatorClient, nina: Accountant, stack: Stack
) -> None:
    bot = telegram.connect(stack.env["TELEGRAM_BOT_TOKEN"], stack.urls["simulator"])

    async def are_listed(*names: str) -> bool:
        listed = await bot.get_my_commands(scope=BotCommandScopeChat(chat_id=nina.account))
        return [one.command for one in listed] == [*names]

    try:
        await _comes_true(lambda: are_listed(*(one.name for one in listed("accountant", "private"))))
        assert "никто не ждёт" in (await asks(sim, nina.account, "/queue")).words
        nina.row("update public.users set active = false where id = %s returning 1", nina.id)
        assert (await asks(sim, nina.account, "/queue")).words == "Нет прав для этого действия."
        await _comes_true(are_listed)
    finally:
        await bot.session.close()


async def test_everybody_is_listed_the_common_commands_in_their_language(stack: Stack) -> None:
    bot = telegram.connect(stack.env["TELEGRAM_BOT_TOKEN"], stack.urls["simulator"])
    try:
        for scope, where in ((BotCommandScopeDefault(), "private"), (BotCommandScopeAllGroupChats(), "group")):
            expected = [one.name for one in COMMANDS if where in one.scopes and not one.roles]
            russian = await bot.get_my_commands(scope=scope)
            english = await bot.get_my_commands(scope=scope, language_code="en")
            assert [one.command for one in russian] == [one.command for one in english] == expected
            assert all(one.description.isascii() for one in english)
            assert not any(one.description.isascii() for one in russian)
    finally:
        await bot.session.close()


@pytest.mark.parametrize("who", [ADMIN, MANAGER, ACCOUNTANT, 2001])
async def test_every_command_answers_its_role_and_refuses_the_others(sim: SimulatorClient, who: int) -> None:
    role = {ADMIN: "admin", MANAGER: "manager", ACCOUNTANT: "accountant"}.get(who)
    await sim.limits(on=False)
    try:
        for command in COMMANDS:
            answer = (await asks(sim, who, f"/{command.name}")).words
            refused = answer == "Нет прав для этого действия."
            assert refused == bool(command.roles and role not in command.roles), f"/{command.name}: {answer}"
            assert ("отправьте её там" in answer) == (not refused and "private" not in command.scopes)
    finally:
        await sim.limits(on=True)
