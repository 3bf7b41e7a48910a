"""Readers of the admin's list, for what it costs in memory."""

import asyncio

import httpx

from tests.admin.process import hidden
from tests.bench.progress import Progress
from tests.stack import Stack

READERS = 20
EACH = 15


def read(stack: Stack, progress: Progress) -> None:
    """Let a manager read the list in many windows at once, as long as it can be."""
    pages = asyncio.run(_read_all(stack.urls["admin"]))
    progress.say(f"{pages} pages of the admin read")


async def _read_all(url: str) -> int:
    async with httpx.AsyncClient(base_url=url, timeout=60) as browser:
        form = await browser.get("/login")
        fields = {name: hidden(form, name) for name in ("next", "_csrf_token")}
        answer = await browser.post(
            "/login", data={"email": "manager@buhbot.test", "password": "buhbot-demo-2026", **fields}
        )
        assert answer.status_code == 303, answer.text
        read = await asyncio.gather(*(_read(browser) for _ in range(READERS)))
    return sum(read)


async def _read(browser: httpx.AsyncClient) -> int:
    for _ in range(EACH):
        page = await browser.get("/requests")
        assert page.status_code == 200, page.text
    return EACH
