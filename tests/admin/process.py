"""A running `python -m admin`, and a person who reads its pages without a browser."""

import os
import random
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from html import unescape
from pathlib import Path
from typing import Self

import httpx

from infra.local import health
from infra.local.waiting import until
from tests.admin.firm import Colleague

ROOT = Path(__file__).parents[2]
NOT_FOR_THE_ADMIN = {"SUPABASE_SERVICE_ROLE_KEY", "DATABASE_URL", "TELEGRAM_BOT_TOKEN", "TELEGRAM_WEBHOOK_SECRET"}

# Tests are quicker than people; those of the limits say so.
UNHURRIED = dict.fromkeys(("RATE_LIMIT_HIGH", "RATE_LIMIT_MEDIUM", "RATE_LIMIT_LOW", "SIGN_INS_PER_ACCOUNT"), "100000")
UNHURRIED["SIGN_INS_PER_ADDRESS"] = "100000"


class Admin:
    """The process, its address and what it logged."""

    def __init__(self, process: subprocess.Popen[bytes], url: str, log: Path) -> None:
        self.process, self.url, self._log = process, url, log

    @property
    def log(self) -> str:
        return self._log.read_text()

    def stop(self) -> int:
        """End it as an operator does and return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=10)


def free_port() -> int:
    """Return a free port below the range from which clients get theirs."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@contextmanager
def running_admin(environment: Mapping[str, str], log: Path, *, port: int = 0, **changes: str) -> Iterator[Admin]:
    """Start the admin on a port of its own and stop it afterwards."""
    port = port or free_port()
    url = f"http://127.0.0.1:{port}"
    own = {name: value for name, value in environment.items() if name not in NOT_FOR_THE_ADMIN}
    own |= {"PATH": os.environ["PATH"], "ADMIN_PORT": str(port), "ADMIN_URL": url, **UNHURRIED, **changes}
    with log.open("ab") as output:
        process = subprocess.Popen([sys.executable, "-m", "admin"], cwd=ROOT, env=own, stdout=output, stderr=output)
    admin = Admin(process, url, log)
    try:
        _wait_until_it_answers(admin)
        yield admin
    finally:
        if process.poll() is None:
            admin.stop()


def _wait_until_it_answers(admin: Admin) -> None:
    def answers() -> bool:
        assert admin.process.poll() is None, admin.log
        return health.http(f"{admin.url}/metrics")

    if not until(answers, 60):
        raise TimeoutError(admin.log)


class Reader(httpx.Client):
    """Somebody at a browser without JavaScript."""

    def __init__(self, admin: Admin) -> None:
        # Over plain HTTP: the certificates of the world take longer to read than a page.
        super().__init__(base_url=admin.url, verify=False)

    def sign_in(self, email: str, password: str, next_page: str = "/requests") -> httpx.Response:
        """Fill the form in and send it; redirects are not followed."""
        form = self.get("/login", params={"next": next_page})
        fields = {"email": email, "password": password, "next": hidden(form, "next")}
        return self.post("/login", data={**fields, "_csrf_token": hidden(form, "_csrf_token")})

    def as_person(self, person: Colleague) -> Self:
        """Return oneself, signed in."""
        answer = self.sign_in(person.email, person.password)
        assert answer.status_code == 303, answer.text
        return self

    def sign_out(self) -> httpx.Response:
        return self.post("/logout", data={"_csrf_token": hidden(self.get("/requests"), "_csrf_token")})


def hidden(page: httpx.Response, name: str) -> str:
    """Return the value of a form's hidden field."""
    return value_of(name, page.text)


def value_of(name: str, page: str) -> str:
    """Return the value of a field in the text of a page."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, page
    return unescape(found[1])


def words(page: httpx.Response) -> str:
    """Return what a person reads: the text of the page's body, spaces made plain."""
    body = page.text.partition("</head>")[2] or page.text
    visible = re.sub(r"<(?:title|template)\b.*?</(?:title|template)>", " ", body, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", visible)).replace("\u00a0", " "))
