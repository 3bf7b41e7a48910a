"""The simulator on a free port, in this process; a real aiogram bot that talks to it; a webhook."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer

from infra.local.telegram.app import Running
from infra.local.telegram.client import SimulatorClient
from infra.local.telegram.settings import SimulatorSettings
from infra.local.telegram.state import load
from tests.telegram.receiver import SECRET, Receiver

TOKEN = "123456:simulated"
EVERY_KIND = [
    *("message", "edited_message", "callback_query", "my_chat_member", "chat_member", "message_reaction"),
    *("business_connection", "business_message", "edited_business_message", "deleted_business_messages"),
]


@pytest.fixture
def settings(tmp_path: Path) -> SimulatorSettings:
    return SimulatorSettings(simulator_port=0, simulator_state=tmp_path / "telegram.json", telegram_bot_token=TOKEN)


@pytest.fixture
async def running(settings: SimulatorSettings) -> AsyncIterator[Running]:
    running = await Running.start(settings, load(settings.simulator_state, settings.bot_id))
    yield running
    await running.stop()


@pytest.fixture
def url(running: Running) -> str:
    return f"http://127.0.0.1:{running.port}"


@pytest.fixture
async def sim(url: str) -> AsyncIterator[SimulatorClient]:
    async with SimulatorClient(url) as client:
        yield client


@pytest.fixture
async def bot(url: str) -> AsyncIterator[Bot]:
    session = AiohttpSession(api=TelegramAPIServer.from_base(url))
    bot = Bot(TOKEN, session=session, default=DefaultBotProperties(parse_mode="HTML"))
    yield bot
    # aiogram's own close() rests a quarter of a second, once per test.
    await (await session.create_session()).close()


@pytest.fixture
async def receiver(bot: Bot) -> AsyncIterator[Receiver]:
    """The bot's webhook, set, asking for every kind of update."""
    receiver = await Receiver().start()
    await bot.set_webhook(receiver.url, secret_token=SECRET, allowed_updates=EVERY_KIND)
    yield receiver
    await receiver.stop()
    assert receiver.problems == []
