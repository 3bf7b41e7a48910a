"""`/ws`: hints to an open page, which then fetches its rows again as the person it belongs to."""

import asyncio
import random
from contextlib import suppress
from typing import Any

import structlog
from litestar import WebSocket, websocket
from litestar.di import NamedDependency
from litestar.exceptions import WebSocketDisconnect
from litestar.handlers import WebsocketRouteHandler
from litestar.params import SkipValidation
from prometheus_client import Gauge
from redis.exceptions import RedisError

from admin.hints import Waiting
from admin.security import is_our_page
from admin.services import Services
from admin.sessions import ENDED_TOPIC
from admin.tokens import AuthUnavailable
from infra.redis import EVERYTHING, end

log = structlog.get_logger()

BEAT_SECONDS = 30.0
SILENCE_SECONDS = 35.0
# Between two hints to one page: a burst of commits is one look at the rows, still well within two seconds.
PAUSE_SECONDS = 0.3
# For each open page. Told at once, hundreds would all look at once, and whoever clicks would wait behind them: so they
# are told one after another, and however much is committed, looks leave half of the process to people's clicks: a
# hundred pages look within 0.6 s and again after 1.2 s at the earliest, five hundred within three and six.
TURN_SECONDS = 0.006

ENDED, FOREIGN, SILENT = 4401, 4403, 4408

open_pages = Gauge("buhbot_admin_open_pages", "Pages that listen for hints right now.")

Socket = WebSocket[Any, Any, Any]


def handler(beat_seconds: float = BEAT_SECONDS, silence_seconds: float = SILENCE_SECONDS) -> WebsocketRouteHandler:
    """Return the route `/ws`, which says `ping` every `beat_seconds`, and topics.

    It begins with `all`, and hangs up on foreign pages, after `silence_seconds` without a word, and when the session
    has ended.
    """

    @websocket("/ws")
    async def live(socket: Socket, services: NamedDependency[SkipValidation[Services]]) -> None:
        # The CSRF check does not see sockets: without this any site could open one with the person's cookie.
        if not is_our_page(socket, services.settings):
            await socket.close(code=FOREIGN)
            return
        # Listening before accepting: what is said once the page believes to be connected, it hears.
        with open_pages.track_inprogress(), services.hints.page() as waiting:
            await socket.accept()
            code: int | None = ENDED
            if await _is_signed_in(socket, services):
                # What was said since the page was made, or while it was cut off, is lost.
                waiting.add(EVERYTHING)
                parts = _hear(socket, silence_seconds), _beat(socket, services, beat_seconds)
                code = await _first(*parts, _tell(socket, services, waiting))
        if code:
            with suppress(RuntimeError, WebSocketDisconnect):  # the page may have gone in the same moment
                await socket.close(code=code)

    return live


async def _is_signed_in(socket: Socket, services: Services) -> bool:
    """Ask for the session, not for the token the page came with: sessions renew their tokens."""
    session_id = services.cookie.read(socket)
    try:
        return bool(session_id) and await services.sessions.find(session_id or "", in_use=False) is not None
    except (RedisError, AuthUnavailable):
        return True  # cannot tell just now; a hint carries nothing, and the rows ask again


async def _first(*talks: Any) -> int | None:
    """Run the parts of the conversation until one ends and return its closing code; none when the page has left."""
    tasks = [asyncio.create_task(talk) for talk in talks]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await asyncio.gather(*(end(task) for task in tasks))
        await asyncio.gather(*tasks, return_exceptions=True)
    try:
        return next(iter(done)).result()  # type: ignore[no-any-return]
    except (WebSocketDisconnect, RuntimeError):  # uvicorn raises the latter when we speak after the page has left
        return None


async def _hear(socket: Socket, silence_seconds: float) -> int:
    """Listen until the page is silent for too long; it answers every ping."""
    while True:
        try:
            async with asyncio.timeout(silence_seconds):
                await socket.receive_data(mode="text")
        except TimeoutError:
            return SILENT


async def _beat(socket: Socket, services: Services, beat_seconds: float) -> int:
    while True:
        await asyncio.sleep(beat_seconds)
        if not await _is_signed_in(socket, services):
            return ENDED
        await socket.send_text("ping")


async def _tell(socket: Socket, services: Services, waiting: Waiting) -> int:
    while True:
        await waiting.something()
        round_seconds = services.hints.pages * TURN_SECONDS
        delay = random.random() * round_seconds  # noqa: S311 (spreads looks, hides nothing)
        await asyncio.sleep(delay)
        topics = waiting.take()
        if not await _is_signed_in(socket, services):
            return ENDED
        for topic in topics - {ENDED_TOPIC}:
            await socket.send_text(topic)
        await asyncio.sleep(max(PAUSE_SECONDS, 2 * round_seconds - delay))
