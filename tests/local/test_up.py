"""`make up`, `make down` and `make reset` as a newcomer meets them."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from infra.local import leftovers
from infra.local.waiting import until
from tests.local.conftest import DATA_PARTS
from tests.stack import ROOT, Stack, outside


def command(name: str, offset: str, root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run one of the three to its end."""
    environment = outside(PORT_OFFSET=offset)
    arguments = [sys.executable, "-m", "infra.local", name]
    return subprocess.run(arguments, cwd=root, env=environment, capture_output=True, text=True, timeout=60, check=False)


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that a refused command prints."""
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    return done.stderr


def write(stack: Stack, number: int) -> None:
    with psycopg.connect(stack.env["DATABASE_URL"]) as db:
        db.execute("create table if not exists private.kept (number int)")
        db.execute("insert into private.kept values (%s)", (number,))


def read(stack: Stack) -> list[int]:
    with psycopg.connect(stack.env["DATABASE_URL"]) as db:
        return [row[0] for row in db.execute("select number from private.kept order by number").fetchall()]


@pytest.mark.parametrize("offset", ["50", "2000", "-100", "lots", "1e2"])
def test_a_wrong_offset_is_refused(offset: str) -> None:
    assert f"PORT_OFFSET={offset}" in refusal(command("up", offset))


def test_i17_a_taken_port_is_named_before_anything_starts(small: Stack) -> None:
    with socket.create_server(("127.0.0.1", small.caller.port("redis-cache"))):
        line = refusal(command("up", "1800"))
    assert f"{small.caller.port('redis-cache')} (redis-cache)" in line
    assert "PORT_OFFSET=" in line
    assert leftovers.processes(small.home) == []


def test_the_data_outlives_the_stack_until_it_is_reset(small: Stack) -> None:
    small.start()
    write(small, 1)
    keys = small.env["SUPABASE_SERVICE_ROLE_KEY"]
    assert small.stop(signal.SIGINT) == 0
    assert leftovers.processes(small.home) == []

    small.start()
    assert read(small) == [1]
    assert small.stop(signal.SIGTERM) == 0
    assert leftovers.processes(small.home) == []

    assert command("reset", "1800").returncode == 0
    small.start()
    with psycopg.connect(small.env["DATABASE_URL"]) as db:
        assert db.execute("select to_regclass('private.kept')").fetchone() == (None,)
    assert small.env["SUPABASE_SERVICE_ROLE_KEY"] == keys, "a shell that has read .local/env stays right"


def test_a_second_up_is_refused_and_harms_nobody(small: Stack) -> None:
    small.start()
    before = {part: small.pid_of(part) for part in ("postgres", "auth", "postgrest", "gateway")}
    assert "already running" in refusal(command("up", "1800"))
    assert {part: small.pid_of(part) for part in before} == before


def test_down_stops_it_from_another_terminal(small: Stack) -> None:
    small.start()
    assert command("down", "1800").returncode == 0
    assert leftovers.processes(small.home) == []
    assert until(lambda: "stopped from outside" in small.said, 5)


def test_down_also_stops_what_a_killed_up_left_running(small: Stack) -> None:
    small.start()
    os.kill(small.pid, signal.SIGKILL)
    assert "already running" in refusal(command("up", "1800"))
    assert command("down", "1800").returncode == 0
    assert leftovers.processes(small.home) == []


def test_parts_that_lost_their_supervisor_are_swept_away_by_the_next_start(small: Stack) -> None:
    small.start()
    write(small, 1)
    os.kill(small.pid, signal.SIGKILL)
    os.kill(int((small.home / "supervisor.pid").read_text()), signal.SIGKILL)
    assert leftovers.processes(small.home)
    small.start()
    assert read(small) == [1]


def test_down_without_a_stack_is_fine(small: Stack) -> None:
    done = command("down", "1800")
    assert (done.returncode, done.stdout, done.stderr) == (0, "nothing was running\n", "")


def test_a_part_that_cannot_become_healthy_is_named_with_its_log(clone: Path) -> None:
    for shared in (".venv", "node_modules"):
        (clone / shared).symlink_to(ROOT / shared)
    (clone / "supabase/migrations/99990101000000_fail.sql").write_text("select no_such_column;")
    own = Stack(1800, clone, DATA_PARTS)
    with pytest.raises(AssertionError, match="no_such_column"):
        own.start()
    assert "migrations ended with exit code 1" in own.said
    assert leftovers.processes(own.home) == []


def test_a_clone_in_an_awkward_folder_works(clone: Path) -> None:
    for shared in (".venv", "node_modules"):
        (clone / shared).symlink_to(ROOT / shared)
    # Nobody may pass through it but its owner, as /root.
    clone.parent.chmod(0o700)
    own = Stack(1800, clone, DATA_PARTS)
    own.start()
    write(own, 1)
    assert read(own) == [1]
    assert own.stop() == 0
    assert leftovers.processes(own.home) == []
