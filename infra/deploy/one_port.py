"""`python -m infra.deploy.one_port`: bot, jobs and admin behind one port, for platforms that give no more than one.

PORT says which. Each process keeps its own memory and its own share of the variables: the admin never sees the service
key. It prints `PORT_READY=<port>` when all three are well, and ends, with all of them, as soon as one does.
"""

import asyncio
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from aiohttp import ClientSession, web

from infra.deploy.proxy import Doors, answering, client, proxy
from infra.deploy.settings import KINDS, of_the_system, shares, variables

_PORT_OF = {"bot": "PORT", "jobs": "JOBS_METRICS_PORT", "admin": "ADMIN_PORT"}
_START_SECONDS = 120
# Longer than any of them takes to finish what is under way.
_STOP_SECONDS = 20


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environments(given: Mapping[str, str], ports: Mapping[str, int]) -> dict[str, dict[str, str]]:
    """Return the environment of each process, or end with what is wrong with it."""
    proxies = ",".join(filter(None, ["127.0.0.1", given.get("TRUSTED_PROXIES")]))
    inside = {"HOST": "127.0.0.1", "TRUSTED_PROXIES": proxies, "BOT_URL": f"http://127.0.0.1:{ports['bot']}"}
    inside |= {_PORT_OF[process]: str(port) for process, port in ports.items()}
    return {process: of_the_system(given) | own for process, own in shares({**given, **inside}).items()}


@asynccontextmanager
async def running(environments: Mapping[str, Mapping[str, str]]) -> AsyncGenerator[dict[str, Process]]:
    """Start a process for each environment; end them all, in order, afterwards."""
    found: dict[str, Process] = {}
    try:
        for process, own in environments.items():
            found[process] = await asyncio.create_subprocess_exec(sys.executable, "-m", process, env=own)
        yield found
    finally:
        await _end([process for process in found.values() if process.returncode is None])


async def _end(processes: list[Process]) -> None:
    for process in processes:
        process.terminate()
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await asyncio.gather(*(process.wait() for process in processes))
    except TimeoutError:
        for process in processes:
            if process.returncode is None:
                process.kill()


async def first_to_end(processes: Mapping[str, Process], told: asyncio.Event) -> str | None:
    """Return the name of the process that ended; none when we are told to stop."""
    waiting = {asyncio.create_task(process.wait()): name for name, process in processes.items()}
    stop = asyncio.create_task(told.wait())
    done, rest = await asyncio.wait([*waiting, stop], return_when=asyncio.FIRST_COMPLETED)
    for task in rest:
        task.cancel()
    return None if stop in done else next(waiting[task] for task in done if task in waiting)


async def all_are_well(http: ClientSession, doors: Doors) -> None:
    """Return when each process says that it can do its job; raises `TimeoutError`."""
    async with asyncio.timeout(_START_SECONDS):
        while not all((await answering(http, doors)).values()):  # noqa: ASYNC110 (they are other processes)
            await asyncio.sleep(0.2)


async def main() -> None:
    """Run until SIGTERM, or until one of the three ends."""
    given = variables()
    host, port = given.get("HOST") or "0.0.0.0", int(given.get("PORT") or 3000)  # noqa: S104 (the platform's edge comes in here)
    ports = {process: free_port() for process in KINDS}
    doors = Doors({process: f"http://127.0.0.1:{inner}" for process, inner in ports.items()})
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    async with client() as http, running(environments(given, ports)) as processes:
        runner = web.AppRunner(proxy(http, doors), access_log=None, shutdown_timeout=3)
        await runner.setup()
        await web.TCPSite(runner, host, port).start()
        ready = asyncio.create_task(_say_ready(http, doors, port, told))
        ended = await first_to_end(processes, told)
        ready.cancel()
        await runner.cleanup()
    if ended:
        sys.exit(f"{ended} ended by itself, so all are stopped; its own last line says why")
    if ready.done() and not ready.cancelled() and not ready.result():
        sys.exit(f"not all of {', '.join(KINDS)} were well within {_START_SECONDS} s")


async def _say_ready(http: ClientSession, doors: Doors, port: int, told: asyncio.Event) -> bool:
    """Return whether it came to that; what does not become well is stopped."""
    try:
        await all_are_well(http, doors)
    except TimeoutError:
        told.set()
        return False
    print(f"PORT_READY={port}", flush=True)  # noqa: T201 (the platform reads it)
    return True


if __name__ == "__main__":
    asyncio.run(main())
