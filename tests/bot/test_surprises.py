"""Whatever breaks, the person gets one plain sentence with a number, in a language they read."""

import itertools
import re
import secrets
from collections.abc import AsyncIterator

import pytest
from aiogram import Bot, Dispatcher
from aiogram.types import Message

from bot import errors
from infra import telegram
from infra.local.telegram.client import SimulatorClient
from tests.stack import Stack

_numbers = itertools.count(8_300_000_000 + secrets.randbelow(10**6) * 1000)


@pytest.fixture
async def bot(stack: Stack) -> AsyncIterator[Bot]:
    connected = telegram.connect(stack.env["TELEGRAM_BOT_TOKEN"], stack.env["TELEGRAM_API_URL"])
    yield connected
    await connected.session.close()


@pytest.fixture
def dispatcher() -> Dispatcher:
    """One whose only handler breaks."""
    broken = Dispatcher()

    @broken.message()
    async def fail(_: Message) -> None:
        raise RuntimeError

    errors.register(broken)
    return broken


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("ru", r"Не получилось\. Если повторится, назовите номер [0-9A-F]{6}\."),
        ("en-GB", r"That did not work\. If it happens again, quote number [0-9A-F]{6}\."),
        (None, r"Не получилось\. .+"),
    ],
)
async def test_a_surprise_becomes_a_sentence_with_a_number(
    sim: SimulatorClient, bot: Bot, dispatcher: Dispatcher, language: str | None, sentence: str
) -> None:
    person = {"id": next(_numbers), "is_bot": False, "first_name": "Mary", "language_code": language}
    await sim.post("person", user_id=person["id"], first_name="Mary", started=True)
    chat = {"id": person["id"], "type": "private"}
    message = {"message_id": 1, "date": 1, "chat": chat, "from": person, "text": "/start"}
    await dispatcher.feed_raw_update(bot, {"update_id": 1, "message": message})
    told = await sim.until_message(int(str(person["id"])), lambda m: m.by_bot)
    assert re.fullmatch(sentence, told.words)
