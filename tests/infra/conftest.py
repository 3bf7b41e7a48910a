"""Production as far as it goes without Docker: the files of the image, and no others, behind the configured proxy.

The stack gives what is elsewhere in production: Supabase, Redis, Telegram.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from infra.local import health
from infra.local.processes import GIVEN
from infra.local.waiting import until
from tests.image import lay_out
from tests.nginx import DOMAIN, Ports, Proxy, running
from tests.stack import Stack

# Beside the ports of the stack and of the copies in tests/faults.
HTTPS, HTTP, PLAIN = 3061, 3062, 3060
PORTS = {"bot": ("PORT", 3063), "jobs": ("JOBS_METRICS_PORT", 3064), "admin": ("ADMIN_PORT", 3065)}


@dataclass(frozen=True)
class Image:
    """The folder, and where each of its processes listens."""

    folder: Path
    ports: dict[str, int]
    log: Path

    @contextmanager
    def running(self, variables: Mapping[str, Mapping[str, str]]) -> Iterator[None]:
        """Run the processes as their containers would: each with its own variables and no others."""
        with self.log.open("ab") as out:
            started = [
                subprocess.Popen([sys.executable, "-m", name], cwd=self.folder, env=given, stdout=out, stderr=out)
                for name, given in variables.items()
            ]
        try:
            for name in variables:
                url = f"http://127.0.0.1:{self.ports[name]}/health"
                assert until(partial(health.http, url), 120), f"{name}: {self.log.read_text()}"
            yield
        finally:
            for process in started:
                process.terminate()
            for process in started:
                process.wait(30)


@pytest.fixture(scope="session")
def image(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Image:
    folder = tmp_path_factory.mktemp("image")
    ports = {name: port + stack.caller.offset for name, (_, port) in PORTS.items()}
    lay_out(folder)
    return Image(folder, ports, tmp_path_factory.mktemp("log") / "log")


def variables(stack: Stack, image: Image, name: str) -> dict[str, str]:
    """Return what docker-compose.prod.yml gives this process; the bot goes on telling Telegram the stack's address."""
    given = {variable: stack.env[variable] for variable in GIVEN[name] if variable in stack.env}
    own = {PORTS[name][0]: str(image.ports[name]), "PATH": os.environ["PATH"]}
    if name == "admin":
        own |= {"ADMIN_URL": f"https://{DOMAIN}", "TRUSTED_PROXIES": "127.0.0.1", "SIGN_INS_PER_ADDRESS": "1000"}
    return given | own


@pytest.fixture(scope="session")
def production(stack: Stack, image: Image, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """The proxy, with one bot, one admin and the jobs of the image."""
    https, http, plain = (port + stack.caller.offset for port in (HTTPS, HTTP, PLAIN))
    bots, admins = [image.ports["bot"]], [image.ports["admin"]]
    proxy = Proxy(tmp_path_factory.mktemp("proxy"), Ports(https=https, http=http, plain=plain), bots, admins)
    with image.running({name: variables(stack, image, name) for name in PORTS}), running(proxy):
        yield proxy
