"""The bot tells the database who it is, once, and that it is there, again and again, whatever comes back."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.presence import presence
from infra import telegram
from infra.supabase import Database, open_http

TOKEN = "123456:token"
ME = {"id": 123456, "is_bot": True, "first_name": "БухБот", "username": "buh_bot", "can_read_all_group_messages": False}


class Front:
    """Answers in place of PostgREST and of Telegram; `refuse` says how often each is to fail first."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, dict[str, Any]]] = []
        self.refuse: Counter[str] = Counter()
        self.status = 503
        self.deaf_groups = 0
        self._noted = asyncio.Condition()

    async def note(self, request: web.Request) -> web.StreamResponse:
        function = request.match_info["function"]
        async with self._noted:
            self.notes.append((function, await request.json()))
            self._noted.notify_all()
        return self._failed(function) or web.json_response(self.deaf_groups if function == "note_bot" else None)

    async def me(self, _request: web.Request) -> web.StreamResponse:
        return self._failed("getMe") or web.json_response({"ok": True, "result": ME})

    def _failed(self, name: str) -> web.StreamResponse | None:
        self.refuse[name] -= 1
        return web.Response(text="<html>", status=self.status) if self.refuse[name] >= 0 else None

    async def until(self, *counts: tuple[str, int]) -> None:
        """Return when each function was called so often."""

        def are_there() -> bool:
            noted = Counter(name for name, _ in self.notes)
            return all(noted[name] >= count for name, count in counts)

        async with asyncio.timeout(10), self._noted:
            await self._noted.wait_for(are_there)


@pytest.fixture
def front() -> Front:
    return Front()


@pytest.fixture
async def url(front: Front) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/rest/v1/rpc/{function}", front.note)
    app.router.add_post(f"/bot{TOKEN}/getMe", front.me)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}"
    await runner.cleanup()


@pytest.fixture
async def being_there(front: Front, url: str) -> AsyncIterator[Any]:
    async with open_http() as http:
        bot = telegram.connect(TOKEN, url)
        yield presence(bot, Database(http, url, "key"), seconds=0.02)
        await bot.session.close()


async def test_it_says_who_it_is_once_and_that_it_is_there_again_and_again(front: Front, being_there: Any) -> None:
    async with being_there:
        await front.until(("note_intake", 3))
    assert [note for name, note in front.notes if name == "note_bot"] == [
        {"telegram_id": 123456, "username": "buh_bot", "reads_all": False}
    ]


@pytest.mark.parametrize(("deaf", "warned"), [(0, []), (3, [3])])
async def test_g1_a_bot_that_is_deaf_in_some_group_warns_of_it(
    front: Front, being_there: Any, deaf: int, warned: list[int]
) -> None:
    front.deaf_groups = deaf
    with capture_logs() as said:
        async with being_there:
            await front.until(("note_bot", 1), ("note_intake", 1))
    assert [line["deaf_groups"] for line in said if line["event"] == "privacy_mode_on"] == warned


@pytest.mark.parametrize("silent", ["note_bot", "note_intake", "getMe"])
async def test_what_could_not_be_said_is_said_later(front: Front, being_there: Any, silent: str) -> None:
    front.refuse[silent] = 2
    async with being_there:
        await front.until(("note_bot", 1), ("note_intake", 5))
    assert front.notes[-1][0] == "note_intake"


async def test_a_page_in_the_databases_place_ends_nothing(front: Front, being_there: Any) -> None:
    front.status, front.refuse["note_intake"] = 200, 2
    async with being_there:
        await front.until(("note_intake", 5))
