"""The installer on machines that lack something: one clear line, and nothing half-done that counts as done."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.waiting import until
from tests.stack import ROOT, outside


def install(root: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    arguments = [sys.executable, "infra/local/install.py"]
    environment = outside(**variables)
    return subprocess.run(
        arguments, cwd=root, env=environment, capture_output=True, text=True, timeout=100, check=False
    )


def with_program(folder: Path, name: str, script: str) -> str:
    """Return a PATH on which this program comes first."""
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return f"{folder}:{outside()['PATH']}"


@pytest.mark.parametrize("version", ["v18.20.4", "v9.0.0", "no version at all"])
def test_an_old_node_is_refused(tmp_path: Path, version: str) -> None:
    done = install(ROOT, PATH=with_program(tmp_path, "node", f"echo {version}"))
    assert done.returncode == 1
    assert done.stderr == f"Node {version} is too old: `node` must be 20 or newer\n"


def test_a_missing_node_is_named(tmp_path: Path) -> None:
    done = install(ROOT, PATH=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr == "node is missing: install Node 20 or newer, with npm\n"


def test_a_missing_browser_is_named_where_it_cannot_be_installed(tmp_path: Path) -> None:
    arguments = [sys.executable, "infra/local/browser.py"]
    environment = outside(PATH=str(tmp_path))
    done = subprocess.run(arguments, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("chromium is missing for the page tests")
    assert len(done.stderr.splitlines()) == 1


def test_without_a_network_one_line_says_so(clone: Path) -> None:
    closed = "http://127.0.0.1:9"
    done = install(clone, HTTPS_PROXY=closed, https_proxy=closed, HTTP_PROXY=closed, http_proxy=closed)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "no network?" in done.stderr
    assert not list(clone.glob("*/.installed"))


def test_what_is_installed_is_left_alone() -> None:
    done = install(ROOT, PATH=outside()["PATH"])
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_stopped_installation_leaves_nothing_running(clone: Path, tmp_path: Path) -> None:
    number = tmp_path / "pid"
    path = with_program(tmp_path, "npm", f"echo $$ > {number}.new; mv {number}.new {number}; exec sleep 300")
    process = subprocess.Popen(
        [sys.executable, "infra/local/install.py"],
        cwd=clone,
        env=outside(PATH=path),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert until(number.exists, 30)
    process.terminate()
    assert process.wait(30) == 1
    assert not Path(f"/proc/{number.read_text().strip()}").exists()


def test_a_download_that_is_not_the_locked_one_is_refused(clone: Path) -> None:
    lock = (clone / "uv.lock").read_text()
    uv = lock.index('name = "uv"\n')
    start = lock.index('hash = "sha256:', lock.index("wheels", uv))
    (clone / "uv.lock").write_text(lock[:start] + lock[start:].replace('hash = "sha256:', 'hash = "sha256:0'))
    shutil.rmtree(clone / ".local", ignore_errors=True)
    done = install(clone)
    assert done.returncode == 1
    assert "its hash differs" in done.stderr
    assert not (clone / ".local/tools").exists()
