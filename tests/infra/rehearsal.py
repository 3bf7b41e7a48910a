"""A machine to deploy to: the stack's services, nginx before them, a stand-in for systemd. Every step is real."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local.waiting import until
from tests.debian import program
from tests.infra.systemctl import Systemd
from tests.stack import ROOT, Stack

_HERE = Path(__file__).parent
# Beside the ports of the stack and of conftest; those of the two sides are the units' own, shifted.
PROXY, SIDES = 3066, 70
_NGINX = """
daemon off; worker_processes 1; pid {root}/nginx.pid; error_log {root}/nginx.log;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {root}/body; proxy_temp_path {root}/proxy; fastcgi_temp_path {root}/f;
  uwsgi_temp_path {root}/u; scgi_temp_path {root}/s;
  include {root}/upstreams.conf;
  server {{
    listen 127.0.0.1:{port};
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header Connection "";
    location / {{ proxy_pass http://admin; }}
    location = /webhook {{ proxy_pass http://bot; }}
  }}
}}
"""


class Machine:
    """Where releases are deployed to; `backups` counts how often the backup was called."""

    def __init__(self, root: Path, stack: Stack) -> None:
        self.root, self._stack = root, stack
        self.url = f"http://127.0.0.1:{PROXY + stack.caller.offset}"
        self._home, self._etc = root / "opt/buhbot", root / "etc/buhbot"
        for folder in (self._home, self._etc, root / "bin"):
            folder.mkdir(parents=True)
        variables = {**stack.env, "WEBHOOK_URL": f"{self.url}/webhook", "ADMIN_URL": self.url}
        variables["DATABASE_URL"] += "?sslmode=disable"
        (self._etc / "env").write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
        self._program(
            "systemctl", f'exec {sys.executable} {_HERE}/systemctl.py {ROOT}/infra/deploy/systemd {root} "$@"'
        )
        self._program("backup", f"echo once >> {root}/backups")
        (root / "upstreams.conf").write_text(
            "upstream bot { server 127.0.0.1:9; } upstream admin { server 127.0.0.1:9; }\n"
        )
        (root / "nginx.conf").write_text(_NGINX.format(root=root, port=PROXY + stack.caller.offset))
        self._nginx = [program("nginx", "nginx"), "-p", str(root), "-c", str(root / "nginx.conf")]

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
        given = {
            "BUHBOT_HOME": self._home,
            "BUHBOT_ETC": self._etc,
            "BUHBOT_BACKUP": self.root / "bin/backup",
            "BUHBOT_NGINX": " ".join(self._nginx),
            "BUHBOT_NGINX_PID": self.root / "nginx.pid",
            "BUHBOT_UPSTREAMS": self.root / "upstreams.conf",
            "BUHBOT_PORT_OFFSET": SIDES + self._stack.caller.offset,
        }
        environment = {name: str(value) for name, value in given.items()}
        path = f"{self.root}/bin:{os.environ['PATH']}"
        return subprocess.run(
            [ROOT / "infra/deploy/deploy", *map(str, arguments)],
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
    def backups(self) -> int:
        made = self.root / "backups"
        return len(made.read_text().split()) if made.exists() else 0

    def logs(self) -> str:
        return "\n".join(f"{log.name}:\n{log.read_text()[-1500:]}" for log in sorted(self.root.glob("log.*")))

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run the proxy, and afterwards stop whatever was deployed."""
        proxy = subprocess.Popen([*self._nginx])
        try:
            assert until((self.root / "nginx.pid").exists, 10), (self.root / "nginx.log").read_text()
            yield
        finally:
            proxy.terminate()
            proxy.wait(10)
            for side in ("blue", "green"):
                Systemd(ROOT / "infra/deploy/systemd", self.root).stop(f"buhbot@{side}.target")

    def _program(self, name: str, command: str) -> None:
        path = self.root / "bin" / name
        path.write_text(f"#!/bin/sh\n{command}\n")
        path.chmod(0o755)
