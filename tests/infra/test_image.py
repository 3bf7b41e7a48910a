"""The image's three processes run from its own files, and its health check tells the truth."""

import subprocess
import sys

from tests.infra.conftest import Image
from tests.nginx import Proxy


def probed(image: Image, *ports: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "infra.probe", *map(str, ports)]
    return subprocess.run(command, cwd=image.folder, check=False, capture_output=True, text=True)


def test_the_files_of_the_image_are_all_that_its_processes_need(production: Proxy, image: Image) -> None:
    """That `production` has started says it: bot, jobs and admin answer 200 from a folder with nothing else in it."""
    assert {path.name for path in image.folder.iterdir() if path.is_dir()} == {
        "admin",
        "bot",
        "infra",
        "jobs",
        "locale",
    }
    assert not (image.folder / "infra/local").exists()


def test_the_health_check_asks_whichever_process_runs(production: Proxy, image: Image) -> None:
    for port in image.ports.values():
        assert probed(image, 9, port).returncode == 0


def test_the_health_check_fails_where_nobody_listens_or_somebody_is_unwell(production: Proxy, image: Image) -> None:
    assert "nobody listens" in probed(image, 9).stderr
    # The proxy's plain door knows no /health, and says so.
    unwell = probed(image, image.ports["bot"], production.ports.plain)
    assert unwell.stderr.startswith("unwell: ")
    assert unwell.returncode == 1
