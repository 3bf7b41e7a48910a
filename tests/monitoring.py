"""Monitoring as in production, before the parts of a stack: the same rules, routes and exporters on other addresses.

What differs is only what the functions of this module replace, each for the reason that it says; no expression is.
"""

import json
import os
import re
import ssl
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import isnan
from pathlib import Path
from typing import Any

from infra.local import health
from infra.local.waiting import until
from tests.admin.process import free_port
from tests.certificates import issue
from tests.debian import program
from tests.stack import ROOT, Stack

PROMETHEUS, ALERTMANAGER = ROOT / "infra/prometheus", ROOT / "infra/alertmanager"
# So many times faster than in production do scrapes, rules and routes wait: a minute is four seconds.
SPEED = 15
_WAITS = "for|(?:scrape|evaluation|refresh|group|repeat)_(?:interval|wait|timeout)"
_UNITS = {"s": 1000, "m": 60_000, "h": 3_600_000}
_DISCOVERED = re.compile(r"- \{names: \[(\w+)\], type: A, port: (\d+), refresh_interval: \w+\}")
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def hastened(text: str) -> str:
    """Divide by `SPEED` how long Prometheus and Alertmanager wait; the ranges inside expressions stay as they are."""

    def shorter(found: re.Match[str]) -> str:
        name, amount, unit = found.groups()
        return f"{name}: {int(amount) * _UNITS[unit] // SPEED}ms"

    return re.sub(rf"\b({_WAITS}): (\d+)([smh])\b", shorter, text)


def at_home(text: str, addresses: Mapping[str, str]) -> str:
    """Put an address of this machine in the place of each `service:port`, for nobody resolves those names here."""

    def found(match: re.Match[str]) -> str:
        name, port = match.groups()
        return f"- {{targets: ['{addresses[f'{name}:{port}']}'], labels: {{__meta_dns_name: {name}}}}}"

    text = _DISCOVERED.sub(found, text).replace("dns_sd_configs:", "static_configs:")
    for service, address in addresses.items():
        text = text.replace(service, address)
    return text


def without_files(text: str, *, token: str, chat_id: int, heartbeat: str) -> str:
    """Put secrets in the place of their files: Debian's Alertmanager is older than 0.31 and reads none."""
    text = re.sub(r"bot_token_file: .*", f'bot_token: "{token}"', text)
    text = re.sub(r"chat_id_file: .*", f"chat_id: {chat_id}", text)
    return re.sub(r"url_file: .*", f"url: {heartbeat}", text)


def stated(expression: str) -> str:
    """Let every comparison say 0 instead of nothing, and every `absent` count what is there.

    So the expression of a rule has an answer while all is well, if what it asks for exists.
    """
    parts = re.split(r"(\{[^}]*\})", expression)
    parts[::2] = [re.sub(r"(==|<=|>=|<|>)", r"\1 bool", part).replace("absent(", "count(") for part in parts[::2]]
    return "".join(parts)


class _Door(BaseHTTPRequestHandler):
    """Answers 200 to everybody; counts who rings."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.server.rung_at.append(time.monotonic())  # type: ignore[attr-defined]
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base's own word)
        """Say nothing."""


@contextmanager
def _door(context: ssl.SSLContext | None = None) -> Iterator[ThreadingHTTPServer]:
    """A server somewhere in the world; `rung_at` has the moments of its calls."""
    server = ThreadingHTTPServer(("127.0.0.1", free_port()), _Door)
    server.rung_at = []  # type: ignore[attr-defined]
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Monitoring:
    """Runs while `running` lasts. `heartbeats` are the moments in which the outside service was called."""

    folder: Path
    addresses: dict[str, str]
    heartbeats: list[float] = field(default_factory=list)

    def is_ready(self) -> bool:
        """Say whether Prometheus has found Alertmanager, and everybody whom it asks has answered."""
        if not health.http(f"http://{self.addresses['localhost:9090']}/-/ready"):
            return False
        targets = self.ask("targets", state="active")["activeTargets"]
        return bool(targets) and all(target["health"] == "up" for target in targets)

    def ask(self, path: str, **query: str) -> Any:
        """Return what Prometheus' API answers."""
        url = f"http://{self.addresses['localhost:9090']}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        with _direct.open(url, timeout=10) as answer:
            return json.load(answer)["data"]

    def values(self, expression: str) -> list[float]:
        """Return the numbers that an expression has now; what is not a number is left out."""
        result = self.ask("query", query=expression)["result"]
        found = (float(one["value"][1]) for one in result)
        return [value for value in found if not isnan(value)]

    def unanswered(self, questions: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return those of the named expressions that have no number now."""
        return [(name, expression) for name, expression in questions if not self.values(expression)]

    def states(self, alert: str, process: str) -> set[str]:
        """Return how Alertmanager sees what Prometheus told it of a process: active, suppressed."""
        labels = [("filter", f'alertname="{alert}"'), ("filter", f'process="{process}"')]
        url = f"http://{self.addresses['alertmanager:9093']}/api/v2/alerts?{urllib.parse.urlencode(labels)}"
        with _direct.open(url, timeout=10) as answer:
            return {one["status"]["state"] for one in json.load(answer)}

    @property
    def rules(self) -> list[dict[str, Any]]:
        return [rule for group in self.ask("rules")["groups"] for rule in group["rules"]]


@contextmanager
def running(stack: Stack, folder: Path, chat_id: int) -> Iterator[Monitoring]:
    """Watch the stack; tell `chat_id` at the simulator."""
    ports = {name: f"127.0.0.1:{free_port()}" for name in _OWN}
    monitoring = Monitoring(folder, _stack_addresses(stack) | ports)
    with ExitStack() as world:
        authority = issue(folder / "certificate", "localhost")
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(folder / "certificate/fullchain.pem", folder / "certificate/privkey.pem")
        public, outside = world.enter_context(_door(tls)), world.enter_context(_door())
        monitoring.heartbeats = outside.rung_at  # type: ignore[attr-defined]
        heartbeat = f"http://127.0.0.1:{outside.server_port}/heartbeat"
        _write(stack, monitoring, chat_id, heartbeat, f"https://localhost:{public.server_port}/health")
        for name, command in _commands(monitoring).items():
            world.enter_context(_process(folder, name, command, SSL_CERT_FILE=str(authority)))
        assert until(monitoring.is_ready, 30), [log.read_text()[-2000:] for log in folder.glob("*.log")]
        yield monitoring


# Debian's Alertmanager reads a file that its package puts below /usr/share. It is shown the folder there that was only
# unpacked, and nobody else is. (`$0` is the folder, `$@` the program.)
_IN_ITS_PLACE = (
    *("unshare", "--map-root-user", "--mount", "sh", "-c"),
    *('test -e "$0" && mount --bind "$0" /usr/share; exec "$@"', str(ROOT / ".local/debian/usr/share")),
)
_OWN = (
    *("blackbox-exporter:9115", "redis-exporter:9121", "node-exporter:9100"),
    *("alertmanager:9093", "localhost:9090"),
)


def _stack_addresses(stack: Stack) -> dict[str, str]:
    services = {"bot:3000": "bot", "jobs:3002": "jobs", "admin:5000": "admin"}
    services |= {"redis-queue:6379": "redis-queue", "redis-cache:6379": "redis-cache"}
    return {service: f"127.0.0.1:{stack.caller.port(part)}" for service, part in services.items()}


def _write(stack: Stack, monitoring: Monitoring, chat_id: int, heartbeat: str, public: str) -> None:
    folder, addresses = monitoring.folder, monitoring.addresses
    for name in ("rules", "targets", "textfile", "templates"):
        (folder / name).mkdir()
    for rules in PROMETHEUS.glob("rules/*.yml"):
        (folder / "rules" / rules.name).write_text(hastened(rules.read_text()))
    (folder / "prometheus.yml").write_text(at_home(hastened((PROMETHEUS / "prometheus.yml").read_text()), addresses))
    (folder / "targets/public.yml").write_text(f"[{{targets: ['{public}']}}]")
    routes = without_files(
        hastened((ALERTMANAGER / "alertmanager.yml").read_text()),
        token=stack.env["TELEGRAM_BOT_TOKEN"],
        chat_id=chat_id,
        heartbeat=heartbeat,
    )
    (folder / "alertmanager.yml").write_text(routes.replace("https://api.telegram.org", stack.urls["simulator"]))
    for template in ALERTMANAGER.glob("templates/*.tmpl"):
        (folder / "templates" / template.name).write_text(template.read_text())
    # As infra/backup leaves it for the node exporter.
    names = ("buhbot_backup_last_success_timestamp_seconds", "buhbot_backup_last_verified_timestamp_seconds")
    (folder / "textfile/backup.prom").write_text("".join(f"{name} {time.time()}\n" for name in names))


def _commands(monitoring: Monitoring) -> dict[str, Sequence[str]]:
    """Return what runs: the real programs, as docker-compose.prod.yml starts them but for folders and ports."""
    folder, at = monitoring.folder, monitoring.addresses
    node = program("prometheus-node-exporter", "prometheus-node-exporter")
    redis = program("prometheus-redis-exporter", "prometheus-redis-exporter")
    blackbox = program("prometheus-blackbox-exporter", "prometheus-blackbox-exporter")
    alertmanager = program("prometheus-alertmanager", "prometheus-alertmanager")
    listen = "--web.listen-address={}".format
    return {
        "node": [node, listen(at["node-exporter:9100"]), f"--collector.textfile.directory={folder}/textfile"],
        "redis": [redis, listen(at["redis-exporter:9121"]), "--redis.addr="],
        "blackbox": [
            *(blackbox, listen(at["blackbox-exporter:9115"])),
            f"--config.file={ROOT}/infra/blackbox/blackbox.yml",
        ],
        "alertmanager": [
            *_IN_ITS_PLACE,
            *(alertmanager, listen(at["alertmanager:9093"]), "--cluster.listen-address="),
            *(f"--config.file={folder}/alertmanager.yml", f"--storage.path={folder}/alertmanager"),
        ],
        "prometheus": [
            *(program("prometheus", "prometheus"), listen(at["localhost:9090"])),
            *(f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb"),
        ],
    }


@contextmanager
def _process(folder: Path, name: str, command: Sequence[str], **variables: str) -> Iterator[None]:
    with (folder / f"{name}.log").open("w") as log:
        process = subprocess.Popen(command, env=os.environ | variables, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)
