"""The bot speaks the language of whoever it speaks to, in its answers and in what it says by itself."""

import asyncio
import itertools
import secrets
from typing import Any

import psycopg
import pytest

from infra.local.telegram.client import SimulatorClient
from tests.stack import Stack
from tests.world import MANAGER, ClientChat

_numbers = itertools.count(8_200_000_000 + secrets.randbelow(10**6) * 1000)


@pytest.fixture
async def tourist(sim: SimulatorClient) -> int:
    """Somebody whose Telegram speaks English."""
    number = next(_numbers)
    await sim.post("person", user_id=number, first_name="Mary", language_code="en-GB", started=True)
    return number


async def answered(sim: SimulatorClient, who: int, text: str) -> Any:
    said = await sim.say(who, who, text)
    return await sim.until_message(who, lambda m: m.by_bot, since=said.message.message_id)


async def test_a_stranger_is_answered_as_their_telegram_speaks(sim: SimulatorClient, tourist: int) -> None:
    assert (await answered(sim, tourist, "/start")).words.startswith("Hello. This bot makes sure")


async def test_everybody_chooses_in_private_and_may_choose_again(sim: SimulatorClient, tourist: int) -> None:
    question = await answered(sim, tourist, "/language")
    assert (question.words, question.buttons) == ("Which language should I use with you?", ["Русский", "English"])
    for button, confirmed, greeting in (
        ("Русский", "Дальше пишу вам по-русски.", "Здравствуйте. Этот бот"),
        ("English", "From now on I will write to you in English.", "Hello. This bot"),
    ):
        press = await sim.until_answered(await sim.press(tourist, question, button))
        assert press.text == confirmed
        # Every copy of the bot knows it within a second.
        async with asyncio.timeout(2):
            while not (await answered(sim, tourist, "/start")).words.startswith(greeting):
                pass


async def test_an_alert_is_in_the_language_of_who_gets_it(sim: SimulatorClient, chat: ClientChat, stack: Stack) -> None:
    with psycopg.connect(stack.env["DATABASE_URL"], autocommit=True) as operator:
        operator.execute("update public.users set locale = 'en' where telegram_id = %s", [MANAGER])
        try:
            await chat.ask_long_ago()
            alert = await sim.until_message(
                MANAGER, lambda m: chat.title in m.words and "has been waiting for" in m.words, seconds=15
            )
        finally:
            operator.execute("update public.users set locale = 'ru' where telegram_id = %s", [MANAGER])
    assert "I’m on it" in alert.buttons


async def test_a_group_reads_its_own_language(sim: SimulatorClient, chat: ClientChat) -> None:
    change = "update public.chats set locale = 'en', receipts = 'text' where chat_id = %s returning id"
    chat.rows(change, chat.id)
    await chat.ask()
    receipt = await sim.until_message(chat.id, lambda m: m.by_bot)
    assert receipt.words.startswith("Received at ")
    # Whoever asks: this client's Telegram speaks Russian.
    asked = await chat.ask("/menu")
    menu = await sim.until_message(chat.id, lambda m: m.by_bot, since=asked.message_id)
    assert menu.words == "How can we help?"
