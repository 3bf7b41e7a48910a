"""Where there is only one port: pages, sockets and webhook behind it, and each process with its own variables."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import aiohttp
import httpx
import pytest

from admin.live import ENDED
from infra.local.telegram.client import SimulatorClient
from infra.local.waiting import until
from tests.admin.process import NOT_FOR_THE_ADMIN
from tests.stack import ROOT, Stack, outside
from tests.world import ClientChat

PORT = 3067


class OnePort:
    """One command, started as a platform starts it."""

    def __init__(self, stack: Stack, said: Path) -> None:
        self.port = PORT + stack.caller.offset
        self.url = f"http://127.0.0.1:{self.port}"
        own = {"PORT": str(self.port), "WEBHOOK_URL": f"{self.url}/webhook", "ADMIN_URL": self.url}
        with said.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "infra.deploy.one_port"],
                cwd=ROOT,
                env=outside(**{**stack.env, **own}),
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        ready = f"PORT_READY={self.port}\n"
        until(lambda: ready in said.read_text() or self.process.poll() is not None, 120)
        if ready not in said.read_text():
            self.process.terminate()
            raise AssertionError(said.read_text())

    def child(self, name: str) -> Path:
        """Return the folder in /proc of one of its three."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        (found,) = [Path("/proc") / one for one in children if self._is(Path("/proc") / one, name)]
        return found

    @staticmethod
    def _is(process: Path, name: str) -> bool:
        return (process / "cmdline").read_bytes().endswith(f"-m\0{name}\0".encode())


@pytest.fixture
def one_port(stack: Stack, tmp_path: Path) -> Iterator[OnePort]:
    own = OnePort(stack, tmp_path / "log")
    yield own
    own.process.terminate()
    own.process.wait(30)
    stack.kill("bot")
    stack.wait_healthy("bot")


async def test_everything_is_behind_one_port_and_ends_together(
    one_port: OnePort, sim: SimulatorClient, chat: ClientChat
) -> None:
    """I5"""
    known = (one_port.child("admin") / "environ").read_bytes()
    assert not [name for name in NOT_FOR_THE_ADMIN if name.encode() in known]
    assert b"DATABASE_URL" not in (one_port.child("bot") / "environ").read_bytes()

    await chat.ask("Через одну дверь?")
    await sim.until_delivered()
    assert [row["message_text"] for row in chat.messages] == ["Через одну дверь?"]

    async with httpx.AsyncClient(base_url=one_port.url, follow_redirects=True) as visitor:
        health = await visitor.get("/health")
        assert health.json() == {"status": "ok", "checks": {"bot": "ok", "jobs": "ok", "admin": "ok"}}
        assert (await visitor.get("/metrics")).status_code == HTTPStatus.NOT_FOUND
        assert (await visitor.post("/webhook")).status_code == HTTPStatus.FORBIDDEN
        page = await visitor.get("/login")
        assert page.status_code == HTTPStatus.OK
        form = {
            "email": "admin@buhbot.test",
            "password": "buhbot-demo-2026",
            "_csrf_token": visitor.cookies["csrftoken"],
        }
        inside = await visitor.post("/login", data=form, headers={"origin": one_port.url})
        assert inside.status_code == HTTPStatus.OK, inside.text
        assert "/login" not in str(inside.url)
        cookies = dict(visitor.cookies)

    assert await first_word(one_port, cookies) == "all"
    assert await first_word(one_port, {}) == ENDED

    jobs, bot = one_port.child("jobs"), one_port.child("bot")
    os.kill(int(jobs.name), signal.SIGKILL)
    assert await asyncio.to_thread(until, lambda: one_port.process.poll() is not None, 30)
    assert one_port.process.returncode == 1
    assert not bot.exists()


async def first_word(one_port: OnePort, cookies: dict[str, str]) -> object:
    """Return what the socket says first, or the code with which it closes."""
    async with (
        aiohttp.ClientSession(cookies=cookies) as page,
        page.ws_connect(f"{one_port.url}/ws", origin=one_port.url) as socket,
    ):
        message = await socket.receive(timeout=5)
        return message.data if message.type == aiohttp.WSMsgType.TEXT else socket.close_code
