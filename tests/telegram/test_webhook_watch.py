"""Whoever takes the webhook away, Telegram comes back to us; copies of the bot agree on who mends it."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramNetworkError
from litestar import Litestar
from litestar.testing import TestClient
from prometheus_client import REGISTRY
from redis.asyncio import Redis

from bot.intake import UPDATES
from bot.settings import BotSettings
from bot.webhook_watch import RESTORING, WebhookWatch, status_route
from infra import redis, telegram
from infra.doctor.telegram import of_webhook
from infra.local.telegram.client import SimulatorClient
from tests.redis_server import RedisServer, running_redis
from tests.telegram.conftest import TOKEN
from tests.telegram.receiver import SECRET, Receiver, until

ELSEWHERE = "http://127.0.0.1:9/webhook"
PUBLIC = {
    "supabase_url": "http://127.0.0.1:1",
    "supabase_service_role_key": "key",
    "redis_cache_url": "redis://127.0.0.1:1/0",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running_redis(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture
async def queue(server: RedisServer) -> AsyncIterator[Redis]:
    client = redis.connect(server.url)
    await client.flushdb()
    yield client
    await client.aclose()


def settings_of(url: str, secret: str = SECRET) -> BotSettings:
    """Of a copy that was told to listen there."""
    own = {
        "webhook_url": url,
        "telegram_webhook_secret": secret,
        "telegram_bot_token": TOKEN,
        "redis_url": "redis://127.0.0.1:1/0",
    }
    return BotSettings.model_validate({**PUBLIC, **own})


def of(url: str, bot: Bot, queue: Redis, secret: str = SECRET) -> WebhookWatch:
    return WebhookWatch(bot, queue, settings_of(url, secret))


@pytest.fixture
async def watch(receiver: Receiver, bot: Bot, queue: Redis) -> WebhookWatch:
    own = of(receiver.url, bot, queue)
    await own.announce()
    return own


def value(metric: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(f"buhbot_webhook_{metric}", labels)


def status(watch: WebhookWatch) -> tuple[int, Any]:
    with TestClient(Litestar([status_route(watch)], openapi_config=None)) as client:
        answer = client.get("/api/telegram/status")
        return answer.status_code, answer.json()


@pytest.mark.parametrize(
    ("reason", "done"),
    [
        ("removed", {"url": ""}),
        ("changed", {"url": ELSEWHERE, "allowed_updates": list(UPDATES)}),
        ("narrowed", {"allowed_updates": ["message"]}),
    ],
)
async def test_a_webhook_that_somebody_changed_is_set_again_and_said(
    bot: Bot, receiver: Receiver, watch: WebhookWatch, reason: str, done: dict[str, Any]
) -> None:
    assert "restored_because" not in await watch.look()
    before = value("restored_total", reason=reason) or 0
    await bot.set_webhook(**{"url": receiver.url, "secret_token": SECRET, **done})
    facts = await watch.look()
    assert (facts["is_ours"], facts["restored_because"]) == (True, reason)
    told = await bot.get_webhook_info()
    assert (told.url, set(told.allowed_updates or ())) == (receiver.url, set(UPDATES))
    assert (value("healthy"), value("restored_total", reason=reason)) == (1, before + 1)
    assert status(watch) == (200, {"status": "ok"})


async def test_another_secret_shows_in_what_we_refuse_and_is_mended(
    sim: SimulatorClient, bot: Bot, receiver: Receiver, watch: WebhookWatch
) -> None:
    await bot.set_webhook(receiver.url, secret_token="another", allowed_updates=list(UPDATES))
    await sim.start(870_000_001)
    while not (await bot.get_webhook_info()).last_error_message:
        await sim.pending()
    facts = await watch.look()
    assert (facts["restored_because"], facts["waiting"]) == ("refused", 1)
    await until(lambda: receiver.updates)


async def test_of_several_copies_one_mends_it_and_the_one_that_started_last_has_the_say(
    bot: Bot, receiver: Receiver, queue: Redis, watch: WebhookWatch
) -> None:
    await bot.delete_webhook()
    await queue.set(f"{RESTORING}removed", "by a twin")
    assert (await watch.look())["is_ours"] is False
    assert (await bot.get_webhook_info()).url == ""
    (found,) = [one.what async for one in of_webhook(bot, settings_of(receiver.url))]
    assert found == "there is no webhook"
    assert status(watch) == (503, {"status": "error", "message": "not well", "errors": [{"part": "webhook"}]})
    await of(ELSEWHERE, bot, queue).announce()
    (found,) = [one.what async for one in of_webhook(bot, settings_of(receiver.url))]
    assert found == "the webhook leads elsewhere"
    assert (await watch.look())["is_ours"], "a newer release has it: nothing is wrong"
    assert (await bot.get_webhook_info()).url == ELSEWHERE
    await of(receiver.url, bot, queue, "of-the-next-release").announce()
    assert (await watch.look())["is_ours"]


async def test_without_redis_each_copy_mends_it(
    bot: Bot, receiver: Receiver, server: RedisServer, watch: WebhookWatch
) -> None:
    with server.away():
        await watch.announce()
        await bot.delete_webhook()
        assert (await watch.look())["restored_because"] == "removed"
    assert (await bot.get_webhook_info()).url == receiver.url


async def test_what_telegram_cannot_deliver_is_not_well(
    sim: SimulatorClient, bot: Bot, receiver: Receiver, watch: WebhookWatch
) -> None:
    await receiver.stop()
    await sim.start(870_000_002)
    while not (await bot.get_webhook_info()).last_error_message:
        await sim.pending()
    facts = await watch.look()
    assert (facts["failure"], facts["waiting"]) == ("Connection refused", 1)
    assert (value("healthy"), value("pending_updates")) == (0, 1)
    (found,) = [one.what async for one in of_webhook(bot, settings_of(receiver.url))]
    assert found == "it could not deliver (Connection refused), 1 updates wait"
    await receiver.start()


async def test_a_telegram_that_is_away_is_not_well_and_nothing_is_known_of_the_webhook(queue: Redis) -> None:
    away = telegram.connect(TOKEN, "http://127.0.0.1:1")
    watch = of(ELSEWHERE, away, queue)
    with pytest.raises(TelegramNetworkError):
        await watch.look()
    await away.session.close()
    assert (value("healthy"), watch.facts) == (0, None)
    assert status(watch)[0] == 503
