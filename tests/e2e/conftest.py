"""A browser in Moscow, in which a newcomer opens the playground and the admin side by side."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, BrowserContext


@pytest.fixture
async def browser(chrome: Browser) -> AsyncIterator[BrowserContext]:
    complaints: list[str] = []
    async with await chrome.new_context(locale="ru-RU", timezone_id="Europe/Moscow") as context:
        context.set_default_timeout(15_000)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        yield context
    assert complaints == []
