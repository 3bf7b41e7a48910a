"""The world outlives the process: ids go on, messages stay, what was not delivered still comes."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from infra.local.telegram.app import Running
from infra.local.telegram.client import SimulatorClient, SimulatorRefusedError
from infra.local.telegram.settings import SimulatorSettings
from infra.local.telegram.state import LOST_IDS, StateError, load
from tests.telegram.receiver import SECRET, Receiver

GROUP = -1001000000001


@asynccontextmanager
async def simulator(settings: SimulatorSettings) -> AsyncIterator[tuple[Running, SimulatorClient]]:
    running = await Running.start(settings, load(settings.simulator_state, settings.bot_id))
    async with SimulatorClient(f"http://127.0.0.1:{running.port}") as client:
        yield running, client
    await running.stop()


async def call(running: Running, method: str, **fields: str) -> None:
    url = f"http://127.0.0.1:{running.port}/bot123456:simulated/{method}"
    async with aiohttp.ClientSession() as http, http.post(url, data=fields) as response:
        assert response.status == 200


async def test_a_restart_loses_nothing(settings: SimulatorSettings) -> None:
    receiver = await Receiver().start()
    await receiver.stop()
    async with simulator(settings) as (running, sim):
        await call(running, "setWebhook", url=receiver.url, secret_token=SECRET)
        first = await sim.say(2001, GROUP, "Где акт?", minutes_ago=70)
    await receiver.start()
    async with simulator(settings) as (_, sim):
        await sim.until_delivered()
        assert receiver.texts == ["Где акт?"]
        assert await sim.messages(GROUP) == [first.message]
        second = await sim.say(2001, GROUP, "И когда?")
        assert second.message.message_id == first.message.message_id + 1
        assert (second.update_id or 0) > (first.update_id or 0)
        await sim.until_delivered()
    await receiver.stop()


async def test_ids_leap_after_a_stop_that_was_none(settings: SimulatorSettings) -> None:
    running = await Running.start(settings, load(settings.simulator_state, settings.bot_id))
    async with SimulatorClient(f"http://127.0.0.1:{running.port}") as sim:
        first = await sim.say(2001, GROUP, "перед падением")
    torn = settings.simulator_state.read_bytes()  # as the disk is when the process dies
    await running.stop()
    settings.simulator_state.write_bytes(torn)
    async with simulator(settings) as (_, sim):
        second = await sim.say(2001, GROUP, "после")
        assert second.message.message_id > LOST_IDS >= first.message.message_id
        assert (second.update_id or 0) > (first.update_id or 0)


async def test_a_reset_keeps_counting(sim: SimulatorClient) -> None:
    before = await sim.say(2001, GROUP, "до")
    other = await sim.say(2001, -1009999, "до")
    await sim.reset()
    assert await sim.messages(GROUP) == []
    after = await sim.say(2001, GROUP, "после")
    assert after.message.message_id > before.message.message_id
    assert (await sim.say(2001, -1009999, "после")).message.message_id > other.message.message_id


def test_a_state_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "telegram.json"
    broken.write_text("{")
    with pytest.raises(StateError, match="move it away"):
        load(broken, 123456)


async def test_the_process_starts_quickly_and_ends_on_sigterm(tmp_path: Path) -> None:
    """As `make up` runs it; the port comes from the ready line."""
    environment = {"SIMULATOR_PORT": "0", "SIMULATOR_STATE": str(tmp_path / "state" / "telegram.json")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "infra.local.telegram", env=environment, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    async with asyncio.timeout(10):
        ready = (await process.stdout.readline()).decode()
    assert "simulator_ready" in ready
    port = int(ready.partition('"port": ')[2].partition("}")[0])
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}/health") as response:
        assert (await response.json())["status"] == "ok"
        # A listener that never leaves does not hold the process.
        async with http.get(f"http://127.0.0.1:{port}/_sim/events") as events:
            assert events.status == 200
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(5):
                assert await process.wait() == 0
    assert load(tmp_path / "state" / "telegram.json", 123456).clean


async def test_mistakes_of_the_driver_are_named(sim: SimulatorClient, url: str) -> None:
    for name, fields, reason in (
        ("say", {"user_id": 2001, "chat_id": GROUP}, "text: Field required"),
        ("say", {"user_id": 2001, "chat_id": GROUP, "text": "x", "tekst": "y"}, "tekst: Extra inputs"),
        ("say", {"user_id": 2001, "chat_id": 2002, "text": "x"}, "private chat 2002 is not 2001's"),
        ("say", {"user_id": 2001, "chat_id": GROUP, "text": "x", "reply_to": 99}, "has no message 99"),
        ("send", {"user_id": 2001, "chat_id": GROUP, "kind": "sticker", "caption": "x"}, "no caption"),
        ("migrate", {"chat_id": 2001}, "not a group"),
    ):
        with pytest.raises(SimulatorRefusedError, match=reason):
            await sim.post(name, **fields)
    async with aiohttp.ClientSession() as http:
        async with http.post(f"{url}/_sim/say", data="{}") as response:
            assert response.status == 415  # forms of foreign pages get nowhere
        async with http.get(f"{url}/_sim/nothing") as response:
            assert response.status == 404
