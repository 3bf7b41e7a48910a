"""Runs the simulator until SIGTERM or Ctrl-C."""

import asyncio
import signal
import sys

import structlog
import uvloop

from infra.local.telegram.app import Running
from infra.local.telegram.settings import SimulatorSettings, load
from infra.local.telegram.state import StateError
from infra.local.telegram.state import load as load_state
from infra.telemetry import configure_logging

log = structlog.get_logger()


async def _serve(settings: SimulatorSettings) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    running = await Running.start(settings, load_state(settings.simulator_state, settings.bot_id))
    log.info("simulator_ready", port=running.port)
    await stopped.wait()
    await running.stop()
    log.info("simulator_stopped")


def main() -> None:
    settings = load()
    configure_logging("telegram", settings.log_level)
    try:
        uvloop.run(_serve(settings))
    except StateError as error:
        sys.exit(f"the Telegram simulator cannot start: {error}.")
    except OSError as error:
        sys.exit(f"the Telegram simulator cannot listen on port {settings.simulator_port}: {error.strerror}.")


if __name__ == "__main__":
    main()
