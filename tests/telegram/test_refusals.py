"""What Telegram refuses, the simulator refuses in the same words and with the same codes."""

import aiohttp
import pytest
from aiogram import Bot
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import SetWebhook
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, ReactionTypeEmoji, ReplyParameters

from infra.local.telegram.client import SimulatorClient
from tests.telegram.receiver import Receiver

GROUP = -1001000000001


def keyboard(**button: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton.model_validate({"text": "x", **button})]])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "message text is empty"),
        ("  \n ", "message text is empty"),
        ("<b></b>", "message text is empty"),
        ("я" * 4097, "message is too long"),
        ("😀" * 2049, "message is too long"),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("я<i>x</b>", 'Unmatched end tag at byte offset 6, expected "</i>", found "</b>"'),
        ("<blink>x</blink>", 'Unsupported start tag "blink" at byte offset 0'),
        ("2 < 3", 'Unsupported start tag "" at byte offset 2'),
    ],
)
async def test_texts_telegram_does_not_take(bot: Bot, text: str, reason: str) -> None:
    with pytest.raises(TelegramBadRequest) as refused:
        await bot.send_message(1002, text)
    assert reason in refused.value.message


@pytest.mark.parametrize(
    ("button", "reason"),
    [
        ({"callback_data": "я" * 33}, "BUTTON_DATA_INVALID"),
        ({}, "Text buttons are unallowed in the inline keyboard"),
        ({"url": "http://localhost/requests"}, "Wrong HTTP URL"),
        ({"url": "ftp://example.org/x"}, "Unsupported URL protocol"),
    ],
)
async def test_buttons_telegram_does_not_take(bot: Bot, button: dict[str, str], reason: str) -> None:
    with pytest.raises(TelegramBadRequest, match=reason):
        await bot.send_message(1002, "x", reply_markup=keyboard(**button))


async def test_callback_data_of_64_bytes_and_a_link_to_the_local_admin_are_taken(bot: Bot) -> None:
    await bot.send_message(1002, "x", reply_markup=keyboard(callback_data="я" * 32))
    await bot.send_message(1002, "x", reply_markup=keyboard(url="http://127.0.0.1:5000/requests"))


async def test_a_chat_that_is_not_open_to_the_bot(bot: Bot, sim: SimulatorClient) -> None:
    with pytest.raises(TelegramForbiddenError, match="bot can't initiate conversation with a user"):
        await bot.send_message(2001, "x")
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await bot.send_message(404, "x")
    await sim.post("block", user_id=1002)
    with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
        await bot.send_message(1002, "x")
    await sim.post("person", user_id=1004, deactivated=True)
    with pytest.raises(TelegramForbiddenError, match="user is deactivated"):
        await bot.send_message(1004, "x")
    await sim.post("remove_bot", chat_id=GROUP, by=1001)
    with pytest.raises(TelegramForbiddenError, match="bot was kicked from the supergroup chat"):
        await bot.send_message(GROUP, "x")
    await bot.leave_chat(-1001000000002)
    with pytest.raises(TelegramForbiddenError, match="bot is not a member of the supergroup chat"):
        await bot.send_message(-1001000000002, "x")


async def test_a_group_that_became_a_supergroup_tells_its_new_id(bot: Bot, sim: SimulatorClient) -> None:
    await sim.post("chat", chat_id=-77, title="Старая")
    await sim.post("migrate", chat_id=-77, new_chat_id=-1007700)
    with pytest.raises(TelegramMigrateToChat) as moved:
        await bot.send_message(-77, "x")
    assert moved.value.migrate_to_chat_id == -1007700
    assert (await bot.send_message(-1007700, "x")).chat.title == "Старая"


async def test_messages_that_cannot_be_touched(bot: Bot, sim: SimulatorClient) -> None:
    message = await bot.send_message(1002, "как есть")
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await message.edit_text("как есть")
    with pytest.raises(TelegramBadRequest, match="message to edit not found"):
        await bot.edit_message_text("x", chat_id=1002, message_id=999)
    with pytest.raises(TelegramBadRequest, match="message to be replied not found"):
        await bot.send_message(1002, "x", reply_parameters=ReplyParameters(message_id=999))
    with pytest.raises(TelegramBadRequest, match="message to delete not found"):
        await bot.delete_message(1002, 999)
    with pytest.raises(TelegramBadRequest, match="message thread not found"):
        await bot.send_message(GROUP, "x", message_thread_id=999)
    theirs = (await sim.say(2001, GROUP, "моё")).message
    with pytest.raises(TelegramBadRequest, match="message can't be edited"):
        await bot.edit_message_text("x", chat_id=GROUP, message_id=theirs.message_id)
    with pytest.raises(TelegramBadRequest, match="REACTION_INVALID"):
        await bot.set_message_reaction(GROUP, theirs.message_id, [ReactionTypeEmoji(emoji="🧾")])
    document = await sim.send(2001, GROUP, "document")
    with pytest.raises(TelegramBadRequest, match="message can't be edited"):
        await bot.edit_message_text("x", chat_id=GROUP, message_id=document.message.message_id)


async def test_a_press_is_answered_once_and_by_a_short_toast(bot: Bot, sim: SimulatorClient) -> None:
    await bot.send_message(1002, "вопрос", reply_markup=keyboard(callback_data="a"))
    press = await sim.press(1002, await sim.until_message(1002, "вопрос"), 0)
    with pytest.raises(TelegramBadRequest, match="MESSAGE_TOO_LONG"):
        await bot.answer_callback_query(press.id, "я" * 201)
    assert await bot.answer_callback_query(press.id, "я" * 200)
    for stale in (press.id, "never asked"):
        with pytest.raises(TelegramBadRequest, match="query is too old"):
            await bot.answer_callback_query(stale)


async def test_what_is_not_written_says_so(bot: Bot, url: str) -> None:
    with pytest.raises(TelegramServerError, match="the method sendDice"):
        await bot.send_dice(1002)
    with pytest.raises(TelegramServerError, match="parameter message_effect_id of sendMessage"):
        await bot.send_message(1002, "x", message_effect_id="5")
    with pytest.raises(TelegramServerError, match="parse_mode MarkdownV2"):
        await bot.send_message(1002, "x", parse_mode="MarkdownV2")
    async with aiohttp.ClientSession() as http, http.get(f"{url}/bot123456:simulated/sendDice") as response:
        assert response.status == 501
        assert (await response.json())["error_code"] == 501


async def test_a_wrong_token_is_unauthorized(url: str, bot: Bot) -> None:
    stranger = Bot("99:wrong", session=bot.session)
    with pytest.raises(TelegramUnauthorizedError):
        await stranger.get_me()


async def test_polling_beside_a_webhook_is_a_conflict(bot: Bot, receiver: Receiver) -> None:
    with pytest.raises(TelegramConflictError, match="can't use getUpdates method while webhook is active"):
        await bot.get_updates()
    await bot.delete_webhook()
    assert await bot.get_updates() == []


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"url": "http://example.org/webhook"}, "An HTTPS URL must be provided for webhook"),
        ({"url": "https://example.org:5000/webhook"}, "only on ports 80, 88, 443 or 8443"),
        ({"url": "https://example.org/webhook", "secret_token": "a b"}, "secret token contains unallowed characters"),
    ],
)
async def test_webhooks_telegram_does_not_take(bot: Bot, options: dict[str, str], reason: str) -> None:
    with pytest.raises(TelegramBadRequest, match=reason):
        await bot(SetWebhook.model_validate(options))
