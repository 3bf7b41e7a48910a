"""The load is not fooled: what was not taken does not count as delivered."""

import pytest

from tests.bench.load import deliver, post
from tests.stack import Stack


async def test_a_delivery_that_is_refused_ends_the_load(stack: Stack) -> None:
    url = f"{stack.urls['bot']}/webhook"
    with pytest.RaisesGroup(ConnectionError):
        await deliver(url, [post(url, b"{}", {"x-telegram-bot-api-secret-token": "wrong"})], connections=1)


async def test_every_request_is_sent_once(stack: Stack) -> None:
    url = f"{stack.urls['bot']}/webhook"
    secret = {"x-telegram-bot-api-secret-token": stack.env["TELEGRAM_WEBHOOK_SECRET"]}
    waiting = iter([post(url, b"{}", secret)] * 250)
    assert await deliver(url, waiting, connections=20) > 0
    assert not [*waiting]
