"""A machine to deploy to: the stack's services, the proxy before them, a stand-in for systemd. Every step is real."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.infra.systemctl import Systemd
from tests.nginx import DOMAIN, Ports, Proxy, running
from tests.stack import ROOT, Stack

_HERE = Path(__file__).parent
# Beside the ports of the stack and of conftest; those of the two sides are the units' own, shifted.
PLAIN, HTTPS, HTTP, SIDES = 3066, 3068, 3069, 70


class Machine:
    """Where releases are deployed to; `backups` counts how often the backup was called."""

    def __init__(self, root: Path, stack: Stack) -> None:
        self.root, self._stack = root, stack
        https, http, plain = (port + stack.caller.offset for port in (HTTPS, HTTP, PLAIN))
        # No release serves yet.
        self._proxy = Proxy(root / "proxy", Ports(https=https, http=http, plain=plain), bots=[9])
        self._home, self._etc = root / "opt/buhbot", root / "etc/buhbot"
        for folder in (self._home, self._etc, root / "bin"):
            folder.mkdir(parents=True)
        # Telegram is played by a program that knows nothing of our certificates; curl is told.
        own = {"WEBHOOK_URL": f"http://127.0.0.1:{plain}/webhook", "ADMIN_URL": f"https://{DOMAIN}"}
        (root / ".curlrc").write_text(f"cacert={self._proxy.authority}\nconnect-to={DOMAIN}:443:127.0.0.1:{https}\n")
        variables = {**stack.env, **own}
        variables["DATABASE_URL"] += "?sslmode=disable"
        (self._etc / "env").write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
        self._program(
            "systemctl", f'exec {sys.executable} {_HERE}/systemctl.py {ROOT}/infra/deploy/systemd {root} "$@"'
        )
        self._program("backup", f"echo once >> {root}/backups")
        self._program("nginx", f'exec {shlex.join(self._proxy.command())} "$@"')

    def release(self, name: str) -> Path:
        """Return a release with the files of this tree, and the packages that are installed for it."""
        folder = self._home / "releases" / name
        for part in ("admin", "bot", "infra", "jobs", "locale", "supabase"):
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", ".temp"))
        shutil.copy(ROOT / "pyproject.toml", folder)
        (folder / ".venv").symlink_to(Path(sys.prefix))
        (folder / ".local/tools").mkdir(parents=True)
        (folder / ".local/tools/supabase").symlink_to(ROOT / "node_modules/@supabase/cli-linux-x64/bin/supabase")
        return folder

    def deploy(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run the command as an operator does."""
        return self.command("deploy", *arguments)

    def command(self, name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run a command of infra/deploy, with this machine in the place of its own."""
        given = {
            "BUHBOT_HOME": self._home,
            "BUHBOT_ETC": self._etc,
            "BUHBOT_BACKUP": self.root / "bin/backup",
            "BUHBOT_NGINX_PID": self._proxy.root / "run/nginx.pid",
            "BUHBOT_UPSTREAMS": self._proxy.root / "etc/nginx/buhbot/upstreams.conf",
            "BUHBOT_PORT_OFFSET": SIDES + self._stack.caller.offset,
        }
        environment = {name: str(value) for name, value in given.items()}
        path = f"{self.root}/bin:{os.environ['PATH']}"
        return subprocess.run(
            [ROOT / "infra/deploy" / name, *map(str, arguments)],
            env={**environment, "PATH": path, "HOME": str(self.root)},
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )

    @property
    def serving(self) -> str:
        """Return the name of the release that serves; empty while none does."""
        side = self._etc / "serving"
        return (self._home / side.read_text().strip()).resolve().name if side.exists() else ""

    @property
    def secret(self) -> str:
        return self._stack.env["SESSION_SECRET"]

    @property
    def backups(self) -> int:
        made = self.root / "backups"
        return len(made.read_text().split()) if made.exists() else 0

    def logs(self) -> str:
        return "\n".join(f"{log.name}:\n{log.read_text()[-1500:]}" for log in sorted(self.root.glob("log.*")))

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run the proxy, and afterwards stop whatever was deployed."""
        try:
            with running(self._proxy):
                yield
        finally:
            for side in ("blue", "green"):
                Systemd(ROOT / "infra/deploy/systemd", self.root).stop(f"buhbot@{side}.target")

    def _program(self, name: str, command: str) -> None:
        path = self.root / "bin" / name
        path.write_text(f"#!/bin/sh\n{command}\n")
        path.chmod(0o755)
