"""Chromium for the page tests: the machine's own, rather without windows, else the build that Playwright downloaded."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Launch it, and close it afterwards.

    Playwright switches Chromium's sandbox off unless told otherwise, and so it stays: the sandbox works neither for
    root nor on today's Ubuntu, and the tests open no pages but ours.
    """
    own = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    async with (
        async_playwright() as playwright,
        await playwright.chromium.launch(executable_path=own, args=["--disable-gpu"]) as browser,
    ):
        yield browser
