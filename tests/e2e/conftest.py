"""A browser in Moscow, in which a newcomer opens the playground and the admin side by side."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import BrowserContext

from tests.browser import chromium


@pytest.fixture
async def browser() -> AsyncIterator[BrowserContext]:
    complaints: list[str] = []
    async with chromium() as launched:
        context = await launched.new_context(locale="ru-RU", timezone_id="Europe/Moscow")
        context.set_default_timeout(15_000)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        yield context
    assert complaints == []
