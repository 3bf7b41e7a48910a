"""The proxy of production, infra/nginx, on ports and in a folder of the test's own."""

import json
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from infra.local.waiting import until
from tests.certificates import issue
from tests.debian import program
from tests.stack import ROOT

# With Docker, and without.
MAIN = ("compose.conf", "debian.conf")
DOMAIN = "buhbot.example"
# Whoever tests is not Telegram, but some of this machine's own addresses may stand for it.
TELEGRAM = "allow 127.0.0.0/30; deny all;"
# Debian's nginx would leave these where only root may write.
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
# Telegram is played by a program that knows nothing of our certificates.
_PLAIN = "server {{ listen 127.0.0.1:{port}; include /etc/nginx/buhbot/webhook.conf; }}"


@dataclass(frozen=True)
class Ports:
    """Where the proxy listens: for browsers, for plain HTTP, and for deliveries without TLS."""

    https: int
    http: int
    plain: int


class Proxy:
    """A folder that stands for `/`, with the configuration of production in it, as Debian's nginx would have it."""

    def __init__(self, root: Path, ports: Ports, bots: Sequence[int], admins: Sequence[int] = (9,)) -> None:
        self.root, self.ports = root, ports
        self._lay_out()
        own = self.root / "etc/nginx/buhbot"
        (own / "telegram.conf").write_text(TELEGRAM)
        (own / "upstreams.conf").write_text(_upstream("bot", bots) + _upstream("admin", admins))
        self.authority = self.renew()

    def command(self, main: str = "debian.conf") -> list[str]:
        """Return what starts it."""
        file = self.root / "etc/nginx/buhbot" / main
        return [program("nginx", "nginx"), "-p", str(self.root), "-c", str(file), "-g", "daemon off;"]

    def renew(self) -> Path:
        """Do as certbot does; return the authority to trust from now on."""
        return issue(self.root / "etc/letsencrypt/live" / DOMAIN, DOMAIN)

    def log(self) -> list[dict[str, Any]]:
        """Return what it wrote of the requests."""
        return [json.loads(line) for line in (self.root / "var/log/nginx/access.log").read_text().splitlines()]

    def errors(self) -> str:
        return (self.root / "var/log/nginx/error.log").read_text()

    def _lay_out(self) -> None:
        for folder in ("etc/nginx/conf.d", "var/log/nginx", "var/lib/nginx", "var/cache/nginx", "var/www/acme", "run"):
            (self.root / folder).mkdir(parents=True)
        shutil.copytree(ROOT / "infra/nginx", self.root / "etc/nginx/buhbot")
        for file in (self.root / "etc/nginx/buhbot").iterdir():
            file.write_text(self._moved(file.name, file.read_text()))
        named = (self.root / "etc/nginx/buhbot/domain.conf.template").read_text().replace("${DOMAIN}", DOMAIN)
        (self.root / "etc/nginx/conf.d/domain.conf").write_text(named)
        (self.root / "etc/nginx/mime.types").write_text("types { text/plain txt; }")

    def _moved(self, name: str, text: str) -> str:
        """Only places change: the folder, the ports, and in the main file what a service manager and root would do."""
        if name in MAIN:
            folders = "".join(f"  {part}_temp_path /var/lib/nginx/{part};\n" for part in _TEMPORARY)
            # Only root may choose a user, and then the folder is root's. One worker: the smallest machine's share.
            user = "" if os.geteuid() else "user root;\n"
            text = re.sub(r"(user www-data;\n)?worker_processes auto;", f"{user}worker_processes 1;", text)
            # What Debian's nginx does not know yet: names that are looked up again and again.
            text = re.sub(r"(bot|admin)(:\d+) resolve", r"127.0.0.1\2", text)
            text = text.replace("http {\n", f"http {{\n{folders}{_PLAIN.format(port=self.ports.plain)}\n")
        text = text.replace("listen 443", f"listen 127.0.0.1:{self.ports.https}")
        text = text.replace("listen 80", f"listen 127.0.0.1:{self.ports.http}")
        return re.sub(r"(?<=[ \"])/(?=(etc|var|run)/)", f"{self.root}/", text)


@contextmanager
def running(proxy: Proxy) -> Iterator[Proxy]:
    """Run it while the block runs."""
    process = subprocess.Popen(proxy.command())
    listening = partial(_listens, proxy.ports.plain)
    try:
        assert until(listening, 10), proxy.errors()
        yield proxy
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def passing_on(root: Path, port: int, bots: Sequence[int]) -> Iterator[None]:
    """Listen on the port for deliveries to these bots; the two ports after it are taken, too."""
    with running(Proxy(root, Ports(plain=port, https=port + 1, http=port + 2), bots)):
        yield


def _upstream(name: str, ports: Sequence[int]) -> str:
    servers = " ".join(f"server 127.0.0.1:{port} fail_timeout=1s;" for port in ports)
    return f"upstream {name} {{ least_conn; {servers} }}\n"


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
