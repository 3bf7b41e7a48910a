"""What an open page hears, by hand: hints and nothing else, in turns, until its session ends (I18)."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import aiohttp
import pytest

from admin.live import ENDED, TURN_SECONDS
from tests.admin.firm import Firm
from tests.admin.process import Admin, Reader


@pytest.fixture
def cookies(admin: Admin, firm: Firm) -> dict[str, str]:
    with Reader(admin) as reader:
        return dict(reader.as_person(firm.hire("accountant")).cookies)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", None])
async def test_a_foreign_page_cannot_listen(admin: Admin, cookies: dict[str, str], origin: str | None) -> None:
    """I18"""
    async with aiohttp.ClientSession(cookies=cookies) as client:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await client.ws_connect(f"{admin.url}/ws", origin=origin)
        assert refused.value.status == 403


async def test_nobody_listens_without_a_session(admin: Admin) -> None:
    async with aiohttp.ClientSession() as client, client.ws_connect(f"{admin.url}/ws", origin=admin.url) as socket:
        assert (await socket.receive(timeout=2)).type == aiohttp.WSMsgType.CLOSE
        assert socket.close_code == ENDED


@asynccontextmanager
async def listening(admin: Admin, cookies: dict[str, str]) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    async with (
        aiohttp.ClientSession(cookies=cookies) as client,
        client.ws_connect(f"{admin.url}/ws", origin=admin.url) as socket,
    ):
        assert (await socket.receive(timeout=2)).data == "all"
        yield socket


async def test_a_hint_is_a_topic_and_nothing_else(admin: Admin, cookies: dict[str, str], firm: Firm) -> None:
    async with listening(admin, cookies) as socket:
        firm.hint()
        assert (await socket.receive(timeout=2)).data == "requests"


async def test_a_burst_of_commits_is_few_looks(admin: Admin, cookies: dict[str, str], firm: Firm) -> None:
    async with listening(admin, cookies) as socket:
        for _ in range(200):
            firm.hint()
        heard = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(1.5):
                while await socket.receive():
                    heard += 1
        assert 1 <= heard <= 5


async def test_many_pages_are_told_one_after_another_and_each_of_all_that_was_said(
    admin: Admin, cookies: dict[str, str], firm: Firm
) -> None:
    """Told at once, all would look at once, and whoever clicks would wait behind them."""
    pages = 100
    async with AsyncExitStack() as stays:
        sockets = [await stays.enter_async_context(listening(admin, cookies)) for _ in range(pages)]

        async def hear(socket: aiohttp.ClientWebSocketResponse, began: float) -> float:
            said = set[str]()
            while not said >= {"requests", "chats"}:
                said.add((await socket.receive(timeout=5)).data)
            return time.monotonic() - began

        async def hear_out(socket: aiohttp.ClientWebSocketResponse) -> None:
            """Whoever was told just now is told again after this at the earliest."""
            with suppress(TimeoutError):
                async with asyncio.timeout(2 * pages * TURN_SECONDS):
                    while await socket.receive():
                        pass

        async def round_of_hints() -> tuple[float, float]:
            """Return when the last page has heard, and how far apart the middle half of them."""
            await asyncio.gather(*map(hear_out, sockets))
            began = time.monotonic()
            firm.hint()
            firm.hint("chats")
            heard = sorted(await asyncio.gather(*(hear(socket, began) for socket in sockets)))
            return heard[-1], heard[3 * pages // 4] - heard[pages // 4]

        rounds = [await round_of_hints() for _ in range(3)]
    # They come in the order of the dice, not in one breath; a busy machine may hold its breath, but not each time.
    lasts, spreads = zip(*rounds, strict=True)
    assert min(lasts) < 2
    assert max(spreads) > 0.25 * pages * TURN_SECONDS


async def test_the_socket_ends_with_its_session(admin: Admin, cookies: dict[str, str], firm: Firm) -> None:
    """I18"""
    async with listening(admin, cookies) as socket:
        firm.forget_session(cookies["buhbot"])
        firm.hint()
        while (message := await socket.receive(timeout=5)).type == aiohttp.WSMsgType.TEXT:
            assert message.data == "requests"
        assert socket.close_code == ENDED


async def test_signing_out_closes_the_socket_without_waiting_for_a_hint(
    admin: Admin, cookies: dict[str, str], firm: Firm
) -> None:
    """I18; somebody else's page stays open and hears nothing of it."""
    with Reader(admin) as reader:
        others = dict(reader.as_person(firm.hire("accountant")).cookies)
    async with listening(admin, cookies) as socket, listening(admin, others) as other:
        with Reader(admin) as reader:
            reader.cookies.update(cookies)
            await asyncio.to_thread(reader.sign_out)
        assert (await socket.receive(timeout=5)).type == aiohttp.WSMsgType.CLOSE
        assert socket.close_code == ENDED
        firm.hint()
        assert (await other.receive(timeout=5)).data == "requests"
