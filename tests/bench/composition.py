"""`python -m tests.bench.composition`: memory of what docker-compose.prod.yml runs, beside its limits.

The stack stands for Docker, nginx and monitoring come from Debian. Prometheus asks fifteen times as often as in
production while the pages are read and a client writes, so that its head holds hours within minutes.
"""

import asyncio
import random
import re
import ssl
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import yaml
from redis.exceptions import OutOfMemoryError

from infra import redis
from infra.local.telegram.client import SimulatorClient
from tests import monitoring
from tests.bench.rig import OFFSET, own_stack
from tests.nginx import DOMAIN, Ports, Proxy, running
from tests.redis_server import running_redis
from tests.stack import ROOT, Stack
from tests.world import ADMIN

SECONDS = 120.0
HTTPS = 3061 + OFFSET
# Of the demo firm.
CLIENT, CHAT = 2001, -1001000000001
STACK = ("bot", "jobs", "admin", "redis-queue", "redis-cache")
# What each service is called where Debian packages it.
DEBIAN = {
    "nginx": "nginx",
    "prometheus": "prometheus",
    "prometheus-alertmanager": "alertmanager",
    "prometheus-node-exporter": "node-exporter",
    "prometheus-redis-exporter": "redis-exporter",
    "prometheus-blackbox-exporter": "blackbox-exporter",
}


def limits() -> dict[str, int]:
    """Return MB by service; what is never started by itself takes none."""
    services = yaml.safe_load((ROOT / "docker-compose.prod.yml").read_text())["services"]
    return {name: int(one["mem_limit"].rstrip("m")) for name, one in services.items() if "profiles" not in one}


def megabytes(pid: int) -> float:
    """Return the MB of a process, with its share of what it has with others; nothing of one that is gone."""
    try:
        found = re.search(r"^Pss:\s+(\d+) kB$", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return int(found[1]) / 1024 if found else 0.0


def children(pid: int | str = "self") -> Iterator[int]:
    """Yield the processes that a process has started, and theirs."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield int(child)
            yield from children(child)


def measured(stack: Stack) -> dict[str, float]:
    """Return MB by service; workers count with who started them."""
    found = {name: megabytes(stack.pid_of(name)) for name in STACK}
    for pid in children():
        service = DEBIAN.get(Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode().rpartition("/")[2])
        # nginx puts words of its own there.
        if service is None and (Path(f"/proc/{pid}/comm").read_text().strip() == "nginx"):
            service = "nginx"
        if service:
            found[service] = found.get(service, 0.0) + megabytes(pid)
    return found


async def full_queue(folder: Path) -> float:
    """Return the MB that the queue takes at most: full, and copied while its log is written anew."""
    composed = yaml.safe_load((ROOT / "docker-compose.prod.yml").read_text())["services"]["redis-queue"]["command"]
    highest = 0.0
    with running_redis(folder) as server:
        client = redis.connect(server.url)
        for name, value in re.findall(r"--(maxmemory|maxmemory-policy|appendonly|appendfsync) (\S+)", composed):
            await client.config_set(name, value)
        with suppress(OutOfMemoryError):
            for number in range(1_000_000):
                await client.set(f"key {number}", "x" * 4000)
        await client.execute_command("BGREWRITEAOF")  # type: ignore[no-untyped-call]
        while (await client.info("persistence"))["aof_rewrite_in_progress"]:
            # What is changed meanwhile is there twice; this much may still be changed.
            await client.expire(f"key {random.randrange(20_000)}", 1000)
            highest = max(highest, sum(map(megabytes, [server.pid, *children(server.pid)])))
        await client.aclose()
    return highest


async def use(stack: Stack, front: Proxy) -> dict[str, float]:
    """Read pages through the proxy, write as a client, and return the most that each service took meanwhile."""
    highest: dict[str, float] = {}
    page = f"https://127.0.0.1:{front.ports.https}/login"
    tls = ssl.create_default_context(cafile=str(front.authority))
    until = time.monotonic() + SECONDS
    async with SimulatorClient(stack.urls["simulator"]) as sim, httpx.AsyncClient(verify=tls) as people:
        while time.monotonic() < until:
            asked = (people.get(page, headers={"host": DOMAIN}, extensions={"sni_hostname": DOMAIN}) for _ in range(10))
            await asyncio.gather(*asked, *(sim.say(CLIENT, CHAT, f"Где акт? {number}") for number in range(10)))
            for name, now in measured(stack).items():
                highest[name] = max(highest.get(name, 0.0), now)
    return highest


def tell(found: Mapping[str, float]) -> bool:
    """Print the table; return whether everything is within its limit."""
    within = limits()
    for name, limit in within.items():
        taken = f"{found[name]:.0f}" if name in found else "not on this machine"
        sys.stdout.write(f"{name:<20}{taken:>22}{limit:>8}\n")
    known = sum(limit for name, limit in within.items() if name in found)
    sys.stdout.write(f"{'together':<20}{sum(found.values()):>22.0f}{known:>8}\n")
    return all(taken <= within[name] for name, taken in found.items())


def main() -> int:
    """Measure; return the exit code."""
    with TemporaryDirectory() as folder, own_stack() as stack:
        front = Proxy(
            Path(folder) / "nginx",
            Ports(https=HTTPS, http=HTTPS + 1, plain=HTTPS + 2),
            [stack.caller.port("bot")],
            [stack.caller.port("admin")],
        )
        (Path(folder) / "monitoring").mkdir()
        with running(front), monitoring.running(stack, Path(folder) / "monitoring", ADMIN):
            found = asyncio.run(use(stack, front))
        found["redis-queue"] = asyncio.run(full_queue(Path(folder)))
        return 0 if tell(found) else 1


if __name__ == "__main__":
    sys.exit(main())
