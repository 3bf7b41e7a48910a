"""Puts the simulator on a port: the Bot API, the control API and the playground in one HTTP server."""

import socket
from dataclasses import dataclass
from typing import Any, Self

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest

from infra.local.telegram import bot_api, control, playground
from infra.local.telegram.delivery import Switches
from infra.local.telegram.errors import ApiError
from infra.local.telegram.settings import SimulatorSettings
from infra.local.telegram.simulator import Simulator
from infra.local.telegram.state import Saver, State
from infra.local.telegram.webhook_answer import Files

log = structlog.get_logger()

BODY_LIMIT = 64 * 2**20

pending_updates = Gauge("buhbot_simulator_pending_updates", "Updates that the bot has not accepted yet.")


def build(settings: SimulatorSettings, state: State) -> Simulator:
    async def answer(fields: dict[str, Any], files: Files) -> None:
        """Run the method that the webhook's answer asked for; the bot does not hear of a failure, as in Telegram."""
        method = str(fields.pop("method"))
        try:
            await bot_api.run(sim, method, fields, files)
        except ApiError as error:
            log.warning("webhook_answer_refused", method=method, code=error.code)
        except Exception:
            log.exception("webhook_answer_failed", method=method)

    switches = Switches(retry_cap_seconds=settings.simulator_retry_cap_seconds)
    sim = Simulator.over(settings.telegram_bot_token, state.world, state.inbox, answer, switches)
    pending_updates.set_function(lambda: len(sim.inbox.pending))
    return sim


async def _health(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok", "component": "telegram", "checks": {}})


async def _metrics(_request: web.Request) -> web.Response:
    return web.Response(body=generate_latest(), headers={"content-type": CONTENT_TYPE_LATEST})


def application(sim: Simulator) -> web.Application:
    app = web.Application(client_max_size=BODY_LIMIT, middlewares=[control.plain_refusals])
    app.add_routes([*bot_api.routes(sim), *control.routes(sim), *playground.routes(), web.get("/health", _health)])
    app.add_routes([web.get("/metrics", _metrics)])
    return app


@dataclass
class Running:
    """A simulator that listens; `port` is the real one when the settings asked for 0."""

    sim: Simulator
    saver: Saver
    runner: web.AppRunner
    port: int

    @classmethod
    async def start(cls, settings: SimulatorSettings, state: State) -> Self:
        # The port first: a second simulator must fail before it touches the first one's state file.
        listener = socket.create_server((settings.host, settings.simulator_port))
        sim = build(settings, state)
        saver = Saver(settings.simulator_state, state)
        sim.events.on_change(saver.touch)
        saver.start()
        sim.courier.start()
        runner = web.AppRunner(application(sim), access_log=None, shutdown_timeout=2)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        return cls(sim, saver, runner, listener.getsockname()[1])

    async def stop(self) -> None:
        self.sim.events.end()
        self.sim.poller.end()
        await self.sim.courier.stop()
        await self.runner.cleanup()
        await self.saver.stop()
