"""Fixtures of the admin's tests: one admin process on the real stack, a firm to fill, a browser to look with."""

from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage

from tests.admin.firm import Firm
from tests.admin.process import Admin, Reader, running_admin
from tests.stack import Stack


@pytest.fixture(scope="session")
def environment(stack: Stack) -> dict[str, str]:
    return dict(stack.env)


@pytest.fixture(scope="session")
def admin(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Admin]:
    with running_admin(environment, tmp_path_factory.mktemp("admin") / "log") as process:
        yield process


@pytest.fixture(scope="session")
def firm(environment: dict[str, str]) -> Iterator[Firm]:
    made = Firm(environment)
    yield made
    made.close()


@pytest.fixture
def reader(admin: Admin) -> Iterator[Reader]:
    with Reader(admin) as made:
        yield made


@pytest.fixture
async def browser(admin: Admin, chrome: Browser) -> AsyncIterator[BrowserContext]:
    """A fresh profile in Moscow; whatever the page or its content policy complains about fails the test."""
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # What a test breaks on purpose is reported as well: only broken rules count.
        if "Content Security Policy" in message.text or "Refused to" in message.text:
            complaints.append(message.text)

    async with await chrome.new_context(
        base_url=admin.url, locale="ru-RU", timezone_id="Europe/Moscow", reduced_motion="reduce"
    ) as context:
        context.on("console", note)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        yield context
    assert not complaints
