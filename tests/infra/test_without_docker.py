"""What a machine without Docker is given: units that systemd takes, and files where they belong."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from redis import Redis

from infra.local import health
from infra.local.services import valkey
from infra.local.waiting import until
from tests.admin.process import free_port
from tests.debian import LIBRARIES, UNPACKED, program
from tests.stack import ROOT

UNITS = ROOT / "infra/deploy/systemd"
PROCESSES = ("bot", "jobs", "admin")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The files of a machine after `install`, in a folder."""
    command = [str(UNITS / "install"), "buhbot.example"]
    subprocess.run(command, env={**os.environ, "BUHBOT_ROOT": str(tmp_path)}, check=True, capture_output=True)
    return tmp_path


def test_the_scripts_have_no_mistake_that_shellcheck_knows() -> None:
    shellcheck = program("shellcheck", "shellcheck")
    # `deploy` brings along the steps and the engine that it names.
    scripts = [
        str(ROOT / "infra/deploy" / name)
        for name in ("deploy", "release", "run", "systemd/install", "engine/compose.sh")
    ]
    command = [shellcheck, "-x", "-P", str(ROOT), *scripts]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_both_engines_offer_what_the_steps_ask_for() -> None:
    offered = [
        set(re.findall(r"^(\w+)\(\) ", (ROOT / f"infra/deploy/engine/{engine}.sh").read_text(), re.MULTILINE))
        for engine in ("systemd", "compose")
    ]
    texts = [(ROOT / f"infra/deploy/{name}").read_text() for name in ("deploy", "steps.sh")]
    steps = re.sub(r"^#.*$", "", "".join(texts), flags=re.MULTILINE)
    asked = {name for name in offered[0] | offered[1] if re.search(rf"(?<![-\w]){name}(?![-\w=])", steps)}
    assert asked <= offered[0] & offered[1], asked - (offered[0] & offered[1])


def test_systemd_takes_the_units_and_calls_them_well_guarded(tmp_path: Path) -> None:
    for unit in UNITS.glob("buhbot*"):
        # Their folder is not on this machine.
        (tmp_path / unit.name).write_text(unit.read_text().replace("/opt/buhbot/%i/.venv/bin/python", "/bin/true"))
    units = [tmp_path / f"buhbot-{process}@blue.service" for process in PROCESSES]
    for process, unit in zip(PROCESSES, units, strict=True):
        unit.symlink_to(tmp_path / f"buhbot-{process}@.service")
    analyze = program("systemd-analyze", "systemd", "libsystemd-shared")
    # Where systemd is only unpacked, its library is beside it, and so are the units that ours name.
    own = os.environ | {
        "LD_LIBRARY_PATH": str(LIBRARIES / "systemd"),
        "SYSTEMD_UNIT_PATH": f"{UNPACKED}/lib/systemd/system:{UNPACKED}/usr/lib/systemd/system:",
    }
    verify = [analyze, "verify", *map(str, units)]
    done = subprocess.run(verify, env=own, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    guarded = [analyze, "security", "--offline=yes", "--threshold=20", *map(str, units)]
    subprocess.run(guarded, env=own, capture_output=True, check=True)


def test_a_process_reads_its_own_variables_and_may_take_its_own_memory() -> None:
    for process in PROCESSES:
        unit = (UNITS / f"buhbot-{process}@.service").read_text()
        assert re.findall(r"^EnvironmentFile=(.*)$", unit, re.MULTILINE) == [f"/etc/buhbot/%i/{process}.env"]
        assert re.findall(r"^MemoryMax=(\d+)M$", unit, re.MULTILINE) == ["256"]


def test_install_puts_every_file_in_its_place_and_keeps_what_is_there(root: Path) -> None:
    settings = root / "etc/buhbot/env"
    assert settings.stat().st_mode & 0o777 == 0o600
    text = settings.read_text()
    assert "WEBHOOK_URL=https://buhbot.example/webhook\n" in text
    assert re.search(r"^SESSION_SECRET=[0-9a-f]{64}$", text, re.MULTILINE)
    installed = {path.name for path in (root / "etc/systemd/system").iterdir()}
    assert installed == {path.name for path in UNITS.glob("buhbot*")}
    assert "server_name buhbot.example;" in (root / "etc/nginx/conf.d/domain.conf").read_text()

    upstreams = root / "etc/nginx/buhbot/upstreams.conf"
    upstreams.write_text("# As the last deployment left it.\n")
    subprocess.run(
        [UNITS / "install", "buhbot.example"],
        env={**os.environ, "BUHBOT_ROOT": str(root)},
        check=True,
        capture_output=True,
    )
    assert settings.read_text() == text
    assert upstreams.read_text() == "# As the last deployment left it.\n"


@pytest.mark.parametrize(("name", "policy"), [("queue", "noeviction"), ("cache", "allkeys-lru")])
def test_each_redis_keeps_or_forgets_as_its_file_says(root: Path, name: str, policy: str, tmp_path: Path) -> None:
    port = free_port()
    # The folder is Debian's, and not on this machine.
    own = (root / f"etc/redis/redis-{name}.conf").read_text().replace("dir /var/lib/redis", f"dir {tmp_path}")
    (tmp_path / "conf").write_text(own)
    process = subprocess.Popen([valkey(), tmp_path / "conf", "--port", str(port)], stdout=subprocess.DEVNULL)
    try:
        assert until(lambda: health.redis(port), 10)
        with Redis(port=port, decode_responses=True) as client:
            assert client.info("memory")["maxmemory_policy"] == policy
    finally:
        process.terminate()
        process.wait(10)
