"""The heartbeat of an open page, at the pace of a test: the real socket on the real stack."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
import uvicorn
from litestar import Litestar
from litestar.di import Provide

from admin.live import ENDED, SILENT, handler
from admin.services import Services, open_services
from admin.settings import AdminSettings
from tests.admin.firm import Firm

BEAT, SILENCE, PATIENCE = 0.2, 0.5, 5.0  # seconds


@pytest.fixture
async def services(environment: dict[str, str]) -> AsyncIterator[Services]:
    given = {name.lower(): value for name, value in environment.items()}
    async with open_services(AdminSettings.model_validate(given)) as opened:
        yield opened


@pytest.fixture
async def session_id(services: Services, firm: Firm) -> str:
    person = firm.hire("accountant")
    return await services.sessions.start(await services.auth.sign_in(person.email, person.password))


@asynccontextmanager
async def serving(services: Services, silence: float) -> AsyncIterator[str]:
    """Serve `/ws` and nothing else; give its origin."""
    dependencies = {"services": Provide(lambda: services, sync_to_thread=False)}
    app = Litestar([handler(BEAT, silence)], dependencies=dependencies, openapi_config=None, logging_config=None)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1))
    with socket.create_server(("127.0.0.1", 0)) as door:
        running = asyncio.create_task(server.serve([door]))
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}"
        finally:
            server.should_exit = True
            await running


@asynccontextmanager
async def listening(
    services: Services, session_id: str, silence: float = SILENCE
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    cookies = {services.cookie.name: session_id}
    async with (
        serving(services, silence) as origin,
        aiohttp.ClientSession(cookies=cookies) as client,
        client.ws_connect(f"{origin}/ws", origin=origin) as page,
    ):
        yield page


async def until_ping(page: aiohttp.ClientWebSocketResponse) -> None:
    async with asyncio.timeout(PATIENCE):
        while await page.receive_str() != "ping":
            pass  # a topic


async def until_closed(page: aiohttp.ClientWebSocketResponse) -> set[str]:
    """Return what was said before."""
    async with asyncio.timeout(PATIENCE):
        return {message.data async for message in page}


async def test_a_page_that_does_not_answer_is_hung_up_on(services: Services, session_id: str) -> None:
    async with listening(services, session_id) as page:
        assert "ping" in await until_closed(page)
        assert page.close_code == SILENT


async def test_a_page_that_answers_stays(services: Services, session_id: str) -> None:
    async with listening(services, session_id) as page:
        for _ in range(int(4 * SILENCE / BEAT)):
            await until_ping(page)
            await page.send_str("pong")


async def test_an_ended_session_is_noticed_without_any_hint(services: Services, session_id: str, firm: Firm) -> None:
    """I18"""
    async with listening(services, session_id, silence=2 * PATIENCE) as page:
        await until_ping(page)
        firm.forget_session(session_id)
        assert await until_closed(page) <= {"ping", "all"}
        assert page.close_code == ENDED
