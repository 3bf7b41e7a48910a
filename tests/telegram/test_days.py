"""A day in the chats, once over polling and once over a webhook, with aiogram's own dispatcher on the other side."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiogram import Bot, Dispatcher, F
from aiogram.filters import Command
from aiogram.methods import SendMessage
from aiogram.types import (
    CallbackQuery,
    ChatMemberUpdated,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
    MessageReactionUpdated,
)
from aiogram.webhook.aiohttp_server import SimpleRequestHandler
from aiohttp import web

from infra.local.telegram.client import SimulatorClient
from tests.telegram.receiver import SECRET, until

GROUP, NEW = -1001000000001, -1005000000001
Seen = list[tuple[object, ...]]


def dispatcher(seen: Seen) -> Dispatcher:
    dp = Dispatcher()
    take = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Взять", callback_data="take:1")]])

    @dp.message(Command("start"))
    async def start(message: Message) -> None:
        await message.answer("<b>Здравствуйте</b>", reply_markup=take)

    @dp.callback_query(F.data == "take:1")
    async def press(query: CallbackQuery) -> None:
        assert isinstance(query.message, Message)
        await query.message.edit_text("взято")
        await query.answer("Записано")

    @dp.message(F.migrate_to_chat_id)
    async def migrated(message: Message) -> None:
        seen.append(("migrated", message.chat.id, message.migrate_to_chat_id))

    @dp.chat_member()
    async def member(event: ChatMemberUpdated) -> None:
        seen.append(("member", event.new_chat_member.user.id, event.new_chat_member.status))

    @dp.my_chat_member()
    async def mine(event: ChatMemberUpdated) -> None:
        seen.append(("me", event.chat.type, event.new_chat_member.status))

    @dp.message_reaction()
    async def reaction(event: MessageReactionUpdated) -> None:
        seen.append(("reaction", [one.model_dump()["emoji"] for one in event.new_reaction]))

    @dp.edited_message()
    async def edited(message: Message) -> None:
        seen.append(("edited", message.text))

    @dp.message(F.text)
    async def text(message: Message) -> SendMessage:
        seen.append(("text", message.message_thread_id, message.text))
        return message.reply(f"ответ: {message.text}")

    return dp


async def a_day(sim: SimulatorClient, seen: Seen) -> None:
    await sim.start(2001)
    greeting = await sim.until_message(2001, "Здравствуйте")
    press = await sim.until_answered(await sim.press(2001, greeting, "Взять"))
    assert press.text == "Записано"
    taken = await sim.until_message(2001, "взято")
    assert taken.buttons == []

    said = await sim.say(2001, GROUP, "Где акт?", topic_id=5)
    answer = await sim.until_message(GROUP, "ответ: Где акт?")
    assert answer.reply_to_message
    assert answer.reply_to_message.message_id == said.message.message_id
    assert ("text", 5, "Где акт?") in seen
    await sim.edit(2001, said.message, "Где акт за май?")
    await sim.react(1003, said.message, "👍")

    await sim.post("member", chat_id=GROUP, user_id=3001, status="member")
    await sim.post("chat", chat_id=-55, title="Старая", members={"2001": "creator"}, bot_status="member")
    await sim.post("migrate", chat_id=-55, new_chat_id=NEW)
    await sim.post("block", user_id=1005)
    await sim.post("remove_bot", chat_id=NEW, by=2001)
    await until(
        lambda: (
            {
                ("edited", "Где акт за май?"),
                ("member", 3001, "member"),
                ("migrated", -55, NEW),
                ("me", "private", "kicked"),
                ("me", "supergroup", "kicked"),
            }
            <= {event for event in seen if event[0] != "reaction"}
        )
    )
    assert ("reaction", ["👍"]) in seen


async def test_a_day_over_polling(sim: SimulatorClient, bot: Bot) -> None:
    seen: Seen = []
    dp = dispatcher(seen)
    kinds = dp.resolve_used_update_types()
    polling = asyncio.create_task(
        dp.start_polling(bot, allowed_updates=kinds, handle_signals=False, close_bot_session=False, polling_timeout=2)
    )
    await a_day(sim, seen)
    await dp.stop_polling()
    await polling


@pytest.fixture
async def webhook(bot: Bot) -> AsyncIterator[Seen]:
    seen: Seen = []
    dp, app = dispatcher(seen), web.Application()
    SimpleRequestHandler(dp, bot, handle_in_background=False, secret_token=SECRET).register(app, path="/webhook")
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await bot.set_webhook(
        f"http://127.0.0.1:{runner.addresses[0][1]}/webhook",
        secret_token=SECRET,
        allowed_updates=dp.resolve_used_update_types(),
    )
    yield seen
    await runner.cleanup()


async def test_a_day_over_a_webhook(sim: SimulatorClient, bot: Bot, webhook: Seen) -> None:
    await a_day(sim, webhook)
    await sim.until_delivered()
    assert (await bot.get_webhook_info()).pending_update_count == 0
