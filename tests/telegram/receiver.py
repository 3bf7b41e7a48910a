"""A webhook for tests: keeps what arrives, proves it against aiogram's Update, answers as it is told."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Self

from aiogram.types import Update
from aiohttp import web
from pydantic import BaseModel

SECRET = "s3cret"


def unknown_fields(model: BaseModel, where: str = "update") -> list[str]:
    """Name every field that aiogram's types do not have: they would be inventions of the simulator."""
    found = [f"{where}.{name}" for name in model.model_extra or {}]
    for name in type(model).model_fields:
        value = getattr(model, name)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, BaseModel):
                found += unknown_fields(one, f"{where}.{name}")
    return found


async def until(fits: Callable[[], Any], seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not fits():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.01)


@dataclass
class Receiver:
    """`answer` decides the status of each delivery; it may wait first."""

    port: int = 0
    updates: list[Update] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    answer: Callable[[Update], Awaitable[int]] | None = None
    secret: str = SECRET
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/webhook"

    @property
    def texts(self) -> list[str | None]:
        return [update.message.text for update in self.updates if update.message]

    async def start(self) -> Self:
        app = web.Application()
        app.router.add_post("/webhook", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def _handle(self, request: web.Request) -> web.Response:
        if request.headers.get("X-Telegram-Bot-Api-Secret-Token") != self.secret:
            return web.Response(status=403)
        update = Update.model_validate(await request.json())
        self.problems += unknown_fields(update)
        status = await self.answer(update) if self.answer else 200
        if status == 200:
            self.updates.append(update)
        return web.Response(status=status)
